"""`TunedMLPRegressor` and `TunedMLPClassifier`: everything is chosen by a race."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_array

from skreg._typing import Array, MatrixLike, Scoring, Seed, Splits
from skreg.compat.sklearn import StrOptions
from skreg.ensemble._intervals import PredictsIntervals, PredictsSets
from skreg.estimators._labels import check_labels
from skreg.estimators._predictive import PredictsDistribution, lack_of_distribution
from skreg.estimators.mlp import MLPClassifier, MLPRegressor
from skreg.hyperparameters.declaration import listed
from skreg.losses.records import LOSSES, RegressionLoss, names
from skreg.metrics import log_density_score
from skreg.model_selection._tuned import BaseTuned


class TunedMLPRegressor(
    PredictsIntervals, PredictsDistribution, MultiOutputMixin, RegressorMixin, BaseTuned
):
    """Multi-layer perceptrons for a table, with every choice made by a race.

    `fit` standardizes the columns, with and without `PiecewiseLinearEncoder`, tries the settings of
    `skreg.portfolio`, draws more from `skreg.search_space`, lets all of them race
    (`RacingSearchCV`) and keeps the nets of the best,
    whose weighted mean predicts. With a loss that is a distribution, settings are chosen for it,
    and the nets' mixture predicts.

    Parameters
    ----------
    loss : {losses}, default="squared_error"
        Of the nets, as `MLPRegressor` has it.
    n_candidates : int, default=None
        Settings that race; None is 30, and less for many rows.
    max_time : float, default=None
        Seconds that the race may take; None is no limit.
    scoring : str or callable, default=None
        By which settings are chosen; None is R2, or `skreg.metrics.log_density_score` where the
        loss is a distribution.
    cv : int, cross-validation generator or iterable, default=None
        Splits of the rows. None is 5 folds, twice for up to 300 rows, and less for many.
    n_jobs : int, default=None
        Nets that train at a time. None is all cores. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits, the candidates and the nets.
    verbose : int, default=0
        Above 0 a line is printed at each rung.

    Attributes
    ----------
    best_estimator_ : FoldEnsembleRegressor
        The nets that predict, and their weights.
    leaderboard_ : list of dict
        Of each setting its rank, score, standard deviation over the splits, share of its epochs
        that it was trained, weight in the predictions, and parameters; the best first.
    best_params_, best_score_, best_index_ : dict, float, int
        Of the best single setting: parameters, score out of fold, place in `cv_results_`.
    score_, fold_scores_ : float, ndarray of shape (n_splits,)
        Score of the nets together, out of fold, somewhat too good, and that on each split.
    preparation_ : skreg.tables.Preparation or None
        What makes numbers of a DataFrame's columns; None where all were numbers without gaps.
    cv_results_ : dict of arrays
        As of scikit-learn's searches, with the setting's last rung.
    rungs_, rung_scores_ : tuple of float, ndarray of shape (n_candidates, n_rungs)
        Shares of the epochs at which settings were scored, and the scores.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    TunedMLPClassifier : The classifier.
    RacingSearchCV : The race, for estimators of your own.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import TunedMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = TunedMLPRegressor(n_candidates=3, cv=3, random_state=0).fit(X[:300], y[:300])
    >>> bool(net.score(X[300:], y[300:]) > 0.2)
    True
    """

    __doc__ = __doc__.replace("{losses}", listed(names("regression")))
    _y_numeric = True
    _parameter_constraints = {
        "loss": [StrOptions(set(names("regression")))],
        **BaseTuned._parameter_constraints,
    }

    def __init__(
        self,
        *,
        loss: RegressionLoss = "squared_error",
        n_candidates: int | None = None,
        max_time: float | None = None,
        scoring: Scoring = None,
        cv: Splits = None,
        n_jobs: int | None = None,
        random_state: Seed = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            n_candidates=n_candidates,
            max_time=max_time,
            scoring=scoring,
            cv=cv,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        self.loss = loss

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: MatrixLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: MatrixLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return a standard deviation as well: of the nets' mixture, where `loss` is a
            distribution (`predict_spread` gives its parts); else that over the nets, a spread of
            models and no confidence interval.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        std : ndarray of the shape of y
            Only with `return_std`.
        """
        return self._fitted().predict(self._checked(X), return_std=return_std)

    @property
    def _answer_ndim(self):
        return self._y_ndim

    def _lacks_distribution(self):
        net = self.best_estimator_ if hasattr(self, "best_estimator_") else self._net(None)
        return lack_of_distribution(net)

    def _mixture(self, X):
        return self._fitted()._mixture(self._checked(X))

    def _members_moments(self, X):
        return self._fitted()._members_moments(self._checked(X))

    def _scoring(self):
        says = self.scoring is None and LOSSES[self.loss].distribution is not None
        return log_density_score if says else self.scoring

    def _check_y(self, y):
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")

    def _note_target(self, y):
        self._y_ndim = y.ndim

    def _codes(self, y):
        return y.reshape(len(y), -1)

    def _decode_codes(self, codes):
        return codes[:, 0] if self._y_ndim == 1 else codes

    def _net(self, seed):
        return MLPRegressor(self.loss, random_state=seed)


class TunedMLPClassifier(PredictsSets, ClassifierMixin, BaseTuned):
    """Multi-layer perceptrons for a table, with every choice made by a race.

    `fit` standardizes the columns, with and without `PiecewiseLinearEncoder`, tries the settings of
    `skreg.portfolio`, draws more from `skreg.search_space`, lets all of them race
    (`RacingSearchCV`) and keeps the nets of the best,
    the weighted mean of whose probabilities predicts.

    Parameters
    ----------
    n_candidates : int, default=None
        Settings that race; None is 30, and less for many rows.
    max_time : float, default=None
        Seconds that the race may take; None is no limit.
    scoring : str or callable, default=None
        By which settings are chosen; None is accuracy.
    cv : int, cross-validation generator or iterable, default=None
        Splits of the rows. None is 5 stratified folds, twice for up to 300 rows, and less for
        many; classes with fewer rows than folds are in all training rows.
    n_jobs : int, default=None
        Nets that train at a time. None is all cores. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits, the candidates and the nets.
    verbose : int, default=0
        Above 0 a line is printed at each rung.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels; the numbers of the columns for multilabel targets.
    multilabel_ : bool
        Whether targets were matrices of zeros and ones.
    best_estimator_ : FoldEnsembleClassifier
        The nets that predict, and their weights.
    leaderboard_ : list of dict
        Of each setting its rank, score, standard deviation over the splits, share of its epochs
        that it was trained, weight in the predictions, and parameters; the best first.
    best_params_, best_score_, best_index_ : dict, float, int
        Of the best single setting: parameters, score out of fold, place in `cv_results_`.
    score_, fold_scores_ : float, ndarray of shape (n_splits,)
        Score of the nets together, out of fold, somewhat too good, and that on each split.
    preparation_ : skreg.tables.Preparation or None
        What makes numbers of a DataFrame's columns; None where all were numbers without gaps.
    cv_results_ : dict of arrays
        As of scikit-learn's searches, with the setting's last rung.
    rungs_, rung_scores_ : tuple of float, ndarray of shape (n_candidates, n_rungs)
        Shares of the epochs at which settings were scored, and the scores.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    TunedMLPRegressor : The regressor.
    RacingSearchCV : The race, for estimators of your own.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skreg import TunedMLPClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> net = TunedMLPClassifier(n_candidates=3, cv=3, random_state=0).fit(X[::2], y[::2])
    >>> bool(net.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    _y_numeric = False

    def predict(self, X: MatrixLike) -> Array:
        """Predict labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Most probable classes, or a 0/1 matrix for multilabel targets.
        """
        return self._fitted().predict(self._checked(X))

    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict probabilities of the classes: the weighted mean over the nets.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._fitted().predict_proba(self._checked(X))

    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``.
        """
        return self._fitted().predict_log_proba(self._checked(X))

    def decision_function(self, X: MatrixLike) -> Array:
        """Logarithms of the mean probabilities, or log-odds where there are two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second of two classes, else logarithms.
        """
        return self._fitted().decision_function(self._checked(X))

    def _check_y(self, y):
        return check_labels(y, "y")

    def _note_target(self, y):
        self.multilabel_ = y.ndim > 1
        self.classes_ = np.arange(y.shape[1]) if self.multilabel_ else np.unique(y)

    def _codes(self, y):
        return y if self.multilabel_ else np.searchsorted(self.classes_, y)[:, None]

    def _decode_codes(self, codes):
        return codes if self.multilabel_ else self.classes_[codes[:, 0].astype(int)]

    def _net(self, seed):
        return MLPClassifier(random_state=seed)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
