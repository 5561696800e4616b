"""Intervals and sets that cover: MAPIE's answers, the papers' formulas, and counts."""

import pickle

import numpy as np
import pytest
from mapie.classification import CrossConformalClassifier
from mapie.regression import CrossConformalRegressor, JackknifeAfterBootstrapRegressor
from mapie.subsample import Subsample
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    MLPClassifier,
    MLPRegressor,
    RacingSearchCV,
    TunedMLPClassifier,
    TunedMLPRegressor,
)
from skreg.ensemble._conformal import calibration, class_sets, intervals, seen_by
from skreg.metrics import log_density_score
from tests._data import targets

QUICK = {"max_iter": 10, "n_iter_no_change": 10, "hidden_layer_sizes": (8,), "random_state": 0}
FOLDS = KFold(4, shuffle=True, random_state=0)
X, Y = targets("regression", 300)
TRAIN, NEW = slice(0, 200), slice(200, 300)
COVERAGES = [0.5, 0.8, 0.9, 0.95]


def race(estimator, name, values, X, y, **params):
    """The ensemble of all candidates' fold nets, or of the best ones."""
    search = RacingSearchCV(estimator, {name: values}, n_candidates=len(values), cv=FOLDS, **params)
    return search.set_params(refit="ensemble", random_state=0).fit(X, y).best_estimator_


def test_the_races_intervals_are_mapies_around_the_same_net():
    pipe = make_pipeline(StandardScaler(), MLPRegressor(**QUICK))
    oracle = CrossConformalRegressor(pipe, confidence_level=COVERAGES, method="plus", cv=FOLDS)
    _, ends = oracle.fit_conformalize(X[TRAIN], Y[TRAIN]).predict_interval(X[NEW])
    ensemble = race(pipe, "mlpregressor__alpha", [1e-4], X[TRAIN], Y[TRAIN])
    for i, coverage in enumerate(COVERAGES):
        assert_allclose(ensemble.predict_interval(X[NEW], coverage), ends[:, :, i], rtol=1e-12)


def test_jackknife_after_bootstrap_is_mapies():
    resampling = Subsample(n_resamplings=30, random_state=0)
    oracle = JackknifeAfterBootstrapRegressor(Ridge(), confidence_level=0.9, resampling=resampling)
    _, ends = oracle.fit_conformalize(X[TRAIN], Y[TRAIN]).predict_interval(X[NEW])
    inner = oracle._mapie_regressor.estimator_
    parts = []
    for i, (member, out) in enumerate(zip(inner.estimators_, inner.k_.T, strict=True)):
        rows = np.flatnonzero(np.isfinite(out))
        answers = member.predict(X[TRAIN][rows]).reshape(1, -1, 1)
        parts.append(([i], [1.0], rows, answers, None))
    rows, out, mean, std = seen_by(parts, 30, 200)
    assert std is None
    score = np.abs(Y[TRAIN][rows, None] - mean)
    seen = calibration(out, score, np.ones(len(rows)))
    means = np.stack([member.predict(X[NEW])[:, None] for member in inner.estimators_])
    assert_allclose(intervals(seen, 0.9, means, None)[:, 0], ends[:, :, 0], rtol=1e-10)


def test_the_races_sets_are_mapies_around_the_same_net():
    X, y = load_iris(return_X_y=True)
    X = X + np.random.RandomState(0).normal(size=X.shape)
    order = np.random.RandomState(0).permutation(150)
    X, y = X[order], y[order]
    for model, name, value in (
        (LogisticRegression(), "C", 1.0),
        (MLPClassifier(**QUICK), "alpha", 1e-4),
    ):
        oracle = CrossConformalClassifier(
            model, confidence_level=COVERAGES, cv=FOLDS, conformity_score="lac"
        )
        oracle.fit_conformalize(X[:100], y[:100])
        _, sets = oracle.predict_set(X[100:], agg_scores="crossval")
        ensemble = race(model, name, [value], X[:100], y[:100])
        for i, coverage in enumerate(COVERAGES):
            assert_array_equal(ensemble.predict_set(X[100:], coverage), sets[:, :, i])


def by_hand(members, seen, drawn, y, coverage, stds=None):
    """The jackknife+-after-bootstrap of one row, as the paper writes it; spreads scale it."""
    low, high = [], []
    for i in range(len(y)):
        own = [m for m in range(len(members)) if i not in drawn[m]]
        if not own:
            continue
        at_i, at_x = (np.mean([p[m] for m in own]) for p in (seen[:, i], members))
        scale_i = scale_x = 1.0
        if stds is not None:
            for_i, for_x = stds
            scale_i = np.sqrt(np.mean([for_i[m, i] ** 2 + (seen[m, i] - at_i) ** 2 for m in own]))
            scale_x = np.sqrt(np.mean([for_x[m] ** 2 + (members[m] - at_x) ** 2 for m in own]))
        off = abs(y[i] - at_i) / scale_i * scale_x
        low.append(at_x - off)
        high.append(at_x + off)
    k = int(np.ceil(coverage * (len(low) + 1)))
    return sorted(low)[-k], sorted(high)[k - 1]


@pytest.mark.parametrize("columns", [1.0, 0.5])
@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
def test_intervals_of_draws_are_the_papers(loss, columns):
    net = MLPRegressor(loss, learning_rate_init=0.01, **QUICK)
    ensemble = BaggingRegressor(net, 6, max_features=columns, oob_score=True, random_state=0)
    ensemble.fit(X[:60], Y[:60])
    ends = ensemble.predict_interval(X[NEW][:5], 0.8)
    assert ends.shape == (5, 2)
    drawn = [set(rows.tolist()) for rows in ensemble.estimators_samples_]
    seen, members = ensemble.predict_members(X[:60]), ensemble.predict_members(X[NEW][:5])
    stds = None
    if loss == "gaussian":
        pairs = list(zip(ensemble.estimators_, ensemble.estimators_features_, strict=True))
        stds = [
            np.array([m.predict(rows[:, c], return_std=True)[1] for m, c in pairs])
            for rows in (X[:60], X[NEW][:5])
        ]
    for r in range(5):
        more = None if stds is None else (stds[0], stds[1][:, r])
        low, high = by_hand(members[:, r], seen, drawn, Y[:60], 0.8, more)
        assert_allclose(ends[r], [low, high], rtol=1e-6)


def test_weights_count_as_repeated_rows():
    rng = np.random.RandomState(0)
    out, score, weight = rng.uniform(size=(3, 50)), rng.uniform(size=(50, 1)), rng.randint(1, 4, 50)
    out /= out.sum(axis=0)
    means, p = rng.normal(size=(3, 20, 1)), rng.dirichlet(np.ones(3), (3, 20))
    rows = np.repeat(np.arange(50), weight)
    one = calibration(out, score, weight)
    other = calibration(out[:, rows], score[rows], np.ones(len(rows)))
    for coverage in COVERAGES:
        assert_allclose(
            intervals(one, coverage, means, None), intervals(other, coverage, means, None)
        )
        assert_array_equal(class_sets(one, coverage, p), class_sets(other, coverage, p))


MODELS = {
    "bagging": (
        BaggingRegressor(MLPRegressor("laplace", **QUICK), 8, oob_score=True),
        "multioutput",
    ),
    "tuned": (TunedMLPRegressor(n_candidates=3, cv=2), "regression"),
    "tuned gaussian": (TunedMLPRegressor(loss="gaussian", n_candidates=2, cv=2), "multioutput"),
    "bagging classes": (BaggingClassifier(MLPClassifier(**QUICK), 8, oob_score=True), "multiclass"),
    "tuned classes": (TunedMLPClassifier(n_candidates=3, cv=2), "binary"),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_ensemble_has_them_saved_and_loaded(name, tmp_path):
    model, kind = MODELS[name]
    X, y = targets(kind)
    weight = np.random.RandomState(0).randint(0, 3, len(y))
    for given in (None, weight):
        model = clone(model).set_params(random_state=0).fit(X, y, sample_weight=given)
        ask = model.predict_interval if hasattr(model, "predict_interval") else model.predict_set
        found = ask(X, coverage=0.8)
        if found.dtype == bool:
            assert found.shape == (len(X), len(model.classes_))
            assert (ask(X, 0.95) >= found).all()
        else:
            assert found.shape == (*y.shape, 2)
            assert (found[..., 0] < found[..., 1]).all()
            wider = ask(X, 0.95)
            assert (np.ptp(wider, axis=-1) >= np.ptp(found, axis=-1)).all()
        skreg.save(model, tmp_path / "model.skreg")
        loaded = skreg.load(tmp_path / "model.skreg")
        for again in (loaded, pickle.loads(pickle.dumps(model))):
            assert_array_equal(getattr(again, ask.__name__)(X, 0.8), found)


def test_what_cannot_be_promised_is_an_error():
    X, y = targets("regression", 40)
    ensemble = BaggingRegressor(MLPRegressor(**QUICK), 5, random_state=0, oob_score=True).fit(X, y)
    with pytest.raises(ValueError, match=r"coverage=0.99 needs 99 training rows .* there are \d+"):
        ensemble.predict_interval(X, 0.99)
    with pytest.raises(ValueError, match=r"coverage must be in \(0, 1\), got 90"):
        ensemble.predict_interval(X, 90)
    ensemble.set_params(oob_score=False).fit(X, y)
    assert not hasattr(ensemble, "predict_interval")
    with pytest.raises(AttributeError, match="predict_interval") as error:
        ensemble.predict_interval(X)
    assert "oob_score=True" in str(error.value.__cause__)
    assert not hasattr(TunedMLPRegressor(), "predict_interval")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bagging", "race"])
def test_new_rows_are_covered_whatever_the_noise(name):
    covered = []
    for seed in range(30):
        rng = np.random.RandomState(seed)
        X = rng.uniform(-2, 2, (300, 1))
        y = np.sin(2 * X[:, 0]) + (0.1 + 0.5 * (X[:, 0] > 0)) * rng.standard_t(3, 300)
        net = MLPRegressor("gaussian", learning_rate_init=0.01, **{**QUICK, "max_iter": 40})
        if name == "bagging":
            model = BaggingRegressor(net, 10, oob_score=True, random_state=seed).fit(
                X[:200], y[:200]
            )
        else:
            model = race(net, "alpha", [1e-4, 1e-2], X[:200], y[:200], scoring=log_density_score)
        for coverage in COVERAGES:
            low, high = model.predict_interval(X[200:], coverage).T
            covered.append(((low <= y[200:]) & (y[200:] <= high)).mean())
    means = np.reshape(covered, (30, 4)).mean(axis=0)
    assert (means >= np.array(COVERAGES) - 0.02).all()
    assert (means <= np.array(COVERAGES) + 0.06).all()
