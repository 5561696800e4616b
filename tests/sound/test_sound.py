"""Sound: band gains against scipy's filters, spectrograms against scipy's, clips of one length."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal, stats
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skreg import LogMel, MLPClassifier, PadOrCrop
from skreg.augmentation import AudioAugment
from skreg.augmentation._draws import GeneratorDraws
from skreg.augmentation.sound import band_weights
from skreg.sound.logmel import mel_filters

OFF = {"max_gain_db": 0, "gain_db": 0, "max_shift": 0}
RATES = [50, 8000, 44100, 192000]


def draws(seed=0):
    return GeneratorDraws(torch.Generator().manual_seed(seed))


def clips(n=6, length=4001):
    return torch.from_numpy(np.random.RandomState(0).randn(n, length))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("n_bands", [2, 8, 31])
def test_bands_share_every_frequency(n_bands, rate):
    frequencies = np.linspace(0, rate / 2, 1001)
    weights = band_weights(n_bands, frequencies, rate)
    assert (weights >= 0).all()
    assert_allclose(weights.sum(axis=0), 1)
    assert_allclose([weights[0, 0], weights[-1, -1]], 1)


@pytest.mark.parametrize("rate", RATES)
def test_band_gains_are_those_of_a_filter_by_scipy(rate):
    augment = AudioAugment(rate, **{**OFF, "max_gain_db": 20}, band_stop=0.5)
    x = clips(length=8000)
    out = augment.apply_drawn(x, draws()).numpy()
    curves = augment.responses(len(x), 8000, draws()).numpy()
    assert np.isfinite(out).all()
    frequencies = np.fft.rfftfreq(8000)
    for row, curve, result in zip(x.numpy(), curves, out, strict=True):
        # scipy's design for these gains, on the clip as a ring
        taps = signal.firwin2(1001, 2 * frequencies, curve, window="hann")
        ring = np.concatenate([row[-500:], row, row[:500]])
        designed = signal.fftconvolve(ring, taps, mode="valid")
        assert np.linalg.norm(designed - result) < 0.1 * np.linalg.norm(result)
        # and without the design's window: the impulse response itself
        taps = np.fft.fftshift(np.fft.irfft(curve))
        _, response = signal.freqz(taps, worN=2 * np.pi * frequencies)
        assert_allclose(np.abs(response), curve, atol=1e-9)
        exact = signal.fftconvolve(np.tile(row, 3), taps)[4000:]
        assert_allclose(exact[8000:16000], result, atol=1e-9)


def test_gains_keep_their_bounds_and_a_stopped_band_is_silent():
    augment = AudioAugment(8000, max_gain_db=10)
    decibels = 20 * np.log10(augment.responses(500, 1000, draws()).numpy())
    assert np.abs(decibels).max() <= 10 + 1e-9
    at_centre = decibels[:, 0]  # 0 Hz has the first band's gain alone
    assert stats.kstest(at_centre, stats.uniform(-10, 20).cdf).pvalue > 1e-4
    stopped = AudioAugment(8000, max_gain_db=0, band_stop=1.0).responses(500, 8000, draws())
    lowest = stopped.numpy().min(axis=1)
    assert_allclose(lowest, 0, atol=1e-3)
    share = (AudioAugment(8000, band_stop=0.3).responses(2000, 8000, draws()).numpy() < 1e-3).any(1)
    assert stats.binomtest(int(share.sum()), 2000, 0.3).pvalue > 1e-4


def test_gain_noise_and_shift():
    x = clips(2000, 50)
    louder = AudioAugment(8000, **{**OFF, "gain_db": 6}).apply_drawn(x, draws())
    factor = louder / x
    assert_allclose(factor.std(dim=1), 0, atol=1e-9)
    decibels = 20 * factor[:, 0].log10().numpy()
    assert stats.kstest(decibels, stats.uniform(-6, 12).cdf).pvalue > 1e-4
    x = clips(50, 2000)
    noise = AudioAugment(8000, **OFF, noise_snr_db=15).apply_drawn(x, draws()) - x
    ratio = 20 * np.log10((x.norm(dim=1) / noise.norm(dim=1)).numpy())
    assert_allclose(ratio, 15, atol=0.6)
    assert AudioAugment(8000, **OFF, noise_snr_db=np.inf).is_identity
    x = torch.arange(1.0, 11).repeat(500, 1)
    moved = AudioAugment(8000, **{**OFF, "max_shift": 0.2}).apply_drawn(x, draws())
    one = np.arange(1.0, 11)
    kinds = [
        np.r_[np.zeros(max(k, 0)), one[max(-k, 0) : 10 - max(k, 0)], np.zeros(max(-k, 0))]
        for k in range(-2, 3)
    ]
    seen = {tuple(row) for row in moved.tolist()}
    assert seen == {tuple(kind) for kind in kinds}


def test_silence_stays_silent():
    quiet = AudioAugment(8000, band_stop=1.0, noise_snr_db=0).apply_drawn(
        torch.zeros(3, 64), draws()
    )
    assert torch.equal(quiet, torch.zeros(3, 64))


# --- spectrograms


@pytest.mark.parametrize("n_mels", [None, 20])
@pytest.mark.parametrize("hop", [None, 100])
@pytest.mark.parametrize("n_fft", [256, 255])
def test_spectrograms_are_scipys(n_fft, hop, n_mels):
    rate, x = 8000, 0.3 * clips(3, 2000)
    module, shape = LogMel(rate, n_fft, hop, n_mels, floor_db=-60.0).build((2000,))
    out = module(x).numpy()
    assert out.shape == (3, *shape)
    window, step = signal.get_window("hann", n_fft), hop or n_fft // 2
    padded = np.pad(x.numpy(), [(0, 0), (n_fft // 2, n_fft // 2)], mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, ::step]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 * (2 / window.sum()) ** 2
    power = power.transpose(0, 2, 1)
    if n_mels:
        power = mel_filters(n_mels, np.fft.rfftfreq(n_fft, 1 / rate), 0, rate / 2) @ power
    expected = 1 + 10 * np.log10(power + 1e-6) / 60
    assert_allclose(out[:, 0], expected, atol=1e-9)
    stft = signal.ShortTimeFFT(window, step, rate, scale_to=None).stft(x.numpy()[0])
    if not n_mels:  # scipy's own, away from the ends
        middle = 10 * np.log10((2 / window.sum()) ** 2 * np.abs(stft) ** 2 + 1e-6) / 60 + 1
        first = -signal.ShortTimeFFT(window, step, rate).p_min
        assert_allclose(middle[:, first + 3 : first + 9], out[0, 0][:, 3:9], atol=1e-9)


def test_a_full_scale_sine_is_1_and_silence_0():
    t = torch.arange(8000) / 8000
    x = torch.stack([torch.sin(2 * torch.pi * 1000 * t), torch.zeros(8000)])
    out = LogMel(8000, 256, n_mels=None).build((1, 8000))[0](x)
    assert_allclose(out[0, 0, :, 10:-10].amax(dim=0), 1, atol=1e-3)
    assert_allclose(out[1], 0, atol=1e-6)


def test_mel_filters_by_an_interpolation_of_their_own():
    frequencies = np.fft.rfftfreq(512, 1 / 16000)
    mel = 1127.01048 * np.log(1 + np.array([300, 8000]) / 700)  # the formula's other form
    edges = 700 * (np.exp(np.linspace(*mel, 22) / 1127.01048) - 1)
    expected = [np.interp(frequencies, edges[i : i + 3], [0, 1, 0]) for i in range(20)]
    assert_allclose(mel_filters(20, frequencies, 300, 8000), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("params", "shape", "message"),
    [
        ({"n_fft": 512}, (200,), "n_fft=512 needs clips of more than 256 samples"),
        ({"n_fft": 64, "n_mels": 60}, (2000,), "n_mels=60 leaves bands without a frequency"),
        ({"f_min": 9000.0}, (2000,), "f_min=9000.0 and f_max=None"),
        ({"floor_db": 0.0}, (2000,), "'floor_db' parameter of LogMel"),
        ({}, (1, 2, 3), "clips of shape"),
    ],
)
def test_fronts_that_cannot_be_are_refused(params, shape, message):
    with pytest.raises(ValueError, match=message):
        LogMel(16000, **params).build(shape)


def test_a_front_is_cloned_and_passes_gradients_and_channels():
    front = clone(LogMel(8000, 128, n_mels=10))
    module, shape = front.build((2, 1000))
    assert shape == (2, 10, 16)
    assert not list(module.parameters())
    x = clips(3, 2000).float().requires_grad_()
    out = module(x)
    assert (out.shape, out.dtype) == ((3, *shape), torch.float32)
    out.sum().backward()
    assert x.grad.isfinite().all()
    assert torch.equal(out[:, 1:], module(torch.cat([x[:, 1000:], x[:, :1000]], 1))[:, :1])


# --- clips


@pytest.mark.parametrize(
    ("where", "short", "long"),
    [
        ("start", [1, 2, 0, 0], [1, 2, 3, 4]),
        ("center", [0, 1, 2, 0], [2, 3, 4, 5]),
        ("end", [0, 0, 1, 2], [3, 4, 5, 6]),
    ],
)
def test_pad_or_crop(where, short, long):
    given = [np.array([1, 2]), [1, 2, 3, 4, 5, 6]]
    as_objects = np.empty(2, dtype=object)
    as_objects[:] = given
    for X in (given, as_objects):
        rows = PadOrCrop(4, where=where).transform(X)
        assert rows.dtype == np.float32
        assert_array_equal(rows, [short, long])
    assert_array_equal(PadOrCrop(2, dtype="float64").fit_transform(np.eye(3)), np.eye(3)[:, :2])
    assert list(PadOrCrop(2).get_feature_names_out()) == ["sample0", "sample1"]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1.0], [[1.0, 2.0]]], r"X\[1\] must be a 1-D array of samples, got shape \(1, 2\)"),
        ([[1.0, np.nan]], r"X\[0\] has samples that are not finite"),
        ([["a"]], r"X\[0\] is not an array of numbers"),
    ],
)
def test_clips_that_are_none(X, message):
    with pytest.raises(ValueError, match=message):
        PadOrCrop(3).transform(X)


def test_clips_go_through_a_pipeline_with_augmentation():
    rng = np.random.RandomState(0)
    lengths = rng.randint(60, 120, 80)
    y = np.arange(80) % 2
    pitch = np.where(y == 1, 0.9, 0.25)
    clips = [np.sin(p * np.arange(n) + rng.rand()) for p, n in zip(pitch, lengths, strict=True)]
    net = MLPClassifier(max_iter=60, random_state=0, augment=AudioAugment(1000))
    pipe = make_pipeline(PadOrCrop(64), net).fit(clips[:60], y[:60])
    assert pipe.score(clips[60:], y[60:]) > 0.8
