"""Losses that are distributions: torch's and scipy's as oracles, and variances that stay finite."""

from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import clone

from skreg import ConvNetRegressor, MLPRegressor, NetRegressor
from skreg.compiler import jit
from skreg.estimators._predictive import Mixture
from skreg.losses import formulas, location_scale
from skreg.losses.distributions import DISTRIBUTIONS, HIGHEST, LOWEST
from skreg.losses.records import LOSSES
from tests._data import targets

LENGTH = {"max_iter": 60, "n_iter_no_change": 60, "learning_rate_init": 0.01, "random_state": 0}
SMALL = {"hidden_layer_sizes": (8,), **LENGTH}
OF_TORCH = {"gaussian": torch.distributions.Normal, "laplace": torch.distributions.Laplace}
OF_SCIPY = {"gaussian": stats.norm, "laplace": stats.laplace}


def raw_and_targets(n=40, d=3):
    rng = np.random.RandomState(0)
    raw = np.hstack([rng.normal(size=(n, d)), rng.uniform(-30, 70, (n, d))])
    raw[: n // 2, d:] = rng.normal(0, 2, (n // 2, d))
    return raw, rng.normal(size=(n, d)), rng.uniform(0, 3, n)


@cache
def compiled(loss):
    """The kernel's formula, callable from Python."""
    examples = 0.0, np.zeros((1, 2)), np.zeros((1, 1)), np.zeros(1)

    def gaussian(digest):
        return lambda b, raw, y, w: location_scale.gaussian_loss(b, raw, y, w) + 0 * digest

    def laplace(digest):
        return lambda b, raw, y, w: location_scale.laplace_loss(raw, y, w) + 0 * digest

    return jit.entry_point({"gaussian": gaussian, "laplace": laplace}[loss], *examples)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("loss", OF_TORCH)
def test_both_formulas_are_torchs_log_prob(loss, beta):
    raw, y, weight = raw_and_targets()
    beta = beta if loss == "gaussian" else 0.0
    parameters = torch.from_numpy(raw.copy()).requires_grad_()
    m, s = parameters.chunk(2, dim=1)
    log_square = LOWEST + torch.logaddexp(s - LOWEST, s * 0) - torch.logaddexp(s - HIGHEST, s * 0)
    law = OF_TORCH[loss](m, (log_square / 2).exp())
    negative = -law.log_prob(torch.from_numpy(y))
    value = float((negative.sum(dim=1) * torch.from_numpy(weight)).sum().detach())
    by = (beta * log_square).exp().detach()  # what Seitzer et al. multiply the loss by
    ((by * negative).sum(dim=1) * torch.from_numpy(weight)).sum().backward()

    plan = {"loss": formulas.NAMES.index(loss), "loss_parameter": beta}
    own = torch.from_numpy(raw.copy()).requires_grad_()
    total = formulas.torch_loss(plan, own, torch.from_numpy(y), torch.from_numpy(weight))
    total.backward()
    assert_allclose(float(total.detach()), value, rtol=1e-12)
    assert_allclose(own.grad, parameters.grad, rtol=1e-10)

    gradient = raw.copy()
    total = compiled(loss)(beta, gradient, y, weight)
    assert_allclose(total, value, rtol=1e-12)
    assert_allclose(gradient, parameters.grad, rtol=1e-9)


@pytest.mark.parametrize("loss", OF_SCIPY)
def test_components_are_scipys_and_mixtures_hold_together(loss):
    rng = np.random.RandomState(0)
    outputs = rng.normal(size=(3, 6, 4))
    mean, scale, weights = np.array([1.0, -5.0]), np.array([2.0, 0.1]), np.array([1.0, 2.0, 3.0])
    parts = [DISTRIBUTIONS[loss].component(output, mean, scale) for output in outputs]
    y, q = rng.normal(size=(6, 2)) * scale + mean, np.array([0.001, 0.3, 0.5, 0.999])
    laws = [OF_SCIPY[loss](o[:, :2] * scale + mean, np.exp(o[:, 2:] / 2) * scale) for o in outputs]
    for part, law in zip(parts, laws, strict=True):
        assert_allclose(part.point, law.mean(), rtol=1e-5)
        assert_allclose(part.std, law.std(), rtol=1e-5)
        assert_allclose(part.log_density(y), law.logpdf(y), rtol=1e-3)
        assert_allclose(part.cdf(y), law.cdf(y), rtol=1e-3, atol=1e-12)
        own = np.stack([law.ppf(level) for level in q], axis=-1)
        assert_allclose(part.quantiles(q), own, rtol=1e-5)
    mixture = Mixture(parts, weights)
    total, noise, disagreement = mixture.spread()
    assert_allclose(total**2, noise**2 + disagreement**2)
    draws = [law.rvs(size=(40_000, 6, 2), random_state=i) for i, law in enumerate(laws)]
    pooled = np.concatenate([d[: 10_000 * int(w)] for d, w in zip(draws, weights, strict=True)])
    assert_allclose(pooled.std(axis=0), total, rtol=0.03)
    quantiles = mixture.quantiles(q)
    assert_allclose(mixture.cdf(quantiles), np.broadcast_to(q, (6, 2, 4)), rtol=1e-9)
    density = np.exp([law.logpdf(y).sum(axis=1) for law in laws]).T @ weights / weights.sum()
    assert_allclose(mixture.log_density(y), np.log(density), rtol=1e-4)


@pytest.mark.parametrize("loss", OF_SCIPY)
def test_of_rows_all_alike_the_net_finds_the_weighted_likelihoods_maximum(loss):
    rng = np.random.RandomState(0)
    y, weight = 100 + 20 * rng.normal(size=(300, 2)) ** 3, rng.randint(0, 4, 300)
    net = MLPRegressor(loss, hidden_layer_sizes=(), solver="lbfgs", tol=1e-12, max_iter=2000)
    mean, std = net.fit(np.zeros((300, 1)), y, sample_weight=weight).predict([[0]], return_std=True)
    repeated = np.repeat(y, weight, axis=0)
    for j in range(2):
        location, scale = OF_SCIPY[loss].fit(repeated[:, j])
        assert_allclose(mean[0, j], location, rtol=1e-3)
        assert_allclose(std[0, j], OF_SCIPY[loss](location, scale).std(), rtol=1e-3)


DEGENERATE = {
    "constant": np.full(60, 7.0),
    "zeros": np.zeros(60),
    "two values": np.repeat([0.0, 1.0], 30),
    "repeated rows": np.repeat(np.arange(6.0), 10),
    "huge": 1e150 * np.sin(np.arange(60.0)),
    "tiny": 1e-150 * np.sin(np.arange(60.0)),
    "one far away": np.r_[np.sin(np.arange(59.0)), 1e6],
    "far from zero": 1e9 + np.sin(np.arange(60.0)),
    "exact function": np.arange(60.0) % 10,
}


@pytest.mark.parametrize("scale_target", [True, False])
@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("loss", OF_SCIPY)
@pytest.mark.parametrize("case", DEGENERATE)
def test_variance_neither_collapses_nor_overflows(case, loss, engine, scale_target):
    if not scale_target and case in ("huge", "far from zero", "one far away"):
        scale_target, y = True, -DEGENERATE[case]  # such units no net trains in
    else:
        y = DEGENERATE[case]
    X = (np.arange(60.0) % 10 - 5)[:, None]
    length = {"max_iter": 300, "n_iter_no_change": 300, "learning_rate_init": 0.05}
    net = MLPRegressor(
        loss, hidden_layer_sizes=(20,), engine=engine, random_state=0, **length
    ).set_params(scale_target=scale_target, max_iter=300 if engine == "compiled" else 60)
    mean, std = net.fit(X, y).predict(X, return_std=True)
    assert np.isfinite(net.loss_curve_).all()
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    assert (std >= 0.9e-3 * net.target_scale_).all()
    far = net.predict(1e6 * X, return_std=True)[1]  # no row takes the scale out of its bounds
    assert ((far >= 0.9e-3 * net.target_scale_) & (far <= 2e13 * net.target_scale_)).all()


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_noise_of_known_scale_is_found(beta):
    errors = []
    for seed in range(20):
        rng = np.random.RandomState(seed)
        X = rng.uniform(-2, 2, (1000, 1))
        std = np.exp(X[:, 0] / 2) / 2
        y = np.sin(2 * X[:, 0]) + std * rng.normal(size=1000)
        net = MLPRegressor("gaussian", gaussian_beta=beta, alpha=1e-3, learning_rate="cosine")
        net.set_params(hidden_layer_sizes=(50,), **{**LENGTH, "max_iter": 150}).fit(X, y)
        found = net.predict(X, return_std=True)[1]
        errors.append(np.sqrt(np.mean((2 * np.log(found / std)) ** 2)))
    assert np.mean(errors) < 0.25  # of the log variance, which goes from -3.4 to 0.6
    assert np.max(errors) < 0.5


class Net(torch.nn.Module):
    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.hidden = torch.nn.Linear(n_features, 8)
        self.output = torch.nn.Linear(8, n_outputs)

    def forward(self, X):
        return self.output(torch.relu(self.hidden(X)))


NETS = {
    "mlp": MLPRegressor(**SMALL),
    "snapshots": MLPRegressor(learning_rate="cosine", n_snapshots=3, **SMALL),
    "dropout": MLPRegressor(dropout=0.2, **SMALL),
    "conv": ConvNetRegressor(channels=(4,), **LENGTH),
    "module": NetRegressor(Net, **LENGTH),
}


@pytest.mark.parametrize("kind", ["regression", "multioutput"])
@pytest.mark.parametrize("loss", OF_SCIPY)
@pytest.mark.parametrize("name", NETS)
def test_what_every_net_answers(name, loss, kind):
    X, y = targets(kind)
    net = clone(NETS[name]).set_params(loss=loss, max_iter=10).fit(X, y)
    point = net.predict(X)
    mean, std = net.predict(X, return_std=True)
    assert net.n_outputs_ == (1 if y.ndim == 1 else y.shape[1])
    assert net.net_.module_(torch.zeros(1, X.shape[1])).shape == (1, 2 * net.n_outputs_)
    assert point.shape == mean.shape == std.shape == y.shape
    assert_allclose(point, mean, rtol=1e-6)
    spread = net.predict_spread(X)
    assert_allclose(spread.total, std)
    assert_allclose(spread.total**2, spread.noise**2 + spread.disagreement**2)
    assert (spread.disagreement.max() > 0) == (name == "snapshots")
    quantiles = net.predict_quantiles(X, [0.1, 0.5, 0.9])
    assert quantiles.shape == (*y.shape, 3)
    assert (np.diff(quantiles) > 0).all()
    assert_allclose(net.predict_quantiles(X, 0.9), quantiles[..., 2])
    if name != "snapshots":
        assert_allclose(quantiles[..., 1], mean)
        law = OF_SCIPY[loss](mean, std / OF_SCIPY[loss].std())
        rows = law.logpdf(y) if y.ndim == 1 else law.logpdf(y).sum(axis=1)
        assert_allclose(net.log_density(X, y), rows, rtol=1e-5)
    if name in ("dropout",):
        passes = net.predict_spread(X, n_samples=20)
        assert (passes.disagreement > 0).mean() > 0.9  # rows that reach a unit
        assert_allclose(net.predict(X, return_std=True, n_samples=20)[1], passes.total)


def test_partial_fit_keeps_the_distribution_when_units_change():
    X, y = targets("regression")
    net = MLPRegressor("gaussian", learning_rate_init=1e-12, **{"random_state": 0})
    net.partial_fit(X, y)
    before = net.predict(X, return_std=True)
    net.partial_fit(X, 10 * y)
    assert net.target_scale_[0] > 3 * y.std()
    assert_allclose(net.predict(X, return_std=True), before, rtol=1e-3)


def test_what_is_no_distribution_says_so():
    X, y = targets("regression")
    net = MLPRegressor(**SMALL).fit(X, y)
    for name in ("predict_quantiles", "predict_spread", "log_density"):
        assert not hasattr(net, name)
        with pytest.raises(AttributeError, match=name):
            getattr(net, name)
    net = MLPRegressor("gaussian", **SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"q must be levels in \(0, 1\).*got 1.0"):
        net.predict_quantiles(X, 1.0)
    with pytest.raises(ValueError, match="y has 119 rows of 1 outputs, but X"):
        net.log_density(X, y[1:])
    with pytest.raises(ValueError, match="gaussian_beta=0.5"):
        clone(net).set_params(solver="lbfgs", gaussian_beta=0.5).fit(X, y)
    net.set_params(warm_start=True, loss="laplace")
    with pytest.raises(ValueError, match="reads the net's output in another way"):
        net.fit(X, y)
    assert LOSSES["gaussian"].outputs_per_target == 2
