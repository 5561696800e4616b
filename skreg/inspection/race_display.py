"""`RaceDisplay`: the scores of a race's candidates, rung by rung."""

from __future__ import annotations

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


class RaceDisplay:
    """Mean validation score of every candidate against the share of its epochs it was trained.

    Best made by `from_search`. A line ends where its candidate was dropped; those that reached the
    end are blue, the best of them vermilion. What lies far below the lower quartile of the first
    rung is left out of the picture.

    Parameters
    ----------
    rungs : array-like of shape (n_rungs,)
        Shares of the epochs at which candidates were scored.
    scores : array-like of shape (n_candidates, n_rungs)
        Mean validation scores, NaN where a candidate was not trained so far.
    best : int, default=None
        The candidate that won; None is the best of those that got furthest.
    ensemble_score : float, default=None
        Score of an ensemble of those that reached the end.
    score_name : str, default="score"
        What the scores are called.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes
        After `plot`.
    lines_ : list of matplotlib Line2D
        After `plot`: of each candidate that was begun.
    best_line_ : matplotlib Line2D
        After `plot`: that of the winner.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor, RacingSearchCV
    >>> from skreg.inspection import RaceDisplay
    >>> net = MLPRegressor(max_iter=18, learning_rate="cosine", random_state=0)
    >>> space = {"learning_rate_init": loguniform(1e-3, 1e-1)}
    >>> race = RacingSearchCV(net, space, n_candidates=9, random_state=0)
    >>> display = RaceDisplay.from_search(race.fit(*load_diabetes(return_X_y=True)))
    >>> len(display.lines_)
    9
    """

    def __init__(
        self,
        *,
        rungs: ArrayLike,
        scores: ArrayLike,
        best: int | None = None,
        ensemble_score: float | None = None,
        score_name: str = "score",
    ) -> None:
        self.rungs = np.asarray(rungs, dtype=float)
        self.scores = np.asarray(scores, dtype=float).reshape(-1, len(self.rungs))
        reached = np.isfinite(self.scores).sum(axis=1)
        if best is None:
            furthest = np.where(reached == reached.max(), np.nanmax(self.scores, axis=1), -np.inf)
            best = int(furthest.argmax())
        self.best, self.ensemble_score, self.score_name = best, ensemble_score, score_name
        self._reached = reached

    @classmethod
    def from_search(cls, search: Estimator, *, ax: Axes | None = None) -> Self:
        """Draw a fitted race.

        Parameters
        ----------
        search : RacingSearchCV, TunedMLPRegressor or TunedMLPClassifier, or Pipeline
            Fitted; a pipeline ends in one of them.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RaceDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For a search that is not fitted.
        TypeError
            For one that is no race.
        """
        race = net_of(search)
        check_is_fitted(race)
        if not hasattr(race, "rung_scores_"):
            raise TypeError(
                "search must be a RacingSearchCV, TunedMLPRegressor or TunedMLPClassifier, got "
                f"{race!r}."
            )
        scoring = getattr(race, "scoring", None)
        display = cls(
            rungs=race.rungs_,
            scores=race.rung_scores_,
            best=getattr(race, "best_index_", None),
            ensemble_score=getattr(race, "ensemble_score_", getattr(race, "score_", None)),
            score_name=scoring.replace("_", " ") if isinstance(scoring, str) else "score",
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RaceDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        (self.ax_,) = panels("RaceDisplay", ax, 1)
        self.figure_, self.lines_ = self.ax_.figure, []
        last = self._reached.max()
        labelled = set()
        for i in np.argsort(self._reached, kind="stable"):
            n = self._reached[i]
            if not n:
                continue
            kind = "the best" if i == self.best else "to the end" if n == last else "dropped"
            color = {"the best": VERMILION, "to the end": BLUE, "dropped": GREY}[kind]
            (line,) = self.ax_.plot(
                self.rungs[:n],
                self.scores[i, :n],
                color=color,
                marker="o" if n == last else "x",
                markersize=4,
                alpha=0.45 if kind == "dropped" else 1.0,
                zorder=4 if kind == "the best" else 2,
                label=None if kind in labelled else kind,
            )
            labelled.add(kind)
            self.lines_.append(line)
            if i == self.best:
                self.best_line_ = line
        if self.ensemble_score is not None:
            label = f"together: {self.ensemble_score:.3f}"
            self.ax_.axhline(self.ensemble_score, color=BLUE, ls=":", lw=1.4, label=label)
        self._finish()
        return self

    def _finish(self):
        if len(self.rungs) > 1:
            self.ax_.set_xscale("log")
        self.ax_.set_xticks(self.rungs, [f"{rung:.0%}" for rung in self.rungs])
        self.ax_.minorticks_off()
        first = self.scores[np.isfinite(self.scores[:, 0]), 0]
        lower, upper = np.quantile(first, [0.25, 0.75]) if first.size else (0.0, 0.0)
        if upper > lower:
            bottom, top = self.ax_.get_ylim()
            self.ax_.set_ylim(max(bottom, lower - 0.5 * (upper - lower)), top)
        self.ax_.set_xlabel("share of max_iter trained")
        self.ax_.set_ylabel(f"validation {self.score_name}", **AS_WRITTEN)
        legend_above(self.ax_, columns=4)
        tidy(self.ax_)
