"""Corruption of a batch, for pretext tasks: a share of its entries is replaced, new at every step.

Each entry of a row is corrupted with probability `corruption_rate`, by itself (as in VIME: Yoon et
al. 2020; rounded to 1/65536):

- swap: it takes the same column's value of a training row drawn anew for each entry, a draw from
  the column's empirical distribution (VIME; SCARF: Bahri et al. 2022);
- zero: it takes the column's mean, which is zero after standardisation;
- gaussian: N(0, s^2) is added, s the column's standard deviation.

Draws are those of `skreg.random.counter`, one word an entry for mask and partner. Step 0, which no
training step has, is that of validation rows: their corruption is drawn once and stays.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.random.counter import next_word, normal, stream_key, word_of
from skreg.random.masks import LEVELS
from skreg.random.words import CORRUPTION

KINDS = ("none", "swap", "zero", "gaussian")
NONE, SWAP, ZERO, GAUSSIAN = range(4)
_LOWEST = np.uint64(LEVELS - 1)
_S32 = np.uint64(32)

FIELDS = [("corruption", "i8"), ("corruption_threshold", "i8")]
"""Of a plan: the place in `KINDS`, and how many of 65536 levels corrupt an entry."""


def corruption_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    corruption = params.corruption
    kind = params.views if corruption is None else corruption
    return {
        "corruption": KINDS.index(kind) if isinstance(kind, str) else NONE,
        "corruption_threshold": max(round(params.corruption_rate * LEVELS), 1),
    }


def column_moments(X):
    """Means and standard deviations of the columns, shape (2, n_features); 1 for constant ones.

    Squares of huge or tiny values stay finite.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    gaps = X - mean
    unit = np.abs(gaps).max(axis=0)
    constant = unit <= 10 * np.finfo(X.dtype).eps * np.abs(mean)
    unit = np.where(constant, 1.0, unit)
    spread = unit * np.sqrt(np.mean((gaps / unit) ** 2, axis=0))
    return np.stack([mean, np.where(constant, 1.0, spread)])


@jit
def corrupt(plan, step, data, x, targets):
    """Corrupt rows `x` (n_rows, n_features) in place, by the training rows in `data`.

    Where one view is made of a row, `targets` (n_rows, 2 n_features) becomes what a net is to find:
    the clean standardised row, then 1 where an entry was corrupted.
    """
    key = stream_key(plan["seed"], CORRUPTION, step)
    n_features, n = x.shape[1], np.uint64(data.X.shape[0])
    for r in range(x.shape[0]):
        for j in range(n_features):
            word = word_of(key, r * n_features + j)
            hit = np.int64(word & _LOWEST) < plan["corruption_threshold"]
            mean, spread = data.moments[0, j], data.moments[1, j]
            if plan["n_views"] == 1:
                targets[r, j] = (x[r, j] - mean) / spread
                targets[r, n_features + j] = hit
            if hit and plan["corruption"] == SWAP:
                x[r, j] = data.X[np.int64(((word >> _S32) * n) >> _S32), j]
            elif hit and plan["corruption"] == ZERO:
                x[r, j] = mean
            elif hit:
                x[r, j] += spread * x.dtype.type(normal(next_word(word)))
