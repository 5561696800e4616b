"""Conv nets: against torch's own layers, their regularizers, their shapes."""

import pickle

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from torch import nn

from skreg import BaggingClassifier, ConvNetClassifier, ConvNetRegressor, MLPClassifier
from skreg.augmentation import SignalAugment
from skreg.blocks.normalization import torch_normalize_maps
from skreg.inspection import LossCurveDisplay
from skreg.sound.logmel import LogMel
from tests._checks import checks
from tests._nets import WHOLE, configured, make, same

CONV = ["conv-classifier", "conv-regressor"]


@checks(configured(), WHOLE)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def torchs_own(net, shape):
    """The same net of torch's own layers, with the weights of a fitted one."""
    layers, channels = [], shape[0]
    conv, norm, pool = (
        (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d)
        if len(shape) == 2
        else (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d)
    )
    triples = zip(net.coefs_[:-1], net.intercepts_[:-1], net.norms_, strict=True)
    for coef, intercept, (gain, shift, mean, variance) in triples:
        out = len(intercept)
        c, n = conv(channels, out, net.kernel_size, padding="same"), norm(out)
        c.weight.data = torch.tensor(coef.T.reshape(c.weight.shape))
        c.bias.data = torch.tensor(intercept)
        n.weight.data, n.bias.data = torch.tensor(gain), torch.tensor(shift)
        n.running_mean, n.running_var = torch.tensor(mean), torch.tensor(variance)
        layers += [c, n, nn.ReLU(), pool(net.pool)]
        channels = out
    return nn.Sequential(*layers).double().eval()


@pytest.mark.parametrize("shape", [(2, 8, 4), (1, 8, 8), (4, 16)])
def test_it_computes_what_torchs_layers_do(shape):
    X = np.random.RandomState(0).normal(size=(40, *shape))
    y = X.reshape(40, -1)[:, 0]
    net = ConvNetRegressor(channels=(4, 6), dtype="float64", max_iter=3, random_state=0).fit(X, y)
    with torch.no_grad():
        h = torchs_own(net, shape)(torch.from_numpy(X)).flatten(2).mean(dim=2).numpy()
    out = h @ net.coefs_[-1] + net.intercepts_[-1]
    expected = out.ravel() * net.target_scale_ + net.target_mean_
    assert_allclose(net.predict(X), expected, rtol=1e-9)
    assert_array_equal(net.predict(X), net.predict(X.reshape(40, -1)))


@pytest.mark.parametrize("shape", [(2, 8, 4), (1, 8, 8), (4, 16), (1, 16)])
def test_maps_with_channels_last_are_the_same(shape):
    X = np.random.RandomState(0).normal(size=(40, *shape)).astype(np.float32)
    net = ConvNetRegressor(channels=(8, 16), max_iter=3, random_state=0).fit(
        X, X[:, 0].ravel()[:40]
    )
    module, seen = net.net_.module_.eval(), []
    for layer in module.layers[:-1]:
        layer.register_forward_hook(lambda *args: seen.append(args[2]))
    h = module.features(torch.from_numpy(X))
    expected = torchs_own(net, shape)(torch.from_numpy(X).double()).flatten(2).mean(dim=2)
    assert_allclose(h.detach(), expected.detach(), rtol=1e-4, atol=1e-5)
    assert all(maps.is_contiguous(memory_format=torch.channels_last) for maps in seen)


@pytest.mark.parametrize("shape", [(7, 3, 5), (7, 3, 4, 5)])
def test_fused_normalisation_is_the_weighted_one_with_equal_weights(shape):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    gain, shift = (torch.randn(3, generator=generator, dtype=torch.float64) for _ in range(2))
    statistics, weight = torch.zeros(2, 3), torch.full((7,), 2.0, dtype=torch.float64)
    results = []
    for even in (True, False):
        value, batch = torch_normalize_maps(z, gain, shift, statistics, weight, even)
        (slope,) = torch.autograd.grad((value**3).sum(), z)
        results.append((value.detach(), batch, slope))
    for one, other in zip(*results, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_integer_weights_are_repeated_rows_in_the_normalisation():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn((5, 3, 4), generator=generator, dtype=torch.float64)
    gain, shift = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]], dtype=torch.float64)
    statistics = torch.zeros(2, 3, dtype=torch.float64)
    counts = torch.tensor([1, 2, 3, 1, 2])
    weighted, _ = torch_normalize_maps(z, gain, shift, statistics, counts.double())
    again = z.repeat_interleave(counts, dim=0)
    repeated, _ = torch_normalize_maps(again, gain, shift, statistics, counts[:1], even=True)
    assert_allclose(weighted.repeat_interleave(counts, dim=0), repeated, rtol=1e-9, atol=1e-12)


REGULARIZERS = [
    ("alpha", 0.0, 0.5, {}),
    ("alpha", 0.1, [0.5, 0.0, 0.1], {}),
    ("alpha", 0.0, 0.5, {"solver": "adamw"}),
    ("l1", 0.0, 0.1, {}),
    ("l1", 0.0, 0.1, {"solver": "sgd"}),
    ("anchor_alpha", 0.0, 5.0, {}),
    ("penalty", None, lambda weights: sum((w**4).sum() for w in weights), {}),
    ("max_norm", None, 0.3, {}),
    ("clip_grad_norm", None, 0.1, {"solver": "sgd"}),
    ("gradient_penalty", 0.0, 0.5, {}),
    ("gradient_penalty", 0.0, 0.5, {"gradient_penalty_rho": 0.0}),
    ("sam_rho", 0.0, 0.2, {}),
    ("mixup_alpha", 0.0, 0.4, {}),
    ("cutmix_alpha", 0.0, 0.4, {}),
    ("averaging", None, "ema", {}),
    ("averaging", "ema", "swa", {}),
    ("normalization", "batch", "layer", {}),
    ("normalization", "batch", None, {}),
    ("residual", False, True, {}),
    ("drop_path", 0.0, 0.4, {"residual": True}),
    ("dropout", 0.0, 0.5, {}),
    ("dropout", [0.1, 0.4], [0.4, 0.1], {}),
    ("input_dropout", 0.0, 0.3, {}),
    ("noise_std", 0.0, 0.5, {}),
    ("weight_noise_std", 0.0, 0.1, {}),
    ("early_stopping", False, True, {"learning_rate_init": 0.05, "max_iter": 6}),
    ("channels", (4, 4), 5, {}),
    ("kernel_size", 3, 5, {}),
    ("pool", 2, 1, {}),
    ("activation", "relu", "tanh", {}),
    ("random_state", 0, 1, {}),
]


@pytest.mark.parametrize("kind", CONV)
@pytest.mark.parametrize(("name", "one", "other", "base"), REGULARIZERS)
def test_two_values_give_two_fits_and_each_is_repeatable(kind, name, one, other, base):
    state = torch.get_rng_state()
    nets = []
    for value in (one, other, other):
        net, X, y = make(kind, **{**base, name: value})
        nets.append(net.fit(X, y))
    assert not same(nets[0], nets[1])
    assert same(nets[1], nets[2])
    assert torch.equal(state, torch.get_rng_state())


def test_exact_zeros_and_norms():
    net, X, y = make("conv-classifier", l1=0.1, max_iter=20, n_iter_no_change=20)
    assert min(net.fit(X, y).sparsity_) > 0.05
    assert max(net.set_params(l1=0.0).fit(X, y).sparsity_) == 0
    net, X, y = make("conv-classifier", max_norm=0.3)
    assert max(np.linalg.norm(coef, axis=0).max() for coef in net.fit(X, y).coefs_) <= 0.3 + 1e-6


def test_channels_are_dropped_whole():
    from skreg.engine.compiled import entry_points
    from skreg.engine.plan import make_layers, make_plan
    from skreg.regularizers.noise import TorchNoise

    params = _engine_params().replace(dropout=0.5)
    layers = make_layers(params, (1, 6, 6, 3), 9)
    plan = make_plan(params, batch_size=4, seed=1, monitor=0, keep_best=False)
    draws = entry_points.draws(np.float64)
    noise = TorchNoise(plan[0], layers, draws, torch.float64, torch.device("cpu"))
    noise.begin_step(1)
    out = noise.channels(1, torch.ones(50, 6, 3, 2, dtype=torch.float64)).numpy()
    assert_array_equal(out, np.broadcast_to(out[:, :, :1, :1], out.shape))
    assert set(np.unique(out)) == {0.0, 2.0}


def _engine_params():
    from skreg.hyperparameters.settings import settings_of

    return settings_of(ConvNetClassifier(), "cross_entropy")


@pytest.mark.parametrize("kind", CONV)
def test_goes_on_where_it_was(kind):
    net, X, y = make(kind, max_iter=4, shuffle=False, n_iter_no_change=10, tol=0)
    whole = net.fit(X, y)
    net, X, y = make(kind, max_iter=4, shuffle=False)
    parts = net.partial_fit(X, y, **({"classes": np.unique(y)} if "class" in kind else {}))
    for _ in range(3):
        parts.partial_fit(X, y)
    assert_allclose(parts.predict(X), whole.predict(X), rtol=1e-3)


@pytest.mark.parametrize("kind", CONV)
def test_pickles_snapshots_scorers_and_spreads(kind):
    scoring = "accuracy" if "classifier" in kind else "r2"
    net, X, y = make(kind, early_stopping=True, scoring=scoring, dropout=0.2)
    net.fit(X, y)
    assert len(net.validation_scores_) == net.n_iter_
    copy = pickle.loads(pickle.dumps(net))
    assert_array_equal(copy.predict(X), net.predict(X))
    assert_allclose(copy.net_.predict(X.astype(np.float32)).shape[0], len(X))
    if "regressor" in kind:
        mean, std = net.predict(X, return_std=True, n_samples=5)
        assert mean.shape == std.shape == y.shape
        assert (std > 0).any()
    net, X, y = make(kind, n_snapshots=3, learning_rate="cosine")
    members = net.fit(X, y).predict_members(X)
    whole = net.predict_proba(X) if "classifier" in kind else net.predict(X)
    assert_allclose(members.mean(axis=0), whole, rtol=1e-5)


def test_augmentation_sees_maps_and_off_is_off():
    X = np.random.RandomState(0).normal(size=(60, 2, 10))
    y = (X[:, 0].max(axis=1) > 1.5).astype(int)
    params = {"channels": (4,), "max_iter": 2, "random_state": 0}
    plain = ConvNetClassifier(**params).fit(X, y)
    off = ConvNetClassifier(**params, augment=SignalAugment(shift=0, scale=0)).fit(X, y)
    on = ConvNetClassifier(**params, augment=SignalAugment(shift=0.3)).fit(X, y)
    assert same(plain, off)
    assert not same(plain, on)


def test_a_front_comes_first():
    X = np.random.RandomState(0).normal(size=(30, 1, 800)).astype(np.float32)
    y = np.arange(30) % 3
    front = LogMel(sample_rate=8000)
    net = ConvNetClassifier(channels=(4,), front=front, max_iter=2, random_state=0).fit(X, y)
    assert net.net_.module_.front is not None
    assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), net.predict(X))


def test_a_search_over_shapes_and_strengths():
    net, X, y = make("conv-classifier")
    grid = {"channels": [(4,), (4, 4)], "dropout": [0.0, 0.3]}
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


ERRORS = [
    ({"input_shape": (1, 8, 9)}, None, r"input_shape=\(1, 8, 9\) has 72 values, but X has 64"),
    ({"input_shape": (8,)}, None, r"input_shape=\(8,\) must be \(C, H, W\) or \(C, T\)"),
    ({"input_shape": (1, 8, -8)}, None, "of integers above 0"),
    ({"input_shape": (1, 8, 8)}, (8, 8, 1), r"give X.transpose\(0, 3, 1, 2\)"),
    ({"input_shape": None}, (8, 8, 1), r"channels last.*X.transpose\(0, 3, 1, 2\)"),
    ({"input_shape": (1, 8, 8)}, (1, 4, 16), r"reshape X to \(n, 1, 8, 8\)"),
    ({"kernel_size": 4}, None, "kernel_size=4 has no middle"),
    ({"channels": ()}, None, "channels=()"),
    ({"channels": (4, 5), "residual": True}, None, "two neighbouring blocks of equal width"),
    ({"dropout": [0.1, 0.2, 0.3]}, None, "one number for each of the 2 blocks"),
]


@pytest.mark.parametrize(("params", "shape", "message"), ERRORS)
def test_errors_say_what_to_do(params, shape, message):
    net, X, y = make("conv-classifier", **params)
    X = X if shape is None else X.reshape(len(X), *shape)
    before = dict(vars(net))
    with pytest.raises(ValueError, match=message):
        net.fit(X, y)
    assert vars(net) == before


def frozen(**params):
    net, X, y = make("conv-classifier", channels=(4, 4), **params)
    return FrozenEstimator(net.fit(X, y))


def test_blocks_of_another_net_stay_exactly_as_they_are():
    source = frozen()
    net, X, y = make("conv-regressor", pretrained=source, n_frozen_layers="all")
    net.fit(X, y)
    for name in ("coefs_", "intercepts_", "norms_"):
        theirs, ours = getattr(source.estimator, name)[:2], getattr(net, name)[:2]
        assert all(map(np.array_equal, theirs, ours))
    assert_array_equal(net.transform(X), source.transform(X))
    assert net.transform(X).shape == (80, 4)


TRANSFERS = [
    ("pretrained", None, frozen(), {}),
    ("pretrained", None, ConvNetClassifier((1, 8, 8), (4, 4), max_iter=2, n_iter_no_change=2), {}),
    ("reset_layers", 1, 2, {"pretrained": frozen()}),
    ("n_frozen_layers", 0, 1, {"pretrained": frozen()}),
    ("freeze_epochs", None, 1, {"pretrained": frozen(), "n_frozen_layers": "all"}),
    ("pretrained_lr_mult", 1.0, 0.1, {"pretrained": frozen()}),
    ("anchor_alpha", 0.0, 5.0, {"pretrained": frozen()}),
]


@pytest.mark.parametrize(("name", "one", "other", "base"), TRANSFERS)
def test_transfer_takes_part_in_the_fit(name, one, other, base):
    fits = []
    for value in (one, other, other):
        net, X, y = make("conv-classifier", **{**base, name: value})
        fits.append(net.fit(X, y))
    assert not same(fits[0], fits[1])
    assert same(fits[1], fits[2])


def test_blocks_serve_images_of_another_size():
    net, X, y = make("conv-classifier", input_shape=(1, 4, 16), pretrained=frozen())
    assert net.fit(X, y).pretrained_ is not None


TRANSFER_ERRORS = [
    ({"channels": (4, 5)}, r"units .* channels=\(4, 5\) with reset_layers=1"),
    ({"input_shape": (2, 8, 4)}, "X with 1 channels, but X has 2"),
    ({"kernel_size": 5}, "kernel_size=3, but here it is kernel_size=5"),
    ({"pool": 1}, "pool=2, but here it is pool=1"),
    ({"reset_layers": 3}, r"leaves none of the 3 layers .* of channels=\(4, 4\)"),
]


@pytest.mark.parametrize(("params", "message"), TRANSFER_ERRORS)
def test_blocks_that_do_not_fit_are_refused(params, message):
    net, X, y = make("conv-classifier", **{"pretrained": frozen(), **params})
    with pytest.raises(ValueError, match=message):
        net.fit(X, y)


def test_layers_of_an_mlp_are_no_blocks():
    net, X, y = make("conv-classifier", pretrained=MLPClassifier(max_iter=1, n_iter_no_change=1))
    with pytest.raises(TypeError, match="MLPClassifier, whose layers are of another kind"):
        net.fit(X, y)
    with pytest.raises(TypeError, match="ConvNetClassifier, whose layers are of another kind"):
        MLPClassifier(pretrained=frozen()).fit(X, y)


DROPPED = {"conv-classifier": {"dropout": 0.2}, "net-classifier": {"module__dropout": 0.2}}


@pytest.mark.parametrize("kind", ["conv-classifier", "net-classifier"])
def test_many_at_once_are_the_same_nets(kind):
    net, X, y = make(kind, **DROPPED[kind])
    bagged = BaggingClassifier(net, 3, random_state=0)
    alone = BaggingClassifier(net, 3, random_state=0, n_jobs=1).fit(X, y)
    state = torch.get_rng_state()
    with parallel_config(backend="skreg", n_jobs=2):
        together = bagged.fit(X, y)
        search = GridSearchCV(net, {"alpha": [0.0, 0.1]}, cv=2, error_score="raise").fit(X, y)
    for one, other in zip(alone.estimators_, together.estimators_, strict=True):
        assert same(one, other)
    assert same(net.set_params(**search.best_params_).fit(X, y), search.best_estimator_)
    assert torch.equal(state, torch.get_rng_state())
    assert_array_equal(together.predict_proba(X), alone.predict_proba(X))


def test_the_curve_can_be_drawn(figures):
    net, X, y = make("conv-classifier", early_stopping=True)
    display = LossCurveDisplay.from_estimator(net.fit(X, y))
    assert_array_equal(display.lines_[0].get_ydata(), net.loss_curve_)


def test_missing_values_are_named():
    net, X, y = make("conv-classifier")
    X = X.copy()
    X[3, 20] = np.nan
    with pytest.raises(ValueError, match="X contains NaN"):
        net.fit(X.reshape(-1, 1, 8, 8), y)
