"""The random streams and the noises made of them: moments, distributions, independence.

Seeds are fixed; bounds are 4.5 standard errors of the statistic (one false alarm in 150,000).
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats

from skreg import MLPRegressor
from skreg.engine.compiled import entry_points
from skreg.engine.plan import make_layers, make_plan
from skreg.hyperparameters.settings import settings_of
from skreg.regularizers import noise
from tests._data import regression

N = 400_000
SIGMAS = 4.5
DTYPES = ["float32", "float64"]


def torch_noise(device_draws=False, dtype="float64", sizes=(50, 40, 1), **params):
    everything = settings_of(MLPRegressor(**params), "squared_error")
    plan = make_plan(everything, batch_size=10, seed=7, monitor=0, keep_best=False)
    layers = make_layers(everything, sizes)
    draws = None if device_draws else entry_points.draws(dtype)
    drawn = noise.TorchNoise(plan[0], layers, draws, getattr(torch, dtype), torch.device("cpu"))
    drawn.begin_step(0)
    return drawn


def normals(dtype, role=0, step=1, n=N, seed=3):
    draws, values = entry_points.draws(dtype), np.zeros(n, dtype)
    key = np.uint64(draws.stream_key(np.uint64(seed), role, step))
    draws.add_normal(key, 1.0, values)
    return values.astype(np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normals_are_normal(dtype):
    x = normals(dtype)
    assert stats.kstest(x, "norm").pvalue > 1e-4
    for order, moment in [(1, 0), (2, 1), (3, 0), (4, 3), (6, 15)]:
        spread = np.std(stats.norm.rvs(size=N, random_state=order) ** order) / np.sqrt(N)
        assert abs((x**order).mean() - moment) < SIGMAS * spread
    for edge in (3.0, 3.6541528853610088, 4.2):  # into the ziggurat's tail
        expected = N * 2 * stats.norm.sf(edge)
        assert abs((np.abs(x) > edge).sum() - expected) < SIGMAS * np.sqrt(expected)


def test_streams_of_other_roles_steps_and_seeds_are_independent():
    base = normals("float64")
    others = [{"role": 1}, {"step": 2}, {"seed": 4}, {"role": 3, "step": 1}]
    for other in (normals("float64", **kwargs) for kwargs in others):
        assert abs(np.corrcoef(base, other)[0, 1]) < SIGMAS / np.sqrt(N)
    for lag in (1, 2, 256):
        assert abs(np.corrcoef(base[:-lag], base[lag:])[0, 1]) < SIGMAS / np.sqrt(N)


def test_words_have_even_bits():
    draws, words = entry_points.draws("float64"), np.empty(N // 4, np.uint64)
    draws.fill_words(np.uint64(draws.stream_key(np.uint64(1), 3, 1)), words)
    bits = np.unpackbits(words.view(np.uint8).reshape(-1, 8), axis=1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < SIGMAS * 0.5 / np.sqrt(len(words))
    counts = np.bincount(words.view(np.uint16) >> 8, minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("device_draws", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_adds_the_variance(rate, device_draws):
    drop = torch_noise(device_draws, dropout=rate)
    x = torch.full((N // 40, 40), 2.0, dtype=torch.float64)
    out = drop.dropout(1, x).numpy()
    kept = out != 0
    keep = 1 - np.round(rate * 65536) / 65536
    assert_allclose(out[kept], 2 / keep)
    error = SIGMAS * np.sqrt(rate * (1 - rate) / N)
    assert abs(kept.mean() - keep) < error
    assert abs(out.mean() - 2) < 2 * error / keep
    assert abs(out.var() - 4 * rate / keep) < 0.05 * 4 * rate / keep
    assert abs(np.corrcoef(kept[:, 0], kept[:, 1])[0, 1]) < SIGMAS / np.sqrt(len(kept))


@pytest.mark.parametrize("device_draws", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_drop_path_leaves_out_whole_rows_at_its_rate(rate, device_draws):
    draws = torch_noise(device_draws, sizes=(2, 2, 2, 2, 1), drop_path=rate)
    out = draws.paths(1, torch.full((N, 2), 3.0, dtype=torch.float64)).numpy()
    kept, keep = out[:, 0] != 0, 1 - np.round(rate * 65536) / 65536
    assert_allclose(out[kept], 3 / keep)
    assert (out[~kept] == 0).all()
    error = SIGMAS * np.sqrt(rate * (1 - rate) / N)
    assert abs(kept.mean() - keep) < error
    assert abs(out.mean() - 3) < 3 * error / keep
    for lag in (1, 4):
        assert abs(np.corrcoef(kept[:-lag], kept[lag:])[0, 1]) < SIGMAS / np.sqrt(N)
    other = draws.paths(2, torch.ones((N, 1), dtype=torch.float64)).numpy()[:, 0] != 0
    assert abs(np.corrcoef(kept, other)[0, 1]) < SIGMAS / np.sqrt(N)


@pytest.mark.parametrize("device_draws", [False, True])
@pytest.mark.parametrize(
    ("name", "draw"),
    [
        ("noise_std", lambda n, x: n.inputs(x)),
        ("target_noise_std", lambda n, x: n.targets(x)),
        ("weight_noise_std", lambda n, x: n.weights(1, x)),
    ],
)
def test_gaussian_noises_have_their_mean_and_variance(name, draw, device_draws):
    x = torch.full((N // 50, 50), 3.0, dtype=torch.float64)
    out = draw(torch_noise(device_draws, **{name: 0.7}), x).numpy()
    assert abs(out.mean() - 3) < SIGMAS * 0.7 / np.sqrt(N)
    assert abs(out.std() - 0.7) < SIGMAS * 0.7 / np.sqrt(2 * N)
    assert (x.numpy() == 3).all()


def test_every_step_and_layer_draws_anew():
    drop = torch_noise(dropout=0.5, weight_noise_std=1.0, sizes=(40, 40, 40, 1))
    x = torch.ones((200, 40), dtype=torch.float64)
    first, other_layer = drop.dropout(1, x), drop.dropout(2, x)
    weights = [drop.weights(layer, x) for layer in (0, 1)]
    drop.begin_step(1)
    for a, b in [(first, other_layer), (first, drop.dropout(1, x)), weights]:
        assert abs(np.corrcoef(a.numpy().ravel(), b.numpy().ravel())[0, 1]) < SIGMAS / np.sqrt(8000)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_input_noise_on_a_linear_net_is_ridge(engine):
    """E[J] under input noise is J + std^2 / 2 |w|^2 (Bishop 1995): alpha = noise_std^2."""
    X, y = regression()
    params = {"hidden_layer_sizes": (), "random_state": 0, "dtype": "float64", "engine": engine}
    long = {"max_iter": 4000, "n_iter_no_change": 4000, "learning_rate": "cosine"}
    noisy = MLPRegressor(noise_std=0.5, alpha=0.0, learning_rate_init=0.003, **params, **long)
    ridge = MLPRegressor(alpha=0.25, solver="lbfgs", tol=1e-8, **params)
    off = MLPRegressor(alpha=0.0, solver="lbfgs", tol=1e-8, **params)
    a, b, c = (m.fit(X, y).coefs_[0] for m in (noisy, ridge, off))
    assert np.abs(a - b).max() < 0.03  # found: below 0.02
    assert np.abs(a - b).max() < 0.2 * np.abs(b - c).max()


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_mixup_draws_its_shares_from_beta_and_its_partners_evenly(alpha):
    draw, n = entry_points.draws("float64").draw_mixing, 4000
    shares, shifts = np.array([draw(np.uint64(5), alpha, step, 9) for step in range(n)]).T
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 1e-4
    assert set(shifts) == set(range(1, 9))
    assert stats.chisquare(np.bincount(shifts.astype(int))[1:]).pvalue > 1e-4
    assert abs(np.corrcoef(shares, shifts)[0, 1]) < SIGMAS / np.sqrt(n)


def test_mixups_share_of_a_tiny_alpha_is_near_0_or_1():
    draw = entry_points.draws("float64").draw_mixing
    shares = np.array([draw(np.uint64(5), 1e-3, step, 9)[0] for step in range(2000)])
    assert np.isfinite(shares).all()
    assert abs(shares.var() - 0.25 / (1 + 2e-3)) < 0.01
    assert abs(shares.mean() - 0.5) < SIGMAS * 0.5 / np.sqrt(2000)


def test_mixup_of_a_linear_net_with_squared_error_is_that_of_the_mixed_rows():
    """One step of plain sgd on a full batch, against the same step on rows mixed by hand."""
    X, y = regression()
    X, y = X[:8], y[:8] / y.std()
    order = sorted(range(8), key=lambda i: np.hstack([X[i], y[i]]).tobytes())
    X, y = X[order], y[order]  # as the weighted set lies
    params = {"hidden_layer_sizes": (), "random_state": 0, "dtype": "float64", "alpha": 0.0}
    params.update(solver="sgd", momentum=0.0, learning_rate_init=0.1, max_iter=1)
    params.update(scale_target=False)
    mixed = MLPRegressor(mixup_alpha=0.5, **params).fit(X, y)
    seed = mixed.set_params(warm_start=True).fit(X, y)._memory.seed
    share, shift = entry_points.draws("float64").draw_mixing(np.uint64(seed), 0.5, 1, 8)
    by_hand = [share * a + (1 - share) * np.roll(a, -shift, axis=0) for a in (X, y)]
    plain = MLPRegressor(**params).fit(*by_hand)
    mixed = MLPRegressor(mixup_alpha=0.5, **params).fit(X, y)
    assert_allclose(mixed.coefs_[0], plain.coefs_[0], rtol=1e-12)


def test_predictions_are_free_of_noise():
    X, y = regression()
    params = {"dropout": 0.5, "input_dropout": 0.3, "noise_std": 1.0, "weight_noise_std": 1.0}
    net = MLPRegressor(random_state=0, max_iter=3, **params).fit(X, y)
    assert np.array_equal(net.predict(X), net.predict(X))
    raw = net.net_.predict(X.astype(np.float32))
    expected = raw * net.target_scale_ + net.target_mean_
    assert_allclose(net.predict(X), expected[:, 0], rtol=1e-4)
