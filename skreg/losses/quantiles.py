"""The pinball loss of several quantiles that cannot cross, for both engines.

Of each target the net gives the level nearest to the median, q_0, and for every other level a
number s, whose positive gap lies between that quantile and the next one on the median's side::

    q_k = q_0 + gap_1 + ... + gap_k                      above
    q_k = q_0 - gap_1 - ... - gap_k                      below
    loss = mean over levels of tau max(y - q, 0) + (1 - tau) max(q - y, 0)

(Koenker & Bassett 1978, "Regression quantiles"; gaps that are positive by construction: Park,
Maddix, Aubet, Kan, Gasthaus & Wang 2022, "Learning quantile functions without quantile crossing for
distribution-free time series forecasting"). A gap is the scale that `skreg.losses.location_scale`
makes of s, with its bounds. Outputs lie level after level, all targets of a level side by side:
first q_0, then upwards, then downwards.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.losses.location_scale import log_square, torch_log_square


def in_order(levels):
    """Levels in the order of the net's outputs, and how many of them lie above the first."""
    levels = np.asarray(levels, np.float64)
    base = int(np.abs(levels - 0.5).argmin())
    above, below = levels[base + 1 :], levels[:base][::-1]
    return np.concatenate([levels[base : base + 1], above, below]), len(above)


@jit
def _pinball_slope(level, e, one):
    """Slope of the pinball loss in the quantile, at quantile less target `e`."""
    return one - level if e > 0 else -level


@jit
def quantiles_loss(levels, n_levels, n_above, raw, y, weight):
    """Sum over rows of weight * loss; `raw` (n_rows, n_levels n_targets) becomes its gradient."""
    total, n, one = 0.0, y.shape[1], raw.dtype.type(1)
    for r in range(raw.shape[0]):
        row = 0.0
        for j in range(n):
            start = raw[r, j] - y[r, j]
            slope = _pinball_slope(levels[0], start, one)
            row += slope * start
            sums = slope
            for above in (True, False):
                first, end = (1, n_above + 1) if above else (n_above + 1, n_levels)
                side, e = 0.0, start
                for i in range(first, end):
                    gap = np.exp(log_square(raw[r, i * n + j])[0] / 2)
                    e += gap if above else -gap
                    slope = _pinball_slope(levels[i], e, one)
                    row += slope * e
                    side += slope
                sums += side
                e = start
                for i in range(first, end):  # a gap moves all quantiles from there on
                    log_v, rise = log_square(raw[r, i * n + j])
                    gap = np.exp(log_v / 2)
                    e += gap if above else -gap
                    by = weight[r] / n_levels * gap * rise / 2
                    raw[r, i * n + j] = by * side if above else -by * side
                    side -= _pinball_slope(levels[i], e, one)
            raw[r, j] = weight[r] / n_levels * sums
        total += weight[r] * row / n_levels
    return total


def torch_quantiles(levels, n_above, raw, y):
    """Losses (..., n_targets) as a torch tensor; autograd gives the gradient."""
    parts = raw.unflatten(-1, (len(levels), y.shape[-1]))
    base, gaps = parts[..., :1, :], (torch_log_square(parts[..., 1:, :]) / 2).exp()
    above = base + gaps[..., :n_above, :].cumsum(dim=-2)
    below = base - gaps[..., n_above:, :].cumsum(dim=-2)
    value = 0.0
    quantiles = [parts[..., 0, :], *above.unbind(dim=-2), *below.unbind(dim=-2)]
    for level, quantile in zip(levels.tolist(), quantiles, strict=True):
        e = quantile - y
        value = value + ((1 - level) * e).where(e > 0, -level * e)
    return value / len(levels)
