"""Every hyperparameter does something, can be searched, and a seed makes a fit."""

import inspect
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy.stats import uniform
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, check_cv
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import MLPClassifier, MLPRegressor
from skreg.compat.sklearn import validate_parameter_constraints
from skreg.hyperparameters.settings import Settings, settings_of
from skreg.hyperparameters.table import TABLE
from tests import _table
from tests._data import learnt, targets
from tests._nets import Plain

CLASSES = {"regressor": (MLPRegressor, "regression"), "classifier": (MLPClassifier, "multiclass")}
SETTINGS = [pytest.param(kind, row, id=name) for name, kind, row in _table.settings()]


def make(kind, row, value):
    cls, target = CLASSES[kind]
    params = {"random_state": 0, "hidden_layer_sizes": (8,), "max_iter": 8, **row.base}
    X, y = targets(target, 90)
    if kind == "classifier":  # classes of unequal size, so that balancing them matters
        X, y = X[(y != "low") | (X[:, 0] > 0)], y[(y != "low") | (X[:, 0] > 0)]
    return cls(**{**params, row.name: value}), X, y


def fitted(kind, row, value):
    estimator, X, y = make(kind, row, value)
    return estimator.fit(X, y)


def same(a, b):
    a, b = learnt(a), learnt(b)
    return len(a) == len(b) and all(map(np.array_equal, a, b))


@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
def test_the_table_names_every_parameter(cls):
    in_table = {row.name for row in _table.REGULARIZERS + _table.TRAINING}
    assert set(inspect.signature(cls).parameters) <= in_table | _table.NOT_SHAPING


@pytest.mark.parametrize(("kind", "row"), SETTINGS)
def test_two_values_give_two_fits_and_each_is_repeatable(kind, row):
    one, other = (fitted(kind, row, value) for value in row.values)
    assert not same(one, other)
    assert same(one, fitted(kind, row, row.values[0]))
    assert same(other, fitted(kind, row, row.values[1]))


@pytest.mark.parametrize(("kind", "row"), SETTINGS)
def test_grid_search_tunes_it(kind, row):
    estimator, X, y = make(kind, row, row.values[0])
    pipe = make_pipeline(StandardScaler(), estimator)
    grid = {f"{pipe.steps[-1][0]}__{row.name}": list(row.values)}
    search = GridSearchCV(pipe, grid, cv=3, error_score="raise").fit(X, y)
    train, test = next(check_cv(3, y, classifier=kind == "classifier").split(X, y))
    alone = [
        clone(pipe).set_params(**setting).fit(X[train], y[train]).score(X[test], y[test])
        for setting in search.cv_results_["params"]
    ]
    assert_array_equal(search.cv_results_["split0_test_score"], alone)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("kind", CLASSES)
def test_global_generators_are_left_alone(kind, engine):
    X, y = targets(CLASSES[kind][1], 60)
    params = {"dropout": 0.2, "noise_std": 0.1, "early_stopping": True, "max_iter": 3}
    np_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    for seed in (None, 0, np.random.RandomState(0)):
        CLASSES[kind][0](random_state=seed, engine=engine, **params).fit(X, y).net_.predict(
            X[:2].astype(np.float32)
        )
    assert np.array_equal(np_state, np.random.get_state()[1])
    assert torch.equal(torch_state, torch.get_rng_state())


def test_a_random_state_instance_moves_on_by_what_was_used():
    X, y = targets("regression", 60)
    states = []
    for max_iter in (4, 100):  # the second stops by tol after as many epochs as the first
        params = {"batch_size": 20, "max_iter": max_iter, "tol": 10.0, "n_iter_no_change": 3}
        state = np.random.RandomState(0)
        net = MLPRegressor(random_state=state, **params).fit(X, y)
        assert net.n_iter_ <= 5
        states.append((net.n_iter_, state.randint(2**31)))
    same_length = MLPRegressor(random_state=(state := np.random.RandomState(0)), batch_size=20)
    same_length.set_params(max_iter=states[1][0], tol=0.0).fit(X, y)
    assert state.randint(2**31) == states[1][1]


def test_no_seed_gives_fresh_draws():
    X, y = targets("regression", 60)
    one, other = (MLPRegressor(max_iter=2).fit(X, y) for _ in range(2))
    assert not same(one, other)


DRAWING = [
    name
    for name in skreg._HOME
    if hasattr(getattr(skreg, name), "fit")
    and "random_state" in inspect.signature(getattr(skreg, name)).parameters
]


def quick(name, random_state):
    """An estimator that trains nets for two epochs, whatever it is."""
    cls = getattr(skreg, name)
    net = MLPClassifier if name.endswith("Classifier") else MLPRegressor
    values = {
        **{"max_iter": 2, "n_iter_no_change": 2, "module": Plain, "channels": (4,)},
        **{"estimator": net(max_iter=2, random_state=0), "n_estimators": 2},
        **{"param_distributions": {"alpha": uniform()}, "n_candidates": 2, "cv": 2},
    }
    own = inspect.signature(cls).parameters
    values = {key: value for key, value in values.items() if key in own}
    return cls(random_state=random_state, **values)


@pytest.mark.parametrize("name", DRAWING)
def test_the_generator_behind_np_random_is_drawn_from_where_it_is_given(name):
    X, y = targets("multiclass" if name.endswith("Classifier") else "regression", 60)
    before, found = np.random.get_state(), []
    try:
        np.random.seed(3)
        for state in (np.random.mtrand._rand, np.random.RandomState(3)):
            fitted = quick(name, state).fit(X, y)
            answer = fitted.predict(X) if hasattr(fitted, "predict") else fitted.transform(X)
            found.append((answer, state.randint(2**31)))
    finally:
        np.random.set_state(before)
    assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    # the module cannot be copied, as `clone` must: refused as scikit-learn's estimators do
    with pytest.raises(ValueError, match=f"'random_state' parameter of {name} must be"):
        quick(name, np.random).fit(X, y)


ESTIMATORS = [
    *("MLPRegressor", "MLPClassifier", "ConvNetRegressor", "ConvNetClassifier"),
    *("NetRegressor", "NetClassifier", "MaskedPretrainer", "ContrastivePretrainer"),
]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_constructor_is_what_the_declarations_say(name):
    cls = getattr(skreg, name)
    own = cls._hyperparameters
    parameters = inspect.signature(cls).parameters
    assert [n for n in parameters if n != "module__params"] == list(own)
    assert cls.__init__.__qualname__ == f"{name}.__init__"
    assert cls._parameter_constraints.keys() == own.keys()
    for key, declared in own.items():
        assert parameters[key].default is declared.default
        assert f"\n{key} : {declared.type}, default=" in cls.__doc__
    values = {key: object() for key in own}
    estimator = cls(**values)
    assert all(getattr(estimator, key) is value for key, value in values.items())
    with pytest.raises(TypeError, match="alphas"):
        cls(alphas=1.0)


def test_every_default_is_valid():
    for name in ESTIMATORS:
        cls = getattr(skreg, name)
        params = cls().get_params(deep=False)
        validate_parameter_constraints(cls._parameter_constraints, params, caller_name=name)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_engine_is_told_every_value_once(name):
    estimator = getattr(skreg, name)()
    settings = settings_of(estimator.set_params(alpha=0.25), "huber")
    assert settings.loss == "huber"
    for declared in TABLE:
        if declared.name != "loss":
            own = estimator.get_params(deep=False)
            expected = own.get(declared.name, declared.told_elsewhere)
            assert getattr(settings, declared.name) is expected
    changed = settings.replace(alpha=0.5)
    assert (settings.alpha, changed.alpha, changed.l1) == (0.25, 0.5, settings.l1)


def test_settings_know_no_other_names_and_stay_as_they_are():
    settings = Settings(l1=0.5)
    with pytest.raises(AttributeError, match="l2"):
        settings.l2  # noqa: B018
    with pytest.raises(TypeError, match="l2"):
        settings.replace(l2=0.5)
    with pytest.raises(FrozenInstanceError, match="l1"):
        settings.l1 = 0.0
    with pytest.raises((FrozenInstanceError, TypeError)):
        settings.l2 = 0.0


def test_names_are_declared_once():
    names = [declared.name for declared in TABLE]
    assert len(names) == len(set(names))
