"""What fitted preparations of tables hold beside arrays: dtypes of columns, and splines."""

import sys

from scipy.interpolate import BSpline


def dtype_as_data(value):
    """What stands for a dtype of pandas or polars that numpy has not; None for other values."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(value, pandas.api.extensions.ExtensionDtype):
        return {"pandas_dtype": str(value)}
    if polars is not None:
        if isinstance(value, polars.Datetime):
            return {"polars_date": [value.time_unit, value.time_zone]}
        if value is polars.Date or isinstance(value, polars.Date):
            return {"polars_date": []}
    return None


def dtype_from_data(kind, content):
    """The dtype that a document's entry stands for."""
    if kind == "pandas_dtype":
        from pandas.api.types import pandas_dtype

        return pandas_dtype(content)
    import polars

    return polars.Datetime(*content) if content else polars.Date()


def spline_as_data(value):
    """What a spline of scipy's is made of; None for other values."""
    if type(value) is not BSpline:
        return None
    return [value.t, value.c, value.k, value.extrapolate, value.axis]


def as_spline(parts):
    """The spline that `spline_as_data` took apart."""
    return BSpline(*parts)
