"""The figure: train and validation score against lambda (alpha)."""

from dataclasses import dataclass

import numpy as np

from skreg.cli.methods import SCORES
from skreg.inspection._drawing import BLUE, VERMILION, mean_and_band, tidy
from skreg.inspection._results import searched, split_scores


@dataclass(frozen=True)
class Panel:
    """One data set's search over alpha."""

    title: str
    task: str
    search: object


def draw(panels, path, **kwargs):
    """Draw one panel beside the other and write the figure.

    Parameters
    ----------
    panels : list of Panel
        Fitted searches over ``mlp__alpha``.
    path : pathlib.Path or file
        Where to; the suffix says the format.
    **kwargs
        Of matplotlib's `savefig`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.8 + 4.6 * len(panels), 4.2), dpi=150, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        _draw_panel(ax, panel)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, **kwargs)


def _draw_panel(ax, panel):
    settings, rows = searched(panel.search, ["mlp__alpha"])
    alphas = np.array([alpha for (alpha,) in settings], dtype=float)
    for key, name, color, marker in (
        ("train", "training rows", BLUE, "o"),
        ("test", "validation rows (held-out folds)", VERMILION, "s"),
    ):
        mean_and_band(ax, alphas, split_scores(panel.search, key, rows), color, marker, name)
    best = panel.search.best_params_["mlp__alpha"]
    ax.axvline(best, color="0.3", linestyle="--", linewidth=1)
    above = ax.get_xaxis_transform()
    ax.text(
        best, 1.02, f"best alpha {best:g}", transform=above, ha="center", color="0.2", fontsize=9
    )
    ax.set_xscale("log")
    ax.set_xlabel("alpha (lambda)")
    ax.set_ylabel(SCORES[panel.task][1])
    ax.set_title(panel.title, pad=20, fontsize=11, parse_math=False)
    tidy(ax)
