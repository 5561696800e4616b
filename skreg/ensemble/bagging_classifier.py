"""`BaggingClassifier`: many nets, and their mean probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import ensemble as sklearn_ensemble
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, Estimator, MatrixLike, Seed
from skreg.compat.sklearn import available_if
from skreg.ensemble import _fitting
from skreg.ensemble._classes import decisions_of, over_classes, votes
from skreg.ensemble._intervals import PredictsSets
from skreg.ensemble._members import Members, shared_docs
from skreg.estimators.mlp import MLPClassifier


def _decides(ensemble):
    members = getattr(ensemble, "estimators_", [ensemble._get_estimator()])
    return hasattr(members[0], "predict_proba") or hasattr(members[0], "decision_function")


@shared_docs
class BaggingClassifier(PredictsSets, Members, sklearn_ensemble.BaggingClassifier):
    """Mean probabilities of many nets.

    scikit-learn's `BaggingClassifier` with nets as members, trained on all cores. How far the
    members' probabilities (`predict_members`) lie apart is a spread of models, not a confidence
    interval.

    Parameters
    ----------
    estimator : estimator, default=None
        What is fitted many times: any classifier, a `Pipeline` too; None is
        `skreg.MLPClassifier()`. One without `predict_proba` votes.
    {parameters}

    Attributes
    ----------
    {attributes}
    classes_ : ndarray of shape (n_classes,)
        Sorted labels.
    n_classes_ : int
        Their number.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Mean probabilities of a row by the members that did not draw it, NaN where all did; there
        with `oob_score`.

    See Also
    --------
    BaggingRegressor : The regressor.
    sklearn.ensemble.BaggingClassifier : The one of scikit-learn.

    References
    ----------
    .. [1] Breiman (1996), "Bagging predictors".
    .. [2] Lakshminarayanan, Pritzel & Blundell (2017), "Simple and scalable predictive uncertainty
       estimation using deep ensembles".

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skreg import BaggingClassifier, MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> net = MLPClassifier(max_iter=20, n_iter_no_change=20)
    >>> ensemble = BaggingClassifier(net, bootstrap=False, random_state=0).fit(X_train, y_train)
    >>> ensemble.predict_members(X_test).shape
    (10, 450, 10)
    """

    def __init__(
        self,
        estimator: Estimator = None,
        n_estimators: int = 10,
        *,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        bootstrap_features: bool = False,
        oob_score: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Seed = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator,
            n_estimators,
            max_samples=max_samples,
            max_features=max_features,
            bootstrap=bootstrap,
            bootstrap_features=bootstrap_features,
            oob_score=oob_score,
            warm_start=warm_start,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )

    def predict(self, X: MatrixLike, **params: Any) -> Array:
        """Predict labels: the classes of the largest mean probability.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        **params : dict
            Arguments of the members' `predict_proba` (or `predict`), by metadata routing.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            One of `classes_` for each row.
        """
        best = np.concatenate([p.argmax(axis=1) for p in self._mean_pieces(X, params)])
        return self.classes_.take(best)

    def predict_proba(self, X: MatrixLike, **params: Any) -> Array:
        """Predict probabilities of the classes: the mean over the members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        **params : dict
            Arguments of the members' `predict_proba` (or `predict`), by metadata routing.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return np.concatenate(list(self._mean_pieces(X, params)))

    def _mean_pieces(self, X, params):
        for p in self._pieces(X, "predict_proba", params):
            yield self._over_all_classes(p).mean(axis=0)

    def predict_log_proba(self, X: MatrixLike, **params: Any) -> Array:
        """Predict logarithms of the mean probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        **params : dict
            Arguments of the members' `predict_proba` (or `predict`), by metadata routing.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X, **params))

    @available_if(_decides)
    def decision_function(self, X: MatrixLike, **params: Any) -> Array:
        """Logarithms of the mean probabilities, so that it agrees with `predict`.

        Members without `predict_proba` give the mean of their decision functions.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        **params : dict
            Arguments of the members' method, by metadata routing.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds, in one column, where there are two classes.

        Raises
        ------
        ValueError
            Where a member without probabilities was fitted without some of the classes.
        """
        check_is_fitted(self)
        if hasattr(self.estimators_[0], "predict_proba"):
            return decisions_of(self.predict_proba(X, **params))
        pieces = self._pieces(X, "decision_function", params)
        raw = np.concatenate([piece.mean(axis=0) for piece in pieces])
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def predict_members(self, X: MatrixLike) -> Array:
        """Probabilities by every member.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_estimators, n_samples, n_classes)
            In the order of `classes_`, 0 for classes that a member has not seen. Their mean over
            the first axis is `predict_proba`.
        """
        pieces = self._pieces(X, "predict_proba", {})
        return np.concatenate([self._over_all_classes(p) for p in pieces], axis=1)

    def _over_all_classes(self, p):
        """Probabilities with a column for every class; stacked members may all lack the same."""
        if p.shape[2] == self.n_classes_:
            return p
        places = self._numbers(self.estimators_[0].classes_)
        return over_classes(p, places, self.n_classes_, p.dtype)

    def _joint_pieces(self, nets, X):
        return nets.probabilities(X)

    def _own(self, member, X, method, params):
        if method == "decision_function":
            raw = member.decision_function(X, **params).reshape(X.shape[0], -1)
            if raw.shape[1] != (1 if self.n_classes_ == 2 else self.n_classes_):
                raise ValueError(
                    "decision_function needs members that have all seen all classes, but some drew "
                    "no row of a rare class: use predict_proba, or bootstrap=False."
                )
            return raw
        if hasattr(member, "predict_proba"):
            p = member.predict_proba(X, **params)
            return over_classes(p, self._numbers(member.classes_), self.n_classes_)
        return votes(self._numbers(member.predict(X, **params)), self.n_classes_)

    def _moments(self, member, X):
        return self._own(member, X, "predict_proba", {}), None

    def _scores_of(self, y, mean, std):
        return 1 - mean[np.arange(len(y)), y][:, None]

    def _get_estimator(self):
        return MLPClassifier() if self.estimator is None else self.estimator

    def _encode_y(self, y, weight):
        kept = self.classes_ if self.warm_start and hasattr(self, "estimators_") else None
        with np.errstate(invalid="ignore"):  # huge floats are cast, to see if they are integers
            y = super()._validate_y(y)  # checks it, and knows all classes
        present = np.unique(y if weight is None else y[weight > 0])
        self.classes_, self.n_classes_ = self.classes_[present], len(present)
        _fitting.check_same_classes(kept, self.classes_)
        return np.searchsorted(present, y).clip(max=len(present) - 1)

    def _told(self, y):
        return self.classes_[y]

    def _numbers(self, labels):
        """Places of labels among `classes_`."""
        return np.searchsorted(self.classes_, labels)

    def _book_oob(self, y, prediction, seen, weight):
        self.oob_decision_function_ = prediction
        found = prediction[seen].argmax(axis=1)
        self.oob_score_ = accuracy_score(y[seen], found, sample_weight=weight)
