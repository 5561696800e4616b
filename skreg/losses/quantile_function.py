"""What a net of several quantiles says of a target: a distribution, in plain numpy.

Between the levels the distribution function is linear, beyond the first and the last one it ends in
exponential tails that go on with the density beside them (Park et al. 2022, as in
`skreg.losses.quantiles`). So it has a density, a mean and a standard deviation, and goes into
mixtures as those of `skreg.losses.distributions` do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from skreg._typing import Array
from skreg.losses.distributions import rescaled, square_of

MOST_LEVELS = 32
"""That a plan has room for."""


class Quantiles(NamedTuple):
    """Several quantiles as a distribution.

    Attributes
    ----------
    levels : tuple of float
        Rising, in (0, 1).
    """

    levels: tuple[float, ...]

    @property
    def name(self) -> str:
        """That of the loss."""
        return "quantiles"

    @property
    def base(self) -> int:
        """Place of the level nearest to the median, which is the point prediction."""
        return int(np.abs(np.array(self.levels) - 0.5).argmin())

    def point(self, output: Array, n_targets: int) -> Array:
        """Columns of the outputs (..., n_outputs) that are the point prediction."""
        return output[..., :n_targets]

    def rescaled(self, factor: Array, offset: Array) -> tuple[Array, Array]:
        """As `Distribution.rescaled`: gaps are what scales are there."""
        return rescaled(factor, offset, len(self.levels) - 1)

    def component(self, output: Array, mean: Array, scale: Array) -> QuantileComponent:
        """As `Distribution.component`."""
        base, n = self.base, len(self.levels)
        parts = np.moveaxis(np.asarray(output, np.float64).reshape(len(output), n, -1), 1, -1)
        gaps = np.exp(square_of(parts[..., 1:]) / 2)
        n_above = n - 1 - base
        above = gaps[..., :n_above].cumsum(axis=-1)
        below = -gaps[..., n_above:].cumsum(axis=-1)[..., ::-1]
        zero = np.zeros_like(parts[..., :1])
        values = parts[..., :1] + np.concatenate([below, zero, above], axis=-1)
        return QuantileComponent(self, values * scale[:, None] + mean[:, None])


class QuantileComponent(NamedTuple):
    """Quantiles of each row and target.

    Attributes
    ----------
    distribution : Quantiles
    values : ndarray of shape (n_rows, n_targets, n_levels)
        Rising, in units of the target.
    """

    distribution: Quantiles
    values: Array

    @property
    def point(self) -> Array:
        """Quantiles of the level nearest to the median, (n_rows, n_targets)."""
        return self.values[..., self.distribution.base]

    @property
    def std(self) -> Array:
        """Standard deviations, (n_rows, n_targets)."""
        x, (left, right) = self.values - self.point[..., None], self._tails
        levels, mass = self._levels, np.diff(self._levels)
        a, b = x[..., :-1], x[..., 1:]
        low, high = x[..., 0] - left, x[..., -1] + right  # means of the tails
        mean = ((a + b) / 2) @ mass + levels[0] * low + (1 - levels[-1]) * high
        square = ((a * a + a * b + b * b) / 3) @ mass
        square += levels[0] * (low**2 + left**2) + (1 - levels[-1]) * (high**2 + right**2)
        return np.sqrt(np.maximum(square - mean**2, 0))

    @property
    def _levels(self) -> Array:
        return np.array(self.distribution.levels)

    @property
    def _densities(self) -> Array:
        """Between the levels, (n_rows, n_targets, n_levels - 1)."""
        return np.diff(self._levels) / np.diff(self.values, axis=-1)

    @property
    def _tails(self) -> tuple[Array, Array]:
        """Means of the exponential tails below and above."""
        levels, density = self.distribution.levels, self._densities
        return levels[0] / density[..., 0], (1 - levels[-1]) / density[..., -1]

    def widened(self, factor: float) -> QuantileComponent:
        """The same with `factor` times the distances from the point prediction."""
        point = self.point[..., None]
        return self._replace(values=point + factor * (self.values - point))

    def joined(self, others: Iterable[QuantileComponent]) -> QuantileComponent:
        """This one's rows, and then those of others of the same net."""
        return self._replace(values=np.concatenate([self.values, *(c.values for c in others)]))

    def log_density(self, y: Array) -> Array:
        """Logarithms of the densities at y (n_rows, n_targets)."""
        x, (left, right) = self.values, self._tails
        place = np.sum(y[..., None] > x, axis=-1)  # levels below y
        between = np.clip(place - 1, 0, x.shape[-1] - 2)
        value = np.log(np.take_along_axis(self._densities, between[..., None], axis=-1)[..., 0])
        value += np.minimum(y - x[..., 0], 0) / left
        return value - np.maximum(y - x[..., -1], 0) / right

    def cdf(self, y: Array) -> Array:
        """Distribution functions at y, (n_rows, n_targets) or (n_rows, n_targets, n_values)."""
        target = y if np.ndim(y) == 3 else y[..., None]
        x, levels, (left, right) = self.values, self._levels, self._tails
        p = np.zeros(target.shape)
        for k, mass in enumerate(np.diff(levels)):
            a, b = x[..., k : k + 1], x[..., k + 1 : k + 2]
            p += mass * np.clip((target - a) / (b - a), 0, 1)
        below = np.exp(np.minimum(target - x[..., :1], 0) / left[..., None])
        above = -np.expm1(-np.maximum(target - x[..., -1:], 0) / right[..., None])
        p += levels[0] * below + (1 - levels[-1]) * above
        return p if np.ndim(y) == 3 else p[..., 0]

    def quantiles(self, q: Array) -> Array:
        """Quantiles of the levels q (n_levels,): (n_rows, n_targets, n_levels)."""
        x, levels, (left, right) = self.values, self._levels, self._tails
        at = np.clip(np.searchsorted(levels, q, side="right") - 1, 0, len(levels) - 2)
        share = (np.clip(q, levels[0], levels[-1]) - levels[at]) / np.diff(levels)[at]
        value = x[..., at] + share * (x[..., at + 1] - x[..., at])
        value += left[..., None] * np.log(np.minimum(q / levels[0], 1))
        return value - right[..., None] * np.log(np.minimum((1 - q) / (1 - levels[-1]), 1))


def checked_levels(quantile: Any) -> tuple[float, ...]:
    """Several levels as a tuple; raises where they are none."""
    levels = np.asarray(quantile, dtype=np.float64)
    inside = levels.ndim == 1 and ((levels > 0) & (levels < 1)).all()
    if not inside or not 2 <= len(levels) <= MOST_LEVELS or (np.diff(levels) <= 0).any():
        raise ValueError(
            f"quantile={quantile!r} must be a number in (0, 1), or 2 to {MOST_LEVELS} of them that "
            "rise, such as [0.1, 0.5, 0.9]."
        )
    return tuple(levels.tolist())
