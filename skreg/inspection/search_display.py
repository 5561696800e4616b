"""`SearchDisplay`: the score of a search over two hyperparameters."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skreg._typing import ArrayLike, Estimator
from skreg.inspection._drawing import AS_WRITTEN, VERMILION, escaped, panels, scale_of
from skreg.inspection._results import searched, searched_score, split_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_NUMBERS = 64  # cells of a map in which their scores are written
_MOST_LEVEL = 6  # values of x whose names fit beside each other


class SearchDisplay:
    """Mean validation score against two hyperparameters: a map of a grid, dots of random draws.

    Best made by `from_search`. The best candidate is ringed.

    Parameters
    ----------
    x_name, y_name : str
        The hyperparameters.
    x_values, y_values : list of length n_candidates
        Their values: numbers, or anything that has a name.
    scores : array-like of shape (n_candidates,)
        Mean validation scores.
    score_name : str, default="score"
        What they are called.

    Attributes
    ----------
    is_grid_ : bool
        Whether every value of one was tried with every value of the other.
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes
        After `plot`.
    artist_ : matplotlib QuadMesh or PathCollection
        After `plot`: the map or the dots.
    best_artist_ : matplotlib Line2D
        After `plot`: the ring about the best.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import SearchDisplay
    >>> net = MLPRegressor(max_iter=20, n_iter_no_change=20, random_state=0)
    >>> grid = {"alpha": [0.01, 0.1, 1.0], "dropout": [0.0, 0.3]}
    >>> search = GridSearchCV(net, grid, cv=3).fit(*load_diabetes(return_X_y=True))
    >>> SearchDisplay.from_search(search, x="alpha", y="dropout").is_grid_
    True
    """

    def __init__(
        self,
        *,
        x_name: str,
        y_name: str,
        x_values: Iterable[Any],
        y_values: Iterable[Any],
        scores: ArrayLike,
        score_name: str = "score",
    ) -> None:
        self.x_name, self.y_name = x_name, y_name
        self.x_values, self.y_values = list(x_values), list(y_values)
        self.scores, self.score_name = np.asarray(scores, dtype=float), score_name
        x, y = _distinct(self.x_values), _distinct(self.y_values)
        pairs = {(repr(a), repr(b)) for a, b in zip(self.x_values, self.y_values, strict=True)}
        self.is_grid_ = min(len(x), len(y)) > 1 and len(pairs) == len(x) * len(y)

    @classmethod
    def from_search(cls, search: Estimator, *, x: str, y: str, ax: Axes | None = None) -> Self:
        """Draw a fitted search.

        Parameters
        ----------
        search : fitted search of scikit-learn's kind
            Over `x`, `y` and possibly more: of candidates alike in both, the best is shown.
        x : str
            Hyperparameter of the horizontal axis, "mlpregressor__alpha" in a pipeline.
        y : str
            Of the vertical axis.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.

        Returns
        -------
        display : SearchDisplay
            Drawn.

        Raises
        ------
        NotFittedError
            For a search that is not fitted.
        ValueError
            For a hyperparameter that was not searched.
        """
        settings, rows = searched(search, [x, y])
        if not settings:
            raise ValueError(f"The search has no candidate that sets both {x!r} and {y!r}.")
        x_values, y_values = zip(*settings, strict=True)
        display = cls(
            x_name=x,
            y_name=y,
            x_values=x_values,
            y_values=y_values,
            scores=split_scores(search, "test", rows).mean(axis=1),
            score_name=searched_score(search),
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
        display : SearchDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        (self.ax_,) = panels("SearchDisplay", ax, 1, 5.6, 4.2)
        self.figure_ = self.ax_.figure
        x, y = (self._map if self.is_grid_ else self._dots)()
        best = int(np.nanargmax(self.scores))
        ring = {"mfc": "none", "mec": VERMILION, "ms": 17 if self.is_grid_ else 13, "mew": 2.2}
        (self.best_artist_,) = self.ax_.plot(x[best], y[best], "o", **ring)
        name = f"mean validation {self.score_name}"
        self.figure_.colorbar(self.artist_, ax=self.ax_, label=escaped(name))
        values = f"{_short(self.x_values[best])}, {_short(self.y_values[best])}"
        title = f"best (ringed): {self.scores[best]:.3g} at {values}"
        self.ax_.set_title(title, fontsize="medium", **AS_WRITTEN)
        self.ax_.set_xlabel(self.x_name, **AS_WRITTEN)
        self.ax_.set_ylabel(self.y_name, **AS_WRITTEN)
        return self

    def _map(self):
        """One cell a candidate, evenly spaced."""
        x = _places(self.ax_.xaxis, self.x_values, middle=0.5)
        y = _places(self.ax_.yaxis, self.y_values, middle=0.5)
        table = np.full((y.max() + 1, x.max() + 1), np.nan)
        table[y, x] = self.scores
        self.artist_ = self.ax_.pcolormesh(table, cmap="viridis", edgecolors="white", lw=0.6)
        if table.shape[1] > _MOST_LEVEL:
            self.ax_.tick_params(axis="x", labelrotation=60)
        if table.size <= _MOST_NUMBERS:
            middle = (np.nanmin(table) + np.nanmax(table)) / 2
            for i, j, score in zip(y, x, self.scores, strict=True):
                look = {"color": "black" if score > middle else "white", "fontsize": 8}
                self.ax_.text(j + 0.5, i + 0.5, f"{score:.2f}", ha="center", va="center", **look)
        return x + 0.5, y + 0.5

    def _dots(self):
        """One dot a candidate, the better over the worse."""
        x = _coordinates(self.ax_.xaxis, self.x_values)
        y = _coordinates(self.ax_.yaxis, self.y_values)
        order = np.argsort(self.scores)
        look = {"c": self.scores[order], "cmap": "viridis", "s": 42, "edgecolors": "0.3"}
        self.artist_ = self.ax_.scatter(x[order], y[order], linewidths=0.5, **look)
        return x, y


def _distinct(values):
    """Different values in ascending order, where they have one."""
    different = list({repr(value): value for value in values}.values())
    return sorted(different, key=lambda v: (not _is_number(v), v if _is_number(v) else repr(v)))


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _short(value):
    return f"{value:.3g}" if _is_number(value) else str(value)


def _places(axis, values, middle=0.0):
    """Position of each value among the different ones, which name the ticks."""
    different = _distinct(values)
    axis.set_ticks(np.arange(len(different)) + middle, [escaped(_short(v)) for v in different])
    order = {repr(value): i for i, value in enumerate(different)}
    return np.array([order[repr(value)] for value in values])


def _coordinates(axis, values):
    """Numbers as they are, on a scale that suits them; else positions."""
    if not all(_is_number(value) for value in values):
        return _places(axis, values)
    numbers = np.array(values, dtype=float)
    getattr(axis.axes, f"set_{axis.axis_name}scale")(**scale_of(numbers))
    return numbers
