"""Read the user's CSV file: columns, target and task, every mistake an error of one line."""

import difflib
import warnings
from dataclasses import dataclass, field

import numpy as np

from skreg.cli.errors import UserError
from skreg.cli.target import Target, target_of

_MIN_ROWS = 20
_HUGE = 1e100  # beyond it squares overflow


@dataclass
class Table:
    """A file's usable rows: a DataFrame `X`, its columns by kind, the target, and remarks."""

    X: object
    target: Target
    numeric: list
    categorical: list
    remarks: list = field(default_factory=list)


def load(path, target, task, separator):
    """Read a CSV file for supervised learning.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    target : str
        Name of the column to predict.
    task : {"auto", "regression", "classification"}
        What to do with it.
    separator : str
        What separates columns.

    Returns
    -------
    table : Table
        Rows that have a target, columns that have a value.

    Raises
    ------
    UserError
        Where the file or the target cannot serve.
    """
    frame = read(path, separator)
    _check_column(frame, target, path)
    remarks = []
    frame = _drop_rows_without_target(frame, target, remarks)
    if len(frame) < _MIN_ROWS:
        raise UserError(
            f"{path} has {len(frame)} rows with a value of {target!r}; at least {_MIN_ROWS} are "
            "needed."
        )
    X = _drop_useless_columns(frame.drop(columns=target), remarks)
    if X.shape[1] == 0:
        raise UserError(f"{path} has no column with values besides the target {target!r}.")
    numeric = [name for name in X if is_number(X[name])]
    for name in numeric:
        check_finite(X[name], name)
    categorical = [name for name in X if name not in numeric]
    return Table(X, target_of(frame[target], task), numeric, categorical, remarks)


def read(path, separator):
    """A CSV file as a DataFrame; raises `UserError` where it is none."""
    import pandas as pd

    if not path.exists():
        raise UserError(f"no such file: {path}")
    if path.is_dir():
        raise UserError(f"{path} is a directory; name a CSV file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, sep=separator, index_col=False, low_memory=False)
    except pd.errors.EmptyDataError:
        raise UserError(f"{path} is empty; a header line and rows are needed.") from None
    except (OSError, ValueError, EOFError, pd.errors.ParserWarning) as error:
        raise UserError(
            f"{path} cannot be read as CSV (UTF-8, --sep {separator!r}): {error}"
        ) from error


def _check_column(frame, target, path):
    if target not in frame.columns:
        raise missing_column(frame, target, path)


def missing_column(frame, wanted, path):
    """The error for a column that a file should have and has not."""
    names = [str(name) for name in frame.columns]
    if len(names) == 1 and (found := [sep for sep in ";\t|," if sep in names[0]]):
        return UserError(
            f"{path} has no column {wanted!r}: its only column is {names[0]!r}. "
            f"Separated otherwise? Try --sep {'tab' if found[0] == chr(9) else repr(found[0])}."
        )
    return UserError(f"{path} has no column {wanted!r}. {_closest(wanted, names)}")


def _closest(wanted, names):
    """A sentence with the names that `wanted` may have been meant for, or with the first ten."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wanted.lower(), by_lower, n=3, cutoff=0.5)
    shown = [by_lower[name] for name in close] or names[:10]
    rest = "" if close or len(names) <= 10 else f" and {len(names) - 10} more"
    what = "Closest" if close else "Its columns"
    return f"{what}: {', '.join(map(repr, shown))}{rest}."


def _drop_rows_without_target(frame, target, remarks):
    missing = frame[target].isna()
    if missing.any():
        remarks.append(f"left out {missing.sum()} rows without a value of {target!r}")
    return frame[~missing].reset_index(drop=True)


def _drop_useless_columns(X, remarks):
    unnamed = [name for name in X if str(name).startswith("Unnamed: ")]
    if unnamed:  # most often the row numbers that DataFrame.to_csv writes
        remarks.append(f"left out the columns without a name in the header: {', '.join(unnamed)}")
    empty = [name for name in X if name not in unnamed and X[name].isna().all()]
    if empty:
        remarks.append(f"left out the columns without values: {', '.join(empty)}")
    return X.drop(columns=[*unnamed, *empty])


def is_number(column):
    """Whether a column holds numbers."""
    from pandas.api import types

    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def check_finite(column, name):
    """Raise `UserError` where a column of numbers holds some that cannot be standardized."""
    if (np.abs(column.to_numpy(dtype=float)) > _HUGE).any():
        raise UserError(
            f"column {name!r} holds infinite or huge values (beyond {_HUGE:g}); remove these "
            "rows or leave the values empty."
        )
