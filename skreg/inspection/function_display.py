"""`FittedFunctionDisplay`: what a net has learnt, over one or two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, ArrayLike, Estimator
from skreg.estimators._predictive import net_and_rows
from skreg.inspection._drawing import (
    AS_WRITTEN,
    BLACK,
    BLUE,
    MARKERS,
    PALETTE,
    escaped,
    legend_above,
    panels,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class FittedFunctionDisplay:
    """A fitted function of one input as a line, of two inputs as a surface, with the data.

    Best made by `from_estimator`. A regressor's line may have its spread over nets: the members of
    an ensemble, snapshots, or passes with dropout left on. A spread is not a confidence interval.
    A classifier shows the probabilities of its classes, and in two dimensions where they cross.

    Parameters
    ----------
    grid : list of 1 or 2 ndarrays
        Values of each input.
    prediction : ndarray of shape (n_1,), (n_1, n_classes), (n_2, n_1) or (n_2, n_1, n_classes)
        On the grid; with a last axis of probabilities for a classifier.
    std : ndarray of shape (n_1,), default=None
        Spread of a regressor's line, in units of y.
    X : ndarray of shape (n_samples, 1) or (n_samples, 2), default=None
        Data to show.
    y : ndarray of shape (n_samples,), default=None
        Their targets.
    classes : ndarray of shape (n_classes,), default=None
        Of a classifier.
    feature_names : list of str, default=None
        Of the axes; None is "x", or "x1" and "x2".

    Attributes
    ----------
    figure_ : matplotlib Figure
        After `plot`.
    ax_ : matplotlib Axes
        After `plot`.
    lines_ : list of matplotlib Line2D
        After `plot`, with one input.
    band_ : matplotlib FillBetweenPolyCollection or None
        After `plot`: two standard deviations on either side.
    surface_ : matplotlib QuadContourSet, AxesImage or None
        After `plot`, with two inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import FittedFunctionDisplay
    >>> X = np.linspace(-1, 1, 30)[:, None]
    >>> net = MLPRegressor(dropout=0.2, random_state=0).fit(X, X[:, 0] ** 2)
    >>> display = FittedFunctionDisplay.from_estimator(net, X, X[:, 0] ** 2, return_std=True)
    >>> display.prediction.shape, display.std.shape
    ((200,), (200,))
    """

    def __init__(
        self,
        *,
        grid: list[Array],
        prediction: Array,
        std: Array | None = None,
        X: Array | None = None,
        y: Array | None = None,
        classes: Array | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> None:
        self.grid, self.prediction, self.std = grid, prediction, std
        self.X, self.y, self.classes = X, y, classes
        names = ["x"] if len(grid) == 1 else ["x1", "x2"]
        self.feature_names = names if feature_names is None else feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        return_std: bool = False,
        grid_resolution: int = 200,
        margin: float = 0.1,
        ax: Axes | None = None,
        label: str | None = None,
    ) -> Self:
        """Predict on a grid over the data and draw.

        Parameters
        ----------
        estimator : fitted estimator or Pipeline
            Of one or two inputs and one output; also one of scikit-learn's.
        X : array-like of shape (n_samples, 1) or (n_samples, 2)
            Rows; the grid goes over their range. A DataFrame's names are on the axes.
        y : array-like of shape (n_samples,), default=None
            Their targets; None draws no data.
        return_std : bool, default=False
            Whether to ask the regressor for the spread of its predictions
            (``predict(X, return_std=True)``); one input only.
        grid_resolution : int, default=200
            Values of each input.
        margin : float, default=0.1
            By how much of the data's range the grid goes beyond it, on either side.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        label : str, default=None
            Of the line.

        Returns
        -------
        display : FittedFunctionDisplay
            Drawn.

        Raises
        ------
        ValueError
            For X of other shapes, more than one output, or a spread of a classifier or surface.
        """
        check_is_fitted(estimator)
        data = np.asarray(X, dtype=float)
        if data.ndim != 2 or data.shape[1] not in (1, 2):
            raise ValueError(f"X must have one or two columns, got an array of shape {data.shape}.")
        classifies = is_classifier(estimator)
        if return_std and (classifies or data.shape[1] == 2):
            raise ValueError(
                "return_std=True needs a regressor of one input: set return_std=False."
            )
        if y is not None and np.ndim(y) != 1:
            raise ValueError(f"y must have one dimension, got an array of shape {np.shape(y)}.")
        low, high = data.min(axis=0), data.max(axis=0)
        edges = low - margin * (high - low), high + margin * (high - low)
        grid = [np.linspace(a, b, grid_resolution) for a, b in zip(*edges, strict=True)]
        columns = [axis.ravel() for axis in np.meshgrid(*grid)]
        prediction, std = _predict(estimator, _like(X, columns), classifies, return_std)
        shape = tuple(len(axis) for axis in grid[::-1])
        if not classifies and np.size(prediction) != np.prod(shape):
            raise ValueError(
                f"estimator predicts {np.shape(prediction)[1]} outputs: one can be drawn."
            )
        display = cls(
            grid=grid,
            prediction=np.reshape(prediction, shape + ((-1,) if classifies else ())),
            std=None if std is None else np.reshape(std, shape),
            X=None if y is None else data,
            y=None if y is None else np.asarray(y),
            classes=estimator.classes_ if classifies else None,
            feature_names=[str(c) for c in X.columns] if hasattr(X, "columns") else None,
        )
        return display.plot(ax=ax, label=label)

    def plot(self, ax: Axes | None = None, label: str | None = None) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        label : str, default=None
            Of the line.

        Returns
        -------
        display : FittedFunctionDisplay
            Itself.

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        (self.ax_,) = panels("FittedFunctionDisplay", ax, 1, 5.0, 3.4)
        self.figure_, self.band_, self.surface_ = self.ax_.figure, None, None
        self.lines_: list[Any] = []
        if len(self.grid) == 1:
            self._line(label)
        else:
            self._surface()
        self.ax_.set_xlabel(self.feature_names[0], **AS_WRITTEN)
        if self.ax_.get_legend_handles_labels()[0]:
            legend_above(self.ax_, columns=4)
        return self

    def _line(self, label):
        (x,), ax = self.grid, self.ax_
        if self.classes is not None:
            self._probabilities()
            return
        if self.X is not None:
            ax.plot(self.X[:, 0], self.y, ".", color=BLACK, ms=6, label="data")
        self.lines_ = ax.plot(x, self.prediction, color=BLUE, label=label or "fit")
        if self.std is not None:
            edges = self.prediction - 2 * self.std, self.prediction + 2 * self.std
            look = {"color": BLUE, "alpha": 0.2, "linewidth": 0, "label": "2 std of the nets"}
            self.band_ = ax.fill_between(x, *edges, **look)
        ax.set_ylabel("y")
        tidy(ax)

    def _probabilities(self):
        """Lines of a classifier: of the second class where there are two, else of each."""
        (x,), ax, n = self.grid, self.ax_, len(self.classes)
        shown = [1] if n == 2 else range(n)
        for k in shown:
            name = escaped(f"p(y = {self.classes[k]})")
            self.lines_ += ax.plot(x, self.prediction[:, k], color=PALETTE[k % 8], label=name)
        if self.X is not None:
            for k in range(n):
                at = self.X[self.y == self.classes[k], 0]
                height = float(k == 1) if n == 2 else -0.05 * (k + 1)
                look = {"color": PALETTE[k % 8], "marker": MARKERS[k % 8], "ms": 4, "ls": "none"}
                ax.plot(at, np.full(len(at), height), alpha=0.6, **look)
        ax.set_ylabel("probability")
        tidy(ax)

    def _surface(self):
        (x1, x2), ax = self.grid, self.ax_
        if self.classes is None:
            self.surface_ = ax.contourf(x1, x2, self.prediction, levels=15, cmap="cividis")
            self.figure_.colorbar(self.surface_, ax=ax, label="prediction")
            if self.X is not None:
                norm = {"cmap": "cividis", "norm": self.surface_.norm}
                look = {"c": self.y, "edgecolors": "white", "s": 28, "linewidths": 0.8}
                ax.scatter(*self.X.T, **look, **norm)
        else:
            self._mixed_colours()
        ax.set_ylabel(self.feature_names[1], **AS_WRITTEN)

    def _mixed_colours(self):
        """Classes' colours mixed by their probabilities, and where the most probable changes."""
        from matplotlib.colors import to_rgb

        (x1, x2), ax = self.grid, self.ax_
        colours = [PALETTE[k % 8] for k in range(len(self.classes))]
        rgb = np.array([to_rgb(colour) for colour in colours])
        image = 0.45 + 0.55 * (self.prediction @ rgb).clip(0, 1)  # paler than the points
        place = {"origin": "lower", "extent": (x1[0], x1[-1], x2[0], x2[-1]), "aspect": "auto"}
        self.surface_ = ax.imshow(image, **place)
        winner = self.prediction.argmax(axis=2)
        for k in range(1 if len(self.classes) == 2 else 0, len(self.classes)):
            ax.contour(x1, x2, winner == k, levels=[0.5], colors=BLACK, linewidths=1.0)
        if self.X is not None:
            for k, name in enumerate(self.classes):
                rows = self.X[self.y == name]
                look = {"color": colours[k], "marker": MARKERS[k % 8], "label": escaped(name)}
                ax.scatter(*rows.T, s=26, edgecolors="white", linewidths=0.7, **look)


def _predict(estimator, X, classifies, return_std):
    """Prediction (probabilities of a classifier), and its spread or None."""
    if classifies:
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(f"estimator must have predict_proba, got {estimator!r}.")
        return estimator.predict_proba(X), None
    if not return_std:
        return estimator.predict(X), None
    net, rows = net_and_rows(estimator, X)  # a pipeline hands arguments on in some settings only
    return net.predict(rows, return_std=True)


def _like(X, columns):
    """A table of the kind of X, with its names, made of columns."""
    if hasattr(X, "columns"):
        return type(X)(dict(zip(X.columns, columns, strict=True)))
    return np.column_stack(columns)
