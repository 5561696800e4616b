"""`LossCurveDisplay`: training and validation loss, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skreg._typing import ArrayLike, Estimator
from skreg.estimators._predictive import net_of
from skreg.inspection._drawing import (
    AS_WRITTEN,
    BLUE,
    GREY,
    VERMILION,
    legend_above,
    panels,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LossCurveDisplay:
    """Training objective and validation loss against the epoch, the best epoch marked.

    Best made by `from_estimator`. The training curve is the mean objective of an epoch, noise and
    penalties included; the validation curve is free of both. Where a scorer was watched in place
    of the loss, it has a panel of its own below.

    Parameters
    ----------
    train : array-like of shape (n_epochs,)
        Mean objective of each epoch, in units of the loss.
    validation : array-like of shape (n_validated,), default=None
        Loss, or score, on the validation rows after each epoch.
    best_epoch : int, default=None
        Counted from 1.
    score_name : str, default=None
        Name of the score in `validation`; None where it is the loss.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes or ndarray of Axes
        After `plot`: one, or two below each other where a scorer was watched.
    lines_ : list of matplotlib Line2D
        After `plot`: training, and validation if there is any.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import LossCurveDisplay
    >>> net = MLPRegressor(early_stopping=True, random_state=0, learning_rate_init=0.01)
    >>> net = net.fit(*load_diabetes(return_X_y=True))
    >>> display = LossCurveDisplay.from_estimator(net)
    >>> display.best_epoch == net.best_epoch_
    True
    """

    def __init__(
        self,
        *,
        train: ArrayLike,
        validation: ArrayLike | None = None,
        best_epoch: int | None = None,
        score_name: str | None = None,
    ) -> None:
        self.train = np.asarray(train, dtype=float)
        self.validation = None if validation is None else np.asarray(validation, dtype=float)
        self.best_epoch, self.score_name = best_epoch, score_name

    @classmethod
    def from_estimator(
        cls, estimator: Estimator, *, ax: Axes | Sequence[Axes] | None = None
    ) -> Self:
        """Draw the curves of a fitted net.

        Parameters
        ----------
        estimator : fitted skreg estimator, or Pipeline that ends in one
            Validation is there with ``early_stopping=True`` or `X_val`.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : LossCurveDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For an estimator that is not fitted.
        TypeError
            For one that keeps no `loss_curve_`.
        """
        net = net_of(estimator)
        check_is_fitted(net)
        if not hasattr(net, "loss_curve_"):
            raise TypeError(
                "estimator must keep a loss_curve_, as MLPRegressor and MLPClassifier do, got "
                f"{net!r}."
            )
        scores = getattr(net, "validation_scores_", None)
        by_loss = getattr(net, "scoring", None) == "loss"
        if scores is not None and by_loss:
            scores = -np.asarray(scores)
        best = getattr(net, "best_epoch_", None)
        if best is not None and scores is not None and net.early_stopping != "refit":
            best += len(scores) - net.n_iter_  # epochs of earlier fits under warm_start
        name = getattr(net, "scoring", "score")
        name = name.replace("_", " ") if isinstance(name, str) else "score"
        display = cls(
            train=net.loss_curve_,
            validation=scores,
            best_epoch=best,
            score_name=None if by_loss else name,
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One; two where a scorer was watched. None is a new figure.

        Returns
        -------
        display : LossCurveDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            For another number of axes.
        """
        apart = self.validation is not None and self.score_name is not None
        axes = panels("LossCurveDisplay", ax, 1 + apart)
        epochs = np.arange(1, len(self.train) + 1)
        label = "training objective"
        self.lines_ = axes[0].plot(epochs, self.train, color=BLUE, label=label)
        if self.validation is not None:
            epochs = np.arange(1, len(self.validation) + 1)
            label = f"validation {self.score_name or 'loss'}"
            style = {"color": VERMILION, "linestyle": (0, (5, 1.5)), "label": label}
            self.lines_ += axes[-1].plot(epochs, self.validation, **style)
        if self.best_epoch is not None:
            for place in axes:
                name = f"best epoch: {self.best_epoch}" if place is axes[-1] else None
                place.axvline(self.best_epoch, color=GREY, linestyle=":", lw=1.4, label=name)
        curves = self.train
        if self.validation is not None and not apart:
            curves = np.r_[curves, self.validation]
        if np.nanmax(curves) > 20 * np.nanmin(curves) > 0:
            axes[0].set_yscale("log")
            for formatter in (axes[0].yaxis.set_major_formatter, axes[0].yaxis.set_minor_formatter):
                formatter(lambda value, _: f"{value:g}")
        axes[0].set_ylabel("loss")
        if apart:
            axes[1].set_ylabel(self.score_name, **AS_WRITTEN)
        for place in axes:
            legend_above(place, columns=3)
            tidy(place)
        axes[-1].set_xlabel("epoch")
        self.ax_ = axes if apart else axes[0]
        self.figure_ = axes[0].figure
        return self
