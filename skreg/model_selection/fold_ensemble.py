"""Ensembles of a search's own fold nets: predictions by a weighted mean, and the choice of weights.

Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble selection from libraries of models".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self, overload

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skreg._typing import Array, ArrayLike, Estimator, MatrixLike
from skreg.blocks.activations import LOGISTIC, SOFTMAX
from skreg.compat.sklearn import available_if
from skreg.ensemble._classes import decisions_of, over_classes, votes
from skreg.ensemble._intervals import PredictsIntervals, PredictsSets, moments_of
from skreg.estimators._mc_dropout import moments
from skreg.estimators._onnx import OnnxMixin
from skreg.estimators._predictive import (
    PredictsDistribution,
    head_and_net,
    lack_of_distribution,
    net_of,
    pooled,
)
from skreg.model_selection._onnx import fold_ensemble_answer


class _FoldEnsemble(OnnxMixin, BaseEstimator):
    """Fitted estimators and their weights."""

    def __init__(self, estimators, weights=None):
        self.estimators, self.weights = estimators, weights

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_clone__(self):
        return self

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, *args: Any, **kwargs: Any) -> Self:
        """Do nothing, as `sklearn.frozen.FrozenEstimator` does: the estimators are fitted.

        Parameters
        ----------
        X, y : array-like
            Ignored.
        *args, **kwargs
            Ignored.

        Returns
        -------
        self : object
            The ensemble as it was.
        """
        return self

    @property
    def n_features_in_(self):
        """Number of features of X."""
        return self.estimators[0].n_features_in_

    @property
    def n_outputs_(self):
        """Number of outputs of the nets."""
        return net_of(self.estimators[0]).n_outputs_

    def _onnx_answer(self, graph, x, raw_scores):
        return fold_ensemble_answer(self, graph, x, raw_scores)

    @property
    def feature_names_in_(self):
        """Names of the features, where the estimators have them."""
        return self.estimators[0].feature_names_in_

    def _weights(self):
        """Weights of the estimators, which sum to 1."""
        n = len(self.estimators)
        weights = np.ones(n) if self.weights is None else np.asarray(self.weights, float)
        return weights / weights.sum()

    def _answers(self, X, method):
        """Answers of the estimators, one after another."""
        for estimator, rows in self._nets_and_rows(X):
            yield estimator, np.asarray(getattr(estimator, method)(rows))

    def _nets_and_rows(self, X):
        """What predicts at the end of each estimator, and its rows; equal steps transform once."""
        transformed = {None: X}
        for estimator in self.estimators:
            head, net = head_and_net(estimator)
            key = None if head is None else tuple(id(step) for _, step in head.steps)
            if key not in transformed:
                transformed[key] = head.transform(X)
            yield net, transformed[key]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class FoldEnsembleRegressor(PredictsIntervals, PredictsDistribution, RegressorMixin, _FoldEnsemble):
    """Weighted mean of fitted regressors; of those whose loss is a distribution, their mixture.

    Parameters
    ----------
    estimators : list of estimators
        Fitted regressors, as ``RacingSearchCV(refit="ensemble")`` leaves them.
    weights : list of float, default=None
        Their weights; only ratios count. None is equal ones.
    noise_factor : float, default=1.0
        What the noise that estimators predict is multiplied by, where their loss is a distribution.
        A race chooses it by the likelihood of the rows out of fold.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of X.

    See Also
    --------
    skreg.RacingSearchCV : The search that makes it.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from skreg.model_selection import FoldEnsembleRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> members = [Ridge(alpha).fit(X, y) for alpha in (0.1, 1.0)]
    >>> FoldEnsembleRegressor(members, [3, 1]).predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        estimators: list[Estimator],
        weights: Sequence[float] | None = None,
        noise_factor: float = 1.0,
    ) -> None:
        super().__init__(estimators, weights)
        self.noise_factor = noise_factor

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: MatrixLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict targets: the weighted mean.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return a standard deviation as well: of the mixture, where all estimators
            predict distributions (`predict_spread` gives its parts); else the weighted one over the
            estimators, a spread of models and no confidence interval.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Mean prediction.
        std : ndarray of the shape of y
            Only with `return_std`.
        """
        if return_std and self._lacks_distribution() is None:
            return self._mean_and_std(X)
        mean, std = moments((y for _, y in self._answers(X, "predict")), self._weights())
        return (mean, std) if return_std else mean

    def predict_members(self, X: MatrixLike) -> Array:
        """Predictions of every estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_estimators, n_samples) or (n_estimators, n_samples, n_outputs)
            Their weighted mean over the first axis is `predict`.
        """
        return np.stack([y for _, y in self._answers(X, "predict")])

    @property
    def _answer_ndim(self):
        return net_of(self.estimators[0])._answer_ndim

    def _lacks_distribution(self):
        return next(filter(None, map(lack_of_distribution, self.estimators)), None)

    def _mixtures(self, X):
        """What each estimator says of the rows."""
        factor = self.noise_factor
        return [net._mixture(rows).widened(factor) for net, rows in self._nets_and_rows(X)]

    def _members_moments(self, X):
        if not self._seen["scaled"]:
            means = self.predict_members(X)
            return means.reshape(*means.shape[:2], -1), None
        return moments_of(self._mixtures(X))

    def _mixture(self, X):
        return pooled(self._mixtures(X), self._weights())


def at_temperature(p, temperature, multilabel=False):
    """Probabilities whose logarithms (of labels the log-odds) are divided by a temperature."""
    if temperature == 1:
        return p
    link = LOGISTIC if multilabel else SOFTMAX
    return link.numpy(link.raw(p) / temperature)


def _gives_probabilities(ensemble):
    return all(hasattr(estimator, "predict_proba") for estimator in ensemble.estimators)


class FoldEnsembleClassifier(PredictsSets, ClassifierMixin, _FoldEnsemble):
    """Weighted mean of the probabilities of fitted classifiers; votes where they give none.

    Parameters
    ----------
    estimators : list of estimators
        Fitted classifiers, as ``RacingSearchCV(refit="ensemble")`` leaves them.
    weights : list of float, default=None
        Their weights; only ratios count. None is equal ones.
    multilabel : bool, default=False
        Whether targets are matrices of zeros and ones.
    temperature : float, default=1.0
        What the logarithms of the mean probabilities are divided by (Guo, Pleiss, Sun & Weinberger
        2017, "On calibration of modern neural networks"). A race chooses it by the log loss out of
        fold. The most probable class stays the same.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels: all that any of the classifiers has seen.
    n_features_in_ : int
        Number of features of X.

    See Also
    --------
    skreg.RacingSearchCV : The search that makes it.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skreg.model_selection import FoldEnsembleClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> members = [LogisticRegression(C=C, max_iter=500).fit(X, y) for C in (0.1, 1.0)]
    >>> FoldEnsembleClassifier(members, [3, 1]).predict_proba(X[:2]).shape
    (2, 3)
    """

    def __init__(
        self,
        estimators: list[Estimator],
        weights: Sequence[float] | None = None,
        multilabel: bool = False,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(estimators, weights)
        self.multilabel, self.temperature = multilabel, temperature

    @property
    def classes_(self):
        """Sorted labels of all classifiers."""
        return np.unique(np.concatenate([estimator.classes_ for estimator in self.estimators]))

    def predict(self, X: MatrixLike) -> Array:
        """Predict labels: the most probable by the weighted mean.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels; a 0/1 matrix where `multilabel` is set.
        """
        p = self._mean(X)
        return (p > 0.5).astype(int) if self.multilabel else self.classes_[p.argmax(axis=1)]

    @available_if(_gives_probabilities)
    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict probabilities: their weighted mean, at the `temperature`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._mean(X)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict logarithms of the mean probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self._mean(X))

    @available_if(_gives_probabilities)
    def decision_function(self, X: MatrixLike) -> Array:
        """Logarithms of the mean probabilities, or log-odds where there are two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second of two classes; log-odds of each label where `multilabel` is
            set; else logarithms of the probabilities.
        """
        p = self._mean(X)
        return LOGISTIC.raw(p) if self.multilabel else decisions_of(p)  # type: ignore[misc]

    def predict_members(self, X: MatrixLike) -> Array:
        """Probabilities by every classifier.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_estimators, n_samples, n_classes)
            In the order of `classes_`, 0 for classes that a classifier has not seen. Their
            weighted mean over the first axis is `predict_proba` at temperature 1.
        """
        return np.stack(list(self._probabilities(X)))

    def _mean(self, X):
        pairs = zip(self._weights(), self._probabilities(X), strict=True)
        p = sum(weight * p for weight, p in pairs)
        return at_temperature(p, self.temperature, self.multilabel)

    def _probabilities(self, X):
        """Of each classifier over all classes; the one it predicts, where it gives none."""
        classes = self.classes_
        method = "predict_proba" if _gives_probabilities(self) else "predict"
        for estimator, answer in self._answers(X, method):
            if self.multilabel or (answer.ndim == 2 and answer.shape[1] == len(classes)):
                yield answer
            elif answer.ndim == 2:
                places = np.searchsorted(classes, estimator.classes_)
                yield over_classes(answer, places, len(classes))
            else:
                yield votes(np.searchsorted(classes, answer), len(classes))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.multilabel
        return tags
