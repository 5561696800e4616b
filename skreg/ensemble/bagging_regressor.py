"""`BaggingRegressor`: many nets, their mixture, and the spread of their predictions."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from sklearn import ensemble as sklearn_ensemble
from sklearn.metrics import r2_score
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, Estimator, MatrixLike, Seed
from skreg.ensemble._cores import on_all_cores
from skreg.ensemble._intervals import PredictsIntervals, moments_of, scores_of
from skreg.ensemble._joint_prediction import JointPrediction, stackable
from skreg.ensemble._members import Members, shared_docs
from skreg.estimators._predictive import (
    Mixture,
    PredictsDistribution,
    joined,
    lack_of_distribution,
    mixture_of,
    pooled,
)
from skreg.estimators.mlp import MLPRegressor


@shared_docs
class BaggingRegressor(
    PredictsIntervals, PredictsDistribution, Members, sklearn_ensemble.BaggingRegressor
):
    """Mean of many nets, and how far they lie apart.

    scikit-learn's `BaggingRegressor` with nets as members, trained on all cores. Members whose loss
    is a distribution ("gaussian", "laplace") predict their mixture: the noise of the target, and
    how far the members' means lie apart [2]_. The standard deviation over other members is a spread
    of models, not a confidence or prediction interval: it holds neither the noise of the target nor
    what all members get wrong together.

    Parameters
    ----------
    estimator : estimator, default=None
        What is fitted many times: any regressor, a `Pipeline` too; None is `skreg.MLPRegressor()`.
    {parameters}

    Attributes
    ----------
    {attributes}
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Mean prediction of a row by the members that did not draw it, NaN where all did; there
        with `oob_score`.

    See Also
    --------
    BaggingClassifier : The classifier.
    sklearn.ensemble.BaggingRegressor : The one of scikit-learn.

    References
    ----------
    .. [1] Breiman (1996), "Bagging predictors".
    .. [2] Lakshminarayanan, Pritzel & Blundell (2017), "Simple and scalable predictive uncertainty
       estimation using deep ensembles".

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skreg import BaggingRegressor, MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(alpha=0.1, max_iter=30, n_iter_no_change=30)
    >>> ensemble = make_pipeline(StandardScaler(), BaggingRegressor(net, random_state=0))
    >>> mean, std = ensemble.fit(X, y).predict(X, return_std=True)
    >>> mean.shape, std.shape
    ((442,), (442,))
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

    @overload
    def predict(
        self, X: MatrixLike, return_std: Literal[False] = False, **params: Any
    ) -> Array: ...

    @overload
    def predict(
        self, X: MatrixLike, return_std: Literal[True], **params: Any
    ) -> tuple[Array, Array]: ...

    def predict(
        self, X: MatrixLike, return_std: bool = False, **params: Any
    ) -> Array | tuple[Array, Array]:
        """Predict targets: the mean over the members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return a standard deviation as well: of the mixture of the members'
            distributions, where they have some (`predict_spread` gives its parts); else that over
            the members (divided by their number), a spread of models and no confidence interval.
        **params : dict
            Arguments of the members' `predict`, by metadata routing.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Mean prediction, with the ndim of the y given to `fit`.
        std : ndarray of the shape of y
            Only with `return_std`.
        """
        if return_std and self._lacks_distribution() is None:
            return self._mean_and_std(X, **params)
        pieces = self._pieces(X, "predict", params)
        moments = [(p.mean(axis=0), p.std(axis=0) if return_std else None) for p in pieces]
        mean, std = zip(*moments, strict=True)
        mean = self._in_answers_shape(np.concatenate(mean))
        return (mean, self._in_answers_shape(np.concatenate(std))) if return_std else mean

    def predict_members(self, X: MatrixLike) -> Array:
        """Predictions of every member.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_estimators, n_samples) or (n_estimators, n_samples, n_outputs)
            Their mean over the first axis is `predict`.
        """
        y = np.concatenate(list(self._pieces(X, "predict", {})), axis=1)
        return y[..., 0] if self._y_ndim == 1 else y

    @property
    def _answer_ndim(self):
        return self._y_ndim

    def _lacks_distribution(self):
        member = next(iter(getattr(self, "estimators_", [])), None)
        return lack_of_distribution(self._get_estimator() if member is None else member)

    def _mixture(self, X, **how):
        """The mixture of the members' distributions; `how` as their `predict` takes it."""
        check_is_fitted(self)
        return pooled(self._mixtures(X, **how))

    def _mixtures(self, X, **how):
        """What each member says of the rows."""
        if not how and stackable(self.estimators_):
            nets = JointPrediction(self.estimators_, self.estimators_features_)
            X = self._checked(X, dtype=(nets.dtype, np.float32))
            return [Mixture([component]) for component in joined(nets.components(X))]
        X = self._checked(X, dtype=None, ensure_all_finite=False)
        members = zip(self.estimators_, self.estimators_features_, strict=True)
        with on_all_cores():
            return Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
                delayed(mixture_of)(member, X[:, columns], **how) for member, columns in members
            )

    def _joint_pieces(self, nets, X):
        return nets.predictions(X)

    def _own(self, member, X, method, params):
        return member.predict(X, **params).reshape(X.shape[0], -1)

    def _moments(self, member, X):
        """A member's means and variances, (n_rows, n_targets); None where it says none."""
        if self._lacks_distribution() is not None:
            return self._own(member, X, "predict", {}), None
        mixture = mixture_of(member, X)
        return mixture.mean(), mixture.spread()[0] ** 2

    def _scores_of(self, y, mean, std):
        return scores_of(y, mean, std)

    def _members_moments(self, X):
        if not self._seen["scaled"]:
            return np.concatenate(list(self._pieces(X, "predict", {})), axis=1), None
        return moments_of(self._mixtures(X))

    def _get_estimator(self):
        return MLPRegressor() if self.estimator is None else self.estimator

    def _encode_y(self, y, weight):
        y = super()._validate_y(y)
        self._y_ndim = y.ndim
        return y

    def _book_oob(self, y, prediction, seen, weight):
        self.oob_prediction_ = self._in_answers_shape(prediction)
        self.oob_score_ = r2_score(y[seen], self.oob_prediction_[seen], sample_weight=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        member = get_tags(self._get_estimator())
        tags.target_tags.multi_output = member.target_tags.multi_output
        return tags
