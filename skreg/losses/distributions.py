"""What the outputs of a net say of a target, where the loss is a distribution: in plain numpy.

A `Distribution` belongs to a loss (`skreg.losses.records`) and reads the net's outputs; what it
reads of the rows is a `Component`, in the units of the user. Nothing here needs torch or numba.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from skreg._typing import Array

LOWEST, HIGHEST = math.log(1e-6), math.log(1e26)
"""Bounds of the logarithm of a squared scale, in training units, as `location_scale` has them."""


def square_of(s: Array) -> Array:
    """Logarithms of squared scales, of what the net gives for them."""
    return LOWEST + np.logaddexp(s - LOWEST, 0) - np.logaddexp(s - HIGHEST, 0)


def rescaled(factor: Array, offset: Array, n_scales: int) -> tuple[Array, Array]:
    """What outputs are multiplied by and added to: points, and after them `n_scales` scales."""
    times = np.concatenate([factor, np.ones(len(factor) * n_scales)])
    return times, np.concatenate([offset, np.tile(2 * np.log(factor), n_scales)])


class Distribution(NamedTuple):
    """A location-scale distribution: y = location + scale * z, with z of a known law.

    Attributes
    ----------
    name : str
    std : float
        Standard deviation of z.
    log_density, cdf, ppf : callable
        Of z: logarithm of the density, distribution function, quantiles.
    """

    name: str
    std: float
    log_density: Callable[[Array], Array]
    cdf: Callable[[Array], Array]
    ppf: Callable[[Array], Array]

    def point(self, output: Array, n_targets: int) -> Array:
        """Columns of the outputs (..., n_outputs) that are the point prediction."""
        return output[..., :n_targets]

    def rescaled(self, factor: Array, offset: Array) -> tuple[Array, Array]:
        """What outputs are to be multiplied by and added to when the targets' units change.

        Parameters
        ----------
        factor, offset : ndarray of shape (n_targets,)
            Those of the point prediction.
        """
        return rescaled(factor, offset, 1)

    def component(self, output: Array, mean: Array, scale: Array) -> Component:
        """What a net says of rows, by its outputs (n_rows, n_outputs), in the units of the user.

        Parameters
        ----------
        output : ndarray of shape (n_rows, 2 n_targets)
        mean, scale : ndarray of shape (n_targets,)
            Of the targets: a target in training units times `scale`, plus `mean`.
        """
        location, s = np.split(np.asarray(output, np.float64), 2, axis=-1)
        return Component(self, location * scale + mean, np.exp(square_of(s) / 2) * scale)


class Component(NamedTuple):
    """A distribution of each row and target.

    Attributes
    ----------
    distribution : Distribution
    location, scale : ndarray of shape (n_rows, n_targets)
    """

    distribution: Distribution
    location: Array
    scale: Array

    @property
    def point(self) -> Array:
        """Means, (n_rows, n_targets)."""
        return self.location

    @property
    def std(self) -> Array:
        """Standard deviations, (n_rows, n_targets)."""
        return self.distribution.std * self.scale

    def widened(self, factor: float) -> Component:
        """The same with `factor` times the scale."""
        return self._replace(scale=self.scale * factor)

    def joined(self, others: Iterable[Component]) -> Component:
        """This one's rows, and then those of others of the same net."""
        rows = [(c.location, c.scale) for c in (self, *others)]
        return self._replace(
            location=np.concatenate([location for location, _ in rows]),
            scale=np.concatenate([scale for _, scale in rows]),
        )

    def log_density(self, y: Array) -> Array:
        """Logarithms of the densities at y (n_rows, n_targets)."""
        z = (y - self.location) / self.scale
        return self.distribution.log_density(z) - np.log(self.scale)

    def cdf(self, y: Array) -> Array:
        """Distribution functions at y, (n_rows, n_targets) or (n_rows, n_targets, n_values)."""
        more = (...,) + (None,) * (np.ndim(y) - 2)
        return self.distribution.cdf((y - self.location[more]) / self.scale[more])

    def quantiles(self, q: Array) -> Array:
        """Quantiles of the levels q (n_levels,): (n_rows, n_targets, n_levels)."""
        return self.location[..., None] + self.scale[..., None] * self.distribution.ppf(q)


def _laplace_cdf(z: Array) -> Array:
    tail = np.exp(-np.abs(z)) / 2
    return np.where(z > 0, 1 - tail, tail)


def _laplace_ppf(q: Array) -> Array:
    return np.sign(0.5 - q) * np.log(1 - 2 * np.abs(q - 0.5))


DISTRIBUTIONS = {
    "gaussian": Distribution(
        "gaussian", 1.0, lambda z: -(z**2 + math.log(2 * math.pi)) / 2, ndtr, ndtri
    ),
    "laplace": Distribution(
        "laplace",
        math.sqrt(2),
        lambda z: -np.abs(z) - math.log(2),
        _laplace_cdf,
        _laplace_ppf,
    ),
}
"""Distributions by their names in `skreg.losses.records`."""
