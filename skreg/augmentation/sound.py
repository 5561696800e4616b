"""Waveforms amplified and attenuated by frequency, shifted, made noisy: clip by clip.

Frequencies are weighted in the spectrum of the whole clip: ``irfft(H * rfft(x))`` with a real,
smooth H, exact and stable at any sample rate. It has no phase, and what it spreads over the end of
a clip comes back at its beginning. H is made of bands, raised cosines about centres that are evenly
spaced on the mel scale from 0 Hz to half the sample rate, which sum to 1 at every frequency:

    H(f) = 10^(sum_b g_b w_b(f) / 20) * (1 - w_s(f))

with gains g_b even in [-max_gain_db, max_gain_db], and one band s silenced by a chance.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from skreg.augmentation._base import Augmentation
from skreg.compat.sklearn import Interval
from skreg.sound.mel import to_mel

if TYPE_CHECKING:
    from torch import Tensor

_SHARE = [Interval(Real, 0, 1, closed="both")]
_AT_LEAST_0 = [Interval(Real, 0, None, closed="left")]
_GAINS, _STOPS, _LOUDNESS, _SHIFTS, _NOISE = range(5)  # numbers of the draws


def band_weights(n_bands, frequencies, sample_rate):
    """Share of each band at given frequencies (Hz): float64 of shape (n_bands, n_frequencies)."""
    step = to_mel(sample_rate / 2) / (n_bands - 1)
    away = to_mel(frequencies) / step - np.arange(n_bands)[:, None]
    return 0.5 + 0.5 * np.cos(np.pi * np.clip(away, -1, 1))


class AudioAugment(Augmentation):
    """Random changes of waveforms, clip by clip; every strength is off at 0.

    Runs in the torch engine, on waveforms: before a front such as `skreg.LogMel`. All channels of a
    clip change alike (the noise is each channel's own).

    Parameters
    ----------
    sample_rate : float, default=16000
        Samples per second, Hz.
    n_bands : int, default=8
        Number of frequency bands, evenly spaced on the mel scale; at least 2.
    max_gain_db : float, default=6.0
        Each band is amplified by a gain in ``[-max_gain_db, max_gain_db]`` dB.
    band_stop : float, default=0.0
        Probability that one of the bands is silenced.
    gain_db : float, default=3.0
        The whole clip is amplified by a gain in ``[-gain_db, gain_db]`` dB.
    noise_snr_db : float or None, default=None
        Signal-to-noise ratio of white noise that is added, dB; None (or infinity) is off. Silent
        clips stay silent.
    max_shift : float, default=0.1
        Largest shift in time, either way, as a share of the clip; zeros come in. In [0, 1].
    input_shape : tuple (C, T), default=None
        How 2-D rows are laid out; None takes a row for one channel.

    See Also
    --------
    SignalAugment : Signals without frequencies; has a compiled form.
    skreg.LogMel : Front that makes spectrograms inside the net.
    skreg.PadOrCrop : Clips of one length.

    Examples
    --------
    >>> import torch
    >>> from skreg.augmentation import AudioAugment
    >>> clip = torch.sin(torch.arange(800.0))[None]
    >>> louder = AudioAugment(8000, gain_db=20).apply(clip, torch.Generator().manual_seed(0))
    >>> louder.shape
    torch.Size([1, 800])
    """

    _parameter_constraints = {
        "sample_rate": [Interval(Real, 0, None, closed="neither")],
        "n_bands": [Interval(Integral, 2, None, closed="left")],
        "max_gain_db": _AT_LEAST_0,
        "band_stop": _SHARE,
        "gain_db": _AT_LEAST_0,
        "noise_snr_db": [Real, None],
        "max_shift": _SHARE,
        "input_shape": [tuple, list, None],
    }
    _kinds = {3: "(C, T)"}
    _from_rows = 3
    _strengths = "max_gain_db", "band_stop", "gain_db", "_is_noisy", "max_shift"

    def __init__(
        self,
        sample_rate: float = 16000,
        n_bands: int = 8,
        max_gain_db: float = 6.0,
        band_stop: float = 0.0,
        gain_db: float = 3.0,
        noise_snr_db: float | None = None,
        max_shift: float = 0.1,
        input_shape: tuple[int, int] | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_bands = n_bands
        self.max_gain_db = max_gain_db
        self.band_stop = band_stop
        self.gain_db = gain_db
        self.noise_snr_db = noise_snr_db
        self.max_shift = max_shift
        self.input_shape = input_shape

    @property
    def _is_noisy(self):
        return self.noise_snr_db is not None and self.noise_snr_db < math.inf

    def _change(self, batch, draws):
        import torch

        n, _, length = batch.shape
        if self.max_shift:
            batch = _shift(batch, self.max_shift, draws)
        if self.max_gain_db or self.band_stop:
            curves = self.responses(n, length, draws).to(batch.dtype)
            batch = torch.fft.irfft(curves[:, None] * torch.fft.rfft(batch), n=length)
        if self.gain_db:
            even = 2 * draws.uniform(_LOUDNESS, n, 1, 1) - 1
            batch = batch * (10 ** (self.gain_db * even / 20)).to(batch.dtype)
        if self._is_noisy:
            level = batch.square().mean(dim=(1, 2), keepdim=True).sqrt()
            noise = draws.normal(_NOISE, 10 ** (-self.noise_snr_db / 20), batch)
            batch = batch + level * noise
        return batch

    def responses(self, n: int, length: int, draws: Any) -> Tensor:
        """Drawn weights H of the frequencies of a clip.

        Parameters
        ----------
        n : int
            Clips.
        length : int
            Samples of each.
        draws : object
            With `uniform`, as `skreg.augmentation._draws` has it.

        Returns
        -------
        weights : torch.Tensor of float64 of shape (n, length // 2 + 1)
            Factors of the amplitudes.
        """
        import torch

        frequencies = np.fft.rfftfreq(length, 1 / self.sample_rate)
        weights = torch.from_numpy(band_weights(self.n_bands, frequencies, self.sample_rate))
        even = 2 * draws.uniform(_GAINS, n, self.n_bands) - 1
        weights = weights.to(even.device)
        curves = 10 ** (self.max_gain_db / 20 * even @ weights)
        if self.band_stop:
            u = draws.uniform(_STOPS, n, 2)
            chosen = (u[:, 0] * self.n_bands).long().clamp(max=self.n_bands - 1)
            curves = curves * (1 - (u[:, 1:] < self.band_stop) * weights[chosen])
        return curves


def _shift(batch, most, draws):
    """Clips moved in time by whole samples; zeros come in."""
    import torch

    n, _, length = batch.shape
    reach = int(most * length + 1e-6)
    shift = (draws.uniform(_SHIFTS, n) * (2 * reach + 1)).long() - reach
    source = torch.arange(length, device=batch.device) - shift[:, None]
    source = source[:, None].expand(batch.shape)
    inside = (source >= 0) & (source < length)
    return batch.gather(2, source.clamp(0, length - 1)) * inside
