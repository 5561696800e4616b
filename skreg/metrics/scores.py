"""Scorers: called with a fitted estimator, rows and targets, as scikit-learn's are.

Each can be given as `scoring`; ``functools.partial`` sets its levels. Higher is better. Estimators
may be pipelines that end in a regressor which says a distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from skreg._typing import ArrayLike, Estimator, MatrixLike
from skreg.estimators._predictive import check_coverage, lack_of_distribution, mixture_of

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(100)


def log_density_score(
    estimator: Estimator, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Mean logarithm of the predicted density at y: the log score, or test log-likelihood.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        Whose loss, or whose members' loss, is "gaussian" or "laplace".
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    score : float
        In nats per row, of the density in units of y; higher is better. It is a proper score.

    Raises
    ------
    TypeError
        For an estimator that predicts points.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import log_density_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("gaussian", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> scores = cross_val_score(net, X * 20, y, scoring=log_density_score)
    >>> bool(scores.mean() > -5.7)
    True
    """
    mixture, target = _asked(estimator, X, y)
    weight = None if sample_weight is None else np.asarray(sample_weight, np.float64)
    return float(np.average(mixture.log_density(target), weights=weight))


def neg_crps_score(
    estimator: Estimator, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Minus the mean continuous ranked probability score, which is in units of y.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        As for `log_density_score`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; outputs are averaged.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    score : float
        Higher is better. Of a point prediction it would be minus the mean absolute error. It is
        exact for mixtures of normal distributions (Grimit, Gneiting, Berrocal & Johnson 2006, "The
        continuous ranked probability score for circular variables"), and else the integral of the
        pinball loss over 100 Gauss-Legendre levels.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import neg_crps_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("gaussian", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> bool(neg_crps_score(net.fit(X * 20, y), X * 20, y) > -35)
    True
    """
    mixture, target = _asked(estimator, X, y)
    if all(c.distribution.name == "gaussian" for c in mixture.components):
        crps = _crps_of_gaussians(mixture, target)
    else:
        levels = (_NODES + 1) / 2
        crps = _pinball(target[..., None] - mixture.quantiles(levels), levels) @ _NODE_WEIGHTS
    return -_averaged(crps, sample_weight)


def neg_pinball_score(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    q: float | Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
) -> float:
    """Minus the pinball loss of predicted quantiles, averaged over levels.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        As for `log_density_score`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; outputs are averaged.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    q : float or sequence of float, default=(0.05, 0.25, 0.5, 0.75, 0.95)
        Levels, in (0, 1).

    Returns
    -------
    score : float
        In units of y; higher is better.

    Examples
    --------
    >>> from functools import partial
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import neg_pinball_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("laplace", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> scores = cross_val_score(net, X * 20, y, scoring=partial(neg_pinball_score, q=[0.1, 0.9]))
    >>> bool(scores.mean() > -20)
    True
    """
    mixture, target = _asked(estimator, X, y)
    levels = np.atleast_1d(np.asarray(q, np.float64))
    losses = _pinball(target[..., None] - mixture.quantiles(levels), levels)
    return -_averaged(losses.mean(axis=-1), sample_weight)


def coverage_score(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    coverage: float = 0.9,
) -> float:
    """Share of the targets inside of the central intervals that the distribution gives.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        As for `log_density_score`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; outputs are averaged.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    coverage : float, default=0.9
        What is promised, in (0, 1): the interval ends at the quantiles ``(1 -+ coverage) / 2``.

    Returns
    -------
    score : float
        In [0, 1]; best is `coverage`. To choose by, take `neg_interval_score`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import coverage_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("gaussian", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> bool(0.8 < coverage_score(net.fit(X * 20, y), X * 20, y) < 1)
    True
    """
    low, high, y = _interval(estimator, X, y, coverage)
    return _averaged((low <= y) & (y <= high), sample_weight)


def neg_width_score(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    coverage: float = 0.9,
) -> float:
    """Minus the mean width of the central intervals that the distribution gives.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        As for `log_density_score`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets, of which only the shape counts.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    coverage : float, default=0.9
        As for `coverage_score`.

    Returns
    -------
    score : float
        In units of y. To choose by, take `neg_interval_score`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import neg_width_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("gaussian", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> bool(-300 < neg_width_score(net.fit(X * 20, y), X * 20, y) < -100)
    True
    """
    low, high, _ = _interval(estimator, X, y, coverage)
    return -_averaged(high - low, sample_weight)


def neg_interval_score(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    coverage: float = 0.9,
) -> float:
    """Minus the interval score: the width, and a penalty for each target outside.

    Parameters
    ----------
    estimator : fitted regressor, or Pipeline that ends in one
        As for `log_density_score`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; outputs are averaged.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    coverage : float, default=0.9
        As for `coverage_score`.

    Returns
    -------
    score : float
        Minus the mean of ``width + 2 / (1 - coverage) * distance to the interval`` (Winkler 1972;
        Gneiting & Raftery 2007, "Strictly proper scoring rules, prediction, and estimation").

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.metrics import neg_interval_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor("gaussian", max_iter=30, n_iter_no_change=30, random_state=0)
    >>> bool(neg_interval_score(net.fit(X * 20, y), X * 20, y) > -300)
    True
    """
    low, high, y = _interval(estimator, X, y, coverage)
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return -_averaged(high - low + 2 / (1 - coverage) * outside, sample_weight)


def _asked(estimator, X, y):
    """What an estimator says of the rows, and the targets as (n_rows, n_targets)."""
    lack = lack_of_distribution(estimator)
    if lack:
        raise TypeError(lack)
    y = np.asarray(y, np.float64)
    return mixture_of(estimator, X), y.reshape(len(y), -1)


def _interval(estimator, X, y, coverage):
    check_coverage(coverage)
    mixture, target = _asked(estimator, X, y)
    ends = mixture.quantiles(np.array([1 - coverage, 1 + coverage]) / 2)
    return ends[..., 0], ends[..., 1], target


def _pinball(gap, levels):
    return np.maximum(levels * gap, (levels - 1) * gap)


def _averaged(values, weight):
    return float(np.average(values.mean(axis=1), weights=weight))


def _crps_of_gaussians(mixture, y):
    pairs = list(zip(mixture.weights, mixture.components, strict=True))
    crps = sum(w * _mean_distance(y - c.location, c.scale) for w, c in pairs)
    for i, (w, c) in enumerate(pairs):
        crps = crps - w * w / 2 * _mean_distance(0.0, np.sqrt(2) * c.scale)
        for v, d in pairs[:i]:
            between = np.hypot(c.scale, d.scale)
            crps = crps - w * v * _mean_distance(c.location - d.location, between)
    return crps


def _mean_distance(gap, scale):
    """Mean of abs(gap + scale z) over standard normal z."""
    z = gap / scale
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return scale * 2 * density + gap * (2 * ndtr(z) - 1)
