"""Augmentations of signals and tables, and what all augmentations have in common."""

import sys

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.base import clone

from skreg import MLPClassifier, MLPRegressor
from skreg.augmentation import (
    AudioAugment,
    Compose,
    ImageAugment,
    SignalAugment,
    TabularAugment,
)
from tests._augmentations import EACH, KINDS, batch, generator, off
from tests._data import digits, targets


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
