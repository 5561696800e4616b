"""Scores of distributions against scikit-learn's, quadrature and the definitions."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingRegressor, MLPRegressor, RacingSearchCV, metrics
from tests._data import targets

QUICK = {"max_iter": 15, "n_iter_no_change": 15, "hidden_layer_sizes": (8,), "random_state": 0}
X, Y = targets("regression")
MODELS = [
    make_pipeline(StandardScaler(), MLPRegressor(loss, learning_rate_init=0.01, **QUICK))
    for loss in ("gaussian", "laplace")
]
MODELS.append(BaggingRegressor(MODELS[0][-1], 3, random_state=0))


@pytest.mark.parametrize("model", MODELS, ids=["gaussian", "laplace", "mixture"])
def test_scores_are_their_definitions(model):
    weight = np.random.RandomState(0).randint(0, 3, len(Y))
    net, rows = model.fit(X, Y), X
    if hasattr(model, "steps"):
        net, rows = model[-1], model[:-1].transform(X)
    log_p = net.log_density(rows, Y)
    assert_allclose(
        metrics.log_density_score(model, X, Y, weight), np.average(log_p, weights=weight)
    )
    levels = [0.1, 0.5, 0.8]
    quantiles = net.predict_quantiles(rows, levels)
    oracle = np.mean(
        [
            mean_pinball_loss(Y, quantiles[:, i], alpha=q, sample_weight=weight)
            for i, q in enumerate(levels)
        ]
    )
    assert_allclose(-metrics.neg_pinball_score(model, X, Y, weight, q=levels), oracle)
    low, high = net.predict_quantiles(rows, [0.1, 0.9]).T
    inside = (low <= Y) & (high >= Y)
    covered = {"coverage": 0.8}
    assert_allclose(metrics.coverage_score(model, X, Y, **covered), inside.mean())
    assert_allclose(metrics.neg_width_score(model, X, Y, **covered), -(high - low).mean())
    outside = 10 * np.maximum(low - Y, Y - high).clip(min=0)
    score = metrics.neg_interval_score(model, X, Y, **covered)
    assert_allclose(score, -(high - low + outside).mean())
    mixture, ends = net._mixture(rows[:5]), net.predict_quantiles(rows[:5], [1e-9, 1 - 1e-9])
    crps = []
    for i in range(5):

        def gap(t, i=i):
            cdf = mixture.cdf(np.full((5, 1), t))[i, 0]
            return (cdf - (t >= Y[i])) ** 2

        low, high = min(ends[i, 0], Y[i]), max(ends[i, 1], Y[i])
        crps.append(quad(gap, low, high, points=[Y[i]], limit=200, epsabs=1e-8)[0])
    score = metrics.neg_crps_score(model, X[:5], Y[:5])
    assert_allclose(-score, np.mean(crps), rtol=2e-3 if "laplace" in str(model) else 1e-5)


def test_searches_races_and_early_stopping_go_by_them():
    pipe = MODELS[0]
    scoring = {
        "log": metrics.log_density_score,
        "crps": metrics.neg_crps_score,
        "covered": partial(metrics.coverage_score, coverage=0.5),
    }
    found = cross_validate(pipe, X, Y, scoring=scoring, cv=2)
    assert np.isfinite([found[f"test_{name}"] for name in scoring]).all()
    grid = {"mlpregressor__alpha": [1e-4, 3.0]}
    search = GridSearchCV(pipe, grid, scoring=metrics.log_density_score, cv=2).fit(X, Y)
    race = RacingSearchCV(pipe, grid, n_candidates=2, scoring=metrics.log_density_score, cv=2)
    assert_allclose(
        sorted(race.fit(X, Y).cv_results_["mean_test_score"]),
        sorted(search.cv_results_["mean_test_score"]),
    )
    net = MLPRegressor("gaussian", early_stopping=True, scoring=metrics.neg_crps_score, **QUICK)
    net.fit(X, Y)
    assert net.best_validation_score_ == max(net.validation_scores_)
