"""DataFrames of pandas and polars: their columns by kind, and values that are missing."""

import datetime
import sys
from decimal import Decimal
from numbers import Complex, Real

import numpy as np

_NO_SCALARS = (list, tuple, dict, set, frozenset, bytes, bytearray, np.ndarray)
_DATES = datetime.date, np.datetime64  # pandas' Timestamp is a date
_DURATIONS = datetime.timedelta, datetime.time, np.timedelta64
_POLARS = {
    "Null": "number",
    "Boolean": "number",
    "String": "text",
    "Categorical": "category",
    "Enum": "category",
    "Date": "date",
    "Datetime": "date",
    "Duration": "duration",
    "Time": "duration",
}


def is_frame(X):
    """Whether X is a DataFrame of pandas or polars."""
    return any(
        library in sys.modules and isinstance(X, sys.modules[library].DataFrame)
        for library in ("pandas", "polars")
    )


def check_names(X):
    """Column names of a DataFrame.

    Raises
    ------
    ValueError
        For a name that several columns have.
    """
    names = list(X.columns)
    seen = set()
    for name in names:
        if name in seen:
            places = [i for i, other in enumerate(names) if other == name]
            raise ValueError(
                f"X has {len(places)} columns named {name!r} (columns {_listed(places)}): "
                "rename or drop all but one."
            )
        seen.add(name)
    return names


def columns_of(X):
    """Name and column, one by one."""
    for i, name in enumerate(X.columns):
        yield name, (X.iloc[:, i] if is_pandas(X) else X[name])


def kind_of(column):
    """What a column holds: "number", "duration", "text", "category", "date" or "other".

    Booleans are numbers, times of day are durations. A column without values is one of numbers
    where its dtype does not tell more.
    """
    kind = _kind_in_pandas(column) if is_pandas(column) else _kind_in_polars(column)
    return "number" if kind == "other" and is_missing(column).all() else kind


def is_missing(column):
    """Which values of a column are missing, NaN among them: an array of bools."""
    if is_pandas(column):
        return np.asarray(column.isna(), dtype=bool)
    if str(column.dtype) == "Object":
        return np.array([_is_gap(value) for value in column.to_list()], dtype=bool)
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan().fill_null(False)
    return missing.to_numpy()


def is_plain(X):
    """Whether a DataFrame is a matrix of numbers without gaps."""
    return all(
        kind_of(column) == "number" and not is_missing(column).any() for _, column in columns_of(X)
    )


def is_pandas(value):
    """Whether a DataFrame or a column is one of pandas."""
    return library_of(value) == "pandas"


def library_of(value):
    """The library of a DataFrame or of a column: "pandas" or "polars"."""
    return "polars" if type(value).__module__.partition(".")[0] == "polars" else "pandas"


def _kind_in_polars(column):
    dtype = column.dtype
    if dtype.is_numeric():
        return "number"
    if str(dtype) == "Object":
        return _kind_of_objects(column.to_list())
    return _POLARS.get(str(dtype).partition("(")[0], "other")


def _kind_in_pandas(column):
    from pandas.api import types

    dtype = column.dtype
    if isinstance(dtype, sys.modules["pandas"].CategoricalDtype):
        return "category"
    if hasattr(dtype, "pyarrow_dtype"):
        return _kind_in_arrow(dtype.pyarrow_dtype)
    if types.is_complex_dtype(dtype):
        return "other"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_timedelta64_dtype(dtype):
        return "duration"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, sys.modules["pandas"].PeriodDtype):
        return "date"
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _kind_of_objects(column[column.notna()].tolist())
    return "text" if isinstance(dtype, sys.modules["pandas"].StringDtype) else "other"


def _kind_in_arrow(dtype):
    from pyarrow import types

    kinds = {
        "number": (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal),
        "text": (types.is_string, types.is_large_string),
        "category": (types.is_dictionary,),
        "date": (types.is_date, types.is_timestamp),
        "duration": (types.is_duration, types.is_time),
    }
    return next((kind for kind, tests in kinds.items() if any(t(dtype) for t in tests)), "other")


def _kind_of_objects(values):
    """Kind of what is in a column of Python's objects."""
    values = [value for value in values if not _is_gap(value)]
    kinds = {"number": (Real, np.bool_, Decimal), "date": _DATES, "duration": _DURATIONS}
    for kind, classes in kinds.items():
        if all(isinstance(value, classes) for value in values):
            return kind
    others = any(
        isinstance(value, _NO_SCALARS)
        or (isinstance(value, Complex) and not isinstance(value, Real))
        for value in values
    )
    return "other" if others else "text"


def _is_gap(value):
    """Whether one of Python's objects stands for a missing value, as None, NaN, NaT and NA do."""
    if value is None or type(value).__name__ == "NAType":
        return True
    return not isinstance(value, _NO_SCALARS) and bool(value != value)


def _listed(places):
    return ", ".join(map(str, places))
