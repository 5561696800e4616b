"""The compiled engine against torch's autograd: the same net, step by step, and the same faults."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from skreg import DivergenceError, MLPClassifier, MLPRegressor
from skreg.blocks.activations import ACTIVATIONS
from skreg.engine.select_engine import choose_engine
from skreg.hyperparameters.settings import Settings
from skreg.losses import records
from tests import _table
from tests._data import learnt, targets

PARAMS = {
    "dtype": "float64",
    "random_state": 0,
    "hidden_layer_sizes": (9, 7),
    "batch_size": 25,
    "max_iter": 20,
    "n_iter_no_change": 20,
    "tol": 0.0,
    "learning_rate_init": 0.01,
}
ALL_NOISE = {
    "dropout": [0.2, 0.5],
    "input_dropout": 0.1,
    "noise_std": 0.3,
    "weight_noise_std": 0.05,
    "alpha": 0.1,
    "mixup_alpha": 0.3,
}
LOSSES = records.names("regression")


def both(kind, X, y, weight=None, **params):
    cls = MLPRegressor if kind in ("regression", "counts", "multioutput") else MLPClassifier
    return [
        cls(engine=engine, **{**PARAMS, **params}).fit(X, y, sample_weight=weight)
        for engine in ("compiled", "torch")
    ]


def assert_same(compiled, torch, rtol=1e-10):
    for a, b in zip(learnt(compiled), learnt(torch), strict=True):
        assert_allclose(a, b, rtol=rtol, atol=rtol)
    assert_allclose(compiled.loss_curve_, torch.loss_curve_, rtol=rtol)
    assert compiled.n_iter_ == torch.n_iter_
    assert compiled.best_epoch_ == torch.best_epoch_
    if compiled.validation_scores_:
        assert_allclose(compiled.validation_scores_, torch.validation_scores_, rtol=rtol)


@pytest.mark.parametrize("noise", [{}, ALL_NOISE], ids=["plain", "all_noise"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_activations_solvers(loss, solver, activation, noise):
    X, y = targets("counts" if records.LOSSES[loss].link == "exp" else "regression")
    extra = {"target_noise_std": 0.2} if noise else {}
    params = {"loss": loss, "solver": solver, "activation": activation, **noise, **extra}
    if records.LOSSES[loss].link == "exp":
        params.update(learning_rate_init=1e-4, momentum=0.5)  # exp lets larger steps diverge
    elif loss == "gaussian" and solver == "sgd":
        params.update(learning_rate_init=1e-4, momentum=0.5)  # as 1 / variance does
    assert_same(*both("regression", X, y, **params))


@pytest.mark.parametrize("kind", ["multioutput", "binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("extra", [{}, ALL_NOISE, {"early_stopping": True}], ids=str)
def test_kinds_of_targets(kind, extra):
    X, y = targets(kind)
    weight = np.random.RandomState(0).randint(0, 4, len(X))
    smoothing = {} if kind == "multioutput" else {"label_smoothing": 0.1}
    assert_same(*both(kind, X, y, weight, **extra, **smoothing))


@pytest.mark.parametrize(
    ("kind", "row"),
    [pytest.param(k, row, id=name) for name, k, row in _table.settings() if len(row.engines) == 2],
)
def test_every_hyperparameter(kind, row):
    X, y = targets("regression" if kind == "regressor" else "multiclass")
    for value in row.values:
        params = {"hidden_layer_sizes": (8,), **row.base, row.name: value}
        assert_same(*both("regression" if kind == "regressor" else "multiclass", X, y, **params))


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_residual_layers_under_all_noises(normalization, solver, activation):
    X, y = targets("regression")
    params = {**ALL_NOISE, "dropout": 0.2, "residual": True, "drop_path": 0.3, "sam_rho": 0.05}
    params.update(hidden_layer_sizes=(6, 8, 8, 8, 5), batch_size=17, averaging="ema")
    params.update(normalization=normalization, solver=solver, activation=activation)
    weight = np.random.RandomState(0).randint(0, 4, len(X))
    assert_same(*both("regression", X, y, weight, **params))


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive", "cosine"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_schedules(schedule, solver):
    X, y = targets("regression")
    params = {"learning_rate": schedule, "tol": 0.05, "n_iter_no_change": 3}
    assert_same(*both("regression", X, y, solver=solver, **params))


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_sparse_rows_and_dense_rows(kind):
    X, y = targets(kind)
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    nets = [*both(kind, X, y, **ALL_NOISE), *both(kind, csr_matrix(X), y, **ALL_NOISE)]
    for net in nets[1:]:
        assert_same(nets[0], net)
    assert np.array_equal(nets[0].predict(X), nets[0].predict(csr_matrix(X)))


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_float32_fits_are_close(kind):
    X, y = targets(kind)
    assert_same(*both(kind, X, y, dtype="float32", **ALL_NOISE), rtol=2e-3)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_divergence_is_an_error_that_names_the_remedy(engine, solver, activation):
    X, y = targets("regression")
    net = MLPRegressor(
        activation=activation, engine=engine, solver=solver, learning_rate_init=1e30, max_iter=30
    )
    before = dict(vars(net))
    with pytest.raises(DivergenceError, match=r"epoch \d+ at learning_rate_init=1e\+30.*lower"):
        net.fit(X, y)
    assert vars(net) == before


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("poison", [np.nan, np.inf])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_weight_that_leaves_the_finite_numbers_is_seen(engine, poison, layer):
    X, y = targets("regression")
    net = MLPRegressor(engine=engine, warm_start=True, max_iter=3, random_state=0).fit(X, y)
    net.coefs_[layer][0, 0] = poison
    before = [coef.copy() for coef in net.coefs_]
    with pytest.raises(DivergenceError, match="epoch 1"):
        net.fit(X, y)
    for a, b in zip(net.coefs_, before, strict=True):
        assert_allclose(a, b)


def test_auto_chooses_the_compiled_engine_where_it_serves():
    params = Settings(engine="auto")
    assert choose_engine(params) == "compiled"
    assert choose_engine(params.replace(device="meta")) == "torch"
    with pytest.raises(ValueError, match="device='nowhere' cannot be used.*device='cpu'"):
        choose_engine(params.replace(device="nowhere"))
    exact = params.replace(gradient_penalty=0.1, activation="tanh")
    assert choose_engine(exact) == "torch"
    assert choose_engine(exact.replace(gradient_penalty_rho=0.1)) == "compiled"
    assert choose_engine(exact.replace(activation="relu")) == "compiled"
    assert choose_engine(params.replace(penalty=_table.bending)) == "torch"
    with pytest.raises(ValueError, match="engine='compiled'.*device='cuda'"):
        choose_engine(params.replace(engine="compiled", device="cuda"))
