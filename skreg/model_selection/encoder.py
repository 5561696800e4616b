"""`PiecewiseLinearEncoder`: scaled columns, and beside them what bin a number lies in."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.sparsefuncs import inplace_column_scale, min_max_axis
from sklearn.utils.validation import check_is_fitted, validate_data

from skreg._typing import Array, ArrayLike, MatrixLike
from skreg.compat.sklearn import Interval, StrOptions, _check_sample_weight, _fit_context

MOST = 3.0  # that a robustly scaled number comes to, as in RealMLP


class PiecewiseLinearEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale columns, and encode those with many values piecewise linearly beside.

    A number becomes one value for each bin between quantiles of its column: 0 below the bin, 1
    above it, and the share of the bin below the number within [1]_. So a net sees steps and bends
    of a column at once, which it learns slowly from the number alone. The values of the bins are
    standardized.

    Parameters
    ----------
    n_bins : int, default=None
        Bins of each column that has more than twice as many values; None is none. Columns of
        sparse X are not encoded.
    scaling : {"standard", "robust"}, default="standard"
        How the columns themselves are scaled. "standard" subtracts the mean and divides by the
        standard deviation; a column of two values becomes 0 for the more frequent one and 1 or -1
        for the other, so that a rare class of a category stays small. "robust" subtracts the
        median, divides by the distance of the quartiles (by half of the range where that is 0),
        and bends what is large towards 3 and -3 smoothly [2]_; it is not for sparse X.

    Attributes
    ----------
    center_ : ndarray of shape (n_features + n_values,)
        What is subtracted from the columns and the values of the bins; not from sparse X.
    scale_ : ndarray of shape (n_features + n_values,)
        What they are divided by: infinity for a column of one value, which is 0 whatever comes.
    columns_ : ndarray of shape (n_values,)
        The column that each value stands for.
    edges_ : ndarray of shape (2, n_values)
        Lower and upper edge of each bin.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    References
    ----------
    .. [1] Gorishniy, Rubachev & Babenko (2022), "On embeddings for numerical features in tabular
       deep learning", section 3.2.
    .. [2] Holzmueller, Grinsztajn & Steinwart (2024), "Better by default: strong pre-tuned MLPs and
       boosted trees on tabular data", appendix A.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg.model_selection import PiecewiseLinearEncoder
    >>> X = np.arange(10.0).reshape(-1, 1)
    >>> PiecewiseLinearEncoder(n_bins=4).fit_transform(X).shape
    (10, 5)
    """

    _parameter_constraints = {
        "n_bins": [Interval(Integral, 2, None, closed="left"), None],
        "scaling": [StrOptions({"standard", "robust"})],
    }

    def __init__(self, n_bins: int | None = None, *, scaling: str = "standard") -> None:
        self.n_bins, self.scaling = n_bins, scaling

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find quantiles, centers and scales.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : object
            The fitted encoder.
        """
        rows = self._checked(X, reset=True)
        weight = sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, rows)
            rows, weight = rows[weight > 0], weight[weight > 0]
        bins = [] if self.n_bins is None or issparse(rows) else list(self._bins(rows, weight))
        self.columns_ = np.array([column for column, _, _ in bins], dtype=np.int64)
        self.edges_ = np.array([edges for _, *edges in bins]).reshape(-1, 2).T
        standard = StandardScaler(with_mean=not issparse(rows)).fit(
            self._encoded(rows), None, weight
        )
        self.scale_ = standard.scale_
        self.center_ = np.zeros_like(self.scale_) if issparse(rows) else standard.mean_
        own = _robust if self.scaling == "robust" else _of_two_values
        which, center, scale = own(rows, weight)
        self.center_[which], self.scale_[which] = center, scale
        low, high = _ends(rows)
        self.scale_[: rows.shape[1]][low == high] = np.inf
        return self

    def transform(self, X: MatrixLike) -> Any:
        """Encode rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        Z : {ndarray, sparse matrix} of shape (n_samples, n_features + n_values)
            Scaled columns, and the values of the bins.
        """
        check_is_fitted(self)
        rows = self._checked(X, reset=False)
        if issparse(rows):
            rows = rows.copy()
            inplace_column_scale(rows, (1 / self.scale_).astype(rows.dtype))
            return rows
        Z = self._encoded(rows) - self.center_.astype(rows.dtype)
        Z /= self.scale_.astype(rows.dtype)
        if self.scaling == "robust":
            own = Z[:, : rows.shape[1]]
            own /= np.hypot(1, own / MOST)
        return Z

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Array:
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features.

        Returns
        -------
        names : ndarray of str
            Those of the columns, and of a bin its column's and its lower edge.
        """
        names = super().get_feature_names_out(input_features)
        pairs = zip(self.columns_, self.edges_[0], strict=True)
        own = [f"{names[column]}>{lower:g}" for column, lower in pairs]
        return np.concatenate([names, np.array(own, dtype=object)])

    def _checked(self, X: MatrixLike, reset: bool) -> Any:
        kinds = (np.float64, np.float32)
        sparse = ("csr", "csc") if self.scaling == "standard" else False
        return validate_data(self, X, accept_sparse=sparse, dtype=kinds, reset=reset)

    def _bins(self, X, weight):
        """Column, lower and upper edge of each bin."""
        for j in range(X.shape[1]):
            values = np.unique(X[:, j])
            if len(values) <= 2 * self.n_bins:
                continue
            levels = np.linspace(0, 1, self.n_bins + 1)
            edges = np.unique(_quantiles(X[:, j], levels, weight))
            for lower, upper in pairwise(edges):
                yield j, lower, upper

    def _encoded(self, X):
        """Columns and values of the bins side by side, not yet scaled."""
        if not len(self.columns_):
            return X
        lower, upper = self.edges_
        shares = (X[:, self.columns_] - lower) / (upper - lower)
        return np.hstack([X, np.clip(shares, 0, 1).astype(X.dtype)])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.scaling == "standard"
        return tags


def _quantiles(X, levels, weight):
    """Quantiles over the rows: the one kind for which weights are repeated rows."""
    return np.quantile(X, levels, axis=0, weights=weight, method="inverted_cdf")


def _ends(X):
    """Least and greatest value of the columns."""
    return min_max_axis(X, axis=0) if issparse(X) else (X.min(axis=0), X.max(axis=0))


def _of_two_values(X, weight):
    """Columns of two values, which are taken as they are: the more frequent value, the distance."""
    low, high = _ends(X)
    weight = np.ones(X.shape[0]) if weight is None else weight
    if issparse(X):
        rows = X.tocoo()
        value = np.where(low == 0, high, low)[rows.col]  # of a column that has zeros
        other = (rows.data != 0) & (rows.data != value)
        other = np.bincount(rows.col, other, X.shape[1]) > 0
        two = ~other & (low < high) & ((low == 0) | (high == 0))
        return np.flatnonzero(two), 0.0, (high - low)[two]
    two = ((low == X) | (high == X)).all(axis=0) & (low < high)
    often_low = weight @ (X[:, two] == low[two]) >= weight.sum() / 2
    center = np.where(often_low, low[two], high[two])
    return np.flatnonzero(two), center, (high - low)[two]


def _robust(X, weight):
    """All columns: their medians, and the distances of their quartiles or half of their ranges."""
    low, center, high = _quantiles(X, (0.25, 0.5, 0.75), weight)
    scale = np.where(high > low, high - low, np.ptp(X, axis=0) / 2)
    return slice(X.shape[1]), center, scale
