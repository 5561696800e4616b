"""`TableReader`: the first step of a kept pipeline, which reads each column as `tune` read it."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skreg.cli.columns import FORMATS, as_dates
from skreg.cli.numerals import as_numbers, is_gap, is_typed

_HUGE = 1e100  # beyond it squares overflow
_YES, _NO = {"true", "t", "yes", "y", "1", "1.0"}, {"false", "f", "no", "n", "0", "0.0"}


class TableReader(TransformerMixin, BaseEstimator):
    """Columns as texts or values become numbers, categories and dates, by what is known of them.

    Parameters
    ----------
    kinds : dict
        What each column holds: "number", "boolean", "category", "text" or "date". Others are left
        out.
    date_formats : dict, default=None
        Formats of the dates, by column.
    decimal : str, default="."
        Decimal mark of numbers that come as texts.
    thousands : str, default=None
        What separates thousands in them.
    gaps_for_texts : tuple of str, default=()
        Columns of numbers in which any text is a missing value.

    Attributes
    ----------
    levels_ : dict
        Values of each category, sorted.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns.
    n_features_in_ : int
        Number of columns.
    """

    def __init__(self, kinds, date_formats=None, decimal=".", thousands=None, gaps_for_texts=()):
        self.kinds, self.date_formats = kinds, date_formats
        self.decimal, self.thousands, self.gaps_for_texts = decimal, thousands, gaps_for_texts

    def fit(self, X, y=None):
        """Note the values of the categories.

        Parameters
        ----------
        X : pandas.DataFrame
            Columns by their names.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self.levels_ = {
            name: sorted({text for text in _as_texts(X[name]) if text})
            for name, kind in self.kinds.items()
            if kind == "category"
        }
        self.feature_names_in_ = np.array(list(self.kinds), dtype=object)
        self.n_features_in_ = len(self.kinds)
        return self

    def transform(self, X):
        """Read rows.

        Parameters
        ----------
        X : DataFrame
            Columns by their names, in any order; others are not looked at.

        Returns
        -------
        Z : pandas.DataFrame
            Floats, categories and datetimes, with NaN and NaT for missing values.

        Raises
        ------
        ValueError
            For a column that is missing, or a value that is none of its column's kind.
        """
        check_is_fitted(self)
        import pandas as pd

        if not isinstance(X, pd.DataFrame):
            X = _as_pandas(X)
        missing = [name for name in self.kinds if name not in X.columns]
        if missing:
            raise ValueError(f"X has no column {missing[0]!r}, which the model was fitted on.")
        return pd.DataFrame({name: self._read(X[name], name) for name in self.kinds}, index=X.index)

    def get_feature_names_out(self, input_features=None):
        """Names of the columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        return self.feature_names_in_

    def _read(self, column, name):
        kind = self.kinds[name]
        if kind == "number":
            return self._numbers(column, name)
        if kind == "boolean":
            return self._booleans(column, name)
        if kind == "date":
            return self._dates(column, name)
        texts = _as_texts(column)
        if kind == "category":
            texts = texts.replace(self._spellings(texts, name))
        return texts.where(texts != "").astype("category")

    def _numbers(self, column, name):
        if not is_typed(column):
            texts = _as_texts(column)
            found = [
                as_numbers(texts),
                as_numbers(texts, self.decimal, self.thousands),
                _of_truth(texts),
            ]
            numbers = max(found, key=lambda numbers: numbers.notna().sum())
            if name not in self.gaps_for_texts:
                self._check(texts, numbers.notna() | is_gap(texts), name, "numbers")
            column = numbers
        numbers = column.astype(float)
        if (numbers.abs() > _HUGE).any():
            raise ValueError(
                f"column {name!r} holds infinite or huge values (beyond {_HUGE:g}); remove these "
                "rows or leave the values empty."
            )
        return numbers

    def _booleans(self, column, name):
        texts = _as_texts(column)
        numbers = _of_truth(texts)
        self._check(texts, numbers.notna() | is_gap(texts), name, "true and false")
        return numbers

    def _dates(self, column, name):
        import pandas as pd

        if isinstance(column.dtype, pd.DatetimeTZDtype):
            return column.dt.tz_convert("UTC").dt.tz_localize(None)
        if column.dtype.kind == "M":
            return column
        texts = _as_texts(column)
        form = (self.date_formats or {}).get(name)
        for one in (form, *FORMATS):
            dates = as_dates(texts.where(~is_gap(texts)), one)
            if (dates.notna() | is_gap(texts)).all():
                return dates
        dates = as_dates(texts, form)
        self._check(texts, dates.notna() | is_gap(texts), name, f"dates ({form})")
        return dates

    def _check(self, texts, is_good, name, what):
        if not is_good.all():
            place = int(np.flatnonzero(~is_good.to_numpy(dtype=bool))[0])
            raise ValueError(
                f"column {name!r} holds {texts.iloc[place]!r} (row {place + 1}), but the model was "
                f"fitted on {what} there. Mend these rows, or leave the values empty."
            )

    def _spellings(self, texts, name):
        """For texts that are no level: the one level that is the same number, or truth value."""
        levels = self.levels_[name]
        new = set(texts) - set(levels) - {""}
        found = {}
        for read in (_number_or_none, _truth_or_none):
            by_value = {}
            for level in levels:
                by_value.setdefault(read(level), []).append(level)
            for text in new:
                same = by_value.get(read(text), ())
                if read(text) is not None and len(same) == 1:
                    found.setdefault(text, same[0])
        return found


def _as_pandas(X):
    import pandas as pd

    return pd.DataFrame({name: list(X[name]) for name in X.columns})


def _as_texts(column):
    """Values as texts, missing ones empty; whole numbers without a decimal mark."""
    return column.map(_as_text).astype(str).str.strip()


def _as_text(value):
    if isinstance(value, str):
        return value
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return "" if str(value) in ("<NA>", "NaT") else str(value)


def _of_truth(texts):
    return texts.map(_truth_or_none).astype(float)


def _truth_or_none(text):
    word = text.lower()
    return 1.0 if word in _YES else 0.0 if word in _NO else None


def _number_or_none(text):
    try:
        return float(text)
    except ValueError:
        return None
