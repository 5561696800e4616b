"""Columns of pandas and polars in one form for each kind: floats, dates, texts, categories."""

import datetime

import numpy as np

from skreg.tables.frames import is_missing, is_pandas, kind_of

_UNIT = "datetime64[us]"
_SECONDS = {"hour": 3600, "minute": 60, "second": 1, "microsecond": 1e-6}


def in_form(column, kind):
    """A column as one of a kind, whatever its dtype.

    Parameters
    ----------
    column : Series of pandas or polars
        Values of that kind, or of one that can be read as it.
    kind : {"number", "duration", "date", "text", "category"}
        What they are to be.

    Returns
    -------
    values : ndarray of float64, or pandas.Series
        Numbers, durations in seconds, with NaN for gaps; datetimes, texts or categories of texts.

    Raises
    ------
    ValueError, TypeError, OverflowError
        Where a value is none of that kind.
    """
    if is_missing(column).all():
        return _gaps(len(column), kind)
    return _FORMS[kind](column)


def _gaps(n, kind):
    """A column without values."""
    if kind in ("number", "duration"):
        return np.full(n, np.nan)
    if kind == "date":
        return _series(np.full(n, np.datetime64("NaT"), dtype=_UNIT))
    return _series([None] * n, "category" if kind == "category" else "string")


def _numbers(column):
    if is_pandas(column):
        if hasattr(column.dtype, "subtype"):  # sparse
            return np.asarray(column, dtype=np.float64)
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if str(column.dtype) == "Object":
        pairs = zip(column.to_list(), is_missing(column), strict=True)
        return np.array([np.nan if gap else float(value) for value, gap in pairs])
    import polars

    return column.cast(polars.Float64).to_numpy()


def _durations(column):
    if is_pandas(column) and column.dtype.kind == "m":
        return column.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan)
    pairs = zip(column.to_list(), is_missing(column), strict=True)
    return np.array([np.nan if gap else _seconds(value) for value, gap in pairs])


def _seconds(value):
    """Length of a duration, or the time since midnight."""
    if isinstance(value, datetime.time):
        return float(sum(getattr(value, part) * unit for part, unit in _SECONDS.items()))
    return float(np.timedelta64(value) / np.timedelta64(1, "s"))


def _dates(column):
    import pandas as pd

    if not is_pandas(column):
        return _dates_of_polars(column)
    if hasattr(column.dtype, "pyarrow_dtype"):
        zone = getattr(column.dtype.pyarrow_dtype, "tz", None)
        column = column.astype(f"datetime64[us, {zone}]" if zone else _UNIT)
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype.kind != "M":
        column = _dates_of_objects(column.tolist())
    return _series(column.dt.as_unit("us").array)


def _dates_of_polars(column):
    import polars

    if not column.dtype.is_temporal():
        return _dates(_dates_of_objects(column.to_list()))
    column = column.cast(polars.Datetime("us", getattr(column.dtype, "time_zone", None)))
    zone = column.dtype.time_zone
    if zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    dates = _series(column.to_numpy().astype(_UNIT))
    return dates if zone is None else dates.dt.tz_localize("UTC").dt.tz_convert(zone)


def _dates_of_objects(values):
    """Dates of Python's, or texts as ISO 8601 has them."""
    import pandas as pd

    objects = pd.Series(values, dtype=object)
    if kind_of(objects) == "date":
        aware = any(getattr(value, "tzinfo", None) is not None for value in values)
        return pd.to_datetime(objects, utc=aware)
    texts = pd.Series([v if isinstance(v, str) else None for v in values], dtype=object)
    dates = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    if (lost := dates.isna() & objects.notna()).any():
        row = int(np.flatnonzero(lost)[0])
        raise ValueError(f"{values[row]!r} in row {row}")
    return dates


def _texts(column):
    if not is_pandas(column) and str(column.dtype) in ("Categorical", "Enum"):
        import polars

        column = column.cast(polars.String)
    pairs = zip(column.to_list(), is_missing(column), strict=True)
    return _series([None if gap else as_text(value) for value, gap in pairs], "string")


def as_text(value):
    """A value as a text; a whole number is the same text as a float, too."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _categories(column):
    return _texts(column).astype(object).astype("category")


def _series(values, dtype=None):
    import pandas as pd

    return pd.Series(values, dtype=dtype)


_FORMS = {
    "number": _numbers,
    "duration": _durations,
    "date": _dates,
    "text": _texts,
    "category": _categories,
}
