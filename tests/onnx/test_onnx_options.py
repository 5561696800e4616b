"""skl2onnx's options for classifiers do for skreg's what they do for scikit-learn's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import ensemble, neural_network
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingClassifier, MLPClassifier
from tests._models import CONV_NETS, ENSEMBLES, MLPS, QUICK, data
from tests._onnx import session_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLASSIFIERS = [row for row in MLPS + CONV_NETS + ENSEMBLES if "Classifier" in row[0]]
WAYS = ["by_name", "by_id", "by_class", "pipeline", "step"]
MLP = neural_network.MLPClassifier((3,), max_iter=2)
OPTIONS = [  # and skl2onnx's own estimators that have them
    ({"zipmap": False}, MLP),
    ({"zipmap": "columns"}, MLP),
    ({"zipmap": False, "output_class_labels": True}, MLP),
    ({"zipmap": False, "nocl": True}, LogisticRegression()),
    ({"zipmap": False, "raw_scores": True}, LogisticRegression()),
    ({"zipmap": "columns", "raw_scores": True}, LogisticRegression()),
]


def told(model, X, options):
    """Names, types and shapes of the outputs, and what they are."""
    session = session_of(model, X, options=options)
    outputs = session.run(None, {session.get_inputs()[0].name: X})
    return [(o.name, o.type, o.shape) for o in session.get_outputs()], outputs


def graph_of(way, estimator, options, X, y):
    """What a fitted estimator's graph says where a user gives the options this way."""
    net = clone(estimator)
    if way in ("pipeline", "step"):
        model = make_pipeline(StandardScaler(), net).fit(X, y)
        step = type(net).__name__.lower()
        given = options if way == "pipeline" else {f"{step}__{k}": v for k, v in options.items()}
    else:
        model = net.fit(X, y)
        given = {"by_name": options, "by_id": {id(net): options}, "by_class": {type(net): options}}
        given = given[way]
    return model, *told(model, X, given)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "integers"])
@pytest.mark.parametrize(("options", "theirs"), OPTIONS, ids=str)
def test_outputs_are_those_of_scikit_learns_classifiers(options, theirs, kind, way):
    X, y = data(kind)
    X = X.astype(np.float32)
    _, expected, _ = graph_of(way, theirs, options, X, y)
    for net in (MLPClassifier(**QUICK), BaggingClassifier(MLPClassifier(**QUICK), 2)):
        _, found, _ = graph_of(way, net, options, X, y)
        assert found == expected


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize(("options", "_"), OPTIONS[:3], ids=str)
def test_outputs_of_ensembles_are_those_of_scikit_learns_bagging(options, _, kind):
    X, y = data(kind)
    X = X.astype(np.float32)
    mine = BaggingClassifier(MLPClassifier(**QUICK), 2)
    theirs = ensemble.BaggingClassifier(MLP, 2)
    found, expected = (graph_of("by_id", model, options, X, y)[1] for model in (mine, theirs))
    assert found == expected


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_the_same_weights_give_what_skl2onnx_gives_of_scikit_learns_mlp(kind):
    X, y = data(kind)
    X = X.astype(np.float32)
    mine = MLPClassifier((3,), **QUICK).fit(X, y)
    theirs = clone(MLP).fit(X, y)
    theirs.coefs_, theirs.intercepts_ = mine.coefs_, mine.intercepts_
    for options, _ in OPTIONS[:3]:
        if kind != "multilabel" or options["zipmap"] != "columns":
            found, expected = (told(model, X, options)[1] for model in (mine, theirs))
            for ours, other in zip(found, expected, strict=True):
                if ours.dtype.kind == "f":
                    assert_allclose(ours, other, atol=1e-6)
                else:
                    assert_array_equal(ours, other)


@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize(
    ("estimator", "kind"), [pytest.param(*row[1:], id=row[0]) for row in CLASSIFIERS]
)
def test_raw_scores_are_decision_function(estimator, kind, scaled):
    X, y = data(kind)
    for dtype in (np.float32, np.float64):
        model, _, (labels, raw) = graph_of(
            "step" if scaled else "by_id", estimator, {"raw_scores": True}, X.astype(dtype), y
        )
        expected = model.decision_function(X.astype(dtype))
        if expected.ndim == 1:
            expected = np.column_stack([-expected, expected])
        assert_allclose(raw, expected, rtol=1e-4, atol=1e-4)
        sure = (np.abs(raw) > 1e-3).all(axis=1)
        assert_array_equal(labels[sure], model.predict(X.astype(dtype))[sure])


@pytest.mark.parametrize("kind", ["binary", "multiclass", "integers"])
def test_columns_labels_and_numbers_of_classes(kind):
    X, y = data(kind)
    X = X.astype(np.float32)
    net = MLPClassifier(**QUICK).fit(X, y)
    _, (labels, *columns) = told(net, X, {"zipmap": "columns"})
    assert_allclose(np.column_stack(columns), net.predict_proba(X), atol=1e-5)
    _, (numbers, _, classes) = told(net, X, {"nocl": True, "output_class_labels": True})
    assert_array_equal(net.classes_[numbers], labels)
    assert_array_equal(classes, range(len(net.classes_)))
    _, (_, _, classes) = told(net, X, {"output_class_labels": True})
    assert_array_equal(classes, net.classes_)


def test_an_option_that_there_is_not_is_refused():
    X, y = data("binary")
    net = MLPClassifier(**QUICK).fit(X, y)
    with pytest.raises(NameError, match="Option 'zip_map' not in"):
        told(net, np.float32(X), {"zip_map": False})
    with pytest.raises(ValueError, match=r"Unexpected value \['rows'\] for option 'zipmap'"):
        told(net, np.float32(X), {"zipmap": "rows"})


def test_searches_take_the_options():
    X, y = data("binary")
    X = X.astype(np.float32)
    search = GridSearchCV(MLPClassifier(**QUICK), {"alpha": [0.0, 1.0]}, cv=2).fit(X, y)
    _, (_, p) = told(search, X, {"zipmap": False})
    assert_allclose(p, search.predict_proba(X), atol=1e-5)
    _, (_, raw) = told(search, X, {id(search): {"raw_scores": True}})
    assert_allclose(raw[:, 1], search.decision_function(X), atol=1e-4)


def test_labels_of_several_types_have_their_numbers():
    X, y = data("binary")
    net = MLPClassifier(**QUICK).fit(X, y)
    expected = net.predict(X) == net.classes_[1]
    net.classes_ = np.array([1, "a"], dtype=object)
    with pytest.raises(ValueError, match="'nocl': True"):
        told(net, np.float32(X), None)
    _, (numbers, _) = told(net, np.float32(X), {"nocl": True})
    assert_array_equal(numbers, expected)
