"""Rows that are images or signals: their shape, and the matrix that scikit-learn's tools take."""

from math import prod
from numbers import Integral

import numpy as np

from skreg.compat.arrays import check_no_grad

_COLOURS = (1, 3, 4)  # channels that images have, as a rule


def checked_shape(input_shape, dimensions):
    """`input_shape` as a tuple of int; None as it is.

    Parameters
    ----------
    input_shape : array-like or None
    dimensions : tuple of int
        How many numbers it may have.

    Raises
    ------
    ValueError
        For other numbers than that, or none that count something.
    """
    if input_shape is None:
        return None
    shape = tuple(np.atleast_1d(np.array(input_shape, dtype=object)))
    whole = all(isinstance(n, Integral) and not isinstance(n, bool) and n > 0 for n in shape)
    if not whole or len(shape) not in dimensions:
        kinds = "(C, H, W) or (C, T)" if dimensions == (2, 3) else "a tuple"
        raise ValueError(f"input_shape={input_shape!r} must be {kinds}, of integers above 0.")
    return tuple(int(n) for n in shape)


def flattened(X, input_shape, name):
    """X as a matrix with a line for each row, and the shape of a row where X has it.

    Parameters
    ----------
    X : array-like
        Left as it is where it has not more than two dimensions.
    input_shape : tuple of int or None
        The shape asked for.
    name : str
        Of the array, for errors.

    Returns
    -------
    X : array-like
    row_shape : tuple of int or None

    Raises
    ------
    ValueError
        Where the shape is another, with what to do about it.
    """
    check_no_grad(**{name: X})
    if len(getattr(X, "shape", ())) <= 2:
        return X, None
    X = np.asarray(X)
    shape = X.shape[1:]
    if input_shape is None:
        _check_order(shape, name)
    elif shape != input_shape and shape != input_shape[1:] * (input_shape[0] == 1):
        raise ValueError(_mismatch(X.shape, input_shape, name))
    return X.reshape(len(X), -1), input_shape or shape


def _check_order(shape, name):
    """Raise where the channels of images seem to come last."""
    if len(shape) == 3 and shape[-1] in _COLOURS and shape[0] > max(_COLOURS):
        first = (shape[2], *shape[:2])
        raise ValueError(
            f"{name} has rows of shape {shape}, which look like images with their channels last: "
            f"the net takes (C, H, W), so give {name}.transpose(0, 3, 1, 2), of rows {first}; or "
            f"set input_shape={shape}, if it is meant."
        )


def _mismatch(shape, input_shape, name):
    rows = shape[1:]
    if len(rows) > 1 and (rows[-1], *rows[:-1]) == input_shape:
        order = (0, len(rows), *range(1, len(rows)))
        return (
            f"{name} has rows of shape {rows}, with the channels last, but input_shape="
            f"{input_shape} has them first: give {name}.transpose{order}."
        )
    return (
        f"{name} has rows of shape {rows}, but input_shape={input_shape}: reshape {name} to "
        f"(n, {', '.join(map(str, input_shape))}), or set input_shape={rows}."
    )


def check_size(input_shape, n_features):
    """Raise where a row of X has another number of values than `input_shape`."""
    if prod(input_shape) != n_features:
        raise ValueError(
            f"input_shape={input_shape} has {prod(input_shape)} values, but X has {n_features} "
            "features: set input_shape to the shape that a row of X is to have."
        )
