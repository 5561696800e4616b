"""`Preparation`: a DataFrame of any columns becomes a matrix of numbers without gaps."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array
from skreg.tables.columns import in_form
from skreg.tables.frames import check_names, columns_of, is_frame, is_missing, is_pandas, kind_of
from skreg.tables.refusal import infinite

_READS = {"ToDatetime": "dates", "ToFloat": "numbers"}  # steps of skrub's
_AS_NUMBERS = "number", "duration"
_MAX_CATEGORIES = 40  # of a column; texts with more are encoded by their parts of words


class Preparation(TransformerMixin, BaseEstimator):
    """Numbers, categories, texts, dates and gaps as a matrix of numbers.

    Numbers stay as they are, durations and times of day are seconds; their gaps are filled with the
    median, with a column beside that tells where they were. All other columns go through
    `skrub.TableVectorizer`: categories one-hot, the rare and the unseen ones together; texts of
    many values by their parts of words; dates as year, month, day, hour and seconds. Columns
    without values are left out. Nothing is standardized. A column is read by what it holds, in
    whatever dtype, of pandas or of polars.

    Attributes
    ----------
    numbers_ : SimpleImputer or None
        What is done to numbers and durations; None where there are none.
    others_ : Pipeline or None
        What is done to all other columns; None where there are none.
    kinds_ : dict
        What each column holds: "number", "duration", "text", "category" or "date". Those without
        values are not in it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from skreg.tables import Preparation
    >>> frame = pd.DataFrame({"size": [1.0, None, 3.0], "rooms": [2, 3, 4]})
    >>> Preparation().fit_transform(frame)
    array([[1., 2., 0.],
           [2., 3., 1.],
           [3., 4., 0.]])
    """

    def fit(self, X: Any, y: None = None) -> Self:
        """Find out what the columns hold.

        Parameters
        ----------
        X : DataFrame of pandas or polars of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            For names that several columns have, or columns that hold neither numbers, texts,
            categories nor dates.
        ImportError
            Where a column needs skrub, and it is not there.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: None = None) -> Array:
        """Find out what the columns hold, and prepare them.

        Parameters
        ----------
        X : DataFrame of pandas or polars of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_numbers)
            Numbers.
        """
        columns = _columns(X)
        kinds = {name: _checked_kind(name, column) for name, column in columns.items()}
        kinds = {name: kind for name, kind in kinds.items() if not is_missing(columns[name]).all()}
        if not kinds:
            raise ValueError("X has no column with values.")
        numbers, others = _parts(kinds)
        filler = _filler() if numbers else None
        encoder = _encoder(others[0], kinds[others[0]]) if others else None
        parts = []
        if numbers:
            parts.append(filler.fit_transform(_matrix(columns, kinds, numbers)))
        if others:
            parts.append(_fitted(encoder, _table(columns, kinds, others), kinds))
        self.numbers_, self.others_, self.kinds_ = filler, encoder, kinds
        self.feature_names_in_ = np.array(list(columns), dtype=object)
        self.n_features_in_ = len(columns)
        return np.hstack(parts)

    def transform(self, X: Any) -> Array:
        """Prepare rows.

        Parameters
        ----------
        X : DataFrame of pandas or polars of shape (n_samples, n_features)
            Rows, their columns in any order; others are not looked at.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_numbers)
            Numbers.

        Raises
        ------
        ValueError
            For a column that is missing, or holds something else than it did in `fit`.
        """
        check_is_fitted(self)
        columns = _columns(X)
        for name in self.feature_names_in_:
            if name not in columns:
                raise ValueError(
                    f"X has no column {name!r}, which fit had; its columns are "
                    f"{', '.join(map(repr, list(columns)[:10]))}."
                )
        kinds = {name: self._kind_now(name, columns[name]) for name in self.kinds_}
        numbers, others = _parts(self.kinds_)
        parts = []
        if numbers:
            parts.append(self.numbers_.transform(_matrix(columns, kinds, numbers)))
        if others:
            table = _table(columns, kinds, others)
            for name in others:
                _check_reading(self.others_, name, table[name], self.kinds_)
            parts.append(_encoded(self.others_.transform, table))
        return np.hstack(parts)

    def get_feature_names_out(self, input_features: None = None) -> Array:
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
            Those of numbers, then those that `skrub.TableVectorizer` makes.
        """
        check_is_fitted(self)
        numbers, others = _parts(self.kinds_)
        names = [
            *(self.numbers_.get_feature_names_out(numbers) if numbers else ()),
            *(self.others_.get_feature_names_out(others) if others else ()),
        ]
        return np.array(names, dtype=object)

    def _kind_now(self, name, column):
        """The kind that a column is to be read as; raises where `fit` had something else."""
        was = self.kinds_[name]
        if is_missing(column).all():
            return was
        kind, reading = _checked_kind(name, column), _reading(self.others_, name, self.kinds_)
        if was in _AS_NUMBERS:
            good = (was,)
        elif reading == "dates":
            good = "text", "category", "date"
        elif reading == "numbers":
            good = "text", "category", "number"
        else:
            return was
        if kind not in good:
            raise _changed(name, column, kind, reading or f"{was}s")
        return "date" if reading == "dates" and kind == "date" else was


def _columns(X):
    """Columns of a DataFrame by their names, all of them strings."""
    if not is_frame(X):
        raise TypeError(
            f"X must be a DataFrame of pandas or polars, got {type(X).__name__}: its columns are "
            "found by name."
        )
    if not all(isinstance(name, str) for name in X.columns):
        X = X.set_axis([str(name) for name in X.columns], axis=1)
    check_names(X)
    if not len(X):
        raise ValueError("X has no rows: at least one is needed.")
    return dict(columns_of(X))


def _checked_kind(name, column):
    kind = kind_of(column)
    if kind == "other":
        value = next((v for v, gap in zip(column, is_missing(column), strict=True) if not gap), "")
        raise ValueError(
            f"X holds {type(value).__name__} values in column {name!r} (dtype {column.dtype}), "
            "which are neither numbers, texts, categories nor dates: drop or convert the column."
        )
    return kind


def _changed(name, column, kind, was, place=None):
    if place is None:
        place = np.flatnonzero(~is_missing(column))[0]
    value = (column.iloc if is_pandas(column) else column)[int(place)]
    value = value.item() if isinstance(value, np.generic) else value
    return ValueError(
        f"X holds {kind} in column {name!r}, as {value!r} (row {place}), but fit had {was} there: "
        "mend these rows, or leave the values empty."
    )


def _parts(kinds):
    """Names of the columns that are numbers by themselves, and of the others."""
    numbers = [name for name, kind in kinds.items() if kind in _AS_NUMBERS]
    return numbers, [name for name in kinds if name not in numbers]


def _read(name, column, kind):
    try:
        return in_form(column, kind)
    except (ValueError, TypeError, OverflowError) as error:
        told = " ".join(str(error).split())
        raise ValueError(
            f"X holds a value in column {name!r} that is no {kind} ({told}): mend these rows, or "
            "leave the values empty."
        ) from error


def _matrix(columns, kinds, names):
    """Columns of numbers as an array, finite but for gaps."""
    values = np.column_stack([_read(name, columns[name], kinds[name]) for name in names])
    if (beyond := np.isinf(values)).any():
        row, j = np.argwhere(beyond)[0]
        raise ValueError(infinite(repr(names[j]), row))
    return values


def _table(columns, kinds, names):
    """Other columns as a DataFrame of pandas."""
    import pandas as pd

    return pd.DataFrame({name: _read(name, columns[name], kinds[name]) for name in names})


def _fitted(encoder, table, kinds):
    """Encoded columns of the rows that an encoder is fitted on."""
    try:
        return _encoded(encoder.fit_transform, table)
    except ValueError:
        for name in table.columns:
            _check_reading(encoder, name, table[name], kinds)
        raise


def _encoded(transform, table):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The matrix shape is")  # few distinct texts
        return np.asarray(transform(table), dtype=np.float64)


def _steps(encoder, name):
    return encoder.steps[0][1].all_processing_steps_[name]


def _reading(encoder, name, kinds):
    """What texts or dates were read as: "dates" or "numbers", or None."""
    if kinds[name] not in ("text", "date"):
        return None
    found = [_READS.get(type(step).__name__) for step in _steps(encoder, name)]
    return next((reads for reads in found if reads), None)


def _check_reading(encoder, name, column, kinds):
    """Raise where a text is not the number or the date that the others are."""
    reading, given = _reading(encoder, name, kinds), column
    if reading is None:
        return
    for step in _steps(encoder, name):
        before, column = column, step.transform(column)
        if _READS.get(type(step).__name__):
            break
    if (lost := is_missing(column) & ~is_missing(before)).any():
        raise _changed(name, given, "text", reading, np.flatnonzero(lost)[0])
    if reading == "numbers" and (beyond := np.isinf(column.to_numpy(dtype=np.float64))).any():
        raise ValueError(infinite(repr(name), np.flatnonzero(beyond)[0]))


def _filler():
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def _encoder(name, kind):
    """What encodes columns; the name of one is told where skrub is missing."""
    try:
        import skrub
    except ImportError as error:
        raise ImportError(
            f"column {name!r} of X holds {kind}, which skrub encodes, and skrub cannot be "
            f'imported ({error}): pip install "skreg[tables]"'
        ) from error
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=_MAX_CATEGORIES,
        sparse_output=False,
        dtype=np.float32,
    )
    vectorizer = skrub.TableVectorizer(
        cardinality_threshold=_MAX_CATEGORIES,
        low_cardinality=categories,
        high_cardinality=skrub.StringEncoder(random_state=0),
        datetime=skrub.DatetimeEncoder(periodic_encoding="spline"),
        drop_null_fraction=None,
    )
    return Pipeline([("vectorizer", vectorizer), ("gaps", _filler())])
