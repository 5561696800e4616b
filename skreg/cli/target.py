"""The column to predict: regression or classification, and the labels or numbers to train on."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from skreg.cli.errors import UserError
from skreg.cli.numerals import GAPS, as_numbers, is_gap, is_typed

_MAX_CLASSES = 10  # of whole numbers; more are taken as a quantity
_MIN_CLASS_ROWS = 4  # in the two largest classes, so that every part of the rows can have both


@dataclass(frozen=True)
class Target:
    """The target's name, values, task, and what the task was inferred from."""

    name: str
    y: np.ndarray
    task: str
    reason: str


def target_of(column, task):
    """Target that a column without missing values makes.

    Parameters
    ----------
    column : pandas.Series
        The column.
    task : {"auto", "regression", "classification"}
        What the user asks for.

    Returns
    -------
    target : Target
        With floats for regression; strings, integers or bools for classification.
    """
    y, name = _values(column), column.name
    n_distinct = len(np.unique(y))
    if n_distinct < 2:
        raise UserError(f"target {name!r} is constant ({y[0]!s}); there is nothing to predict.")
    inferred, reason = _infer(y, n_distinct)
    if task != "auto":
        inferred, reason = task, "--task"
    convert = _numbers if inferred == "regression" else _labels
    return Target(name, convert(y, name, n_distinct), inferred, reason)


def values_of(column, found):
    """What a column of texts tells as a target, NaN and None where it has no value.

    Parameters
    ----------
    column : pandas.Series
        Texts, or numbers.
    found : Format
        Of the file.

    Returns
    -------
    values : pandas.Series
        Of floats, ints or bools, or of texts as objects. Texts that stand for a missing value
        among numbers (as "NA") are classes among other texts.
    """
    if is_typed(column):
        return column
    gaps = is_gap(column)
    filled = column[~gaps]
    numbers = as_numbers(filled, found.decimal, found.thousands)
    if len(filled) and numbers.notna().all() and not filled.str.fullmatch(r"0\d+").any():
        return numbers.reindex(column.index)
    if len(filled) and set(filled.str.lower()) <= {"true", "false"}:
        return filled.map(lambda text: text.lower() == "true").astype(object).reindex(column.index)
    return column.astype(object).where(column != "", None)


def classes_called_missing(values, name):
    """Remarks on classes whose names often mean a missing value."""
    if values.dtype != object:
        return []
    found = sorted({v for v in values if isinstance(v, str) and v.lower() in GAPS})
    return [
        f"{text!r} taken for a class of {name!r}; where it means a missing value, leave it empty"
        for text in found
    ]


def _values(column):
    """An array of floats, ints, bools, or strings for everything else."""
    y = column.to_numpy()
    if y.dtype.kind in "iub":
        return y
    if y.dtype.kind == "f":
        return y.astype(np.int64) if _is_whole(y) and (np.abs(y) < 2**53).all() else y
    if all(isinstance(value, bool) for value in y):
        return y.astype(bool)
    return y.astype(str)


def _is_whole(y):
    return y.dtype.kind in "iu" or (y.dtype.kind == "f" and bool(np.all(y == np.floor(y))))


def _infer(y, n_distinct):
    if y.dtype.kind in ("b", "U"):
        return "classification", "the target is not numeric"
    if _is_whole(y) and n_distinct <= _MAX_CLASSES:
        return "classification", f"the target has {n_distinct} distinct whole numbers"
    return "regression", f"the target has {n_distinct} distinct numbers"


def _numbers(y, name, n_distinct):
    if y.dtype.kind == "U":
        text = next((value for value in y if not _is_float(value)), y[0])
        raise UserError(
            f"target {name!r} holds text, as {str(text)!r}, and cannot be regressed on. "
            "Mend these rows, say --decimal if they are numbers, or use --task classification."
        )
    y = y.astype(float)
    if not np.all(np.abs(y) < 1e100):
        raise UserError(f"target {name!r} holds infinite or huge values; remove these rows.")
    return y


def _is_float(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _labels(y, name, n_distinct):
    if y.dtype.kind == "f" and not _is_whole(y):
        raise UserError(
            f"target {name!r} holds {n_distinct} distinct numbers that are not whole, no classes. "
            "Use --task regression, or write the classes as text."
        )
    (_, _), (label, count) = Counter(y.tolist()).most_common(2)
    if count < _MIN_CLASS_ROWS:
        raise UserError(
            f"target {name!r} has {n_distinct} classes, of which the second most frequent, "
            f"{str(label)!r}, has {count} rows; at least {_MIN_CLASS_ROWS} are needed."
        )
    return y.astype(int) if y.dtype.kind == "f" else y
