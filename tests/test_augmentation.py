"""Augmentations of signals, tables and images: against numpy and kornia, alone and in a fit."""

import sys

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV

from skreg import MLPClassifier, MLPRegressor
from skreg.augmentation import (
    AudioAugment,
    Compose,
    ImageAugment,
    SignalAugment,
    TabularAugment,
)
from skreg.augmentation import images as image_module
from skreg.augmentation._draws import GeneratorDraws
from skreg.engine.choice import choose_engine
from tests._data import digits, learnt, targets

SHAPE = 3, 8, 12
IMAGE_STRENGTHS = {
    "horizontal_flip": 0.5,
    "vertical_flip": 0.5,
    "degrees": 20.0,
    "translate": 0.2,
    "scale": 0.3,
    "shear": 15.0,
    "elastic": 0.1,
    "perspective": 0.4,
    "blur_sigma": 1.0,
    "erase": 0.5,
    "brightness": 0.3,
    "contrast": 0.5,
}
SOUND_STRENGTHS = {
    "max_gain_db": 12.0,
    "band_stop": 1.0,
    "gain_db": 6.0,
    "noise_snr_db": 10.0,
    "max_shift": 0.3,
}
# Class, shape of a row, and each strength with a value that is on.
KINDS = {
    "SignalAugment": (SignalAugment, (2, 40), {"shift": 0.3, "scale": 0.2, "noise": 0.1}),
    "TabularAugment": (TabularAugment, (12,), {"swap_rate": 0.5, "gaussian_std": 0.3}),
    "ImageAugment": (ImageAugment, SHAPE, IMAGE_STRENGTHS),
    "AudioAugment": (AudioAugment, (1, 400), SOUND_STRENGTHS),
}
EACH = [
    pytest.param(cls, shape, list(on), name, id=f"{kind}-{name}")
    for kind, (cls, shape, on) in KINDS.items()
    for name in on
]


def off(cls, strengths):
    return cls().set_params(**{n: None if n == "noise_snr_db" else 0 for n in strengths})


def batch(shape, n=30, dtype=torch.float32):
    return torch.rand(n, *shape, generator=generator(1), dtype=dtype)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("cls", "shape", "strengths"), list(KINDS.values()))
def test_strength_0_is_the_identity(cls, shape, strengths):
    x = batch(shape)
    assert off(cls, strengths).is_identity
    assert torch.equal(off(cls, strengths).apply(x, generator()), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("cls", "shape", "strengths", "name"), EACH)
def test_each_strength(cls, shape, strengths, name, dtype):
    augment = off(cls, strengths).set_params(**{name: KINDS[cls.__name__][2][name]})
    x = batch(shape, dtype=dtype)
    kept, state = x.clone(), torch.get_rng_state()
    one, again, other = (augment.apply(x, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(x, kept)
    assert torch.equal(state, torch.get_rng_state())
    assert (one.shape, one.dtype) == (x.shape, dtype)
    assert one.isfinite().all()
    assert not torch.equal(one, x)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    if len(shape) > 1:  # rows laid flat are the same rows
        flat = clone(augment).set_params(input_shape=shape).apply(x.flatten(1), generator())
        assert torch.equal(flat, one.flatten(1))


@pytest.mark.parametrize(("cls", "shape", "strengths"), list(KINDS.values()))
def test_it_is_an_estimator_to_scikit_learn(cls, shape, strengths):
    augment = cls().set_params(**strengths)
    copy = clone(augment)
    assert copy is not augment
    assert copy.get_params() == augment.get_params()
    net = MLPRegressor(augment=augment)
    name = next(iter(strengths))
    assert net.set_params(**{f"augment__{name}": 0}).augment.get_params()[name] == 0
    assert clone(net).augment.get_params() == net.augment.get_params()


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (SignalAugment(shift=1.5), "'shift' parameter of SignalAugment"),
        (SignalAugment(input_shape=(3, 5)), r"input_shape=\(3, 5\).*10 features"),
        (TabularAugment(swap_rate=-0.1), "'swap_rate' parameter of TabularAugment"),
        (ImageAugment(), r"give it input_shape=\(C, H, W\)"),
        (ImageAugment(input_shape=(2, 5)), r"input_shape=\(2, 5\), which must be \(C, H, W\)"),
        (ImageAugment(scale=1.0, input_shape=(1, 2, 5)), "'scale' parameter of ImageAugment"),
        (AudioAugment(n_bands=1), "'n_bands' parameter of AudioAugment"),
        (TabularAugment() + SignalAugment(2.0), "'shift' parameter of SignalAugment"),
        (Compose([3]), "must have a method apply"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_before_training(augment, message):
    X, y = targets("regression", 60)
    net = MLPRegressor(max_iter=2, augment=augment)
    with pytest.raises(ValueError, match=message):
        net.fit(X, y)
    assert not hasattr(net, "coefs_")


def test_images_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"rows that are \(C, H, W\), got rows of shape \(3, 40\)"):
        ImageAugment().apply(batch((3, 40)), generator())


def test_without_kornia_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "kornia", None)
    X, y = digits(60)
    with pytest.raises(ImportError, match=r"pip install 'skreg\[image\]'"):
        MLPClassifier(augment=ImageAugment(input_shape=(1, 8, 8))).fit(X, y)


# --- signals and tables


def test_signals_are_rolled_and_scaled():
    x = batch((2, 40), n=4000, dtype=torch.float64).numpy()
    out = SignalAugment(shift=0.1, scale=0.2).apply(torch.from_numpy(x), generator()).numpy()
    norm = np.linalg.norm(x, axis=(1, 2))
    factor = np.linalg.norm(out, axis=(1, 2)) / norm
    rolled = np.stack([np.roll(x, k, axis=2) for k in range(-4, 5)])
    gap = np.abs(rolled * factor[:, None, None] - out).max(axis=(2, 3))
    assert_allclose(gap.min(axis=0), 0, atol=1e-12)  # every row is one of the nine shifts
    assert stats.chisquare(np.bincount(gap.argmin(axis=0), minlength=9)).pvalue > 1e-4
    assert stats.kstest(factor, stats.uniform(0.8, 0.4).cdf).pvalue > 1e-4


@pytest.mark.parametrize(("shift", "length", "reach"), [(0.3, 10, 3), (0.1, 40, 4), (0.09, 10, 0)])
def test_shifts_are_whole_samples(shift, length, reach):
    eye = torch.eye(length)[:1].repeat(2000, 1)
    out = SignalAugment(shift=shift, scale=0).apply(eye, generator())
    moved = set(out.argmax(dim=1).tolist())
    assert moved == {k % length for k in range(-reach, reach + 1)}


def test_signal_noise_has_its_standard_deviation():
    x = batch((1000,), n=100)
    noise = SignalAugment(shift=0, scale=0, noise=0.3).apply(x, generator()) - x
    assert stats.kstest(noise.numpy().ravel() / 0.3, "norm").pvalue > 1e-4


def test_swapped_values_come_from_other_rows_of_the_column():
    n, d = 50, 400
    x = torch.arange(n * d, dtype=torch.float64).reshape(n, d)
    out = TabularAugment(swap_rate=0.3).apply(x, generator())
    assert torch.equal(out % d, x % d)  # the column is kept
    swapped = out != x
    assert abs(swapped.double().mean() - 0.3) < 4.5 * np.sqrt(0.3 * 0.7 / (n * d))
    away = ((out - x) / d % n)[swapped].numpy()
    assert stats.chisquare(np.bincount(away.astype(int), minlength=n)[1:]).pvalue > 1e-4
    assert torch.equal(TabularAugment(swap_rate=1.0).apply(x[:1], generator()), x[:1])


# --- images


def same_draws():
    return GeneratorDraws(generator(5))


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("perspective", [0.0, 0.4])
def test_the_warp_is_kornias(perspective, padding):
    import kornia

    augment = ImageAugment(20, 0, 25, 0.2, 0.3, 10).set_params(
        horizontal_flip=0, perspective=perspective, padding=padding
    )
    x = batch((3, 9, 13), dtype=torch.float64)
    maps = augment.maps(len(x), 9, 13, same_draws())
    expected = kornia.geometry.warp_perspective(x, maps, (9, 13), padding_mode=padding)
    assert_allclose(augment.apply_drawn(x, same_draws()), expected, atol=1e-9)


def test_angles_shifts_and_sizes_stay_within_their_strengths():
    augment = ImageAugment(degrees=30, translate=0.1, scale=0.2)
    maps = augment.maps(4000, 11, 21, same_draws())
    size = torch.linalg.det(maps[:, :2, :2]).sqrt()
    angle = torch.rad2deg(torch.atan2(maps[:, 1, 0], maps[:, 0, 0]))
    center = torch.tensor([10.0, 5.0, 1.0], dtype=torch.float64)
    moved = (maps @ center)[:, :2] - center[:2]
    for values, most in [
        (angle, 30),
        (size - 1, 0.2),
        (moved[:, 0], 0.1 * 21),
        (moved[:, 1], 0.1 * 11),
    ]:
        assert stats.kstest(values.numpy(), stats.uniform(-most, 2 * most).cdf).pvalue > 1e-4


def test_a_shift_alone_is_by_whole_pixels_each_as_likely():
    augment = ImageAugment(degrees=0, translate=0.2, scale=0)
    moved = augment.maps(3000, 11, 21, same_draws())[:, :2, 2]
    for values, most in ((moved[:, 0], 4), (moved[:, 1], 2)):
        places, counts = np.unique(values.numpy(), return_counts=True)
        assert_array_equal(places, np.arange(-most, most + 1))
        assert stats.chisquare(counts).pvalue > 1e-4
    x = batch((1, 11, 21), dtype=torch.float64)
    out = augment.apply_drawn(x, same_draws())
    maps = augment.maps(len(x), 11, 21, same_draws())
    for before, after, (dx, dy) in zip(x, out, maps[:, :2, 2].int().tolist(), strict=True):
        whole = np.roll(np.pad(before[0].numpy(), 4), (dy, dx), (0, 1))[4:-4, 4:-4]
        assert_allclose(after[0], whole, atol=1e-9)


def test_perspective_moves_corners_inwards():
    augment = ImageAugment(degrees=0, translate=0, scale=0, perspective=0.5)
    maps = augment.maps(500, 11, 21, same_draws())
    for corner, inwards in [((0, 0), (1, 1)), ((20, 0), (-1, 1)), ((20, 10), (-1, -1))]:
        at = maps @ torch.tensor([*corner, 1.0], dtype=torch.float64)
        moved = (at[:, :2] / at[:, 2:] - torch.tensor(corner)) * torch.tensor(inwards)
        assert (moved > -1e-9).all()
        assert (moved < 0.5 * torch.tensor([20, 10]) / 2 + 1e-9).all()


def test_the_elastic_warp_is_kornias():
    import kornia

    side, sigma = 30, 3.0
    x = batch((1, side, side), dtype=torch.float64)
    drawn = [same_draws(), same_draws()]
    for d in drawn:
        d.uniform(0, len(x), 6)  # what the affine map takes
    noise = 2 * drawn[0].uniform(0, len(x), 2, side, side) - 1
    d = image_module.displacements(0.05, len(x), side, side, drawn[1])
    smooth = kornia.filters.gaussian_blur2d(noise, 19, (sigma, sigma), border_type="constant")
    alpha = float((d.permute(0, 3, 1, 2) / smooth).median())
    expected = kornia.geometry.transform.elastic_transform2d(
        x, noise, (19, 19), (sigma, sigma), (alpha, alpha), align_corners=True
    )
    augment = ImageAugment(degrees=0, translate=0, scale=0, elastic=0.05)
    assert_allclose(augment.apply_drawn(x, same_draws()), expected, atol=1e-9)
    inner = d[:, 9:-9, 9:-9] / 2  # away from the edges, as a share of the side
    assert_allclose(inner.square().mean().sqrt(), 0.05, rtol=0.05)


def test_blur_brightness_and_contrast_are_kornias():
    import kornia

    plain = {"degrees": 0, "translate": 0, "scale": 0}
    x = batch((1, 20, 20), dtype=torch.float64)
    sigma = (1.5 * same_draws().uniform(0, len(x), 1)).expand(-1, 2)
    blurred = ImageAugment(blur_sigma=1.5, **plain).apply_drawn(x, same_draws())
    assert_allclose(blurred, kornia.filters.gaussian_blur2d(x, 11, sigma), atol=1e-12)
    u = 2 * same_draws().uniform(0, len(x), 2) - 1
    relit = ImageAugment(brightness=0.3, contrast=0.4, **plain).apply_drawn(x, same_draws())
    enhance = kornia.enhance
    expected = enhance.adjust_contrast_with_mean_subtraction(x, 1 + 0.4 * u[:, 1])
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    inside = (expected > 0) & (expected < 1)  # kornia clips
    ours = relit - 0.3 * u[:, 0, None, None, None]
    assert_allclose(ours[inside], expected[inside], atol=1e-12)
    assert_allclose(ours.mean(dim=(1, 2, 3), keepdim=True), mean)


def test_flips_are_exact_and_as_often_as_said():
    x = batch((1, 4, 5), n=2000)
    augment = ImageAugment(0.3, 0.6, degrees=0, translate=0, scale=0)
    out = augment.apply(x, generator())
    kinds = [x, x.flip(3), x.flip(2), x.flip((2, 3))]
    counts = np.array([(out == kind).all(dim=(1, 2, 3)).sum() for kind in kinds])
    expected = np.array([0.7 * 0.4, 0.3 * 0.4, 0.7 * 0.6, 0.3 * 0.6]) * len(x)
    assert counts.sum() == len(x)
    assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_what_is_erased_is_a_rectangle_of_at_most_its_share():
    x = torch.ones(2000, 2, 40, 60)
    out = ImageAugment(degrees=0, translate=0, scale=0, erase=0.3).apply(x, generator())
    hole = out[:, 0] == 0
    assert torch.equal(out[:, 0], out[:, 1])
    sides = [hole.any(dim=axis).sum(dim=1) for axis in (1, 2)]
    assert torch.equal(sides[0] * sides[1], hole.sum(dim=(1, 2)))  # a full rectangle
    share = hole.double().mean(dim=(1, 2))
    assert share.max() < 0.32
    assert abs(share.mean() - 0.15) < 0.01


# --- compositions


def test_composition():
    a, b, c = SignalAugment(0.3), TabularAugment(0.2), SignalAugment(0, 0, 0.1)
    both = a + b + c
    assert both.transforms == [a, b, c]
    x, g = batch((12,)), generator()
    assert torch.equal(both.apply(x, generator()), c.apply(b.apply(a.apply(x, g), g), g))
    copy = clone(both)
    names = {"signalaugment-1", "tabularaugment", "signalaugment-2"}
    assert names <= set(copy.get_params())
    copy.set_params(**{"signalaugment-1__shift": 0.5, "tabularaugment": TabularAugment(0.9)})
    assert [copy.transforms[0].shift, copy.transforms[1].swap_rate] == [0.5, 0.9]
    assert [a.shift, b.swap_rate] == [0.3, 0.2]
    with pytest.raises(ValueError, match="Invalid parameter"):
        copy.set_params(signalaugment=a)
    assert not both.is_identity
    assert Compose([SignalAugment(0, 0)]).is_identity


# --- in a fit


class Doubled(BaseEstimator):
    """A user's augmentation: rows times `by`, then noise."""

    def __init__(self, by=2.0, std=0.1):
        self.by, self.std = by, std

    def apply(self, batch, generator):
        noise = torch.randn(batch.shape, generator=generator, dtype=batch.dtype)
        return self.by * batch + self.std * noise


def fit(kind="regression", **params):
    X, y = targets(kind)
    cls = MLPRegressor if kind == "regression" else MLPClassifier
    params = {"random_state": 0, "batch_size": 30, "max_iter": 6, "hidden_layer_sizes": 8, **params}
    return cls(**params).fit(X, y), X


def same(a, b):
    return all(map(np.array_equal, learnt(a), learnt(b)))


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize(
    "augment",
    [off(*KINDS[name][::2]) for name in KINDS] + [SignalAugment(0, 0) + SignalAugment(0, 0)],
)
def test_off_is_off(augment, engine):
    assert same(fit(engine=engine)[0], fit(engine=engine, augment=augment)[0])


def test_a_users_augmentation():
    params = MLPRegressor(augment=Doubled()).get_params()
    assert choose_engine(params) == "torch"
    one, X = fit(augment=Doubled())
    assert same(one, fit(augment=Doubled())[0])
    assert not same(one, fit(augment=Doubled(std=0.2))[0])
    without_noise = fit(augment=Doubled(std=0.0), engine="torch", dtype="float64")[0]
    y = targets("regression")[1]
    twice = MLPRegressor(**{**without_noise.get_params(deep=False), "augment": None}).fit(2 * X, y)
    for a, b in zip(learnt(without_noise), learnt(twice), strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_compiled_engine_serves_what_has_a_compiled_form():
    class Mine(SignalAugment):
        """May do something else."""

    for augment, engine in [
        (SignalAugment(), "compiled"),
        (TabularAugment(), "compiled"),
        (Mine(), "torch"),
        (AudioAugment(), "torch"),
        (SignalAugment() + TabularAugment(), "torch"),
        (AudioAugment(max_gain_db=0, gain_db=0, max_shift=0), "compiled"),
    ]:
        assert choose_engine(MLPRegressor(augment=augment).get_params()) == engine
    with pytest.raises(ValueError, match=r"cannot serve augment=AudioAugment.*no compiled form"):
        fit(augment=AudioAugment(), engine="compiled")


def test_an_augmentation_that_changes_the_shape_is_refused():
    class Halved(BaseEstimator):
        def apply(self, batch, generator):
            return batch[:, ::2]

    with pytest.raises(ValueError, match=r"must keep the shape of a batch, \(30, 10\), but gave"):
        fit(augment=Halved())


@pytest.mark.parametrize("augment", [SignalAugment(), Doubled()], ids=["compiled", "own"])
def test_lbfgs_refuses_it(augment):
    with pytest.raises(ValueError, match="lbfgs.*cannot serve augment="):
        fit(augment=augment, solver="lbfgs")
    fit(augment=SignalAugment(0, 0), solver="lbfgs")


@pytest.mark.parametrize("augment", [SignalAugment(0.5, 0.5), AudioAugment(100)], ids=str)
def test_validation_and_prediction_never_augment(augment):
    net, X = fit(augment=augment, early_stopping=True, max_iter=3, learning_rate_init=1e-9)
    still = fit(early_stopping=True, max_iter=3, learning_rate_init=1e-9)[0]
    assert_allclose(net.validation_scores_, still.validation_scores_, rtol=1e-4)
    assert_array_equal(net.predict(X), net.predict(X))
    assert_allclose(net.predict(X), still.predict(X), rtol=1e-4)


def test_a_search_over_it_is_the_same_in_the_parallel_backend():
    X, y = targets("regression")
    net = MLPRegressor(random_state=0, max_iter=4, augment=SignalAugment())
    grid = {"augment": [SignalAugment(), Doubled()], "alpha": [0, 0.1]}
    alone = GridSearchCV(net, grid, cv=2).fit(X, y)
    with parallel_config(backend="skreg"):
        together = GridSearchCV(net, grid, cv=2).fit(X, y)
    for key in ("split0_test_score", "split1_test_score"):
        assert_array_equal(alone.cv_results_[key], together.cv_results_[key])


@pytest.mark.slow
def test_shifted_digits_are_learnt_from_shifted_digits():
    X, y = digits(1200)
    train, test = slice(0, 300), slice(300, None)
    rng = np.random.RandomState(0)
    moved = np.stack([np.roll(x, rng.randint(-1, 2), 1) for x in X.reshape(-1, 8, 8)]).reshape(
        -1, 64
    )
    gains = []
    for seed in range(5):
        plain, more = (
            MLPClassifier(max_iter=150, random_state=seed, augment=augment).fit(X[train], y[train])
            for augment in (None, SignalAugment(0.13, 0.1, input_shape=(8, 8)))
        )
        gains.append(more.score(moved[test], y[test]) - plain.score(moved[test], y[test]))
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(5)
