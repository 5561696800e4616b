"""Weighted moments of columns, a piece of the rows at a time."""

import numpy as np

from skreg._typing import Array

_ROWS_AT_ONCE = 2**20


def weighted_std(codes: Array, average: Array, weight: Array) -> Array:
    """Weighted standard deviation of the columns; squares of huge or tiny values stay finite."""
    parts = pieces(codes)
    unit = np.max([np.abs(codes[rows] - average).max(axis=0) for rows in parts], axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    squares = (((codes[rows] - average) / unit) ** 2 * weight[rows, None] for rows in parts)
    return unit * np.sqrt(sum(values.sum(axis=0) for values in squares) / weight.sum())


def weighted_mean(values: Array, weight: Array) -> Array:
    """Weighted mean of the columns."""
    sums = ((values[rows] * weight[rows, None]).sum(axis=0) for rows in pieces(values))
    return sum(sums) / weight.sum()


def pieces(rows: Array) -> list[slice]:
    """Slices of so many rows that what is computed of them takes little memory."""
    return [slice(i, i + _ROWS_AT_ONCE) for i in range(0, len(rows), _ROWS_AT_ONCE)]
