"""DataFrames of pandas and polars: their columns by kind, and values that are missing."""

import sys
from numbers import Real

import numpy as np


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
        yield name, (X.iloc[:, i] if _is_pandas(X) else X[name])


def kind_of(column):
    """What a column holds: "number" (booleans as well), "text", "category", "date" or "other"."""
    dtype = column.dtype
    if _is_pandas(column):
        return _kind_in_pandas(column, dtype)
    if dtype.is_numeric() or str(dtype) == "Boolean":
        return "number"
    if dtype.is_temporal():
        return "date"
    kinds = {"String": "text", "Categorical": "category", "Enum": "category"}
    if str(dtype) == "Null":
        return "number"
    if str(dtype) == "Object":
        return _kind_of_objects(column.to_list())
    return kinds.get(str(dtype).partition("(")[0], "other")


def is_missing(column):
    """Which values of a column are missing, NaN among them: an array of bools."""
    if _is_pandas(column):
        return column.isna().to_numpy(dtype=bool)
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan().fill_null(False)
    return missing.to_numpy()


def is_plain(X):
    """Whether a DataFrame is a matrix of numbers without gaps."""
    return all(
        kind_of(column) == "number" and not is_missing(column).any() for _, column in columns_of(X)
    )


def library_of(value):
    """The library of a DataFrame or of a column: "pandas" or "polars"."""
    return "polars" if type(value).__module__.partition(".")[0] == "polars" else "pandas"


def _is_pandas(value):
    return library_of(value) == "pandas"


def _kind_in_pandas(column, dtype):
    from pandas.api import types

    if types.is_complex_dtype(dtype):
        return "other"
    if types.is_numeric_dtype(dtype):
        return "number"
    if isinstance(dtype, sys.modules["pandas"].CategoricalDtype):
        return "category"
    if dtype.kind in "mM" or types.is_datetime64_any_dtype(dtype):
        return "date"
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _kind_of_objects(column[column.notna()].tolist())
    return "text" if types.is_string_dtype(dtype) else "other"


def _kind_of_objects(values):
    """Kind of what is in a column of Python's objects."""
    values = [value for value in values if value is not None]
    if all(isinstance(value, Real | np.bool_) for value in values):
        return "number"
    if any(isinstance(value, list | tuple | dict | set | bytes | np.ndarray) for value in values):
        return "other"
    return "text"


def _listed(places):
    return ", ".join(map(str, places))
