"""Which column keeps X from being a matrix of numbers, and what helps."""

from contextlib import contextmanager
from numbers import Real

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import validation

from skreg.tables.frames import columns_of, is_frame, is_missing, kind_of

_EXTRA = 'pip install "skreg[tables]"'


@contextmanager
def explained(X, estimator):
    """Errors about what X holds name the column, the value and the remedy.

    Parameters
    ----------
    X : array-like
        As the user gave it.
    estimator : estimator
        The one that it was given to.

    Raises
    ------
    ValueError
        In place of one about a value that is no finite number.
    """
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        told = _trouble(X, type(estimator).__name__) if _is_about_values(error) else None
        if told is None:
            raise
        raise ValueError(told) from error


def validate_data(estimator, X, *args, **kwargs):
    """scikit-learn's `validate_data`, whose errors name the column (see `explained`)."""
    if type(X).__name__ == "LazyFrame":
        raise TypeError("X is a LazyFrame of polars, which has no rows yet: pass X.collect().")
    with explained(X, estimator):
        return validation.validate_data(estimator, X, *args, **kwargs)


def _is_about_values(error):
    """Whether an error is about a value that is no finite number."""
    text = str(error)
    about = "could not convert", "NaN", "infinity", "type", "cast", "to float", "X holds"
    about = any(word in text for word in about) or isinstance(error, OverflowError)
    return about and not text.startswith("Input y")


def _trouble(X, name):
    """What is wrong with X, in one line; None where nothing is that has a column."""
    if is_frame(X):
        return next(filter(None, (_of_column(*pair, name) for pair in columns_of(X))), None)
    if issparse(X) or hasattr(X, "columns"):
        return None
    try:
        X = np.asarray(X)
    except (ValueError, TypeError):
        return None
    if X.ndim != 2 or X.dtype.kind not in "OUSf":
        return None
    if X.dtype.kind == "f":
        return _of_array(X, name)
    return next(filter(None, (_of_objects(X[:, j], j, name) for j in range(X.shape[1]))), None)


def _of_column(column_name, column, name):
    kind, gaps = kind_of(column), is_missing(column)
    if kind != "number":
        return _not_a_number(kind, repr(column_name), list(column), gaps, name)
    if gaps.any():
        return _missing(repr(column_name), np.flatnonzero(gaps)[0], name)
    beyond = [not gap and _is_infinite(v) for v, gap in zip(column, gaps, strict=True)]
    return infinite(repr(column_name), np.flatnonzero(beyond)[0]) if any(beyond) else None


def _is_infinite(value):
    try:
        return abs(float(value)) == np.inf
    except OverflowError:
        return True


def _of_objects(values, j, name):
    gaps = np.array([value is None or value != value for value in values], dtype=bool)
    for value, gap in zip(values, gaps, strict=True):
        if not gap and isinstance(value, str | bytes) and not _is_number(value):
            return _not_a_number("text", str(j), values.tolist(), gaps, name)
    if gaps.any():
        return _missing(str(j), np.flatnonzero(gaps)[0], name)
    return None


def _of_array(X, name):
    if (gaps := np.isnan(X)).any():
        row, j = np.argwhere(gaps)[0]
        return _missing(str(j), row, name)
    if (beyond := np.isinf(X)).any():
        row, j = np.argwhere(beyond)[0]
        return infinite(str(j), row)
    return None


def _not_a_number(kind, column, values, gaps, name):
    full = [(i, v) for i, (v, gap) in enumerate(zip(values, gaps, strict=True)) if not gap]
    if not full:
        return None
    row, value = next(((i, v) for i, v in full if not _is_number(v)), full[0])
    return (
        f"X holds {kind} in column {column}, as {value!r} (row {row}), and {name} takes numbers: "
        f"skrub.tabular_pipeline({name}()) encodes DataFrames ({_EXTRA})."
    )


def _missing(column, row, name):
    return (
        f"Input X contains NaN in column {column} (row {row}), and {name} takes no missing values: "
        f"fill them, as make_pipeline(SimpleImputer(), StandardScaler(), {name}()) does."
    )


def infinite(column, row):
    """In words, that a column holds infinity in a row, and what helps."""
    return (
        f"Input X contains infinity in column {column} (row {row}): leave these rows out, or put "
        "the largest value that can be meant."
    )


def _is_number(value):
    if isinstance(value, Real | np.bool_):
        return True
    try:
        float(value)
    except (ValueError, TypeError):
        return False
    return True
