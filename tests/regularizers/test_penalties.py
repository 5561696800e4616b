"""Penalties and constraints against scikit-learn's linear models, torch, and their definitions."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import ElasticNet, Lasso

from skreg import MLPClassifier, MLPRegressor
from tests._data import targets

X, Y = targets("regression")
Y = (Y - Y.mean()) / Y.std()
ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])
LINEAR = {"hidden_layer_sizes": (), "dtype": "float64", "random_state": 0, "scale_target": False}
FIXED = {"tol": 0.0, "n_iter_no_change": 10**6}
SOLVERS = {
    "adam": {"solver": "adam", "learning_rate": "cosine", "learning_rate_init": 0.01},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "sgd_plain": {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0.0},
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("l1", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_l1_without_hidden_layer_is_lasso_and_elastic_net(solver, l1, alpha):
    params = {**LINEAR, **FIXED, **SOLVERS[solver], "max_iter": 3000}
    net = MLPRegressor(l1=l1, alpha=alpha, **params).fit(X, Y)
    if alpha:
        oracle = ElasticNet(alpha=l1 + alpha, l1_ratio=l1 / (l1 + alpha), tol=1e-12)
    else:
        oracle = Lasso(alpha=l1, tol=1e-12)
    oracle.set_params(max_iter=10**5).fit(X, Y)
    assert_allclose(net.coefs_[0][:, 0], oracle.coef_, atol=1e-4)
    assert_array_equal(net.coefs_[0][:, 0] == 0, oracle.coef_ == 0)
    assert_allclose(net.sparsity_[0], (oracle.coef_ == 0).mean())
    objective = ((net.predict(X) - Y) ** 2).mean() / 2 + l1 * np.abs(net.coefs_[0]).sum()
    objective += alpha / 2 * (net.coefs_[0] ** 2).sum()
    assert_allclose(net.loss_curve_[-1], objective, rtol=1e-6)


@ENGINES
def test_l1_in_mini_batches_leaves_exact_zeros_in_a_net(engine):
    net = MLPRegressor(l1=0.01, batch_size=20, random_state=0, engine=engine, **FIXED)
    net.set_params(max_iter=150).fit(X, Y)
    assert net.sparsity_[0] > 0.5
    assert MLPRegressor(max_iter=5).fit(X, Y).sparsity_ == [0, 0]


@ENGINES
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd"])
def test_max_norm_holds_after_every_step(engine, solver):
    for max_iter in range(1, 6):
        net = MLPClassifier(max_norm=0.3, solver=solver, engine=engine, max_iter=max_iter)
        net.set_params(learning_rate_init=0.1, random_state=0, dtype="float64")
        net.fit(*targets("multiclass"))
        for coef in net.coefs_:
            assert np.linalg.norm(coef, axis=0).max() <= 0.3 + 1e-12
    assert np.linalg.norm(net.coefs_[0], axis=0).max() > 0.29


@ENGINES
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_strong_anchor_is_returned(engine, solver):
    rng = np.random.RandomState(0)
    anchor = [rng.randn(10, 6), rng.randn(6, 1)]
    params = {"hidden_layer_sizes": 6, "solver": solver, "engine": engine, "dtype": "float64"}
    params.update(learning_rate="cosine", learning_rate_init=0.05, max_iter=2000, random_state=0)
    net = MLPRegressor(anchor_alpha=1e5, anchor=anchor, **params, **FIXED).fit(X, Y)
    for coef, a in zip(net.coefs_, anchor, strict=True):
        assert_allclose(coef, a, atol=2e-4)
    initial = MLPRegressor(anchor_alpha=1e5, **params, **FIXED).fit(X, Y)
    start = MLPRegressor(**{**params, "solver": "adam", "max_iter": 1}, tol=0.0)
    start.set_params(learning_rate_init=1e-300, learning_rate="constant").fit(X, Y)
    assert_allclose(initial.coefs_[0], start.coefs_[0], atol=2e-4)


def test_the_anchor_at_zero_is_alpha():
    params = {"hidden_layer_sizes": 6, "random_state": 0, "dtype": "float64", **FIXED}
    zeros = [np.zeros((10, 6)), np.zeros((6, 1))]
    anchored = MLPRegressor(alpha=0.0, anchor_alpha=0.3, anchor=zeros, **params).fit(X, Y)
    shrunk = MLPRegressor(alpha=0.3, **params).fit(X, Y)
    assert_allclose(anchored.coefs_[0], shrunk.coefs_[0], rtol=1e-9, atol=1e-12)


def test_strengths_per_layer():
    params = {"hidden_layer_sizes": (6, 5), "random_state": 0, **FIXED}
    same = [
        MLPRegressor(alpha=a, l1=b, **params).fit(X, Y)
        for a, b in [(0.2, 0.01), ([0.2] * 3, np.full(3, 0.01))]
    ]
    assert_array_equal(same[0].coefs_[0], same[1].coefs_[0])
    one = MLPRegressor(l1=[0.1, 0.0, 0.0], **{**params, "max_iter": 400}).fit(X, Y)
    assert one.sparsity_[0] > 0.3
    assert one.sparsity_[1:] == [0, 0]


@pytest.mark.parametrize("solver", ["adamw", "sgd"])
def test_adamw_and_clipping_are_torchs(solver):
    """torch's AdamW and clip_grad_norm_ on the same path; epsilon tiny, as torch places it else."""
    params = {"solver": solver, "random_state": 0, "dtype": "float64", "hidden_layer_sizes": 6}
    params.update(alpha=0.3 if solver == "adamw" else 0.0, learning_rate_init=0.05, epsilon=1e-30)
    net = MLPRegressor(max_iter=10, clip_grad_norm=0.2, **params, **FIXED, scale_target=False)
    start = MLPRegressor(
        max_iter=1, tol=0.0, **{**params, "learning_rate_init": 1e-300, "alpha": 0}
    )
    start.fit(X, Y)
    module = torch.nn.Sequential(
        torch.nn.Linear(10, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1)
    ).double()
    for i, layer in enumerate((module[0], module[2])):
        layer.weight.data = torch.from_numpy(start.coefs_[i].T.copy())
        layer.bias.data = torch.from_numpy(start.intercepts_[i].copy())
    weights = [module[0].weight, module[2].weight]
    biases = [module[0].bias, module[2].bias]
    if solver == "adamw":
        groups = [{"params": weights, "weight_decay": 0.3}, {"params": biases, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=0.05, eps=1e-30)
    else:
        optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)[:, None]
    for _ in range(10):
        optimizer.zero_grad()
        (((module(x) - y) ** 2).mean() / 2).backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 0.2)
        optimizer.step()
    net.fit(X, Y)
    assert_allclose(net.coefs_[0], module[0].weight.detach().numpy().T, rtol=1e-6, atol=1e-8)
    assert_allclose(net.intercepts_[1], module[2].bias.detach().numpy(), rtol=1e-6, atol=1e-8)


def half_square(weights):
    return 0.15 * sum((w**2).sum() for w in weights)


def huber_like(weights):
    return sum(torch.nn.functional.huber_loss(w, torch.zeros_like(w)) for w in weights)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_users_penalty_is_in_the_objective(solver):
    params = {"hidden_layer_sizes": 6, "random_state": 0, "dtype": "float64", "solver": solver}
    params.update(FIXED, max_iter=50)
    own = MLPRegressor(alpha=0.0, penalty=half_square, **params).fit(X, Y)
    shrunk = MLPRegressor(alpha=0.3, engine="torch", **params).fit(X, Y)
    assert_allclose(own.coefs_[0], shrunk.coefs_[0], rtol=1e-6, atol=1e-9)
    assert_allclose(own.loss_curve_, shrunk.loss_curve_, rtol=1e-8)
    other = MLPRegressor(alpha=0.0, penalty=huber_like, **params).fit(X, Y)
    assert np.abs(other.coefs_[0] - own.coefs_[0]).max() > 1e-3


@pytest.mark.parametrize("penalty", [lambda weights: 1.0, lambda weights: weights[0]])
def test_a_users_penalty_must_be_a_scalar(penalty):
    with pytest.raises(ValueError, match="penalty=.*must return a torch scalar.*got"):
        MLPRegressor(penalty=penalty).fit(X, Y)
    with pytest.raises(ValueError, match="engine='compiled'.*a penalty of your own"):
        MLPRegressor(penalty=penalty, engine="compiled").fit(X, Y)


@ENGINES
@pytest.mark.parametrize(
    "off",
    [
        {"l1": 0.0},
        {"l1": [0.0, 0.0]},
        {"alpha": [1e-4, 1e-4]},
        {"anchor_alpha": 0.0, "anchor": [np.ones((10, 100)), np.ones((100, 1))]},
        {"max_norm": 1e30},
        {"clip_grad_norm": 1e30},
        {"mixup_alpha": 0.0},
        {"averaging": None, "averaging_decay": 0.5, "averaging_start": 0.0},
        {"penalty": None},
        {"early_stopping": False, "scoring": "r2", "validation_fraction": 0.5},
        {"sam_rho": 0.0},
        {"gradient_penalty": 0.0, "gradient_penalty_rho": 0.1},
    ],
    ids=lambda params: "-".join(params),
)
def test_zero_strength_is_off_exactly(engine, off):
    params = {"random_state": 0, "max_iter": 10, "engine": engine}
    plain, same = MLPRegressor(**params).fit(X, Y), MLPRegressor(**params, **off).fit(X, Y)
    assert_array_equal(plain.coefs_[0], same.coefs_[0])
    assert_array_equal(plain.loss_curve_, same.loss_curve_)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"l1": [0.1]}, r"l1=\[0.1\] must be a number, or one number for each of the 2 layers"),
        ({"alpha": [0.1, -1]}, r"alpha=\[0.1, -1\] must lie in \[0, inf\)"),
        ({"l1": 0.1, "solver": "lbfgs"}, "solver='lbfgs'.*l1=0.1"),
        ({"max_norm": 1.0, "solver": "lbfgs"}, "solver='lbfgs'.*max_norm=1.0"),
        ({"max_norm": 0.0}, "'max_norm' parameter.*Got 0.0"),
        ({"clip_grad_norm": -1.0}, "'clip_grad_norm' parameter.*Got -1.0"),
        ({"l1": 0.1, "solver": "sgd", "momentum": 1.0}, "l1 with solver='sgd' needs momentum"),
        ({"anchor": [np.ones((3, 2))]}, r"anchor must have the shapes of coefs_.*\(3, 2\)"),
        ({"anchor": [np.full((10, 100), np.nan), np.ones((100, 1))]}, "anchor has values"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes(params, match):
    with pytest.raises(ValueError, match=match):
        MLPRegressor(**params).fit(X, Y)
