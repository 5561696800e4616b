"""
Noise on inputs, weights and labels
===================================

Noise in training asks for a function that is right not only at the data but around them. On the
inputs it penalises slopes (Bishop 1995), on the weights it looks for wide minima, on labels
(``label_smoothing``) it keeps a classifier from being surer than the data.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import make_moons

from skreg import MLPClassifier, MLPRegressor
from skreg.inspection import FittedFunctionDisplay, mean_squared_input_gradient, sharpness

FIXED = {"max_iter": 1500, "n_iter_no_change": np.inf, "random_state": 0, "alpha": 0.0}


def truth(x):
    """What the points were drawn from."""
    return np.sin(4 * x)


rng = np.random.RandomState(1)
x = np.sort(rng.uniform(-1, 1, 24))
X, y = x[:, None], truth(x) + 0.4 * rng.randn(24)
grid = np.linspace(-1, 1, 300)[:, None]

# %%
# On the inputs and on the weights
# --------------------------------
#
# Above the panels, the squared slope of the function at the data, and its sharpness: by how much
# noise on the weights raises the loss. Noise on the inputs brings both down. Noise on the weights
# brings the sharpness down at once, and the slope when there is more of it.

settings = [{}, {"noise_std": 0.05}, {"noise_std": 0.2}]
settings += [{}, {"weight_noise_std": 0.03}, {"weight_noise_std": 0.1}]
figure, axes = plt.subplots(2, 3, figsize=(8, 5.2), sharex=True, sharey=True, layout="constrained")
for ax, params in zip(axes.flat, settings, strict=True):
    net = MLPRegressor(hidden_layer_sizes=(100, 100), learning_rate_init=0.003, **FIXED, **params)
    net.fit(X, y)
    ax.plot(grid, truth(grid), color="0.7", lw=3, label="truth")
    ax.plot(grid, net.predict(grid), lw=1.6, label="fit")
    ax.plot(X, y, "k.", label="data")
    name = ", ".join(f"{key} = {value}" for key, value in params.items()) or "no noise"
    steep, sharp = mean_squared_input_gradient(net, X), sharpness(net, X, y, std=0.03)
    ax.set_title(f"{name}\nslope² {steep:.3g}, sharpness {sharp:.2g}", fontsize=9)
axes[0, 0].set_ylim(-2.2, 2.2)
axes[0, 0].legend(loc="lower right", fontsize=8)
figure.supxlabel("x")
figure.supylabel("y")

# %%
# On the labels
# -------------
#
# Two moons, a tenth of whose labels are wrong. A smoothed label is a mean over labels with noise:
# ``label_smoothing = 0.2`` stands for the knowledge that a tenth of two classes' labels is wrong.
# Shades are the probability of the class of that colour, lines where both are equally likely.

moons, side = make_moons(120, noise=0.2, random_state=0)
labels = side ^ (np.random.RandomState(0).rand(120) < 0.1)
figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), sharey=True, layout="constrained")
for ax, eps in zip(axes, [0.0, 0.2], strict=True):
    net = MLPClassifier(label_smoothing=eps, learning_rate_init=0.003, **FIXED)
    display = FittedFunctionDisplay.from_estimator(net.fit(moons, labels), moons, labels, ax=ax)
    surest = net.predict_proba(moons).max(axis=1)
    title = f"label_smoothing = {eps:g}: {(surest > 0.99).mean():.0%} surer than 0.99"
    ax.get_legend().remove()
    ax.set_title(title, fontsize=10)
axes[1].set_ylabel("")
