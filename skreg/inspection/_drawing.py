"""What the displays share: matplotlib on first use, colours, axes."""

import numpy as np

BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW, BLACK)
"""Okabe & Ito (2008), "Color universal design": colours that the colour-blind can tell apart."""
MARKERS = "osD^vPX*"
GREY = "0.35"
AS_WRITTEN = {"parse_math": False, "usetex": False}
"""How a user's name stands in a label or title: no mark of it is mathematics."""


def escaped(name):
    """A user's name for a legend or a tick, where matplotlib would read "$" as mathematics."""
    return str(name).replace("$", r"\$")


def pyplot(what):
    """Matplotlib's pyplot.

    Raises
    ------
    ImportError
        Where matplotlib is not installed; names `what`, which asked for it, and the remedy.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{what} needs matplotlib, which is not installed: pip install 'skreg[plot]'."
        ) from error
    return plt


def panels(what, ax, n, width=5.6, height=3.6):
    """Axes to draw in, one below the other on one x-axis; new ones in a figure of their own.

    Parameters
    ----------
    what : str
        Who draws, for errors.
    ax : matplotlib Axes, array-like of Axes, or None
        The user's.
    n : int
        How many are needed.
    width, height : float
        Of the new figure's first panel, in inches; the others are 0.45 as high.

    Returns
    -------
    axes : ndarray of n Axes

    Raises
    ------
    ValueError
        For another number of axes than `n`.
    """
    plt = pyplot(what)
    if ax is None:
        size = width, height * (1 + 0.45 * (n - 1))
        figure = plt.figure(figsize=size, layout="constrained")
        ratios = [1.0, *[0.45] * (n - 1)]
        return figure.subplots(n, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) != n:
        raise ValueError(f"{what} draws in {n} axes, but ax has {len(axes)}: pass {n} or ax=None.")
    return axes


def tidy(ax):
    """Take away what says nothing."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)


def legend_above(ax, columns=2):
    """A legend over the axes, where it hides no data."""
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2}
    return ax.legend(**place, ncols=columns, frameon=False, fontsize="small")


def scale_of(values):
    """Scale for an axis with such values: keyword arguments of `Axes.set_xscale`.

    Logarithmic where positive values span more than a factor of 30, also beside a 0.
    """
    values = np.asarray(values, dtype=float)
    positive = values[values > 0]
    if (values < 0).any() or not positive.size or positive.max() <= 30 * positive.min():
        return {"value": "linear"}
    if (values == 0).any():
        return {"value": "symlog", "linthresh": positive.min(), "linscale": 0.5}
    return {"value": "log"}


def mean_and_band(ax, x, values, color, marker, label):
    """Mean over the last axis of `values`, and a band of one standard deviation about it."""
    mean, std = values.mean(axis=1), values.std(axis=1)
    band = ax.fill_between(x, mean - std, mean + std, color=color, alpha=0.18, linewidth=0)
    (line,) = ax.plot(x, mean, color=color, marker=marker, markersize=4, label=label)
    return line, band
