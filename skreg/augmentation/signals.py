"""Signals shifted, scaled and disturbed, row by row.

Row r, of T samples a channel, becomes ``s_r * roll(x_r, k_r) + noise * n`` with k_r a whole number
of samples, even in [-shift T, shift T], s_r even in [1 - scale, 1 + scale], n ~ N(0, 1): the
exercise on MNIST-1D in Prince (2023), "Understanding Deep Learning", notebook 9.5.
"""

from numbers import Real

from skreg._jit import jit
from skreg._sklearn import Interval
from skreg.augmentation._base import Augmentation
from skreg.streams import SIGNAL, add_normal, stream_key, unit, word_of

FIELDS = [
    ("signal_shift", "f8"),
    ("signal_scale", "f8"),
    ("signal_noise", "f8"),
    ("signal_length", "i8"),
]
"""Of a plan: the strengths, and the samples of a channel (0: a row is one channel)."""

_MOVES, _NOISE = range(2)  # numbers of the draws


def settings(augment):
    """Values of `FIELDS`; `augment` is a SignalAugment or None."""
    if augment is None:
        return dict.fromkeys((name for name, _ in FIELDS), 0)
    return {
        "signal_shift": augment.shift,
        "signal_scale": augment.scale,
        "signal_noise": augment.noise,
        "signal_length": augment.input_shape[-1] if augment.input_shape is not None else 0,
    }


@jit
def reach(shift, length):
    """Most samples of a shift, safe against the rounding of ``0.3 * 10``."""
    return int(shift * length + 1e-6)


@jit
def augment_signals(plan, step, x, spare):
    """Change a batch (n_rows, n_features) in place; `spare` is a copy of it."""
    key = stream_key(plan["seed"], SIGNAL, step)
    moves = stream_key(key, _MOVES, 0)
    length = plan["signal_length"] if plan["signal_length"] > 0 else x.shape[1]
    most = reach(plan["signal_shift"], length)
    for r in range(x.shape[0]):
        shift = int(unit(word_of(moves, 2 * r)) * (2 * most + 1)) - most
        scale = 1.0 + plan["signal_scale"] * (2.0 * unit(word_of(moves, 2 * r + 1)) - 1.0)
        factor = x.dtype.type(scale)
        for start in range(0, x.shape[1], length):
            for t in range(length):
                k = t + shift
                k = k - length if k >= length else (k + length if k < 0 else k)
                x[r, start + k] = factor * spare[r, start + t]
    if plan["signal_noise"] > 0.0:
        add_normal(stream_key(key, _NOISE, 0), plan["signal_noise"], x.reshape(-1))


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

    def __init__(self, shift=0.1, scale=0.1, noise=0.0, input_shape=None):
        self.shift = shift
        self.scale = scale
        self.noise = noise
        self.input_shape = input_shape

    def _change(self, batch, draws):
        import torch

        n, _, length = batch.shape
        u, v = draws.uniform(_MOVES, n, 2).unbind(dim=1)
        most = reach.py_func(self.shift, length)
        shift = (u * (2 * most + 1)).long() - most
        factor = (1.0 + self.scale * (2.0 * v - 1.0)).to(batch.dtype)
        source = (torch.arange(length, device=batch.device) - shift[:, None]) % length
        out = factor[:, None, None] * batch.gather(2, source[:, None].expand(batch.shape))
        return out + draws.normal(_NOISE, self.noise, batch) if self.noise else out
