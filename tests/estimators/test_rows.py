"""Sample weights, the weighted set of rows, and the early-stopping split."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.model_selection import train_test_split

from skreg import MLPClassifier, MLPRegressor
from skreg.estimators._rows import as_weighted_set, split
from tests._data import learnt, targets

NOISY = {"dropout": 0.3, "noise_std": 0.2, "weight_noise_std": 0.05, "random_state": 0}
NORMALISED = {"normalization": "batch", "hidden_layer_sizes": 20}
KINDS = ["regression", "multioutput", "binary", "multiclass", "multilabel"]
LAYOUTS = pytest.mark.parametrize("layout", [np.asarray, csr_matrix])


def make(kind, **params):
    cls = MLPRegressor if kind in ("regression", "multioutput") else MLPClassifier
    return cls(**{**NOISY, "max_iter": 15, **params})


def assert_same(a, b):
    for x, z in zip(learnt(a), learnt(b), strict=True):
        assert_array_equal(x, z)


@LAYOUTS
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "params", [{}, {"early_stopping": True}, {"solver": "sgd"}, NORMALISED], ids=str
)
def test_a_fit_in_one_batch_depends_on_the_weighted_set_alone(kind, params, layout):
    X, y = targets(kind, 60)
    weight = np.random.RandomState(0).randint(0, 4, len(X))
    order = np.random.RandomState(1).permutation(weight.sum())
    repeated = np.repeat(np.arange(len(X)), weight)[order]
    weighted = make(kind, **params).fit(layout(X), y, sample_weight=weight)
    assert_same(weighted, make(kind, **params).fit(layout(X[repeated]), y[repeated]))
    assert_same(weighted, make(kind, **params).fit(layout(X), y, sample_weight=8.0 * weight))
    assert_same(weighted, make(kind, **params).fit(X[repeated], y[repeated]))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_one_and_zero_weights_in_batches(kind):
    X, y = targets(kind)
    params = {"batch_size": 16}
    plain = make(kind, **params).fit(X, y)
    assert_same(plain, make(kind, **params).fit(X, y, sample_weight=np.full(len(X), 3.0)))
    X_more = np.vstack([X, X[:20] + 100])
    y_more = np.concatenate([y, y[:20]])
    weight = np.r_[np.ones(len(X)), np.zeros(20)]
    assert_same(plain, make(kind, **params).fit(X_more, y_more, sample_weight=weight))


def test_more_distinct_rows_than_a_batch_stay_as_they_are():
    X, y = np.arange(12.0).reshape(-1, 1), np.zeros((12, 1))
    given = as_weighted_set(X, y, np.ones(12), limit=11)
    assert given[0] is X
    merged, _, weight = as_weighted_set(np.repeat(X, 5, axis=0), np.zeros((60, 1)), np.ones(60), 12)
    assert sorted(merged[:, 0]) == list(range(12))
    assert_array_equal(weight, 5)
    minus_zero = as_weighted_set(np.array([[0.0], [-0.0]]), np.zeros((2, 1)), np.ones(2), 5)
    assert_array_equal(minus_zero[2], [2])


@pytest.mark.parametrize("kind", KINDS)
def test_without_copies_the_split_is_scikit_learns(kind):
    X, y = targets(kind)
    codes = y if y.ndim == 2 else np.unique(y, return_inverse=True)[1].reshape(-1, 1)
    strata = codes[:, 0] if kind in ("binary", "multiclass") else None
    ours = split(X, codes, 0.25, strata, np.random.RandomState(5))
    theirs = train_test_split(
        np.arange(len(X)), test_size=0.25, stratify=strata, random_state=np.random.RandomState(5)
    )
    for a, b in zip(ours, theirs, strict=True):
        assert_array_equal(a, b)


@LAYOUTS
def test_copies_never_stand_on_both_sides(layout):
    X, y = targets("regression")
    rows = np.random.RandomState(0).randint(0, len(X), 300)
    for seed in range(20):
        state = np.random.RandomState(seed)
        train, held = split(layout(X[rows]), y[rows][:, None], 0.3, None, state)
        assert not set(rows[train]) & set(rows[held])
        assert sorted([*train, *held]) == list(range(300))
        assert 0.2 < len(held) / 300 < 0.4


def test_rare_classes_and_tiny_validation_sets_split_unstratified():
    X, y = targets("multiclass")
    y = y.copy()
    y[0] = "once"
    net = MLPClassifier(early_stopping=True, max_iter=3, random_state=0).fit(X, y)
    assert set(net.classes_) == {"high", "low", "middle", "once"}
    few = MLPClassifier(early_stopping=True, max_iter=3, random_state=0, validation_fraction=0.1)
    assert few.fit(X[:12], y[:12]).best_epoch_ >= 1


@pytest.mark.parametrize("n_rows", [3, 10, 19])
def test_two_rows_are_held_out_at_the_least(n_rows):
    X, y = targets("regression")
    state = np.random.RandomState(0)
    train, held = split(X[:n_rows], y[:n_rows, None], 0.1, None, state)
    assert len(held) == 2
    assert sorted([*train, *held]) == list(range(n_rows))
    net = MLPRegressor(early_stopping=True, scoring="r2", max_iter=3, random_state=0)
    assert np.isfinite(net.fit(X[:n_rows], y[:n_rows]).best_validation_score_)


@pytest.mark.parametrize("bagging", [BaggingRegressor, BaggingClassifier])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_bagging_by_weights_or_by_rows_gives_sound_members(bagging, early_stopping):
    regression = bagging is BaggingRegressor
    X, y = targets("regression" if regression else "multiclass")
    net = (MLPRegressor if regression else MLPClassifier)(
        early_stopping=early_stopping, max_iter=60, learning_rate_init=0.01, random_state=0
    )
    bag = bagging(net, 8, random_state=0).fit(X, y)
    assert bag.score(X, y) > 0.5


@pytest.mark.parametrize("unit", [1e-50, 2.0**-300, 1e40, 1e300])
def test_only_ratios_of_weights_count(unit):
    X, y = targets("regression")
    params = {"early_stopping": True, "max_iter": 30, "random_state": 0, "learning_rate_init": 0.01}
    plain = MLPRegressor(**params).fit(X, y)
    weighted = MLPRegressor(**params).fit(X, y, sample_weight=np.full(len(X), unit))
    assert_allclose(weighted.coefs_[0], plain.coefs_[0], rtol=1e-3, atol=1e-4)
    assert_allclose(weighted.best_validation_score_, plain.best_validation_score_, rtol=1e-3)
    scalar = MLPRegressor(**params).fit(X, y, sample_weight=unit)
    assert_array_equal(scalar.coefs_[0], weighted.coefs_[0])


def test_weights_count_in_validation():
    X, y = targets("regression")
    weight = np.random.RandomState(0).uniform(0.5, 2, 40)
    params = {"random_state": 0, "max_iter": 4, "scale_target": False, "dtype": "float64"}
    net = MLPRegressor(**params, shuffle=False)
    net.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:], sample_weight_val=weight)
    expected = np.average((net.predict(X[80:]) - y[80:]) ** 2, weights=weight) / 2
    assert_allclose(-net.validation_scores_[-1], expected, rtol=1e-9)
