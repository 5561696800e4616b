"""The race: survivors are full fits, `cv_results_` is scikit-learn's, ensembles are means."""

import pickle
import time
import warnings
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from matplotlib import pyplot
from scipy.sparse import csr_matrix
from scipy.special import expit, logit, softmax
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_multilabel_classification,
)
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import MLPClassifier, MLPRegressor, RacingSearchCV, TunedMLPClassifier
from skreg.estimators._open_training import training_in_parts
from skreg.inspection import RaceDisplay
from skreg.model_selection import _race
from skreg.model_selection._run import Run
from tests._cases import REGRESSOR_CONFIGURATIONS

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:120], Y[:120]
SPACE = {"alpha": loguniform(1e-4, 10), "learning_rate_init": loguniform(1e-3, 1e-1)}
NET = MLPRegressor(
    hidden_layer_sizes=(16,),
    max_iter=18,
    n_iter_no_change=18,
    learning_rate="cosine",
    random_state=0,
)
CLASSIFIER = MLPClassifier(
    hidden_layer_sizes=(16,), max_iter=18, n_iter_no_change=18, random_state=0
)


def _named(prefix):
    return {f"{prefix}__{name}": values for name, values in SPACE.items()}


@pytest.mark.parametrize("params", REGRESSOR_CONFIGURATIONS.values(), ids=REGRESSOR_CONFIGURATIONS)
def test_a_training_that_rests_ends_as_one_in_one_go(params):
    net = (
        MLPRegressor(random_state=0).set_params(**clone(params, safe=False)).set_params(max_iter=11)
    )
    if net.pretrained is not None:
        net.set_params(pretrained__random_state=0)
    whole, rested = clone(net).fit(X, Y), clone(net)
    with training_in_parts(0.2) as request:
        rested.fit(X, Y)
    if request.training is not None:
        assert rested.n_iter_ == 3
        for share in (0.5, 1.0):
            if request.training.is_open():
                request.training.advance(share)
    assert rested.loss_curve_ == whole.loss_curve_
    np.testing.assert_array_equal(rested.predict(X), whole.predict(X))


ESTIMATORS = {
    "net": (NET, SPACE),
    "pipeline": (make_pipeline(StandardScaler(), NET), _named("mlpregressor")),
    "target": (
        TransformedTargetRegressor(NET, func=np.sqrt, inverse_func=np.square),
        _named("regressor"),
    ),
    "early stopping": (clone(NET).set_params(early_stopping=True), SPACE),
    "averages": (clone(NET).set_params(averaging="ema"), SPACE),
    "lbfgs": (clone(NET).set_params(solver="lbfgs"), {"alpha": loguniform(1e-4, 10)}),
    "ridge": (Ridge(), {"alpha": loguniform(1e-4, 10)}),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_survivors_score_as_full_fits_of_scikit_learns_search(name, n_jobs):
    estimator, space = ESTIMATORS[name]
    cv = KFold(3, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        race = RacingSearchCV(
            estimator, space, n_candidates=9, cv=cv, random_state=0, n_jobs=n_jobs
        )
        race.fit(X, Y)
        search = RandomizedSearchCV(estimator, space, n_iter=9, cv=cv, random_state=0).fit(X, Y)
    assert set(race.cv_results_) == set(search.cv_results_) | {"rung"}
    assert race.cv_results_["params"] == search.cv_results_["params"]
    ends = race.cv_results_["rung"] == len(race.rungs_) - 1
    assert ends.sum() == 1
    for k in range(3):
        key = f"split{k}_test_score"
        np.testing.assert_array_equal(race.cv_results_[key][ends], search.cv_results_[key][ends])
    best = clone(estimator).set_params(**race.best_params_)
    np.testing.assert_array_equal(race.predict(X), best.fit(X, Y).predict(X))


def test_the_steps_are_a_share_of_full_fits():
    race = RacingSearchCV(NET, SPACE, n_candidates=27, cv=3, random_state=0).fit(X, Y)
    assert race.rungs_ == (1 / 9, 1 / 3, 1.0)
    assert np.bincount(race.cv_results_["rung"]).tolist() == [18, 6, 3]
    assert race.n_epochs_.sum() <= 0.3 * 27 * 3 * 18


def test_an_ensemble_is_the_weighted_mean_of_fold_nets():
    cv = KFold(3, shuffle=True, random_state=0)
    pipe = make_pipeline(StandardScaler(), NET)
    race = RacingSearchCV(pipe, _named("mlpregressor"), n_candidates=27, cv=cv, refit="ensemble")
    race.set_params(random_state=0).fit(X, Y)
    by_hand, score = 0.0, []
    out_of_fold = np.zeros(len(Y))
    for train, test in cv.split(X):
        for i, weight in race.ensemble_weights_.items():
            own = clone(pipe).set_params(**race.cv_results_["params"][i]).fit(X[train], Y[train])
            by_hand = by_hand + weight / 3 * own.predict(X)
            out_of_fold[test] += weight * own.predict(X[test])
        score.append(r2_score(Y[test], out_of_fold[test]))
    np.testing.assert_allclose(race.predict(X), by_hand, rtol=1e-12)
    assert np.isclose(race.ensemble_score_, np.mean(score))
    assert race.ensemble_score_ >= race.best_score_ - 1e-12
    members = race.best_estimator_.predict_members(X)
    mean, std = race.best_estimator_.predict(X, return_std=True)
    weights = np.array(race.best_estimator_.weights)
    np.testing.assert_allclose(mean, np.average(members, axis=0, weights=weights))
    variance = np.average((members - mean) ** 2, axis=0, weights=weights)
    np.testing.assert_allclose(std, np.sqrt(variance))


@pytest.mark.parametrize("kind", ["binary", "classes", "multilabel"])
def test_an_ensemble_of_classifiers_means_probabilities(kind, tmp_path):
    if kind == "binary":
        X, y = load_breast_cancer(return_X_y=True)
        X, y = X[:150] / X.max(axis=0), np.array(["no", "yes"])[y[:150]]
    elif kind == "classes":
        X, y = load_iris(return_X_y=True)
    else:
        X, y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    race = RacingSearchCV(CLASSIFIER, SPACE, n_candidates=9, refit="ensemble", random_state=0, cv=2)
    race.fit(X, y)
    ensemble = race.best_estimator_
    members = [member.predict_proba(X) for member in ensemble.estimators]
    p = np.average(members, axis=0, weights=ensemble.weights)
    if kind == "multilabel":
        at_temperature = expit(logit(p) / ensemble.temperature)
    else:
        at_temperature = softmax(np.log(p) / ensemble.temperature, axis=1)
    np.testing.assert_allclose(race.predict_proba(X), at_temperature, rtol=1e-4)
    expected = p > 0.5 if kind == "multilabel" else race.classes_[p.argmax(axis=1)]
    np.testing.assert_array_equal(race.predict(X), expected)
    assert race.score(X, y) == accuracy_score(y, race.predict(X))
    skreg.save(ensemble, tmp_path / "ensemble.skreg")
    loaded = skreg.load(tmp_path / "ensemble.skreg")
    np.testing.assert_array_equal(loaded.predict_proba(X), race.predict_proba(X))
    again = pickle.loads(pickle.dumps(race))
    np.testing.assert_array_equal(again.predict_proba(X), race.predict_proba(X))


def test_a_class_that_a_fold_lacks_counts_nothing():
    X, y = load_iris(return_X_y=True)
    y = y.astype(object)
    y[:2] = "rare"
    y = y.astype(str)
    race = RacingSearchCV(CLASSIFIER, SPACE, n_candidates=3, refit="ensemble", cv=KFold(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        race.fit(X, y)
    assert race.classes_.tolist() == sorted(set(y))
    np.testing.assert_allclose(race.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


SPLITTERS = [
    2,
    KFold(3),
    ShuffleSplit(2, random_state=0),
    GroupKFold(3),
    [(np.arange(80), np.arange(80, 120))],
]


@pytest.mark.parametrize("cv", SPLITTERS, ids=str)
@pytest.mark.parametrize("refit", [True, "ensemble"])
def test_splitters_weights_and_groups(cv, refit):
    race = RacingSearchCV(NET, SPACE, n_candidates=3, cv=cv, refit=refit, random_state=0)
    groups = np.arange(120) % 6
    race.fit(
        X,
        Y,
        sample_weight=np.linspace(0.5, 2, 120),
        groups=groups if race.cv is SPLITTERS[3] else None,
    )
    assert np.isfinite(race.cv_results_["mean_test_score"]).all()
    assert race.predict(X).shape == Y.shape


@pytest.mark.parametrize(
    ("scoring", "refit"),
    [
        ("neg_mean_absolute_error", True),
        (make_scorer(r2_score), "ensemble"),
        (["r2", "neg_mean_squared_error"], "r2"),
        (["r2", "neg_mean_squared_error"], False),
        (lambda estimator, X, y: {"a": estimator.score(X, y), "b": 0.0}, "a"),
        ("r2", lambda results: 1),
    ],
)
def test_scorers(scoring, refit):
    race = RacingSearchCV(NET, SPACE, n_candidates=3, cv=2, scoring=scoring, refit=refit)
    race.set_params(random_state=0, return_train_score=True).fit(X, Y)
    search = RandomizedSearchCV(
        NET, SPACE, n_iter=3, cv=2, scoring=scoring, refit=refit if refit != "ensemble" else True
    )
    search.set_params(random_state=0, return_train_score=True).fit(X, Y)
    assert set(race.cv_results_) == set(search.cv_results_) | {"rung"}
    assert hasattr(race, "best_params_") == hasattr(search, "best_params_")


def test_a_candidate_that_fails_drops_out():
    first = [{"alpha": 1e-3}, {"learning_rate_init": 1e300}, {"alpha": -1.0}, {"alpha": 1e-2}]
    race = RacingSearchCV(NET, {}, n_candidates=4, first=first, cv=2, refit="ensemble")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        race.fit(X, Y)
    assert np.isnan(race.cv_results_["mean_test_score"]).tolist() == [False, True, True, False]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        race.fit(X, Y)
    (failed,) = (w.message for w in caught if w.category is FitFailedWarning)
    assert "4 fits failed out of a total of 8" in str(failed)
    with pytest.raises(ValueError, match="Training diverged"):
        clone(race).set_params(error_score="raise").fit(X, Y)


def test_the_same_under_every_backend():
    race = RacingSearchCV(NET, SPACE, n_candidates=9, cv=2, random_state=0, refit="ensemble")
    expected = clone(race).fit(X, Y)
    for backend in ("skreg", "threading", "loky", "sequential"):
        with joblib.parallel_config(backend=backend, n_jobs=2):
            found = clone(race).fit(X, Y)
        np.testing.assert_array_equal(found.predict(X), expected.predict(X), backend)


def test_it_nests_in_scikit_learn():
    race = RacingSearchCV(NET, SPACE, n_candidates=3, cv=2, random_state=0, refit="ensemble")
    scores = cross_val_score(race, X, Y, cv=2)
    grid = GridSearchCV(race, {"n_candidates": [3, 4]}, cv=2).fit(X, Y)
    assert np.isfinite(scores).all()
    assert grid.cv_results_["mean_test_score"][0] == scores.mean()


def test_sparse_rows():
    race = RacingSearchCV(NET, SPACE, n_candidates=3, cv=2, random_state=0, refit="ensemble")
    dense = clone(race).fit(X, Y).predict(X)
    np.testing.assert_allclose(race.fit(csr_matrix(X), Y).predict(csr_matrix(X)), dense, rtol=1e-4)


def test_max_time_ends_the_race():
    net = clone(NET).set_params(max_iter=20000, n_iter_no_change=20000)
    race = RacingSearchCV(net, SPACE, n_candidates=50, cv=2, max_time=1.5, refit="ensemble")
    began = time.perf_counter()
    race.set_params(random_state=0).fit(X, Y)
    assert time.perf_counter() - began < 30  # 50 x 2 whole fits would take minutes
    assert race.cv_results_["rung"].max() >= 0
    assert np.isfinite(race.predict(X)).all()


@pytest.mark.parametrize(
    ("max_time", "begun", "reached"),
    [(1, 3, [0, -1, -1]), (5, 5, [0, -1, -1]), (6, 6, [0, 0, -1]), (99, 12, [0, 0, 1])],
)
def test_no_split_begins_once_time_is_up(max_time, begun, reached, monkeypatch):
    began, advance = [], Run.advance

    def a_second(run, *given):
        began.append(len(began))
        advance(run, *given)

    monkeypatch.setattr(Run, "advance", a_second)
    monkeypatch.setattr(_race, "time", SimpleNamespace(perf_counter=lambda: len(began)))
    race = RacingSearchCV(NET, SPACE, n_candidates=3, cv=3, rungs=(0.5, 1), factor=3)
    race.set_params(max_time=max_time, refit="ensemble", random_state=0).fit(X, Y)
    assert len(began) == begun
    assert sorted(race.cv_results_["rung"]) == sorted(reached)
    assert np.isfinite(race.predict(X)).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"rungs": (0.5, 0.2, 1)}, "rungs=.*rise to 1"),
        ({"rungs": (0.5,)}, "rungs=.*rise to 1"),
        ({"factor": 1}, "factor"),
        ({"n_candidates": 0}, "n_candidates"),
        ({"max_time": -1}, "max_time"),
        ({"scoring": ["r2", "neg_mean_squared_error"], "refit": "ensemble"}, "refit"),
    ],
)
def test_errors(params, message):
    race = RacingSearchCV(NET, SPACE, n_candidates=3).set_params(**params)
    with pytest.raises(ValueError, match=message):
        race.fit(X, Y)


def test_what_is_printed(capsys):
    RacingSearchCV(NET, SPACE, n_candidates=9, cv=StratifiedKFold(2), verbose=1).set_params(
        cv=2, random_state=0
    ).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:11] for line in lines] == ["Rung 1 of 3", "Rung 2 of 3", "Rung 3 of 3"]


@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("scoring", ["roc_auc_ovr", "neg_log_loss"])
@pytest.mark.parametrize(
    "search",
    [
        lambda s: RacingSearchCV(MLPClassifier(max_iter=3), {}, n_candidates=1, scoring=s, cv=3),
        lambda s: RacingSearchCV(
            MLPClassifier(max_iter=3), {}, n_candidates=1, scoring=s, cv=3, refit="ensemble"
        ),
        lambda s: TunedMLPClassifier(n_candidates=1, cv=3, scoring=s),
    ],
    ids=["best", "ensemble", "tuned"],
)
def test_no_candidate_is_chosen_by_a_scorer_that_judged_none(search, scoring):
    X = np.random.RandomState(0).normal(size=(60, 3))
    y = np.array(["common", "usual"] * 30)
    y[0] = "rare"  # in the test rows of one split at the most
    with pytest.raises(ValueError, match=f"scoring='{scoring}'.*of class 'rare'.*cv"):
        search(scoring).fit(X, y)


@pytest.mark.filterwarnings("ignore:Scoring failed")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_race_that_nobody_judges_ends_at_its_first_rung():
    X = np.random.RandomState(0).normal(size=(60, 3))
    y = np.arange(60) // 20
    race = RacingSearchCV(
        MLPClassifier(max_iter=9, n_iter_no_change=9),
        {"alpha": [0.1, 1.0, 10.0]},
        n_candidates=3,
        scoring="neg_log_loss",
        cv=KFold(3),
        refit=False,
    ).fit(X, y)
    assert np.isnan(race.cv_results_["mean_test_score"]).all()
    np.testing.assert_array_equal(race.cv_results_["rung"], 0)
    assert race.n_epochs_.max() == 3


def test_the_display_shows_where_candidates_were_dropped():
    race = RacingSearchCV(NET, SPACE, n_candidates=9, cv=2, random_state=0, refit="ensemble")
    display = RaceDisplay.from_search(race.fit(X, Y))
    lengths = sorted(len(line.get_xdata()) for line in display.lines_)
    assert lengths == [1] * 6 + [2] * 2 + [3]
    scores = race.rung_scores_[race.best_index_]
    np.testing.assert_array_equal(display.best_line_.get_ydata(), scores)
    assert display.best_line_.get_label() == "the best"
    pyplot.close(display.figure_)
    with pytest.raises(TypeError, match="search must be a RacingSearchCV"):
        RaceDisplay.from_search(Ridge().fit(X, Y))
