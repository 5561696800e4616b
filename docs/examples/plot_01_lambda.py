"""
What lambda does to a fit
=========================

A net of two layers of 100 units has some ten thousand weights: enough to follow 24 noisy
points closely. The L2 term ``alpha / 2 * sum(W ** 2)`` makes steep functions expensive. Six
values of alpha (the lambda of the textbooks), everything else the same.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPRegressor
from skreg.inspection import RegularizationPathDisplay


def truth(x):
    """What the points were drawn from."""
    return np.sin(4 * x)


rng = np.random.RandomState(0)
x = np.sort(rng.uniform(-1, 1, 24))
X, y = x[:, None], truth(x) + 0.4 * rng.randn(24)
grid = np.linspace(-1, 1, 300)[:, None]

# %%
# ``n_iter_no_change=np.inf`` asks for a fixed number of epochs: all six nets train to the end.

net = MLPRegressor(
    hidden_layer_sizes=(100, 100),
    max_iter=1000,
    n_iter_no_change=np.inf,
    learning_rate="cosine",
    learning_rate_init=0.01,
    random_state=0,
)
figure, axes = plt.subplots(2, 3, figsize=(8, 4.8), sharex=True, sharey=True, layout="constrained")
for ax, alpha in zip(axes.flat, [0, 1e-4, 1e-3, 1e-2, 3e-2, 3e-1], strict=True):
    net.set_params(alpha=alpha).fit(X, y)
    ax.plot(grid, truth(grid), color="0.7", lw=3, label="truth")
    ax.plot(grid, net.predict(grid), lw=1.6, label="fit")
    ax.plot(X, y, "k.", label="data")
    ax.set_title(f"alpha = {alpha:g}", fontsize=10)
axes[0, 0].set_ylim(-2.2, 2.2)
axes[1, 2].legend(loc="upper right", ncols=3, handlelength=1, columnspacing=0.8, fontsize=8)
figure.supxlabel("x")
figure.supylabel("y")

# %%
# With alpha = 0 the net runs after single points; as alpha grows its kinks go and the slopes fall;
# with alpha = 0.3 nothing is left but the mean.
#
# Which one is best is for held-out rows to say. On the diabetes data, 10 columns and 442 rows:

X, y = load_diabetes(return_X_y=True)
net = MLPRegressor(
    hidden_layer_sizes=50,
    max_iter=300,
    n_iter_no_change=np.inf,
    learning_rate_init=0.003,
    random_state=0,
)
RegularizationPathDisplay.from_estimator(
    make_pipeline(StandardScaler(), net),
    X,
    y,
    param_name="mlpregressor__alpha",
    param_range=np.logspace(-4, 1, 6),
    cv=4,
)

# %%
# The score on the training rows falls all the way, that on held-out rows rises first. The size of
# the weights falls with alpha, and so, in the end, does the number of units in use.
