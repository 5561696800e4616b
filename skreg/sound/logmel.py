"""Fronts: what a net for sound sees. They run inside the net, on the batch, after augmentation."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator

from skreg.compat.sklearn import Interval
from skreg.sound.mel import to_hertz, to_mel

if TYPE_CHECKING:
    from torch.nn import Module

_FROM_1 = Interval(Integral, 1, None, closed="left")


def mel_filters(n_mels, frequencies, f_min, f_max):
    """Triangles of height 1, evenly spaced on the mel scale: shape (n_mels, n_frequencies).

    Each begins at the centre of the one before and ends at that of the next; straight in Hz
    (Davis & Mermelstein 1980).
    """
    edges = to_hertz(np.linspace(to_mel(f_min), to_mel(f_max), n_mels + 2))[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


class LogMel(BaseEstimator):
    """Spectrograms on the mel scale, in decibels, of waveforms: the front of a net for sound.

    Short-time Fourier transforms under Hann windows, of which a frame is centred on every `hop`-th
    sample (the clip is reflected at its ends); the power in each band; decibels. A sine of
    amplitude 1 is 0 dB. The output is ``1 - dB / floor_db``, with `floor_db` of power added: 0 for
    silence, 1 for a full-scale sine.

    Parameters
    ----------
    sample_rate : float, default=16000
        Samples per second, Hz.
    n_fft : int, default=512
        Samples of a window.
    hop : int or None, default=None
        Samples from frame to frame; None is half a window.
    n_mels : int or None, default=40
        Number of mel bands; None keeps the frequencies as they are, ``n_fft // 2 + 1`` of them.
    f_min : float, default=0.0
        Lowest frequency, Hz.
    f_max : float or None, default=None
        Highest frequency, Hz; None is half the sample rate.
    floor_db : float, default=-80.0
        Level that counts as silence, dB, below 0.

    See Also
    --------
    skreg.PadOrCrop : Clips of one length.
    skreg.augmentation.AudioAugment : What happens to the waveforms before.

    References
    ----------
    .. [1] Davis & Mermelstein (1980), "Comparison of parametric representations for monosyllabic
       word recognition in continuously spoken sentences".

    Examples
    --------
    >>> import torch
    >>> from skreg import LogMel
    >>> front, shape = LogMel(sample_rate=8000, n_fft=256, n_mels=32).build((1, 8000))
    >>> shape
    (1, 32, 63)
    >>> front(torch.zeros(2, 1, 8000)).abs().max() < 1e-6
    tensor(True)
    """

    _parameter_constraints = {
        "sample_rate": [Interval(Real, 0, None, closed="neither")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop": [_FROM_1, None],
        "n_mels": [_FROM_1, None],
        "f_min": [Interval(Real, 0, None, closed="left")],
        "f_max": [Interval(Real, 0, None, closed="neither"), None],
        "floor_db": [Interval(Real, None, 0, closed="neither")],
    }

    def __init__(
        self,
        sample_rate: float = 16000,
        n_fft: int = 512,
        hop: int | None = None,
        n_mels: int | None = 40,
        f_min: float = 0.0,
        f_max: float | None = None,
        floor_db: float = -80.0,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop = hop
        self.n_mels = n_mels
        self.f_min = f_min
        self.f_max = f_max
        self.floor_db = floor_db

    def build(self, input_shape: tuple[int, int]) -> tuple[Module, tuple[int, int, int]]:
        """The front as a torch module, without anything to train.

        Parameters
        ----------
        input_shape : tuple (C, T)
            Channels and samples of a clip; ``(T,)`` is one channel.

        Returns
        -------
        module : torch.nn.Module
            From waveforms (n_clips, C, T), or (n_clips, C * T), to spectrograms.
        output_shape : tuple (C, n_bands, n_frames)
            Shape of a clip's spectrogram.

        Raises
        ------
        ValueError
            For parameters that are not valid, or a clip no longer than half a window.
        """
        self._validate_params()
        shape = tuple(input_shape)
        if len(shape) not in (1, 2):
            raise ValueError(
                f"LogMel takes clips of shape (C, T), got input_shape={input_shape!r}."
            )
        n_channels, length = clip = (1,) * (2 - len(shape)) + shape
        if length <= self.n_fft // 2:
            raise ValueError(
                f"n_fft={self.n_fft} needs clips of more than {self.n_fft // 2} samples, got "
                f"{length}: lower n_fft, or lengthen the clips (PadOrCrop)."
            )
        filters, hop = self._filters(), self._hop()
        module = _module(filters, self.n_fft, hop, float(self.floor_db), clip)
        return module, (n_channels, len(filters), 1 + (length - self.n_fft % 2) // hop)

    def _onnx_maps(self, graph, x, input_shape):
        """What the module computes, in a graph of `skreg.estimators._onnx`; x is (n_clips, C, T).

        In float64: in quiet bands beside loud ones, decibels see the rounding of float32.
        """
        fine, n_fft = type(graph)(graph.scope, graph.container, np.float64), self.n_fft
        places = np.pad(np.arange(input_shape[-1]), n_fft // 2, mode="reflect")
        frames = sliding_window_view(places, n_fft)[:: self._hop()]
        window = np.sin(np.pi * np.arange(n_fft) / n_fft) ** 2
        angles = 2 * np.pi / n_fft * np.outer(np.arange(n_fft), np.arange(n_fft // 2 + 1))
        waves = window[:, None] * np.hstack([np.cos(angles), np.sin(angles)])
        filters = 4 / window.sum() ** 2 * np.tile(self._filters(), 2).T

        x = fine.cast(x, np.float64)
        x = fine.node("Gather", [x, fine.constant(frames)], axis=2)
        spectrum = fine.node("MatMul", [x, fine.constant(waves)])
        squares = fine.node("Mul", [spectrum, spectrum])
        power = fine.node("MatMul", [squares, fine.constant(filters)])
        power = fine.node("Add", [power, fine.constant(np.array([10 ** (self.floor_db / 10)]))])
        share = fine.constant(np.array([-10 / np.log(10) / self.floor_db]))
        level = fine.node("Mul", [fine.node("Log", [power]), share])
        level = fine.node("Add", [level, fine.constant(np.ones(1))])
        return graph.cast(fine.node("Transpose", [level], perm=[0, 1, 3, 2]), graph.dtype)

    def _hop(self):
        return self.n_fft // 2 if self.hop is None else self.hop

    def _filters(self):
        """Weights of the frequencies in each band: float64 of shape (n_bands, n_frequencies)."""
        frequencies = np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate)
        if self.n_mels is None:
            return np.eye(len(frequencies))
        f_max = self.sample_rate / 2 if self.f_max is None else self.f_max
        if not self.f_min < f_max <= self.sample_rate / 2:
            raise ValueError(
                f"f_min={self.f_min!r} and f_max={self.f_max!r} must lie in that order below half "
                f"the sample_rate, {self.sample_rate / 2:g} Hz."
            )
        filters = mel_filters(self.n_mels, frequencies, self.f_min, f_max)
        if not filters.any(axis=1).all():
            raise ValueError(
                f"n_mels={self.n_mels} leaves bands without a frequency of n_fft={self.n_fft} at "
                f"sample_rate={self.sample_rate:g}: lower n_mels, or raise n_fft or f_min."
            )
        return filters


def _module(filters, n_fft, hop, floor_db, shape):
    """The torch module of a LogMel."""
    import torch

    window = torch.hann_window(n_fft, dtype=torch.float64)
    weights = torch.from_numpy(4 / window.sum().item() ** 2 * filters)

    class Front(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("window", window, persistent=False)
            self.register_buffer("weights", weights, persistent=False)

        def forward(self, x):
            flat = x.reshape(-1, shape[1])
            spectrum = torch.stft(flat, n_fft, hop, window=self.window.to(x), return_complex=True)
            power = self.weights.to(x) @ (spectrum.real**2 + spectrum.imag**2)
            decibels = 10 * torch.log10(power + 10 ** (floor_db / 10))
            return (1 - decibels / floor_db).reshape(-1, shape[0], *power.shape[1:])

    return Front()
