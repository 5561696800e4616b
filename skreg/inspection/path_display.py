"""`RegularizationPathDisplay`: scores, weights and units against the strength of a regularizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skreg._typing import ArrayLike, Estimator, MatrixLike, Scoring, Splits, Stronger
from skreg.inspection._drawing import (
    AS_WRITTEN,
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILION,
    legend_above,
    mean_and_band,
    panels,
    scale_of,
    tidy,
)
from skreg.inspection._results import score_name, searched, searched_score, split_scores
from skreg.inspection.path import regularization_path
from skreg.model_selection.one_standard_error import one_standard_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class RegularizationPathDisplay:
    """Train and validation score against a hyperparameter, with the choices that follow from them.

    Best made by `from_search` or `from_estimator`. Bands are one standard deviation over the
    splits. Marked are the value with the best mean validation score and that of the
    one-standard-error rule (`skreg.one_standard_error`).

    Parameters
    ----------
    param_name : str
        The hyperparameter.
    param_range : array-like of shape (n_values,)
        Its values: numbers, in ascending order.
    train_scores : array-like of shape (n_values, n_splits)
        Scores on the training rows.
    test_scores : array-like of shape (n_values, n_splits)
        Scores on the validation rows.
    weight_norm : array-like of shape (n_values, n_splits), default=None
        L2 norm of all weights, in training units.
    active_units : array-like of shape (n_values, n_splits), default=None
        Hidden units in use.
    score_name : str, default="score"
        What the scores are called.
    stronger : {"larger", "smaller"}, default="larger"
        Which values regularize more.

    Attributes
    ----------
    best_index_ : int
        Of the value with the best mean validation score.
    one_standard_error_index_ : int
        Of the strongest value within one standard error of it.
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes or ndarray of Axes
        After `plot`: one, or three below each other with weight norm and active units.
    lines_ : list of matplotlib Line2D
        After `plot`: training scores, validation scores, weight norm, active units.

    See Also
    --------
    skreg.inspection.regularization_path : The numbers behind `from_estimator`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import RegularizationPathDisplay
    >>> net = MLPRegressor(max_iter=20, n_iter_no_change=20, random_state=0)
    >>> grid = {"alpha": np.logspace(-3, 1, 5)}
    >>> search = GridSearchCV(net, grid, cv=3, return_train_score=True)
    >>> search = search.fit(*load_diabetes(return_X_y=True))
    >>> display = RegularizationPathDisplay.from_search(search, param_name="alpha")
    >>> display.ax_.get_xlabel()
    'alpha'
    """

    def __init__(
        self,
        *,
        param_name: str,
        param_range: ArrayLike,
        train_scores: ArrayLike,
        test_scores: ArrayLike,
        weight_norm: ArrayLike | None = None,
        active_units: ArrayLike | None = None,
        score_name: str = "score",
        stronger: Stronger = "larger",
    ) -> None:
        self.param_name, self.param_range = param_name, np.asarray(param_range, dtype=float)
        self.train_scores, self.test_scores = np.asarray(train_scores), np.asarray(test_scores)
        self.weight_norm, self.active_units = weight_norm, active_units
        self.score_name, self.stronger = score_name, stronger
        self.best_index_ = int(np.nanargmax(self.test_scores.mean(axis=1)))
        self.one_standard_error_index_ = one_standard_error(param_name, stronger=stronger)(
            self._as_results()
        )

    def _as_results(self):
        """The scores in the form that the rule takes them."""
        scores = self.test_scores
        splits = {f"split{i}_test_score": column for i, column in enumerate(scores.T)}
        moments = {"mean_test_score": scores.mean(axis=1), "std_test_score": scores.std(axis=1)}
        return {f"param_{self.param_name}": self.param_range, **moments, **splits}

    @classmethod
    def from_search(
        cls,
        search: Estimator,
        *,
        param_name: str,
        stronger: Stronger = "larger",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the path of a fitted search.

        Parameters
        ----------
        search : fitted search of scikit-learn's kind
            Made with ``return_train_score=True``. Where it tried other hyperparameters as well,
            each value stands with the best of them (by mean test score).
        param_name : str
            Name of the hyperparameter, "mlpregressor__alpha" in a pipeline.
        stronger : {"larger", "smaller"}, default="larger"
            Which values regularize more.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RegularizationPathDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For a search that is not fitted.
        ValueError
            For a search without training scores, and for a hyperparameter that was not searched or
            whose values are not numbers.
        """
        settings, rows = searched(search, [param_name])
        values = _numbers(param_name, [value for (value,) in settings])
        kept = np.flatnonzero(~np.isnan(values))
        order = kept[np.argsort(values[kept], kind="stable")]
        display = cls(
            param_name=param_name,
            param_range=values[order],
            train_scores=split_scores(search, "train", rows[order]),
            test_scores=split_scores(search, "test", rows[order]),
            score_name=searched_score(search),
            stronger=stronger,
        )
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: MatrixLike,
        y: ArrayLike,
        *,
        param_name: str,
        param_range: ArrayLike,
        cv: Splits = None,
        scoring: Scoring = None,
        n_jobs: int | None = None,
        stronger: Stronger = "larger",
        ax: Sequence[Axes] | None = None,
    ) -> Self:
        """Fit along the path (`skreg.inspection.regularization_path`) and draw it.

        Parameters
        ----------
        estimator : skreg estimator, or Pipeline that ends in one
            Is cloned for every fit.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        param_name : str
            Name of the hyperparameter, "mlpregressor__alpha" in a pipeline.
        param_range : array-like of shape (n_values,)
            Its values: numbers.
        cv : int, splitter or iterable, default=None
            As in `sklearn.model_selection.validation_curve`.
        scoring : str or callable, default=None
            As there; None is the estimator's `score`.
        n_jobs : int, default=None
            As there.
        stronger : {"larger", "smaller"}, default="larger"
            Which values regularize more.
        ax : array-like of 3 matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : RegularizationPathDisplay
            Drawn, with weight norm and active units below the scores.

        Raises
        ------
        ValueError
            For values that are not numbers, or a name that is no parameter.
        """
        values = np.sort(_numbers(param_name, param_range))
        how: dict[str, Any] = {"cv": cv, "scoring": scoring, "n_jobs": n_jobs}
        path = regularization_path(
            estimator, X, y, param_name=param_name, param_range=values, **how
        )
        display = cls(
            param_name=param_name,
            param_range=values,
            train_scores=path.train_scores,
            test_scores=path.test_scores,
            weight_norm=np.sqrt((path.weight_norms**2).sum(axis=2)),
            active_units=path.active_units.sum(axis=2),
            score_name=score_name(estimator, scoring),
            stronger=stronger,
        )
        return display.plot(ax=ax)

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One for the scores; three where there are weight norm and active units. None is a new
            figure.

        Returns
        -------
        display : RegularizationPathDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            For another number of axes.
        """
        below = [
            ("weight norm", self.weight_norm, GREEN, "D"),
            ("active units", self.active_units, PURPLE, "^"),
        ]
        below = [row for row in below if row[1] is not None]
        axes = panels("RegularizationPathDisplay", ax, 1 + len(below))
        self.lines_, self.bands_ = [], []
        top = [
            ("training rows", self.train_scores, BLUE, "o"),
            ("validation rows", self.test_scores, VERMILION, "s"),
        ]
        for place, row in zip([axes[0], axes[0], *axes[1:]], top + below, strict=True):
            label, values, color, marker = row
            line, band = mean_and_band(
                place, self.param_range, np.asarray(values), color, marker, label
            )
            self.lines_.append(line)
            self.bands_.append(band)
        self._mark_choices(axes)
        axes[0].set_ylabel(self.score_name, **AS_WRITTEN)
        legend_above(axes[0])
        for place, (label, *_) in zip(axes[1:], below, strict=True):
            place.set_ylabel(label)
            place.set_ylim(bottom=0)
        for place in axes:
            place.set_xscale(**scale_of(self.param_range))
            tidy(place)
        axes[-1].set_xlabel(self.param_name, **AS_WRITTEN)
        self.ax_ = axes if below else axes[0]
        self.figure_ = axes[0].figure
        return self

    def _mark_choices(self, axes):
        """A vertical line at the best value and at that of the rule."""
        best, near = self.best_index_, self.one_standard_error_index_
        chosen = {near: (":", "one standard error"), best: ("--", "best")}
        if best == near:
            chosen[best] = "--", "best, one standard error"
        for index, (style, name) in sorted(chosen.items(), key=lambda item: item[0] != best):
            for i, place in enumerate(axes):
                label = f"{name}: {self.param_range[index]:.3g}" if i == 0 else None
                place.axvline(
                    self.param_range[index], color=GREY, linestyle=style, lw=1.4, label=label
                )


def _numbers(name, values):
    """Values of a hyperparameter as floats, NaN for None."""
    try:
        return np.array([np.nan if value is None else float(value) for value in values])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"param_name={name!r} has values that are not numbers, {list(values)[:3]}: "
            "SearchDisplay draws those."
        ) from error
