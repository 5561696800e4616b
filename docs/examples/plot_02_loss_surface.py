"""
L2 on a loss surface
====================

The textbook's model of two parameters, a Gabor function of x, has a loss surface with valleys:
from an unlucky start gradient descent ends in the wrong one. An L2 term that pulls the
parameters towards a reference point lifts the far valleys until one is left. In skreg that term
is ``anchor_alpha``, and the reference point ``anchor``.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from skreg import MLPRegressor

# %%
# The surface, without and with
# -----------------------------
#
# The Gabor model ``sin(u) * exp(-u**2 / 32)`` with ``u = phi0 + 0.06 * phi1 * x`` on 28 points.


def gabor(phi0, phi1, x):
    """The model; parameters and x broadcast."""
    u = phi0 + 0.06 * phi1 * x
    return np.sin(u) * np.exp(-(u**2) / 32)


rng = np.random.RandomState(0)
x = rng.uniform(-15, 15, 28)
y = gabor(0.0, 16.6, x) + 0.1 * rng.randn(28)
reference, strength = np.array([0.0, 14.0]), 0.05


def loss(phi, alpha):
    """Half the mean squared error, and the pull towards the reference point."""
    error = gabor(phi[0][..., None], phi[1][..., None], x) - y
    pull = (phi[0] - reference[0]) ** 2 + (phi[1] - reference[1]) ** 2
    return (error**2).mean(axis=-1) / 2 + alpha / 2 * pull


def descend(phi, alpha, rate=0.2, steps=4000, h=1e-5):
    """The path of gradient descent, by central differences; phi1's flat slopes are stretched."""
    path = [np.array(phi)]
    for _ in range(steps):
        moves = path[-1][:, None] + h * np.array([[1, -1, 0, 0], [0, 0, 1, -1]])
        values = loss(moves, alpha)
        slope = np.array([values[0] - values[1], values[2] - values[3]]) / (2 * h)
        path.append(path[-1] - rate * np.array([1.0, 20.0]) * slope)
    return np.array(path)


starts = [(-3.0, 6.0), (4.0, 14.0), (-3.0, 10.0)]
surface = np.meshgrid(np.linspace(-10, 10, 200), np.linspace(2.5, 22.5, 200))
figure, axes = plt.subplots(1, 2, figsize=(8.6, 4.6), sharey=True, layout="constrained")
for ax, alpha in zip(axes, [0.0, strength], strict=True):
    drawn = ax.contourf(*surface, loss(surface, alpha), levels=25, cmap="Greys")
    label = "loss + pull" if alpha else "loss"
    figure.colorbar(drawn, ax=ax, label=label, shrink=0.9, ticks=MaxNLocator(5))
    for start in starts:
        path = descend(start, alpha)
        (line,) = ax.plot(*path.T, lw=2)
        ax.plot(*path[0], "o", color=line.get_color(), ms=7)
        ax.plot(*path[-1], "X", color=line.get_color(), mec="white", ms=11, zorder=5)
    ax.set(title=f"pulled, strength {alpha:g}" if alpha else "loss alone", xlabel="phi0")
axes[1].plot(*reference, "*", color="white", mec="black", ms=26, zorder=4)
axes[0].set_ylabel("phi1")
signs = {"start": ("o", 7), "end": ("X", 10), "reference point": ("*", 13)}
handles = [
    Line2D([], [], ls="", marker=m, ms=s, color="0.4", label=k) for k, (m, s) in signs.items()
]
figure.legend(handles=handles, loc="outside lower center", ncols=3)

# %%
# Alone, the loss has a minimum for each start; with the pull all three paths end in the same one,
# in the valley of the loss's best.
#
# The same with a net
# -------------------
#
# A net of one tanh unit on data that is odd in x, ``y = 2 tanh(1.5 x)``, has two weights that
# matter, and two equal minima: both weights may change their sign. Which one a fit finds depends
# on its initialisation, so the weights of two fits cannot be compared. Twenty fits each, without
# an anchor and with one:

X = np.linspace(-2, 2, 40)[:, None]
t = 2 * np.tanh(1.5 * X[:, 0])
net = MLPRegressor(
    hidden_layer_sizes=1,
    activation="tanh",
    scale_target=False,
    alpha=0.0,
    learning_rate_init=0.05,
    learning_rate="cosine",
    max_iter=600,
    n_iter_no_change=np.inf,
)
anchor = [np.array([[1.5]]), np.array([[1.5]])]
a, b = np.meshgrid(np.linspace(-3, 3, 150), np.linspace(-3, 3, 150))
error = b[..., None] * np.tanh(a[..., None] * X[:, 0]) - t
figure, axes = plt.subplots(1, 2, figsize=(8.6, 4.2), sharey=True, layout="constrained")
for ax, params in zip(axes, [{}, {"anchor": anchor, "anchor_alpha": 0.6}], strict=True):
    pull = params.get("anchor_alpha", 0.0) / 2 * ((a - 1.5) ** 2 + (b - 1.5) ** 2)
    drawn = ax.contourf(a, b, (error**2).mean(axis=-1) / 2 + pull, levels=25, cmap="Greys")
    label = "loss + pull" if params else "loss"
    figure.colorbar(drawn, ax=ax, label=label, shrink=0.9, ticks=MaxNLocator(5))
    ends = []
    for seed in range(20):
        fitted = net.set_params(**params, random_state=seed).fit(X, t)
        ends.append([coef.item() for coef in fitted.coefs_])
    jitter = 0.06 * np.random.RandomState(0).randn(20, 2)  # so that all twenty can be seen
    ax.plot(*(np.array(ends) + jitter).T, "o", ms=6, mec="white", mew=0.7)
    n = sum(first > 0 for first, _ in ends)
    ax.text(1.5, 2.4, f"{n} fits", ha="center")
    ax.text(-1.5, -2.6, f"{20 - n} fits", ha="center")
    ax.set(title="anchored at the star" if params else "no anchor")
    ax.set_xlabel("weight of the hidden unit")
    if params:
        ax.plot(1.5, 1.5, "*", color="white", mec="black", ms=17, zorder=1)
axes[0].set_ylabel("weight of the output")
