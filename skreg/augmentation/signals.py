"""Signals shifted, scaled and disturbed, row by row.

Row r, of T samples a channel, becomes ``s_r * roll(x_r, k_r) + noise * n`` with k_r a whole number
of samples, even in [-shift T, shift T], s_r even in [1 - scale, 1 + scale], n ~ N(0, 1): the
exercise on MNIST-1D in Prince (2023), "Understanding Deep Learning", notebook 9.5.
"""

from __future__ import annotations

from numbers import Real

from skreg.augmentation._base import Augmentation
from skreg.compat.sklearn import Interval

MOVES, NOISE = range(2)  # numbers of the draws


def reach(shift, length):
    """Most samples of a shift, safe against the rounding of ``0.3 * 10``."""
    return int(shift * length + 1e-6)


class SignalAugment(Augmentation):
    """Random circular shift, scale and noise of signals, row by row.

    Has a compiled form: an MLP keeps its speed.

    Parameters
    ----------
    shift : float, default=0.1
        Largest circular shift, as a share of the length, in [0, 1]. Whole samples, both ways.
    scale : float, default=0.1
        Rows are multiplied by a factor in ``[1 - scale, 1 + scale]``; in [0, 1].
    noise : float, default=0.0
        Standard deviation of Gaussian noise on every sample, in units of X.
    input_shape : tuple (C, T), default=None
        Channels and samples of 2-D rows; all channels of a row move together. None takes a row for
        one channel.

    See Also
    --------
    AudioAugment : Sound.

    References
    ----------
    .. [1] Prince (2023), "Understanding Deep Learning", notebook 9.5.

    Examples
    --------
    >>> import torch
    >>> from skreg.augmentation import SignalAugment
    >>> moved = SignalAugment(shift=0.5, scale=0).apply(torch.eye(4), torch.Generator())
    >>> moved.sum(dim=1)
    tensor([1., 1., 1., 1.])
    """

    _parameter_constraints = {
        "shift": [Interval(Real, 0, 1, closed="both")],
        "scale": [Interval(Real, 0, 1, closed="both")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "input_shape": [tuple, list, None],
    }
    _kinds = {3: "(C, T)"}
    _from_rows = 3
    _strengths = "shift", "scale", "noise"

    def __init__(
        self,
        shift: float = 0.1,
        scale: float = 0.1,
        noise: float = 0.0,
        input_shape: tuple[int, int] | None = None,
    ) -> None:
        self.shift = shift
        self.scale = scale
        self.noise = noise
        self.input_shape = input_shape

    def _change(self, batch, draws):
        import torch

        n, _, length = batch.shape
        u, v = draws.uniform(MOVES, n, 2).unbind(dim=1)
        most = reach(self.shift, length)
        shift = (u * (2 * most + 1)).long() - most
        factor = (1.0 + self.scale * (2.0 * v - 1.0)).to(batch.dtype)
        source = (torch.arange(length, device=batch.device) - shift[:, None]) % length
        out = factor[:, None, None] * batch.gather(2, source[:, None].expand(batch.shape))
        return out + draws.normal(NOISE, self.noise, batch) if self.noise else out
