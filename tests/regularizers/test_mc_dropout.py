"""Dropout left on in prediction, against closed forms and torch's own dropout."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional

from skreg import MLPClassifier, MLPRegressor
from skreg.estimators._mc_dropout import draw_masks, moments
from skreg.hyperparameters.settings import Settings
from skreg.regularizers.noise import layer_noise_settings
from tests._data import targets

FEW = {"max_iter": 15, "n_iter_no_change": 15, "learning_rate_init": 0.01, "random_state": 0}
PASSES = 20_000
RATES = {"dropout": [0.2, 0.5], "input_dropout": 0.1}


def within(value, expected, standard_error, times=5.0):
    assert (np.abs(value - expected) <= times * standard_error + 1e-12).all()


@pytest.mark.parametrize("kind", ["regression", "multioutput"])
def test_a_linear_net_has_its_closed_form(kind):
    X, y = targets(kind)
    p, rows = 0.3, X[:7]
    net = MLPRegressor(hidden_layer_sizes=(), input_dropout=p, **FEW).fit(X, y)
    mean, std = net.predict(rows, return_std=True, n_samples=PASSES)
    kept = round(p * 65536) / 65536
    squares = (rows**2) @ (net.coefs_[0].astype(float) * net.target_scale_) ** 2
    variance = (kept / (1 - kept) * squares).reshape(std.shape)
    within(mean, net.predict(rows), np.sqrt(variance / PASSES))
    within(std**2, variance, variance * np.sqrt(2 / PASSES))


def by_torch(net, rows, rates, n):
    """Outputs of n passes over each row with torch's dropout: (n, n_rows, n_outputs)."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        h = torch.from_numpy(np.repeat(rows[None], n, axis=0))
        weights = zip(net.coefs_, net.intercepts_, rates, strict=True)
        for i, (coef, intercept, rate) in enumerate(weights):
            h = functional.dropout(h, rate)
            h = h @ torch.from_numpy(coef.astype(float)) + torch.from_numpy(intercept.astype(float))
            if i < len(net.coefs_) - 1:
                h = torch.relu(h)
        return h


def errors(samples):
    """Standard errors of mean and variance of two samples of this size."""
    centred = samples - samples.mean(axis=0)
    variance, fourth = (centred**2).mean(axis=0), (centred**4).mean(axis=0)
    n = len(samples) / 2
    return np.sqrt(variance / n), np.sqrt(np.maximum(fourth - variance**2, 0) / n)


@pytest.mark.parametrize("kind", ["regression", "multioutput"])
def test_mean_and_variance_are_those_of_torch(kind):
    X, y = targets(kind)
    net = MLPRegressor(hidden_layer_sizes=(12, 8), **RATES, **FEW).fit(X, y)
    mean, std = net.predict(X[:5], return_std=True, n_samples=PASSES)
    samples = by_torch(net, X[:5], [0.1, 0.2, 0.5], PASSES).numpy()
    samples = samples * net.target_scale_ + net.target_mean_
    samples = samples.reshape(PASSES, *mean.shape)
    of_mean, of_variance = errors(samples)
    within(mean, samples.mean(axis=0), of_mean)
    within(std**2, samples.var(axis=0), of_variance)
    assert (std > 0).all()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_mean_probabilities_are_those_of_torch(kind):
    X, y = targets(kind)
    net = MLPClassifier(hidden_layer_sizes=(12, 8), **RATES, **FEW).fit(X, y)
    p = net.predict_proba(X[:5], n_samples=PASSES)
    raw = by_torch(net, X[:5], [0.1, 0.2, 0.5], PASSES)
    samples = (torch.softmax(raw, 2) if kind == "multiclass" else torch.sigmoid(raw)).numpy()
    if kind == "binary":
        samples = np.concatenate([1 - samples, samples], axis=2)
    within(p, samples.mean(axis=0), errors(samples)[0] + 1e-6)
    assert p.dtype == np.float32
    if kind != "multilabel":
        assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def test_poisson_averages_predictions_and_not_logarithms():
    X, y = targets("counts")
    net = MLPRegressor("poisson", dropout=0.5, **FEW).fit(X, y)
    mean = net.predict(X[:5], n_samples=PASSES)
    raw = by_torch(net, X[:5], [0.0, 0.5], PASSES).numpy()
    samples = np.exp(raw[..., 0]) * net.target_scale_
    within(mean, samples.mean(axis=0), errors(samples)[0])


def test_passes_are_what_they_are_called():
    X, y = targets("regression")
    net = MLPRegressor(dropout=0.3, **FEW).fit(X, y)
    one, std = net.predict(X, return_std=True, n_samples=1)
    assert_array_equal(std, 0)
    for_some = net.predict(X[40:50], n_samples=1)
    assert_allclose(for_some, one[40:50], rtol=1e-12)  # the same thinned net for all rows
    with_std, _ = net.predict(X, return_std=True)
    assert_array_equal(with_std, net.predict(X, n_samples=100))
    assert_array_equal(with_std, net.predict(X, n_samples=100, random_state=0))
    assert not np.array_equal(with_std, net.predict(X, n_samples=100, random_state=1))
    state = np.random.RandomState(3)
    first, second = (net.predict(X, n_samples=2, random_state=state) for _ in range(2))
    assert not np.array_equal(first, second)


def test_the_rates_are_those_of_the_fit():
    X, y = targets("regression")
    net = MLPRegressor(dropout=0.3, **FEW).fit(X, y)
    before = net.predict(X, n_samples=5)
    assert_array_equal(net.set_params(dropout=0.0).predict(X, n_samples=5), before)


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.2, 0.5, 0.999999])
def test_units_stay_with_the_probability_they_had_in_training(rate):
    threshold = int(layer_noise_settings(Settings(input_dropout=rate), 1)["drop_threshold"][0])
    masks = draw_masks(np.array([rate]), [65536], 8, 0, np.dtype(np.float64))
    values = np.concatenate([mask for (mask,) in masks])
    stays = 1 - threshold / 65536
    assert set(np.unique(values)) <= {0.0, 1 / stays}
    within((values > 0).mean(), stays, np.sqrt(stays * (1 - stays) / values.size))


def test_moments_are_those_of_numpy():
    values = np.random.RandomState(0).randn(9, 4, 3) + 1e6
    mean, std = moments(iter(values))
    assert_allclose(mean, values.mean(axis=0), rtol=1e-15)
    assert_allclose(std, values.std(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("params", "call", "message"),
    [
        ({}, {"return_std": True}, "fit with dropout or input_dropout.*BaggingRegressor"),
        ({}, {"n_samples": 3}, "fit with dropout or input_dropout"),
        ({"dropout": 0.1}, {"n_samples": 0}, "n_samples must be an int of at least 1, got 0"),
        ({"dropout": 0.1}, {"n_samples": 1.5}, "n_samples must be an int of at least 1, got 1.5"),
    ],
)
def test_errors(params, call, message):
    X, y = targets("regression")
    net = MLPRegressor(max_iter=2, **params).fit(X, y)
    with pytest.raises(ValueError, match=message):
        net.predict(X, **call)


@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_a_pass_of_a_normalised_residual_net_is_its_modules_at_the_same_masks(normalization):
    X, y = targets("regression")
    params = {"hidden_layer_sizes": (8, 8), "residual": True, "normalization": normalization}
    net = MLPRegressor(**params, **RATES, dtype="float64", **FEW).fit(X, y)
    module, rates = net.net_.module_.eval(), np.array([0.1, 0.2, 0.5])
    masks = next(draw_masks(rates, [10, 8, 8], 1, one_seed(0), np.dtype(float)))

    class Masks:
        def dropout(self, layer, h):
            return h * torch.from_numpy(masks[layer])

        def paths(self, layer, branch):
            return branch

    with torch.no_grad():
        raw = module(torch.from_numpy(X), Masks()).numpy()
    expected = raw[:, 0] * net.target_scale_ + net.target_mean_
    assert_allclose(net.predict(X, n_samples=1), expected, rtol=1e-10)


def one_seed(random_state):
    return np.random.RandomState(random_state).randint(2**31 - 1)
