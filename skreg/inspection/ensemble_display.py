"""`EnsembleDisplay`: what another member brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, ArrayLike, Estimator, MatrixLike, Scoring, Seed
from skreg.estimators._predictive import net_and_rows
from skreg.inspection._drawing import AS_WRITTEN, BLUE, legend_above, mean_and_band, panels, tidy
from skreg.inspection._results import score_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class EnsembleDisplay:
    """Score of an ensemble against the number of its members.

    Best made by `from_estimator`. The members come in random orders; the line is the mean over the
    orders, the band one standard deviation. Where the line is flat, more members bring nothing.

    Parameters
    ----------
    n_members : ndarray of shape (n_counts,)
        Numbers of members.
    scores : ndarray of shape (n_counts, n_orders)
        Score of the mean of the first members of each order.
    score_name : str, default="score"
        What the scores are called.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes
        After `plot`.
    line_ : matplotlib Line2D
        After `plot`.
    band_ : matplotlib FillBetweenPolyCollection
        After `plot`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import BaggingRegressor, MLPRegressor
    >>> from skreg.inspection import EnsembleDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(max_iter=20, n_iter_no_change=20)
    >>> ensemble = BaggingRegressor(net, n_estimators=5, random_state=0).fit(X[:300], y[:300])
    >>> display = EnsembleDisplay.from_estimator(ensemble, X[300:], y[300:])
    >>> display.scores.shape
    (5, 20)
    """

    def __init__(self, *, n_members: Array, scores: Array, score_name: str = "score") -> None:
        self.n_members, self.scores, self.score_name = n_members, scores, score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: MatrixLike,
        y: ArrayLike,
        *,
        scoring: Scoring = None,
        n_orders: int = 20,
        random_state: Seed = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Score means of more and more members, and draw.

        Parameters
        ----------
        estimator : fitted ensemble of skreg, net with snapshots, or Pipeline that ends in one
            With `predict_members`.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows that the members have not seen.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        scoring : str or callable, default=None
            As in scikit-learn; None is R2 or accuracy.
        n_orders : int, default=20
            Random orders of the members.
        random_state : int, RandomState instance or None, default=0
            Of the orders.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : EnsembleDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For an ensemble that is not fitted.
        TypeError
            For an estimator without members.
        """
        check_is_fitted(estimator)
        classifies = is_classifier(estimator)
        estimator, X = net_and_rows(estimator, X)
        if not hasattr(estimator, "predict_members"):
            raise TypeError(
                "estimator must have members, as BaggingRegressor, BaggingClassifier and nets "
                f"with n_snapshots have, got {estimator!r}."
            )
        members, rng = estimator.predict_members(X), check_random_state(random_state)
        mean = _MeanRegressor()
        if classifies:
            mean = _MeanClassifier(estimator.classes_, np.ndim(y) == 2)
        scorer = check_scoring(mean, scoring=scoring)
        counts = np.arange(1, len(members) + 1)
        scores = np.empty((len(members), n_orders))
        for j in range(n_orders):
            order, total = rng.permutation(len(members)), 0.0
            for i, member in enumerate(order):
                total = total + members[member]
                mean.answer_ = total / (i + 1)
                scores[i, j] = scorer(mean, X, y)
        display = cls(n_members=counts, scores=scores, score_name=score_name(mean, scoring))
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : EnsembleDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        (self.ax_,) = panels("EnsembleDisplay", ax, 1)
        self.figure_ = self.ax_.figure
        label = "mean over orders of the members"
        self.line_, self.band_ = mean_and_band(
            self.ax_, self.n_members, self.scores, BLUE, "o", label
        )
        self.band_.set_label("1 std")
        self.ax_.set_xlabel("members")
        self.ax_.set_ylabel(self.score_name, **AS_WRITTEN)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        legend_above(self.ax_)
        tidy(self.ax_)
        return self


class _MeanRegressor(RegressorMixin, BaseEstimator):
    """Answers with `answer_`, whatever it is asked: what a scorer is given."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return self.answer_


class _MeanClassifier(ClassifierMixin, BaseEstimator):
    """The same with probabilities."""

    def __init__(self, classes, multilabel):
        self.classes, self.multilabel = classes, multilabel

    @property
    def classes_(self):
        return self.classes

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.answer_

    def predict(self, X):
        if self.multilabel:
            return (self.answer_ >= 0.5).astype(int)
        return self.classes_[self.answer_.argmax(axis=1)]
