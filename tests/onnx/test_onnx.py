"""ONNX graphs of whole pipelines, by skl2onnx, say in onnxruntime what the estimators say."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skl2onnx import to_onnx
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ContrastivePretrainer,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
)
from tests._data import targets
from tests._models import CONV_NETS, ENSEMBLES, MLPS, QUICK, data
from tests._onnx import assert_equal, by_onnx

X, Y = targets("regression", 60)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize(
    ("estimator", "kind"),
    [pytest.param(*row[1:], id=row[0]) for row in MLPS + CONV_NETS + ENSEMBLES],
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


@pytest.mark.parametrize(
    "pretrainer",
    [
        MaskedPretrainer(**QUICK),
        MaskedPretrainer((12, 12), residual=True, normalization="batch", **QUICK),
        ContrastivePretrainer((12, 8), normalization="layer", activation="tanh", **QUICK),
    ],
    ids=["masked", "residual", "contrastive"],
)
def test_representations(pretrainer):
    fitted = clone(pretrainer).fit(X)
    (found,) = by_onnx(fitted, np.float32(X))
    assert_allclose(found, fitted.transform(X), rtol=1e-5, atol=1e-5)
    pipe = make_pipeline(StandardScaler(), pretrainer, Ridge())
    assert_equal(clone(pipe).fit(X, Y), np.float32(X))


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
