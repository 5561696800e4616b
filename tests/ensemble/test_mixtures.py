"""What ensembles say whose members predict distributions: their members' mixture."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import brentq
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import BaggingRegressor, MLPRegressor, RacingSearchCV, TunedMLPRegressor
from skreg.ensemble._joint_prediction import stackable
from skreg.metrics import log_density_score
from skreg.model_selection import FoldEnsembleRegressor
from tests._data import targets

QUICK = {"max_iter": 15, "n_iter_no_change": 15, "hidden_layer_sizes": (8,), "random_state": 0}
GAUSSIAN = MLPRegressor("gaussian", learning_rate_init=0.01, **QUICK)
SPACE = {"mlpregressor__alpha": [1e-4, 1e-2, 1.0], "mlpregressor__dropout": [0.0, 0.2]}


def race(y):
    pipe = make_pipeline(
        StandardScaler(), MLPRegressor("gaussian", learning_rate_init=0.01, **QUICK)
    )
    search = RacingSearchCV(pipe, SPACE, n_candidates=6, cv=3, refit="ensemble", random_state=0)
    return search.set_params(scoring=log_density_score).fit(targets("regression")[0], y)


def ensembles(kind):
    """Fitted ensembles, each with its members, their weights and the factor of their noise."""
    X, y = targets(kind)
    bagging = BaggingRegressor(GAUSSIAN, 3, random_state=0).fit(X, y)
    assert stackable(bagging.estimators_)
    piped = make_pipeline(StandardScaler(), GAUSSIAN)
    piped = BaggingRegressor(piped, 3, max_features=0.8, random_state=0).fit(X, y)
    folds = race(y).best_estimator_
    tuned = TunedMLPRegressor(loss="laplace", n_candidates=2, cv=2, random_state=0).fit(X, y)
    yield bagging, [(m, X) for m in bagging.estimators_], np.ones(3) / 3, 1.0
    pairs = zip(piped.estimators_, piped.estimators_features_, strict=True)
    yield piped, [(m[-1], m[:-1].transform(X[:, c])) for m, c in pairs], np.ones(3) / 3, 1.0
    for ensemble, inner in ((folds, folds), (tuned, tuned.best_estimator_)):
        members = [(m[-1], m[:-1].transform(X)) for m in inner.estimators]
        yield ensemble, members, np.array(inner.weights), inner.noise_factor


@pytest.mark.parametrize("kind", ["regression", "multioutput"])
def test_ensembles_predict_their_members_mixture(kind):
    X, y = targets(kind)
    for ensemble, members, weights, factor in ensembles(kind):
        means = np.array([net.predict(rows) for net, rows in members])
        stds = factor * np.array([net.predict(rows, return_std=True)[1] for net, rows in members])
        mean, std = ensemble.predict(X, return_std=True)
        assert mean.shape == std.shape == y.shape
        assert_allclose(mean, np.tensordot(weights, means, 1), rtol=1e-6)
        assert_allclose(mean, ensemble.predict(X), rtol=1e-6)
        noise = np.sqrt(np.tensordot(weights, stds**2, 1))
        between = np.sqrt(np.tensordot(weights, (means - mean) ** 2, 1))
        spread = ensemble.predict_spread(X)
        assert_allclose(spread.noise, noise, rtol=1e-5)
        assert_allclose(spread.disagreement, between, rtol=1e-5, atol=1e-8)
        assert_allclose(std, np.hypot(noise, between), rtol=1e-5)
        law = stats.norm if members[0][0].loss == "gaussian" else stats.laplace
        laws = law(means[:, :4], stds[:, :4] / law.std())
        quantiles = ensemble.predict_quantiles(X[:4], [0.05, 0.5, 0.95])
        assert quantiles.shape == (4, *y.shape[1:], 3)
        for i, q in enumerate([0.05, 0.5, 0.95]):
            values = quantiles[..., i]
            assert_allclose(np.tensordot(weights, laws.cdf(values), 1), q, atol=1e-6)
        rows = laws.logpdf(y[:4])
        rows = rows if y.ndim == 1 else rows.sum(axis=-1)
        expected = np.log(np.tensordot(weights, np.exp(rows), 1))
        assert_allclose(ensemble.log_density(X[:4], y[:4]), expected, rtol=1e-5)
        again = pickle.loads(pickle.dumps(ensemble))
        assert_allclose(again.predict_spread(X).total, std, rtol=1e-12)


def test_rows_that_count_nothing_have_no_say_in_the_noise_factor_whatever_the_scorer():
    X, y = targets("regression")
    weight = (np.arange(len(y)) % 5 > 0).astype(float)
    search = RacingSearchCV(GAUSSIAN, {"alpha": [0.1]}, n_candidates=1, cv=3, refit="ensemble")

    def factor(y, scoring):
        fitted = search.set_params(scoring=scoring).fit(X, y, sample_weight=weight)
        return fitted.best_estimator_.noise_factor

    other = np.where(weight, y, 1e4)
    assert factor(y, None) == factor(other, None) != 1
    with pytest.warns(UserWarning, match="does not support sample_weight"):
        without_weights = [factor(y, lambda net, X, y: net.score(X, y)) for y in (y, other)]
    assert without_weights == [factor(y, None)] * 2


def test_the_races_noise_factor_is_the_likeliest_out_of_fold(tmp_path):
    X, y = targets("regression")
    search = race(y)
    folds = search.best_estimator_
    n_splits = search.n_splits_
    tests = [test for _, test in KFold(n_splits).split(X)]
    parts = []
    for k, test in enumerate(tests):
        own = [k + n_splits * i for i in range(len(folds.estimators) // n_splits)]
        rows = [folds.estimators[i].predict(X[test], return_std=True) for i in own]
        weights = np.array(folds.weights)[own] * n_splits
        parts.append(
            (np.array([m for m, _ in rows]), np.array([s for _, s in rows]), weights, test)
        )

    def slope(log_factor):
        def likelihood(at):
            return sum(
                np.log(w @ stats.norm(m, s * np.exp(at)).pdf(y[t])).sum() for m, s, w, t in parts
            )

        return likelihood(log_factor + 1e-4) - likelihood(log_factor - 1e-4)

    best = np.exp(brentq(slope, -1, 3))
    assert_allclose(folds.noise_factor, best, rtol=1e-3)
    skreg.save(folds, tmp_path / "folds.skreg")
    again = skreg.load(tmp_path / "folds.skreg")
    assert_allclose(again.predict_spread(X).noise, folds.predict_spread(X).noise, rtol=1e-12)


def test_members_without_a_distribution_give_their_spread_alone():
    X, y = targets("regression")
    points = BaggingRegressor(MLPRegressor(**QUICK), 3, random_state=0).fit(X, y)
    others = BaggingRegressor(Ridge(), 3, random_state=0).fit(X, y)
    mixed = [points.estimators_[0], GAUSSIAN.fit(X, y)]
    for ensemble in (points, others, FoldEnsembleRegressor(mixed), TunedMLPRegressor()):
        for name in ("predict_quantiles", "predict_spread", "log_density"):
            assert not hasattr(ensemble, name)
    std = points.predict(X, return_std=True)[1]
    assert_allclose(std, points.predict_members(X).std(axis=0))
    with pytest.raises(AttributeError, match="predict_spread") as error:
        others.predict_spread(X)
    assert "Ridge predicts points" in str(error.value.__cause__)
    with pytest.raises(TypeError, match="loss='squared_error' predicts points"):
        log_density_score(points.estimators_[0], X, y)


@pytest.mark.slow
def test_disagreement_grows_away_from_the_data_and_noise_does_not():
    ratios = []
    for seed in range(5):
        rng = np.random.RandomState(seed)
        X = rng.uniform(-1, 1, (300, 1))
        y = np.sin(3 * X[:, 0]) + 0.2 * rng.normal(size=300)
        net = MLPRegressor("gaussian", alpha=1e-4, learning_rate_init=0.01, learning_rate="cosine")
        net.set_params(max_iter=100, n_iter_no_change=100, hidden_layer_sizes=(50,))
        ensemble = BaggingRegressor(net, 10, bootstrap=False, random_state=seed).fit(X, y)
        near, far = (ensemble.predict_spread(np.array([[-a], [a]])) for a in (0.5, 3.0))
        ratios.append([far[name].mean() / near[name].mean() for name in ("disagreement", "noise")])
    disagreement, noise = np.median(ratios, axis=0)
    assert disagreement > 10
    assert noise < disagreement / 3
