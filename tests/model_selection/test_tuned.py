"""Estimators that choose everything: scikit-learn's checks, rows and targets of all kinds."""

import pickle
import time

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_matrix
from scipy.special import expit, logit, softmax
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, load_wine, make_multilabel_classification
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from skrub import SquashingScaler

import skreg
from skreg import TunedMLPClassifier, TunedMLPRegressor
from skreg.model_selection import PiecewiseLinearEncoder
from skreg.model_selection._splits import splits_of
from tests._onnx import by_onnx

SMALL = {"n_candidates": 3, "cv": 2, "max_time": 20, "random_state": 0}
REGRESSOR, CLASSIFIER = TunedMLPRegressor(**SMALL), TunedMLPClassifier(**SMALL)


@pytest.mark.slow
@parametrize_with_checks(
    [net.set_params(n_candidates=1) for net in map(clone, (REGRESSOR, CLASSIFIER))]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def _diabetes():
    X, y = load_diabetes(return_X_y=True)
    return X[:120], y[:120]


def _data(kind):
    if kind == "regression":
        return _diabetes()
    if kind == "two targets":
        X, y = _diabetes()
        return X, np.column_stack([y, X[:, 2]])
    if kind == "labels":
        X, y = (a[::2] for a in load_iris(return_X_y=True))
        return X, np.array(["setosa", "versicolor", "virginica"])[y]
    if kind == "two classes":
        X, y = load_iris(return_X_y=True)
        return X[:100] + np.sin(np.arange(400)).reshape(100, 4), y[:100]
    return make_multilabel_classification(90, 6, n_classes=3, random_state=0)


KINDS = "regression", "two targets", "labels", "two classes", "multilabel"


@pytest.mark.parametrize("kind", KINDS)
def test_targets_of_every_kind(kind, tmp_path):
    X, y = _data(kind)
    net = clone(REGRESSOR if kind in KINDS[:2] else CLASSIFIER).fit(X, y)
    expected = net.predict(X)
    assert expected.shape == y.shape
    assert net.score(X, y) > 0.4
    weights = net.best_estimator_.weights
    mean = np.average(net.predict_members(X), axis=0, weights=weights)
    if kind in KINDS[:2]:
        np.testing.assert_allclose(expected, mean)
        assert net.predict(X, return_std=True)[1].shape == y.shape
    else:
        temperature = net.best_estimator_.temperature
        if kind == "multilabel":
            expected_p = expit(logit(mean.astype(float)) / temperature)
        else:
            expected_p = softmax(np.log(mean.astype(float)) / temperature, axis=1)
        np.testing.assert_allclose(net.predict_proba(X), expected_p, rtol=1e-3, atol=1e-6)
        assert net.decision_function(X).shape == (y.shape if kind == "two classes" else mean.shape)
    skreg.save(net, tmp_path / "net.skreg")
    for again in (skreg.load(tmp_path / "net.skreg"), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(again.predict(X), expected)
    np.testing.assert_array_equal(clone(net).fit(X, y).predict(X), expected)
    identity = StandardScaler(with_mean=False, with_std=False).fit(X)
    for model in (net, net.best_estimator_, make_pipeline(identity, net)):
        X32 = X.astype(np.float32)
        if kind in KINDS[:2]:
            (found,) = by_onnx(model, X32)
            expected = model.predict(X32).reshape(len(X), -1)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.ptp(y))
        else:
            label, p = by_onnx(model, X32, options={"zipmap": False})
            np.testing.assert_allclose(p, model.predict_proba(X32), atol=1e-4)
            assert (label == model.predict(X32)).mean() > 0.95
            raw_scores = {id(getattr(model, "steps", [(0, model)])[-1][1]): {"raw_scores": True}}
            _, raw = by_onnx(model, X32, options=raw_scores)
            last = raw[:, 1] if kind == "two classes" else raw
            np.testing.assert_allclose(last, model.decision_function(X32), rtol=1e-2, atol=1e-2)


def test_what_was_chosen_is_told():
    X, y = load_wine(return_X_y=True)
    net = clone(CLASSIFIER).fit(X, y)
    board = net.leaderboard_
    assert [row["rank"] for row in board] == [1, 2, 3]
    assert board[0]["params"] == {k.removeprefix("net__"): v for k, v in net.best_params_.items()}
    assert np.isclose(sum(row["weight"] for row in board), 1)
    assert board[0]["score"] == net.best_score_ == net.cv_results_["mean_test_score"].max()
    text = net.describe()
    assert f"together {net.score_:.4f}" in text
    assert all(name in text for name in board[0]["params"])


def test_weights_are_repeated_rows_and_order_does_not_matter():
    X, y = _data("labels")
    weight = np.random.RandomState(0).randint(0, 3, len(y))
    weighted = clone(CLASSIFIER).fit(X, y, sample_weight=weight).predict_proba(X)
    rows = np.random.RandomState(1).permutation(np.repeat(np.arange(len(y)), weight))
    np.testing.assert_array_equal(
        clone(CLASSIFIER).fit(X[rows], y[rows]).predict_proba(X), weighted
    )


@pytest.mark.parametrize("cv", [3, KFold(2), GroupKFold(2)], ids=str)
def test_splitters(cv):
    X, y = _diabetes()
    net = clone(REGRESSOR).set_params(cv=cv)
    groups = np.arange(len(y)) % 4 if isinstance(cv, GroupKFold) else None
    net.fit(X, y, groups=groups, sample_weight=np.linspace(0, 1, len(y)))
    assert net.n_splits_ == (3 if cv == 3 else 2)


def test_groups_need_a_splitter():
    X, y = _diabetes()
    with pytest.raises(ValueError, match="groups are for a splitter, but cv is 2"):
        clone(REGRESSOR).fit(X, y, groups=np.arange(len(y)))


def test_sparse_rows():
    X, y = _data("labels")
    net = clone(CLASSIFIER).fit(csr_matrix(X), y)
    assert net.score(csr_matrix(X), y) > 0.9


def test_rare_classes_are_in_all_training_rows():
    strata = np.array([0] * 10 + [1] * 9 + [2] * 2)
    splits = splits_of(len(strata), strata, 3, 2, seed=0)
    assert len(splits) == 6
    for train, test in splits:
        assert set(strata[train]) == {0, 1, 2}
        assert set(strata[test]) == {0, 1}
        assert not set(train) & set(test)
    X = np.random.RandomState(0).standard_normal((21, 3)) + strata[:, None]
    assert clone(CLASSIFIER).set_params(cv=3).fit(X, strata).classes_.tolist() == [0, 1, 2]


def test_two_rows_and_one_class():
    X = np.arange(8.0).reshape(4, 2)
    assert clone(REGRESSOR).fit(X[:2], [0.0, 1.0]).predict(X).shape == (4,)
    assert clone(CLASSIFIER).fit(X, list("abcd")).predict(X).shape == (4,)


def test_nothing_is_lost_where_a_fit_fails():
    X, y = _diabetes()
    net = clone(REGRESSOR).fit(X, y)
    before = net.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        net.fit(np.full_like(X, np.nan), y)
    np.testing.assert_array_equal(net.predict(X), before)


def test_it_can_be_cross_validated():
    X, y = _diabetes()
    assert cross_val_score(REGRESSOR, X, y, cv=2).mean() > 0


@pytest.mark.slow
def test_the_defaults_are_good_on_few_rows_in_little_time():
    X, y = load_wine(return_X_y=True)
    began = time.perf_counter()
    net = TunedMLPClassifier(max_time=5, random_state=0).fit(X[::3], y[::3])
    assert time.perf_counter() - began < 60
    assert net.score(np.delete(X, np.s_[::3], 0), np.delete(y, np.s_[::3])) > 0.9


@pytest.mark.parametrize("n_bins", [None, 4])
def test_the_encoder_is_the_formula(n_bins):
    X, _ = load_wine(return_X_y=True)
    X = np.column_stack([X, np.arange(len(X)) % 3])
    encoder = PiecewiseLinearEncoder(n_bins=n_bins).fit(X)
    expected = [X]
    for j in range(X.shape[1] - 1 if n_bins else 0):  # the last column has three values
        edges = np.unique(np.quantile(X[:, j], np.linspace(0, 1, 5), method="inverted_cdf"))
        ramps = [np.interp(X[:, j], edges[k : k + 2], [0, 1]) for k in range(len(edges) - 1)]
        expected.append(np.column_stack(ramps))
    expected = StandardScaler().fit_transform(np.hstack(expected))
    np.testing.assert_allclose(encoder.transform(X), expected, atol=1e-10)
    assert len(encoder.get_feature_names_out()) == expected.shape[1]


SPARE = np.random.RandomState(0).randint(0, 9, 61)


def columns_of_every_kind():
    """Numbers with far-off ones, columns of two values, a rare class, a constant."""
    rng = np.random.RandomState(0)
    X = rng.standard_cauchy((61, 6))
    X[:, 1], X[:, 2], X[:, 3] = SPARE > 6, 5 - 3.0 * (SPARE > 1), 2.0
    X[:, 4] = np.where(SPARE == 0, X[:, 4], 1.0)  # equal quartiles
    return X


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_robust_scaling_is_that_of_skrub(dtype):
    X = columns_of_every_kind().astype(dtype)
    encoder, peer = PiecewiseLinearEncoder(scaling="robust"), SquashingScaler()
    np.testing.assert_allclose(encoder.fit_transform(X), peer.fit_transform(X), atol=1e-6)
    far = np.vstack([X * 100, np.full_like(X, 1e30), np.full_like(X, -1e30)])
    given, others = encoder.transform(far), [0, 1, 2, 4, 5]  # the constant column is 0
    np.testing.assert_allclose(given[:61], peer.transform(far[:61]), atol=1e-5)
    np.testing.assert_allclose(given[61:, others], np.tile([[3], [-3]], 5).repeat(61, 0), atol=1e-6)
    assert given.dtype == dtype


@pytest.mark.parametrize("form", [np.asarray, csr_matrix, csc_matrix])
@pytest.mark.parametrize("weight", [None, np.arange(61) % 4])
def test_columns_of_two_values_keep_their_distance(form, weight):
    X = columns_of_every_kind()
    Z = PiecewiseLinearEncoder().fit(form(X), sample_weight=weight).transform(form(X))
    Z = Z.toarray() if form is not np.asarray else Z
    np.testing.assert_array_equal(Z[:, 1], SPARE > 6)
    scaler = StandardScaler(with_mean=form is np.asarray)
    expected = scaler.fit(form(X), sample_weight=weight).transform(form(X))
    expected = expected.toarray() if form is not np.asarray else expected
    if form is np.asarray:
        np.testing.assert_array_equal(Z[:, 2], SPARE <= 1)  # the other value is the frequent one
    np.testing.assert_array_equal(Z[:, 3], 0)
    others = [0, 4, 5] if form is np.asarray else [0, 2, 4, 5]
    np.testing.assert_allclose(Z[:, others], expected[:, others], atol=1e-12)


@parametrize_with_checks(
    [PiecewiseLinearEncoder(n_bins=2), PiecewiseLinearEncoder(scaling="robust")]
)
def test_scikit_learn_checks_of_the_encoder(estimator, check):
    check(estimator)
