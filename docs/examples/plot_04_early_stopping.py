"""
Early stopping: a path through complexity
=========================================

Training begins with small weights, so with a nearly linear function, and makes it more complex as
it goes. Stopping early is choosing a point of this path: one hyperparameter that needs one fit,
not a fit for each of its values.
"""

import numpy as np
from matplotlib import pyplot as plt

from skreg import MLPRegressor
from skreg.inspection import LossCurveDisplay, mean_squared_input_gradient, weight_norms


def truth(x):
    """What the points were drawn from."""
    return np.sin(4 * x)


rng = np.random.RandomState(1)
x, x_val = np.sort(rng.uniform(-1, 1, 24)), rng.uniform(-1, 1, 200)
X, y = x[:, None], truth(x) + 0.4 * rng.randn(24)
X_val, y_val = x_val[:, None], truth(x_val) + 0.4 * rng.randn(200)
grid = np.linspace(-1, 1, 300)[:, None]
net = MLPRegressor(
    hidden_layer_sizes=(100, 100), alpha=0.0, learning_rate_init=0.003, random_state=0
)

# %%
# One path, looked at six times. ``partial_fit`` is one pass over the rows.

figure, axes = plt.subplots(2, 3, figsize=(8, 4.8), sharex=True, sharey=True, layout="constrained")
done = 0
for ax, epochs in zip(axes.flat, [1, 10, 40, 100, 500, 2000], strict=True):
    for _ in range(epochs - done):
        net.partial_fit(X, y)
    done = epochs
    ax.plot(grid, truth(grid), color="0.7", lw=3, label="truth")
    ax.plot(grid, net.predict(grid), lw=1.6, label="fit")
    ax.plot(X, y, "k.", label="data")
    steep, size = mean_squared_input_gradient(net, X), np.linalg.norm(weight_norms(net))
    ax.set_title(f"epoch {epochs}: slope² {steep:.3g}, |W| {size:.0f}", fontsize=9)
axes[0, 0].set_ylim(-2.2, 2.2)
axes[0, 0].legend(loc="lower right", fontsize=8)
figure.supxlabel("x")
figure.supylabel("y")

# %%
# Slope and weights grow all the way, and the truth lies somewhere in between. Held-out rows say
# where; ``early_stopping=True`` watches them and puts the best weights back. Here they are given
# as ``X_val``; without, a part of the rows is set aside.

stopped = MLPRegressor(**net.get_params()).set_params(
    early_stopping=True, max_iter=2000, n_iter_no_change=1500, tol=0.0
)
stopped.fit(X, y, X_val=X_val, y_val=y_val)
LossCurveDisplay.from_estimator(stopped)
