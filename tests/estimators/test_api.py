"""Real scikit-learn estimators: targets of all shapes, labels, containers, meta-estimators."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_matrix, csr_array, csr_matrix
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPClassifier, MLPRegressor
from skreg.augmentation import SignalAugment
from tests._data import targets

QUICK = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": 0}
X, Y = targets("regression")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda net: net,
        lambda net: BaggingRegressor(net, 4, random_state=0),
        lambda net: VotingRegressor([("a", net), ("b", Ridge())]),
        lambda net: StackingRegressor([("a", net), ("b", Ridge())], cv=3),
        lambda net: TransformedTargetRegressor(net, func=np.log, inverse_func=np.exp),
        lambda net: make_pipeline(StandardScaler(), net),
    ],
    ids=["alone", "bagging", "voting", "stacking", "transformed", "pipeline"],
)
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_target_in_either_shape(wrap, shape):
    y = Y.reshape(shape)
    try:
        model = wrap(MLPRegressor(**QUICK)).fit(X, y)
    except (sklearn.exceptions.DataConversionWarning, ValueError):
        assert shape == (-1, 1)  # Voting and Stacking refuse or warn about a column themselves
        return
    prediction = model.predict(X)
    assert prediction.shape in (y.shape, Y.shape)
    assert r2_score(Y, prediction.ravel()) > 0.5


def test_predictions_have_the_shape_of_y():
    for y in (Y, Y[:, None], np.column_stack([Y, -Y, X[:, 0]])):
        assert MLPRegressor(**QUICK).fit(X, y).predict(X[:7]).shape == (7, *y.shape[1:])
    several = np.column_stack([Y, X[:, 0] - X[:, 2]])
    assert MultiOutputRegressor(MLPRegressor(**QUICK)).fit(X, several).score(X, several) > 0.5
    assert MLPRegressor(**QUICK).fit(X, several).score(X, several) > 0.5


@pytest.mark.parametrize(
    "labels",
    [["b", "a"], ["c", "a", "b"], [10, -3, 7], [True, False], [2.0, 1.0], ["only"]],
    ids=str,
)
def test_labels_of_any_kind(labels):
    code = np.digitize(Y, np.quantile(Y, np.arange(1, len(labels)) / len(labels)))
    y = np.array(labels)[code]
    net = MLPClassifier(**{**QUICK, "learning_rate_init": 0.03}).fit(X, y)
    assert_array_equal(net.classes_, np.unique(np.array(labels)))
    p = net.predict_proba(X)
    assert p.shape == (len(X), len(labels))
    assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert_array_equal(net.predict(X), net.classes_[p.argmax(axis=1)])
    assert_allclose(net.predict_log_proba(X), np.log(p), rtol=1e-6)
    assert net.score(X, y) > 0.8


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_targets_of_any_size(unit):
    expected = MLPRegressor(**QUICK).fit(X, Y).predict(X)
    assert_allclose(MLPRegressor(**QUICK).fit(X, Y * unit).predict(X) / unit, expected, rtol=1e-4)


def test_multilabel_targets_dense_and_sparse():
    X, y = targets("multilabel")
    net = MLPClassifier(**QUICK).fit(X, y)
    assert net.predict_proba(X).shape == y.shape
    assert (net.predict(X) == y).mean() > 0.8
    sparse = MLPClassifier(**QUICK).fit(X, csr_matrix(y))
    assert_array_equal(net.predict(X), sparse.predict(X))
    step = MLPClassifier(**QUICK)
    for _ in range(60):
        step.partial_fit(X, y)
    assert (step.predict(X) == y).mean() > 0.8


@pytest.mark.parametrize(
    "container",
    [
        lambda X: X.astype(np.float32),
        lambda X: np.asfortranarray(X),
        lambda X: X.tolist(),
        lambda X: pd.DataFrame(X, columns=[f"c{i}" for i in range(10)]),
        lambda X: pd.DataFrame(X).astype("Float64"),
        lambda X: X.astype(object),
        lambda X: X[::1, ::-1][:, ::-1],
        csr_matrix,
        csr_array,
        csc_matrix,
    ],
    ids=[
        "float32",
        "fortran",
        "list",
        "frame",
        "nullable",
        "object",
        "strided",
        *["csr", "arr", "csc"],
    ],
)
def test_containers_of_x_give_the_same_net(container):
    rounded = X.astype(np.float32).astype(np.float64)
    expected = MLPRegressor(**QUICK).fit(rounded, Y)
    given = container(rounded)
    net = MLPRegressor(**QUICK).fit(given, Y)
    assert_array_equal(net.coefs_[0], expected.coefs_[0])
    assert_array_equal(net.predict(given), expected.predict(rounded))


def test_read_only_memory_maps_and_unwritten_inputs(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    net = MLPRegressor(**QUICK, noise_std=0.1, input_dropout=0.1).fit(mapped, Y)
    copy = X.astype(np.float32)
    again = MLPRegressor(**QUICK, noise_std=0.1, input_dropout=0.1).fit(copy, Y)
    assert_array_equal(copy, mapped)
    assert_array_equal(net.coefs_[0], again.coefs_[0])
    net.predict(copy)
    assert_array_equal(copy, mapped)


def test_clone_and_pickle():
    for net in (MLPRegressor(**QUICK, dropout=[0.1]), MLPRegressor(**QUICK, callbacks=[])):
        fitted = net.fit(X, Y)
        assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.predict(X))
        assert clone(fitted).get_params().keys() == fitted.get_params().keys()
        assert not hasattr(clone(fitted), "coefs_")
    assert MLPRegressor(hidden_layer_sizes=[5, 4]).get_params()["hidden_layer_sizes"] == [5, 4]


def test_validation_rows_reach_the_net_through_metadata_routing():
    with sklearn.config_context(enable_metadata_routing=True):
        net = MLPRegressor(early_stopping=True, **QUICK)
        net.set_fit_request(X_val=True, y_val=True, sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipe = make_pipeline(scaler, net, transform_input=["X_val"])
        pipe.fit(X[:80], Y[:80], sample_weight=np.ones(80), X_val=X[80:], y_val=Y[80:])
        scores = pipe[-1].validation_scores_
    alone = MLPRegressor(early_stopping=True, **QUICK)
    scaler = StandardScaler().fit(X[:80])
    alone.fit(scaler.transform(X[:80]), Y[:80], X_val=scaler.transform(X[80:]), y_val=Y[80:])
    assert_allclose(scores, alone.validation_scores_, rtol=1e-4)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_searches_give_the_same_scores_on_every_joblib_backend(backend):
    from joblib import parallel_config

    X, y = targets("multiclass")
    net = MLPClassifier(max_iter=20, dropout=0.2, random_state=0)
    grid = {"alpha": [1e-4, 1e-1], "noise_std": [0.0, 0.1]}
    alone = GridSearchCV(net, grid, cv=3).fit(X, y).cv_results_["mean_test_score"]
    with parallel_config(backend=backend, n_jobs=2):
        beside = GridSearchCV(net, grid, cv=3).fit(X, y).cv_results_["mean_test_score"]
    assert_array_equal(alone, beside)


def test_other_tools_of_scikit_learn():
    X, y = targets("binary")
    calibrated = CalibratedClassifierCV(MLPClassifier(**QUICK), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.7
    assert cross_val_score(MLPClassifier(**QUICK), X, y, scoring="roc_auc", cv=3).mean() > 0.6
    words = y.astype(object)
    assert_array_equal(MLPClassifier(**QUICK).fit(X, words).classes_, ["no", "yes"])


def test_importing_skreg_imports_nothing_heavy():
    code = (
        "import sys, skreg; heavy = {'torch', 'sklearn', 'numba', 'skorch', 'scipy', 'pandas'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "skreg.MLPRegressor; assert not {'torch', 'numba', 'skorch'} & set(sys.modules);"
        "assert 'MLPRegressor' in dir(skreg)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    import skreg

    with pytest.raises(AttributeError, match="no attribute 'MLP'"):
        skreg.MLP  # noqa: B018


def test_a_compiled_fit_imports_neither_torch_nor_skorch():
    code = (
        "import sys, numpy as np; from skreg import MLPRegressor; X = np.eye(20);"
        "net = MLPRegressor(max_iter=3, n_iter_no_change=3, early_stopping=True).fit(X, X[0]);"
        "net.predict(X); assert not {'torch', 'skorch'} & set(sys.modules);"
        "assert list(net.net_.history[:, 'train_loss']) == net.loss_curve_"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_loaded_model_predicts_without_torch_and_numba(tmp_path):
    (tmp_path / "net.pkl").write_bytes(
        pickle.dumps(MLPRegressor(**QUICK, augment=SignalAugment()).fit(X, Y))
    )
    code = (
        f"import pickle, sys; net = pickle.load(open({str(tmp_path / 'net.pkl')!r}, 'rb'));"
        "net.predict([[0.0] * 10]);"
        "assert not {'torch', 'numba', 'skorch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
