"""`PiecewiseLinearEncoder`: standardized columns, and beside them what bin a number lies in."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from skreg._typing import Array, ArrayLike, MatrixLike
from skreg.compat.sklearn import Interval, _check_sample_weight, _fit_context


class PiecewiseLinearEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardize columns, and encode those with many values piecewise linearly beside.

    A number becomes one value for each bin between quantiles of its column: 0 below the bin, 1
    above it, and the share of the bin below the number within [1]_. So a net sees steps and bends
    of a column at once, which it learns slowly from the number alone. The values are standardized,
    too.

    Parameters
    ----------
    n_bins : int, default=None
        Bins of each column that has more than twice as many values; None is none, which is
        `sklearn.preprocessing.StandardScaler`. Columns of sparse X are not encoded.

    Attributes
    ----------
    scaler_ : StandardScaler
        Of the columns and what they are encoded as.
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

    Examples
    --------
    >>> import numpy as np
    >>> from skreg.model_selection import PiecewiseLinearEncoder
    >>> X = np.arange(10.0).reshape(-1, 1)
    >>> PiecewiseLinearEncoder(n_bins=4).fit_transform(X).shape
    (10, 5)
    """

    _parameter_constraints = {"n_bins": [Interval(Integral, 2, None, closed="left"), None]}

    def __init__(self, n_bins: int | None = None) -> None:
        self.n_bins = n_bins

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: None = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find quantiles, means and standard deviations.

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
        X = self._checked(X, reset=True)
        weight = sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, X)
        bins = [] if self.n_bins is None or issparse(X) else list(self._bins(X, weight))
        self.columns_ = np.array([column for column, _, _ in bins], dtype=np.int64)
        self.edges_ = np.array([edges for _, *edges in bins]).reshape(-1, 2).T
        scaler = StandardScaler(with_mean=not issparse(X))
        self.scaler_ = scaler.fit(self._encoded(X), sample_weight=weight)
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
            Standardized columns, and the values of the bins.
        """
        check_is_fitted(self)
        return self.scaler_.transform(self._encoded(self._checked(X, reset=False)))

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

    def _checked(self, X, reset):
        kinds = (np.float64, np.float32)
        return validate_data(self, X, accept_sparse=("csr", "csc"), dtype=kinds, reset=reset)

    def _bins(self, X, weight):
        """Column, lower and upper edge of each bin."""
        for j in range(X.shape[1]):
            values = np.unique(X[:, j])
            if len(values) <= 2 * self.n_bins:
                continue
            levels = np.linspace(0, 1, self.n_bins + 1)
            quantiles = {} if weight is None else {"weights": weight, "method": "inverted_cdf"}
            edges = np.unique(np.quantile(X[:, j], levels, **quantiles))
            for lower, upper in pairwise(edges):
                yield j, lower, upper

    def _encoded(self, X):
        """Columns and values of the bins side by side, not yet standardized."""
        if not len(self.columns_):
            return X
        lower, upper = self.edges_
        shares = (X[:, self.columns_] - lower) / (upper - lower)
        return np.hstack([X, np.clip(shares, 0, 1).astype(X.dtype)])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
