"""Averages of the weights against torch.optim.swa_utils on the same path."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skreg import MLPClassifier, MLPRegressor
from tests._data import learnt, targets

X, Y = targets("regression")
N_EPOCHS = 12
PARAMS = {
    "hidden_layer_sizes": (7, 5),
    "dtype": "float64",
    "random_state": 0,
    "learning_rate_init": 0.05,
    "max_iter": N_EPOCHS,
    "tol": 0.0,
    "n_iter_no_change": 10**6,
}
ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])


def flat(net):
    return np.concatenate([a.ravel() for a in learnt(net)])


def path(**params):
    """Weights after each epoch of one step, each from a fit of its own."""
    nets = [MLPRegressor(**{**PARAMS, **params, "max_iter": n + 1}) for n in range(N_EPOCHS)]
    return [flat(net.fit(X, Y)) for net in nets]


def averaged_by_torch(points, **kwargs):
    module = torch.nn.Module()
    module.weights = torch.nn.Parameter(torch.from_numpy(points[0].copy()))
    average = AveragedModel(module, **kwargs)
    for point in points:
        module.weights.data = torch.from_numpy(point)
        average.update_parameters(module)
    return average.module.weights.detach().numpy()


@ENGINES
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_ema_is_torchs(engine, solver):
    points = path(solver=solver, engine=engine)
    for decay in (0.5, 0.9, 0.99):
        params = {"averaging": "ema", "averaging_decay": decay, "solver": solver, "engine": engine}
        net = MLPRegressor(**PARAMS, **params).fit(X, Y)
        oracle = averaged_by_torch(points, multi_avg_fn=get_ema_multi_avg_fn(decay))
        assert_allclose(flat(net), oracle, rtol=1e-10, atol=1e-12)


@ENGINES
@pytest.mark.parametrize(("start", "first"), [(0.0, 0), (0.5, 6), (0.75, 9), (0.99, 11)])
def test_swa_is_torchs(engine, start, first):
    net = MLPRegressor(averaging="swa", averaging_start=start, engine=engine, **PARAMS).fit(X, Y)
    oracle = averaged_by_torch(path(engine=engine)[first:])
    assert_allclose(flat(net), oracle, rtol=1e-10, atol=1e-12)


@ENGINES
def test_running_statistics_are_averaged_with_the_weights(engine):
    normalised = {"normalization": "batch", "engine": engine}
    net = MLPRegressor(averaging="swa", averaging_start=0.5, **normalised, **PARAMS).fit(X, Y)
    oracle = averaged_by_torch(path(**normalised)[6:])
    assert_allclose(flat(net), oracle, rtol=1e-10, atol=1e-12)
    assert_allclose(
        net.net_.predict(X)[:, 0] * net.target_scale_ + net.target_mean_, net.predict(X)
    )


@ENGINES
@pytest.mark.parametrize("averaging", ["ema", "swa"])
def test_validation_looks_at_the_average_and_the_best_average_is_kept(engine, averaging):
    params = {**PARAMS, "averaging": averaging, "averaging_start": 0.25, "engine": engine}
    params.update(averaging_decay=0.7, scale_target=False)
    y = (Y - Y.mean()) / Y.std()
    data = {"X_val": X[80:], "y_val": y[80:]}
    for n in (5, N_EPOCHS):
        net = MLPRegressor(**{**params, "max_iter": n}).fit(X[:80], y[:80], **data)
        loss = ((net.predict(X[80:]) - y[80:]) ** 2).mean() / 2
        assert_allclose(-net.validation_scores_[-1], loss, rtol=1e-10)
    stopped = MLPRegressor(early_stopping=True, **params).fit(X[:80], y[:80], **data)
    loss = ((stopped.predict(X[80:]) - y[80:]) ** 2).mean() / 2
    assert_allclose(stopped.best_validation_score_, -loss, rtol=1e-10)
    assert_allclose(max(stopped.validation_scores_), -loss, rtol=1e-10)


@ENGINES
@pytest.mark.parametrize("averaging", ["ema", "swa"])
def test_calls_of_partial_fit_average_as_one_fit(engine, averaging):
    params = {**PARAMS, "averaging": averaging, "averaging_start": 0.5, "engine": engine}
    params.update(scale_target=False)
    whole, parts = MLPRegressor(**params).fit(X, Y), MLPRegressor(**params)
    for _ in range(N_EPOCHS):
        parts = pickle.loads(pickle.dumps(parts.partial_fit(X, Y)))
    assert_allclose(flat(parts), flat(whole), rtol=1e-10, atol=1e-12)


def test_partial_fit_rescales_the_average_with_the_weights():
    net = MLPRegressor(averaging="ema", averaging_decay=0.5, **PARAMS)
    net.set_params(learning_rate_init=1e-300)
    before = net.partial_fit(X[:40], Y[:40]).predict(X)
    assert_allclose(net.partial_fit(X[40:], 100 * Y[40:]).predict(X), before, rtol=1e-9)


@ENGINES
def test_the_skorch_net_holds_the_average(engine):
    net = MLPClassifier(averaging="ema", engine=engine, **PARAMS).fit(*targets("multiclass"))
    assert_allclose(net.net_.predict_proba(X), net.predict_proba(X), rtol=1e-10)


@ENGINES
def test_an_average_that_never_begins_is_the_net_itself(engine):
    params = {**PARAMS, "engine": engine, "tol": 10.0, "n_iter_no_change": 2}
    plain = MLPRegressor(**params).fit(X, Y)
    assert plain.n_iter_ < N_EPOCHS / 2
    assert_array_equal(flat(MLPRegressor(averaging="swa", **params).fit(X, Y)), flat(plain))


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"averaging": "mean"}, "'averaging' parameter.*Got 'mean'"),
        ({"averaging_decay": 1.0}, "'averaging_decay' parameter.*Got 1.0"),
        ({"averaging": "swa", "solver": "lbfgs"}, "solver='lbfgs'.*averaging='swa'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes(params, match):
    with pytest.raises(ValueError, match=match):
        MLPRegressor(**params).fit(X, Y)
