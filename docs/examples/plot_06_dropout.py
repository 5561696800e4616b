"""
Dropout removes kinks far from the data
=======================================

Between and beyond the data some relu units can turn a function up and others down again without
any effect on the training loss, so nothing takes such a kink away. Dropout does: whenever one of
the units is missing the function changes everywhere behind its kink, at data points too, and that
costs. What is left are units that do not lean on each other.
"""

import numpy as np
from matplotlib import pyplot as plt

from skreg import MLPRegressor
from skreg.inspection import FittedFunctionDisplay


def truth(x):
    """A wave on either side, nothing in the gap between."""
    return -np.sin(np.pi * np.maximum(np.abs(x) - 0.4, 0) / 0.6)


rng = np.random.RandomState(0)
x = np.sort(np.r_[rng.uniform(-1, -0.4, 12), rng.uniform(0.4, 1, 12)])
X, y = x[:, None], truth(x) + 0.1 * rng.randn(24)
gap = np.linspace(-0.4, 0.4, 2001)[:, None]


def fitted(seed, dropout):
    """A net of 100 units that is trained to the end."""
    net = MLPRegressor(
        dropout=dropout,
        alpha=0.0,
        max_iter=3000,
        n_iter_no_change=np.inf,
        learning_rate="cosine",
        learning_rate_init=0.01,
        random_state=seed,
    )
    return net.fit(X, y)


def turning(net):
    """By how much the slope of the function turns in the gap, all turns added up."""
    slope = np.diff(net.predict(gap)) / (gap[1] - gap[0])
    return np.abs(np.diff(slope)).sum()


# %%
# Five nets each, which differ by their initialisation: the functions above, their slopes below.
# The grey stripe is the gap, where there are no data, the grey line the truth. A kink of the
# function is a step of its slope.

figure, axes = plt.subplots(
    2, 3, figsize=(8.6, 5.4), sharex=True, sharey="row", layout="constrained", height_ratios=(3, 2)
)
grid, between = np.linspace(-1.3, 1.3, 1000)[:, None], np.linspace(-1, 1, 300)
for (above, below), dropout in zip(axes.T, [0.0, 0.1, 0.3], strict=True):
    nets = [fitted(seed, dropout) for seed in range(5)]
    for net in nets:
        f = net.predict(grid)
        above.plot(grid, f, lw=1.2)
        below.plot(grid[1:], np.diff(f) / (grid[1] - grid[0]), lw=1.2)
    above.plot(between, truth(between), color="0.6", lw=4, zorder=1)
    above.plot(X, y, "k.")
    for ax in (above, below):
        ax.axvspan(-0.4, 0.4, color="0.9", lw=0, zorder=0)
    turns = np.mean([turning(net) for net in nets])
    above.set_title(f"dropout = {dropout:g}\nturns in the gap: {turns:.1f}", fontsize=10)
    below.set_xlabel("x")
axes[0, 0].set(ylabel="f(x)", ylim=(-2.3, 2.3))
axes[1, 0].set(ylabel="slope of f")

# %%
# Without dropout the nets run on past the last points and turn in the gap, each in a way of its
# own; with it they are straight there. It flattens them at the data, too, the stronger the more.
#
# Left on in prediction, dropout makes every pass another net. The spread of the passes grows away
# from the data; it is a spread of nets, not a confidence interval.

net = fitted(0, 0.1)
FittedFunctionDisplay.from_estimator(net, X, y, return_std=True, margin=0.5)
