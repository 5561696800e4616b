"""Transforms of a training batch.

Mixup: every row of a batch is mixed with another one, features, targets and weights alike,
``lam * row + (1 - lam) * partner`` with one ``lam ~ Beta(mixup_alpha, mixup_alpha)`` per batch
(Zhang et al. 2018, "mixup: beyond empirical risk minimization"). The partner is the row `shift`
places on in the batch, `shift` drawn anew for each.
"""

import numpy as np

from skreg._jit import jit
from skreg.streams import MIXUP, next_word, normal, stream_key, unit

FIELDS = [("mixup_alpha", "f8")]
"""Of a plan: the parameter of mixup's Beta distribution; 0 is off."""


def augmentation_settings(params):
    """Values of `FIELDS` from an estimator's parameters (a mapping)."""
    return {"mixup_alpha": params["mixup_alpha"]}


@jit
def draw_mixing(seed, alpha, step, n_rows):
    """Share `lam` of the row itself and distance `shift` of its partner, for a step's batch."""
    key = stream_key(seed, MIXUP, step)
    one = _log_gamma_variate(alpha, stream_key(key, 0, 0))
    other = _log_gamma_variate(alpha, stream_key(key, 1, 0))
    shift = 1 + np.int64(unit(stream_key(key, 2, 0)) * (n_rows - 1))
    return 1.0 / (1.0 + np.exp(other - one)), min(shift, n_rows - 1)


@jit
def _log_gamma_variate(shape, word):
    """Logarithm of a Gamma(shape, 1) draw (Marsaglia & Tsang 2000), which itself may underflow."""
    boost = 0.0
    if shape < 1.0:
        boost = np.log(1.0 - unit(word)) / shape
        word = next_word(word)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = normal(word)
        u = 1.0 - unit(next_word(word))
        word = next_word(next_word(word))
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if np.log(u) < 0.5 * x * x + d - d * v + d * np.log(v):
                return np.log(d * v) + boost


@jit
def mix_rows(data, rows, share, shift, x, targets, weight):
    """Mix gathered rows (`x`, `targets`, `weight`) with their partners' among `rows`, in place."""
    rest = x.dtype.type(1.0 - share)
    share = x.dtype.type(share)
    for r in range(rows.size):
        k = rows[(r + shift) % rows.size]
        for j in range(x.shape[1]):
            x[r, j] *= share
        if data.starts.size:
            for i in range(data.starts[k], data.starts[k + 1]):
                x[r, data.columns[i]] += rest * data.values[i]
        else:
            for j in range(x.shape[1]):
                x[r, j] += rest * data.X[k, j]
        for j in range(targets.shape[1]):
            targets[r, j] = share * targets[r, j] + rest * data.Y[k, j]
        weight[r] = share * weight[r] + rest * data.weight[k]
