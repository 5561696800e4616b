"""Compiled forms of `SignalAugment` and `TabularAugment`, for the kernel: the same draws by name.

Apart from the classes, whose file has the form for tensors, because a loaded model that holds one
must not wait for numba.
"""

from skreg.augmentation import signals, tables
from skreg.augmentation.signals import SignalAugment
from skreg.augmentation.tables import TabularAugment
from skreg.compiler.jit import jit
from skreg.random.counter import add_normal, stream_key, unit, word_of
from skreg.random.words import SIGNAL, TABLE

FIELDS = [
    ("signal_shift", "f8"),
    ("signal_scale", "f8"),
    ("signal_noise", "f8"),
    ("signal_length", "i8"),
    ("swap_rate", "f8"),
    ("table_std", "f8"),
]
"""Of a plan: the strengths, and the samples of a channel (0: a row is one channel)."""

ROLES = {SignalAugment: SIGNAL, TabularAugment: TABLE}

_reach = jit(signals.reach)


def settings(augment):
    """Values of `FIELDS`; `augment` is any augmentation, or None."""
    values = dict.fromkeys((name for name, _ in FIELDS), 0)
    if type(augment) is SignalAugment:
        values["signal_shift"] = augment.shift
        values["signal_scale"] = augment.scale
        values["signal_noise"] = augment.noise
        values["signal_length"] = augment.input_shape[-1] if augment.input_shape is not None else 0
    elif type(augment) is TabularAugment:
        values["swap_rate"], values["table_std"] = augment.swap_rate, augment.gaussian_std
    return values


@jit
def augment_signals(plan, step, x, spare):
    """Change a batch (n_rows, n_features) in place; `spare` is a copy of it."""
    key = stream_key(plan["seed"], SIGNAL, step)
    moves = stream_key(key, signals.MOVES, 0)
    length = plan["signal_length"] if plan["signal_length"] > 0 else x.shape[1]
    most = _reach(plan["signal_shift"], length)
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
        add_normal(stream_key(key, signals.NOISE, 0), plan["signal_noise"], x.reshape(-1))


@jit
def augment_table(plan, step, x, spare):
    """Change a batch (n_rows, n_features) in place; `spare` is a copy of it."""
    n, d = x.shape
    key = stream_key(plan["seed"], TABLE, step)
    swaps, partners = stream_key(key, tables.SWAPS, 0), stream_key(key, tables.PARTNERS, 0)
    if plan["swap_rate"] > 0.0 and n > 1:
        for r in range(n):
            for j in range(d):
                if unit(word_of(swaps, r * d + j)) < plan["swap_rate"]:
                    away = 1 + int(unit(word_of(partners, r * d + j)) * (n - 1))
                    x[r, j] = spare[(r + min(away, n - 1)) % n, j]
    if plan["table_std"] > 0.0:
        add_normal(stream_key(key, tables.NOISE, 0), plan["table_std"], x.reshape(-1))
