"""SAM and the gradient penalty against independent computations of one step, by torch alone."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from skreg import MLPRegressor
from tests._data import targets

X, Y = targets("regression")
Y = (Y - Y.mean()) / Y.std()
RATE = 0.1
STEP = {
    "hidden_layer_sizes": (7, 5),
    "dtype": "float64",
    "random_state": 0,
    "scale_target": False,
    "solver": "sgd",
    "momentum": 0.0,
    "learning_rate_init": RATE,
    "max_iter": 1,
    "n_iter_no_change": 1,
    "alpha": 0.3,
}


def start_and_step(**params):
    """Flat parameters before and after a full-batch step of gradient descent, and its loss."""
    start = MLPRegressor(**{**STEP, **params, "learning_rate_init": 1e-300}).fit(X, Y)
    after = MLPRegressor(**{**STEP, **params}).fit(X, Y)
    return flat(start), flat(after), after.loss_


def flat(net):
    pairs = zip(net.coefs_, net.intercepts_, strict=True)
    return torch.cat([torch.from_numpy(a.ravel()) for pair in pairs for a in pair])


def batch_loss(p, activation):
    """Half mean squared error of the net with flat parameters `p`; numpy's layout of coefs."""
    sizes, at, h = (10, 7, 5, 1), 0, torch.from_numpy(X)
    for i, (a, b) in enumerate(pairwise(sizes)):
        weight, bias = p[at : at + a * b].reshape(a, b), p[at + a * b : at + a * b + b]
        h, at = h @ weight + bias, at + a * b + b
        if i < 2:
            h = activation(h)
    return ((h[:, 0] - torch.from_numpy(Y)) ** 2).mean() / 2


def gradient(p, activation, create_graph=False):
    p = p if create_graph else p.detach().requires_grad_()
    loss = batch_loss(p, activation)
    return torch.autograd.grad(loss, p, create_graph=create_graph)[0]


def l2_gradient(p):
    """Of alpha / 2 sum W^2, which knows no biases."""
    sizes, at, out = (10, 7, 5, 1), 0, torch.zeros_like(p)
    for a, b in pairwise(sizes):
        out[at : at + a * b] = STEP["alpha"] * p[at : at + a * b]
        at += a * b + b
    return out


def penalised_gradient(p, mu, activation):
    """Of L + mu / 4 |grad L|^2, by double backward."""
    p = p.detach().requires_grad_()
    g = gradient(p, activation, create_graph=True)
    return torch.autograd.grad(batch_loss(p, activation) + mu / 4 * (g**2).sum(), p)[0]


@pytest.mark.parametrize(("mu", "value"), [(0.8, 0.8), ("auto", RATE)])
def test_the_exact_gradient_penalty_of_a_smooth_net(mu, value):
    before, after, loss = start_and_step(activation="tanh", gradient_penalty=mu)
    g = penalised_gradient(before, value, torch.tanh)
    assert_allclose(after, before - RATE * (g + l2_gradient(before)), rtol=1e-10, atol=1e-13)
    plain = batch_loss(before, torch.tanh) + value / 4 * (gradient(before, torch.tanh) ** 2).sum()
    l2 = (l2_gradient(before) * before).sum() / 2
    assert_allclose(loss, plain + l2, rtol=1e-10)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_forward_difference_and_double_backward_agree_on_a_smooth_net(engine):
    params = {"activation": "tanh", "gradient_penalty": 0.8}
    before, exact, _ = start_and_step(**params)
    _, near, _ = start_and_step(**params, gradient_penalty_rho=1e-6, engine=engine)
    assert_allclose(near - before, exact - before, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("rho", [None, 0.3])
def test_the_forward_difference_of_a_relu_net(engine, rho):
    params = {"gradient_penalty": 0.8, "gradient_penalty_rho": rho, "engine": engine}
    before, after, _ = start_and_step(**params)
    rho = 0.05 if rho is None else rho
    g = gradient(before, torch.relu)
    norm = g.norm()
    beside = gradient(before + rho * g / norm, torch.relu)
    g = g + 0.8 / 2 * norm / rho * (beside - g)
    assert_allclose(after, before - RATE * (g + l2_gradient(before)), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_sharpness_aware_step(engine, activation):
    before, after, _ = start_and_step(sam_rho=0.4, activation=activation, engine=engine)
    function = getattr(torch, activation)
    g = gradient(before, function)
    beside = gradient(before + 0.4 * g / g.norm(), function)
    expected = before - RATE * (beside + l2_gradient(before))
    assert_allclose(after, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_without_a_gradient_there_is_nothing_to_perturb(engine):
    zeros = np.zeros(120)
    for params in ({"sam_rho": 0.1}, {"gradient_penalty": 0.1}):
        net = MLPRegressor(hidden_layer_sizes=(), engine=engine, max_iter=3, warm_start=True)
        net.set_params(solver="sgd", momentum=0.0)
        net.fit(X, zeros)
        net.coefs_[0][:] = net.intercepts_[0][:] = 0
        net.set_params(**params).fit(X, zeros)
        assert_array_equal(net.coefs_[0], 0)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"sam_rho": 0.1, "gradient_penalty": 0.1}, "sam_rho=0.1 and gradient_penalty=0.1 both"),
        ({"sam_rho": 0.1, "solver": "lbfgs"}, "solver='lbfgs'.*sam_rho=0.1"),
        (
            {"gradient_penalty": "auto", "solver": "lbfgs"},
            "solver='lbfgs'.*penalty='auto'",
        ),
        ({"gradient_penalty": "some"}, "'gradient_penalty' parameter.*Got 'some'"),
        (
            {"gradient_penalty": 0.1, "activation": "tanh", "engine": "compiled"},
            "engine='compiled'.*gradient_penalty_rho",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes(params, match):
    with pytest.raises(ValueError, match=match):
        MLPRegressor(**params).fit(X, Y)
