"""`Preparation`: a DataFrame of any columns becomes a matrix of numbers without gaps."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from skreg.tables.frames import check_names, columns_of, is_frame, is_missing, kind_of, library_of
from skreg.tables.refusal import explained

_READS = {"ToDatetime": "dates", "ToFloat": "numbers"}  # steps of skrub's
_MAX_CATEGORIES = 40  # of a column; texts with more are encoded by their parts of words


class Preparation(TransformerMixin, BaseEstimator):
    """Numbers, categories, texts, dates and gaps as a matrix of numbers.

    Numbers stay as they are, their gaps filled with the median, with a column beside that tells
    where they were. All other columns go through `skrub.TableVectorizer`: categories one-hot, the
    rare and the unseen ones together; texts of many values by their parts of words; dates as year,
    month, day, hour and seconds. Columns without values are left out. Nothing is standardized.

    Attributes
    ----------
    columns_ : ColumnTransformer
        What is done to the columns.
    kinds_ : dict
        What each column holds: "number", "text", "category" or "date".
    library_ : {"pandas", "polars"}
        Of the DataFrame.
    feature_names_in_ : ndarray of shape (n_features_in_,)
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

    def fit(self, X, y=None):
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

    def fit_transform(self, X, y=None):
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
        if not is_frame(X):
            raise TypeError(f"X must be a DataFrame of pandas or polars, got {type(X).__name__}.")
        X = _named(X)
        names = check_names(X)
        kinds = {name: _checked_kind(name, column) for name, column in columns_of(X)}
        empty = {name for name, column in columns_of(X) if is_missing(column).all()}
        columns = _transformer({name: kind for name, kind in kinds.items() if name not in empty})
        Z = self._matrix(columns.fit_transform, X)
        self.columns_, self.kinds_, self.library_ = columns, kinds, library_of(X)
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        return Z

    def transform(self, X):
        """Prepare rows.

        Parameters
        ----------
        X : DataFrame of the library of `fit`'s, of shape (n_samples, n_features)
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
        self._check_library(X)
        X = _named(X)
        check_names(X)
        found = dict(columns_of(X))
        for name in self.feature_names_in_:
            if name not in found:
                raise ValueError(
                    f"X has no column {name!r}, which fit had; its columns are "
                    f"{', '.join(map(repr, list(found)[:10]))}."
                )
        for name in self._used():
            self._check_column(name, found[name])
        return self._matrix(self.columns_.transform, X)

    def get_feature_names_out(self, input_features=None):
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
            As `sklearn.compose.ColumnTransformer` makes them.
        """
        check_is_fitted(self)
        return self.columns_.get_feature_names_out()

    def _matrix(self, transform, X):
        with explained(X, self, takes_gaps=True), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The matrix shape is")  # few distinct texts
            return np.asarray(transform(X), dtype=np.float64)

    def _used(self):
        return [name for _, _, names in self.columns_.transformers for name in names]

    def _check_library(self, X):
        if not is_frame(X):
            raise TypeError(
                f"X is a {type(X).__name__}, but fit had a DataFrame of {self.library_}, whose "
                "columns were prepared by name: pass a DataFrame."
            )
        if library_of(X) != self.library_:
            remedy = "X.to_pandas()" if self.library_ == "pandas" else "polars.from_pandas(X)"
            raise TypeError(
                f"X is a DataFrame of {library_of(X)}, but fit had one of {self.library_}: pass "
                f"{remedy}."
            )

    def _check_column(self, name, column):
        """Raise where a column cannot be read as `fit` read it."""
        if is_missing(column).all():
            return
        kind, was = _checked_kind(name, column), self.kinds_[name]
        if was == "number":
            if kind != "number":
                raise _changed(name, column, kind, "numbers")
            return
        reads = "dates" if was == "date" else self._reading(name)
        if reads is not None and kind not in ("text", reads.removesuffix("s")):
            raise _changed(name, column, kind, reads)
        if reads is not None and kind == "text":
            self._check_reading(name, column)

    def _steps(self, name):
        vectorizer = self.columns_.named_transformers_["others"].steps[0][1]
        return vectorizer.all_processing_steps_[name]

    def _reading(self, name):
        """What the texts of a column were read as: "dates" or "numbers", or None."""
        found = [_READS.get(type(step).__name__) for step in self._steps(name)]
        return next((reads for reads in found if reads), None)

    def _check_reading(self, name, column):
        """Raise where a text is not the number or the date that the others are."""
        for step in self._steps(name):
            reads = _READS.get(type(step).__name__)
            before, column = column, step.transform(column)
            if reads and (lost := is_missing(column) & ~is_missing(before)).any():
                raise _changed(name, before, "text", reads, np.flatnonzero(lost)[0])
            if reads:
                return


def _changed(name, column, kind, was, place=None):
    if place is None:
        place = np.flatnonzero(~is_missing(column))[0]
    value = list(column)[place]
    return ValueError(
        f"X holds {kind} in column {name!r}, as {value!r} (row {place}), but fit had {was} there: "
        "mend these rows, or leave the values empty."
    )


def _named(X):
    """The DataFrame with all names as strings."""
    if all(isinstance(name, str) for name in X.columns):
        return X
    return X.set_axis([str(name) for name in X.columns], axis=1)


def _checked_kind(name, column):
    kind = kind_of(column)
    if kind == "other":
        value = next((v for v, gap in zip(column, is_missing(column), strict=True) if not gap), "")
        raise ValueError(
            f"X holds {type(value).__name__} values in column {name!r} (dtype {column.dtype}), "
            "which are neither numbers, texts, categories nor dates: drop or convert the column."
        )
    return kind


def _transformer(kinds):
    """What is to be done to columns of these kinds."""
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    others = [name for name, kind in kinds.items() if kind != "number"]
    parts = []
    if numbers:
        parts.append(("numbers", _filler(), numbers))
    if others:
        steps = [("vectorizer", _vectorizer(others[0], kinds[others[0]])), ("gaps", _filler())]
        parts.append(("others", Pipeline(steps), others))
    if not parts:
        raise ValueError("X has no column with values.")
    return ColumnTransformer(parts, verbose_feature_names_out=False)


def _filler():
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def _vectorizer(name, kind):
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
    return skrub.TableVectorizer(
        cardinality_threshold=_MAX_CATEGORIES,
        low_cardinality=categories,
        high_cardinality=skrub.StringEncoder(random_state=0),
        datetime=skrub.DatetimeEncoder(periodic_encoding="spline"),
        drop_null_fraction=None,
    )
