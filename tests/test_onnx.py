"""ONNX graphs of whole pipelines, by skl2onnx, say in onnxruntime what the estimators say."""

import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx import to_onnx
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skreg import BaggingClassifier, BaggingRegressor, MLPClassifier, MLPRegressor
from tests._data import targets
from tests._models import ENSEMBLES, MLPS, QUICK, data

X, Y = targets("regression", 60)


def by_onnx(model, X, **kwargs):
    """What onnxruntime computes: label and probabilities, or predictions."""
    graph = to_onnx(model, X[:1], **kwargs)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    outputs = session.run(None, {session.get_inputs()[0].name: X})
    for found, declared in zip(outputs, session.get_outputs(), strict=True):
        assert list(found.shape[1:]) == declared.shape[1:]
    return outputs


def assert_equal(model, X, **kwargs):
    outputs = by_onnx(model, X, **kwargs)
    if not is_classifier(model):
        expected = model.predict(X)
        assert_allclose(outputs[0], expected.reshape(len(X), -1), rtol=1e-5, atol=1e-5)
        return
    labels, p = outputs
    assert_allclose(p, model.predict_proba(X), atol=1e-5)
    expected = model.predict(X)
    sure = np.ones(len(X), bool)
    if p.shape[1] > 1 and expected.ndim == 1:
        sure = np.diff(np.sort(p, axis=1)[:, -2:], axis=1)[:, 0] > 1e-4  # rounding may decide
    assert sure.mean() > 0.9
    assert_array_equal(labels[sure], expected[sure])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize(
    ("estimator", "kind"), [pytest.param(*row[1:], id=row[0]) for row in MLPS + ENSEMBLES]
)
def test_graphs_say_what_estimators_say(estimator, kind, scaled, dtype):
    X, y = data(kind)
    model = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    assert_equal(clone(model).fit(X, y), X.astype(dtype))


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_graphs_of_older_opsets(opset):
    params = {**QUICK, "hidden_layer_sizes": (20, 20), "residual": True, "normalization": "layer"}
    for net, kind in ((MLPRegressor(**params), "multioutput"), (MLPClassifier(**params), "binary")):
        X, y = data(kind)
        assert_equal(net.fit(X, y), np.float32(X), target_opset=opset)


def test_graphs_of_pipelines_of_columns_and_of_integers():
    columns = make_column_transformer((StandardScaler(), [0, 1, 2]), (MinMaxScaler(), [4, 5]))
    model = make_pipeline(columns, BaggingRegressor(MLPRegressor(**QUICK), 3, random_state=0))
    assert_equal(model.fit(X, Y), np.float32(X))
    whole = np.round(10 * X).astype(np.int64)
    assert_equal(MLPRegressor(**QUICK).fit(whole, Y), whole)


def test_members_that_lack_a_class():
    X, y = data("multiclass")
    y = np.where(np.arange(60) < 2, "rare", y)
    model = BaggingClassifier(MLPClassifier(**QUICK), 5, max_samples=0.3, random_state=0).fit(X, y)
    assert {len(member.classes_) for member in model.estimators_} == {3, 4}
    assert_equal(model, np.float32(X))


@pytest.mark.parametrize(
    "labels",
    [["ä", "b"], np.array(["ä", "b"], dtype=object), [False, True], [3.0, -1.0]],
    ids=str,
)
def test_labels_of_any_kind(labels):
    y = np.asarray(labels)[(np.median(Y) < Y).astype(int)]
    assert_equal(MLPClassifier(**QUICK).fit(X, y), np.float32(X))


def test_what_has_no_graph_says_so():
    inside = BaggingRegressor(make_pipeline(StandardScaler(), MLPRegressor(**QUICK)), 2).fit(X, Y)
    with pytest.raises(NotImplementedError, match="not of Pipeline: put what comes before the net"):
        to_onnx(inside, np.float32(X[:1]))
    with pytest.raises(NotFittedError):
        to_onnx(MLPRegressor(), np.float32(X[:1]))
    mixed = np.array([1, "a"], dtype=object)
    net = MLPClassifier(**QUICK).fit(X, Y > 100)
    net.classes_ = mixed
    with pytest.raises(ValueError, match="labels that are strings or integers"):
        to_onnx(net, np.float32(X[:1]))


def test_neither_importing_nor_predicting_brings_onnx():
    code = (
        "import sys; from skreg import BaggingRegressor, MLPRegressor;"
        "import numpy as np; X = np.eye(5); MLPRegressor(max_iter=1, n_iter_no_change=1)"
        ".fit(X, X[0]).predict(X);"
        "assert not {'onnx', 'skl2onnx', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
