"""What one net or many say of the rows together: a mixture of distributions, in the units of y."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_array

from skreg._typing import Array, ArrayLike, MatrixLike
from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import available_if
from skreg.losses.records import with_distribution

_HALVINGS = 60  # of the bracket of a mixture's quantile, which then is as exact as floats are


class Mixture:
    """A weighted mixture of the distributions that nets predict.

    Parameters
    ----------
    components : list of `skreg.losses.distributions.Component`
    weights : array-like of shape (n_components,), optional
        Only their ratios count; equal ones by default.
    """

    def __init__(self, components, weights=None):
        self.components = list(components)
        n = len(self.components)
        weights = np.ones(n) if weights is None else np.asarray(weights, np.float64)
        self.weights = weights / weights.sum()

    def widened(self, factor):
        """The mixture whose components have `factor` times the scale."""
        if factor == 1:
            return self
        return Mixture([c.widened(factor) for c in self.components], self.weights)

    def mean(self):
        """Means, (n_rows, n_targets)."""
        return self._average(c.point for c in self.components)

    def spread(self):
        """Standard deviations, each (n_rows, n_targets): total, noise, disagreement.

        The variance of the mixture is the mean of the components' variances (noise) plus the
        variance of their means (disagreement).
        """
        mean = self.mean()
        noise = self._root_mean_square([c.std for c in self.components])
        between = self._root_mean_square([c.point - mean for c in self.components])
        return np.hypot(noise, between), noise, between

    def log_density(self, y):
        """Logarithms of the densities at y (n_rows, n_targets), of each row over all its targets.

        A component's targets are independent; those of the mixture are not.
        """
        rows = [c.log_density(y).sum(axis=-1) for c in self.components]
        return logsumexp(rows, axis=0, b=self.weights[:, None])

    def cdf(self, y):
        """Distribution functions at y, (n_rows, n_targets) or (n_rows, n_targets, n_values)."""
        return self._average(c.cdf(y) for c in self.components)

    def quantiles(self, q):
        """Quantiles of the levels q (n_levels,): (n_rows, n_targets, n_levels)."""
        own = [c.quantiles(q) for c in self.components]
        if len(own) == 1:
            return own[0]
        low, high = np.min(own, axis=0), np.max(own, axis=0)  # between them is the mixture's
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = self.cdf(middle) < q
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return (low + high) / 2

    def _root_mean_square(self, values):
        """Squares of huge or tiny values stay finite."""
        unit = np.max(np.abs(values), axis=0)
        unit[unit == 0] = 1.0
        return unit * np.sqrt(self._average((value / unit) ** 2 for value in values))

    def _average(self, values):
        return sum(w * value for w, value in zip(self.weights, values, strict=True))


def pooled(mixtures, weights=None):
    """The mixture of mixtures; `weights` as for a `Mixture`."""
    mixtures = list(mixtures)
    weights = np.ones(len(mixtures)) if weights is None else weights
    return Mixture(
        [component for mixture in mixtures for component in mixture.components],
        np.concatenate([w * m.weights for w, m in zip(weights, mixtures, strict=True)]),
    )


def joined(pieces):
    """Components of all rows from lists of components, piece by piece over the rows."""
    pieces = list(pieces)
    if len(pieces) == 1:
        return pieces[0]
    return [first.joined(others) for first, *others in zip(*pieces, strict=True)]


def check_coverage(coverage):
    """Raise where a promised share of targets is none."""
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be in (0, 1), got {coverage!r}.")


def head_and_net(estimator):
    """The steps before a pipeline's end (None: there are none), and what predicts there."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return estimator[:-1] if len(estimator.steps) > 1 else None, estimator.steps[-1][1]


def net_and_rows(estimator, X):
    """What predicts at the end of a fitted pipeline, or an estimator itself, and its rows."""
    head, net = head_and_net(estimator)
    return net, X if head is None else head.transform(X)


def net_of(estimator):
    """What predicts at the end of a pipeline, or an estimator itself."""
    return head_and_net(estimator)[1]


def lack_of_distribution(estimator):
    """Why a regressor, bare or at the end of a pipeline, says no distribution; None if it does."""
    net = net_of(estimator)
    if isinstance(net, PredictsDistribution):
        return net._lacks_distribution()
    return (
        f"{type(net).__qualname__} predicts points, and no distribution of the target: use a "
        f"regressor of skreg with loss set to one of {with_distribution()}."
    )


def mixture_of(estimator, X, **how):
    """What a fitted regressor, bare or at the end of a pipeline, says of rows: a `Mixture`."""
    net, rows = net_and_rows(estimator, X)
    return net._mixture(rows, **how)


def _says_distribution(estimator):
    lack = estimator._lacks_distribution()
    if lack:
        raise AttributeError(lack)
    return True


class PredictsDistribution:
    """What a regressor answers whose loss is a distribution, or whose members' are.

    The estimator has `_mixture(X, **how)` with what it says of the rows, `_lacks_distribution()`
    with why it cannot (else None), and `_answer_ndim`, the ndim of y.
    """

    @available_if(_says_distribution)
    def predict_quantiles(self, X: MatrixLike, q: ArrayLike, **how: Any) -> Array:
        """Predict quantiles of the target's distribution.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        q : float or array-like of shape (n_levels,)
            Levels, in (0, 1).
        **how : dict
            `n_samples` and `random_state` of a net's passes with dropout left on, as `predict` has
            them.

        Returns
        -------
        y : ndarray of shape (n_samples, n_levels) or (n_samples, n_outputs, n_levels)
            In units of y; without the last axis for a single number q. Where several nets (members,
            snapshots, passes) predict, quantiles of the mixture of their distributions.

        Raises
        ------
        ValueError
            For levels that are not in (0, 1).
        """
        levels = np.atleast_1d(np.asarray(q, np.float64))
        if levels.ndim > 1 or not levels.size or not ((levels > 0) & (levels < 1)).all():
            raise ValueError(f"q must be levels in (0, 1), a number or a list of them, got {q!r}.")
        y = self._mixture(X, **how).quantiles(levels)
        y = y[:, 0] if self._answer_ndim == 1 else y
        return y[..., 0] if np.ndim(q) == 0 else y

    @available_if(_says_distribution)
    def predict_spread(self, X: MatrixLike, **how: Any) -> Bunch:
        """Predict the standard deviation of the target, and the two parts that it has.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        **how : dict
            `n_samples` and `random_state` of a net's passes with dropout left on, as `predict` has
            them.

        Returns
        -------
        spread : Bunch of ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In units of y. ``noise`` is what the nets say of the target's own scatter (aleatoric),
            ``disagreement`` how far their means lie apart (epistemic; 0 for one net), ``total``
            the root of the sum of their squares: the standard deviation of the mixture.
        """
        parts = map(self._in_answers_shape, self._mixture(X, **how).spread())
        return Bunch(**dict(zip(("total", "noise", "disagreement"), parts, strict=True)))

    @available_if(_says_distribution)
    def log_density(self, X: MatrixLike, y: ArrayLike, **how: Any) -> Array:
        """Logarithm of the predicted density at y: the log score of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets of these rows.
        **how : dict
            `n_samples` and `random_state` of a net's passes with dropout left on, as `predict` has
            them.

        Returns
        -------
        log_p : ndarray of shape (n_samples,)
            Of all outputs of a row together, in units of y; its mean over test rows is the test
            log-likelihood.

        Raises
        ------
        ValueError
            For y with other rows or outputs than the prediction has.
        """
        check_no_grad(y=y)
        target = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
        target, mixture = target.reshape(len(target), -1), self._mixture(X, **how)
        shape = mixture.components[0].point.shape
        if target.shape != shape:
            raise ValueError(
                f"y has {target.shape[0]} rows of {target.shape[1]} outputs, but X and the net "
                f"have {shape[0]} of {shape[1]}: give the targets of the rows of X."
            )
        return mixture.log_density(target)

    def _mean_and_std(self, X, **how):
        """Mean and standard deviation of the mixture, with the ndim of y."""
        mixture = self._mixture(X, **how)
        return tuple(map(self._in_answers_shape, (mixture.mean(), mixture.spread()[0])))

    def _in_answers_shape(self, y):
        return y[:, 0] if self._answer_ndim == 1 else y
