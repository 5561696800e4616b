"""The joblib backend "skreg": results are those of one fit after another, whatever meets there."""

import warnings

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skreg import MLPClassifier, MLPRegressor
from skreg.parallel import backend
from tests._data import targets

X, Y = targets("regression")
X_CLASS, Y_CLASS = targets("multiclass")
X_MULTI, Y_MULTI = targets("multioutput")
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 12, "random_state": 0}


def net(**params):
    return MLPRegressor(**{**SMALL, **params})


def pipe(**params):
    return make_pipeline(StandardScaler(), net(**params))


def classifier(**params):
    return make_pipeline(StandardScaler(), MLPClassifier(**{**SMALL, **params}))


ALPHAS = {"mlpregressor__alpha": [1e-4, 0.01, 1.0], "mlpregressor__dropout": [0.0, 0.3]}


def searched(search, X, y, **params):
    results = search.fit(X, y, **params).cv_results_
    kept = {k: v for k, v in results.items() if "score" in k and "time" not in k}
    best = search.predict(X) if getattr(search, "refit", False) else None
    return {**{k: np.asarray(v) for k, v in kept.items()}, "best": best}


def fitted(estimator, X, y):
    estimator.fit(X, y)
    with parallel_config(backend="sequential"):  # or scikit-learn's sums are cut by n_jobs
        return [
            getattr(estimator, name)(X)
            for name in ("predict", "predict_proba")
            if hasattr(estimator, name)
        ]


def scores(results):
    return {k: v for k, v in results.items() if "time" not in k}


def grid(estimator=None, params=ALPHAS, **kwargs):
    estimator = pipe() if estimator is None else estimator
    return GridSearchCV(estimator, params, **{"cv": 3, "error_score": "raise", **kwargs})


BY_NAME = {"penalty": lambda weights: 0.1 * sum((w**4).sum() for w in weights)}
WORK = {
    "GridSearchCV": lambda: searched(grid(return_train_score=True), X, Y),
    "grid of engines and solvers": lambda: searched(
        grid(
            params=[
                {"mlpregressor__engine": ["torch"], "mlpregressor__noise_std": [0.0, 0.1]},
                {"mlpregressor__solver": ["lbfgs", "sgd"]},
                {"mlpregressor__early_stopping": [True, "refit"]},
                {"mlpregressor__early_stopping": [True], "mlpregressor__scoring": ["r2"]},
                {"mlpregressor__penalty": list(BY_NAME.values())},
            ]
        ),
        X,
        Y,
    ),
    "RandomizedSearchCV": lambda: searched(
        RandomizedSearchCV(pipe(), ALPHAS, n_iter=4, cv=3, random_state=0), X, Y
    ),
    "HalvingGridSearchCV": lambda: searched(
        HalvingGridSearchCV(pipe(), ALPHAS, cv=3, random_state=0, min_resources=30), X, Y
    ),
    "cross_validate": lambda: scores(
        cross_validate(pipe(noise_std=0.1), X, Y, cv=7, scoring=["r2", "neg_mean_absolute_error"])
    ),
    "cross_val_predict": lambda: cross_val_predict(classifier(), X_CLASS, Y_CLASS, cv=5),
    "learning_curve": lambda: learning_curve(pipe(), X, Y, cv=3, train_sizes=[0.3, 1.0]),
    "validation_curve": lambda: validation_curve(
        pipe(), X, Y, param_name="mlpregressor__alpha", param_range=[0.0, 1.0], cv=3
    ),
    "permutation_test_score": lambda: permutation_test_score(
        pipe(), X, Y, n_permutations=6, cv=3, random_state=0
    ),
    "BaggingRegressor": lambda: fitted(
        BaggingRegressor(net(random_state=None), 16, random_state=0, oob_score=True), X, Y
    ),
    "BaggingClassifier": lambda: fitted(
        BaggingClassifier(classifier(), 6, max_features=0.7, random_state=0), X_CLASS, Y_CLASS
    ),
    "VotingRegressor": lambda: fitted(
        VotingRegressor([("net", net()), ("pipe", pipe(dropout=0.2)), ("ridge", Ridge())]), X, Y
    ),
    "StackingClassifier": lambda: fitted(
        StackingClassifier([("net", classifier()), ("linear", LogisticRegression())], cv=3),
        X_CLASS,
        Y_CLASS,
    ),
    "MultiOutputRegressor": lambda: fitted(MultiOutputRegressor(net()), X_MULTI, Y_MULTI),
    "OneVsRestClassifier": lambda: fitted(OneVsRestClassifier(classifier()), X_CLASS, Y_CLASS),
    "TransformedTargetRegressor": lambda: searched(
        grid(
            TransformedTargetRegressor(pipe(), func=np.log1p, inverse_func=np.expm1),
            {"regressor__mlpregressor__alpha": [0.0, 0.1, 1.0]},
        ),
        X,
        Y,
    ),
    "search of searches": lambda: scores(
        cross_validate(grid(params={"mlpregressor__alpha": [0.0, 1.0]}), X, Y, cv=2)
    ),
    "search over an ensemble of pipelines": lambda: searched(
        grid(
            BaggingRegressor(pipe(random_state=None), 3, random_state=0),
            {"estimator__mlpregressor__alpha": [0.0, 1.0]},
        ),
        X,
        Y,
    ),
    "stack of votes": lambda: fitted(
        StackingClassifier(
            [
                ("bag", BaggingClassifier(classifier(), 3, random_state=0)),
                ("one", OneVsRestClassifier(classifier())),
            ],
            cv=2,
        ),
        X_CLASS,
        Y_CLASS,
    ),
    "estimators of others beside it": lambda: searched(
        grid(
            make_pipeline(StandardScaler(), net()),
            {"mlpregressor": [net(), RandomForestRegressor(8, random_state=0), SVR(), Ridge()]},
        ),
        X,
        Y,
    ),
    "plain joblib": lambda: Parallel()(delayed(net(alpha=a).fit(X, Y).score)(X, Y) for a in (0, 1)),
    "a generator": lambda: list(
        Parallel(return_as="generator")(delayed(cross_validate_r2)(a) for a in (0.0, 0.1, 1.0))
    ),
}


def cross_validate_r2(alpha):
    return cross_validate(pipe(alpha=alpha), X, Y, cv=3)["test_score"]


def assert_equal(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        a, b = list(a.values()), list(b.values())
    if isinstance(a, list | tuple):
        for one, other in zip(a, b, strict=True):
            assert_equal(one, other)
    else:
        assert_array_equal(a, b)


@pytest.mark.parametrize("n_jobs", [None, 2, 7])
@pytest.mark.parametrize("name", WORK)
def test_results_are_those_of_one_after_another(name, n_jobs):
    expected = WORK[name]()
    filters = warnings.filters[:]
    with parallel_config(backend="skreg", **({} if n_jobs is None else {"n_jobs": n_jobs})):
        assert_equal(WORK[name](), expected)
    assert warnings.filters == filters


def test_trees_of_forests_need_no_lock_and_other_estimators_do(monkeypatch):
    free, ask = [], backend.needs_no_python_lock
    monkeypatch.setattr(backend, "needs_no_python_lock", lambda b: free.append(ask(b)) or free[-1])
    with parallel_config(backend="skreg", n_jobs=2):
        for cls, X, y in (
            (RandomForestClassifier, X_CLASS, Y_CLASS),
            (ExtraTreesRegressor, X_MULTI, Y_MULTI),
        ):
            forest = cls(6, random_state=0).fit(X, y)
            assert len(free) > 1
            forest.predict(X)
            assert all(free)
        free.clear()
        cross_validate(Ridge(), X, y, cv=3)
        Parallel()(delayed(abs)(-i) for i in range(3))
    assert len(free) > 3
    assert not any(free)
