"""Several quantiles in one net: scikit-learn's pinball loss, quadrature and counting as oracles."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss

import skreg
from skreg import BaggingRegressor, ConvNetRegressor, MLPRegressor
from skreg.losses.quantile_function import QuantileComponent, Quantiles
from tests._onnx import by_onnx

LEVELS = [(0.1, 0.5, 0.9), (0.25, 0.75), (0.6, 0.9, 0.99), (0.05, 0.2, 0.4, 0.45)]
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 15, "n_iter_no_change": 15, "random_state": 0}


def several(levels, **params):
    own = {"loss": "quantile", "quantile": list(levels), "dtype": "float64"}
    return MLPRegressor(**{**SMALL, **own, **params})


def rows(n=120, n_outputs=1):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (n, 3))
    y = X[:, :1] + (0.1 + (X[:, 1:2] > 0)) * rng.standard_normal((n, n_outputs))
    return X, 40 + 7 * (y[:, 0] if n_outputs == 1 else y)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_both_engines(levels, n_outputs):
    X, y = rows(n_outputs=n_outputs)
    weight = np.arange(len(X)) % 3
    found = [
        several(levels, engine=engine, dropout=0.1).fit(X, y, sample_weight=weight)
        for engine in ("compiled", "torch")
    ]
    compiled, torch = (net.predict_quantiles(X, [0.01, 0.3, 0.95]) for net in found)
    np.testing.assert_allclose(compiled, torch, rtol=1e-10)
    np.testing.assert_allclose(found[0].loss_curve_, found[1].loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("levels", LEVELS)
def test_the_loss_is_the_mean_pinball_loss(levels):
    X, y = rows(n_outputs=2)
    net = several(levels, alpha=0, max_iter=1, batch_size=len(X), learning_rate_init=1e-13)
    found = net.fit(X, y).predict_quantiles(X, levels)
    scale = net.target_scale_
    losses = [
        mean_pinball_loss(y / scale, found[..., k] / scale, alpha=level, multioutput="raw_values")
        for k, level in enumerate(levels)
    ]
    assert net.loss_curve_[0] == pytest.approx(np.sum(losses) / len(levels), rel=1e-9)
    nearest = np.abs(np.subtract(levels, 0.5)).argmin()
    np.testing.assert_allclose(net.predict(X), found[..., nearest])


@pytest.mark.parametrize("levels", LEVELS)
def test_it_is_a_distribution(levels):
    values = np.cumsum(np.random.RandomState(0).exponential(size=len(levels)))
    one = QuantileComponent(Quantiles(levels), values[None, None])
    np.testing.assert_allclose(one.quantiles(np.array(levels))[0, 0], values)
    q = np.linspace(0.001, 0.999, 41)
    np.testing.assert_allclose(one.cdf(one.quantiles(q)), q[None, None], atol=1e-12)
    ends = one.quantiles(np.array([1e-9, 1 - 1e-9]))[0, 0]
    grid = np.unique(np.concatenate([np.linspace(*ends, 400_001), values]))
    many = one._replace(values=np.repeat(one.values, len(grid), axis=0))
    density = np.exp(many.log_density(grid[:, None])[:, 0])
    mean = np.trapezoid(density * grid, grid)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)
    std = np.sqrt(np.trapezoid(density * (grid - mean) ** 2, grid))
    assert one.std[0, 0] == pytest.approx(std, rel=1e-3)
    wide = one.widened(2.0)
    np.testing.assert_allclose(wide.point, one.point)
    np.testing.assert_allclose(wide.std, 2 * one.std)


def test_levels_are_found_and_do_not_cross():
    """Seed 0, 2,000 rows of noise of two scales; margins of four standard errors and 0.02."""
    X, y = rows(2000)
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    net = several(levels, max_iter=60, learning_rate="cosine", learning_rate_init=0.01)
    found = net.fit(X, y).predict_quantiles(X, levels)
    assert (np.diff(found, axis=1) > 0).all()
    for wide in (False, True):
        part = (X[:, 1] > 0) == wide
        shares = (y[part, None] <= found[part]).mean(axis=0)
        np.testing.assert_allclose(shares, levels, atol=0.02 + 4 * 0.5 / np.sqrt(part.sum()))
    std = net.predict(X, return_std=True)[1]
    assert std[X[:, 1] > 0.1].mean() > 3 * std[X[:, 1] < -0.1].mean()


def test_it_is_kept_resumed_and_converted(tmp_path):
    X, y = rows()
    net, levels = several(LEVELS[0]).fit(X, y), LEVELS[0]
    expected = net.predict_quantiles(X, levels)
    skreg.save(net, tmp_path / "net")
    for again in (skreg.load(tmp_path / "net"), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(again.predict_quantiles(X, levels), expected)
    (found,) = by_onnx(net, X.astype(np.float32))
    np.testing.assert_allclose(found[:, 0], net.predict(X.astype(np.float32)), rtol=1e-4)
    net.set_params(learning_rate_init=1e-13).partial_fit(X[:20], 3 * y[:20] + 100)
    # in other units the smooth bounds of the gaps are others
    np.testing.assert_allclose(net.predict_quantiles(X, levels), expected, rtol=1e-4)
    expected = net.predict_quantiles(X, levels)
    net.set_params(warm_start=True, quantile=[0.2, 0.5, 0.8])
    with pytest.raises(ValueError, match=r"quantile=\[0.2, 0.5, 0.8\] reads.*warm_start=False"):
        net.fit(X, y)
    np.testing.assert_allclose(net.predict_quantiles(X, levels), expected, rtol=1e-6)


def test_ensembles_and_conv_nets():
    X, y = rows()
    ensemble = BaggingRegressor(several(LEVELS[0]), 3, random_state=0).fit(X, y)
    found = ensemble.predict_quantiles(X, [0.1, 0.5, 0.9])
    own = [net.predict_quantiles(X, [0.1, 0.5, 0.9]) for net in ensemble.estimators_]
    assert (found >= np.min(own, axis=0) - 1e-9).all()
    assert (found <= np.max(own, axis=0) + 1e-9).all()
    spread = ensemble.predict_spread(X)
    np.testing.assert_allclose(spread.total**2, spread.noise**2 + spread.disagreement**2)
    images = np.random.RandomState(0).standard_normal((20, 1, 6, 6))
    conv = ConvNetRegressor(loss="quantile", quantile=[0.1, 0.9], max_iter=2, random_state=0)
    assert conv.fit(images, y[:20]).predict_quantiles(images, [0.1, 0.5, 0.9]).shape == (20, 3)


@pytest.mark.parametrize(
    "quantile", [[0.5], [0.9, 0.1], [0.0, 0.5], [[0.1, 0.5]], [0.1, 0.1, 0.5], [np.nan, 0.5]]
)
def test_levels_that_are_none(quantile):
    X, y = rows(30)
    net = several(LEVELS[0]).fit(X, y)
    before = net.predict(X)
    with pytest.raises(ValueError, match=r"quantile=.*2 to 32 of them that rise"):
        clone(net).set_params(quantile=quantile).fit(X, y)
    with pytest.raises(ValueError, match=r"quantile=.*2 to 32 of them that rise"):
        net.set_params(quantile=quantile).fit(X, y)
    np.testing.assert_array_equal(net.predict(X), before)
