"""
Ensembles: by initialisation and by bagging
===========================================

Nets that fit the data equally well disagree where there is none. Their mean is smoother than any
of them, and how far they lie apart says where the data does not tell. Members differ by their
random initialisation alone (``bootstrap=False``), or by the rows they drew as well (bagging).
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingRegressor, MLPRegressor
from skreg.inspection import EnsembleDisplay, FittedFunctionDisplay


def truth(x):
    """What the points were drawn from."""
    return np.sin(4 * x)


rng = np.random.RandomState(1)
x = np.sort(np.r_[rng.uniform(-1, -0.3, 14), rng.uniform(0.4, 1, 10)])
X, y = x[:, None], truth(x) + 0.3 * rng.randn(24)
fixed = {"alpha": 0.0, "n_iter_no_change": np.inf}
net = MLPRegressor(
    hidden_layer_sizes=(100, 100),
    activation="tanh",
    learning_rate_init=0.01,
    max_iter=2000,
    **fixed,
)

# %%
# Twenty members each; they train on all cores by themselves. ``predict(X, return_std=True)`` gives
# mean and spread, ``predict_members`` every net. The stripe is where there are no data.

figure, axes = plt.subplots(1, 2, figsize=(8.6, 4), sharey=True, layout="constrained")
names = ["by initialisation", "by bagging"]
for ax, bootstrap, name in zip(axes, [False, True], names, strict=True):
    ensemble = BaggingRegressor(net, n_estimators=20, bootstrap=bootstrap, random_state=0)
    ensemble.fit(X, y)
    display = FittedFunctionDisplay.from_estimator(
        ensemble, X, y, return_std=True, margin=0.2, ax=ax, label="mean of 20 nets"
    )
    display.lines_[0].set(lw=2.5, zorder=3)
    grid = display.grid[0]
    (first, *_) = ax.plot(grid, ensemble.predict_members(grid[:, None]).T, "0.5", lw=0.6, zorder=1)
    first.set_label("a net")
    ax.plot(grid, truth(grid), "--", color="C1", lw=1.5, label="truth")
    gap = (grid > -0.4) & (grid < 0.4)
    print(f"{name}: mean spread {display.std[gap].mean():.2f} in the gap, ", end="")
    print(f"{ensemble.predict(X, return_std=True)[1].mean():.2f} at the data")
    ax.axvspan(-0.38, 0.41, color="0.93", lw=0, zorder=0)
    ax.set(ylim=(-2.6, 3.1), title=name, xlabel="x")
    ax.get_legend().remove()
axes[1].set_ylabel("")
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=5)

# %%
# Both spread most where there are no data. Bagging spreads more, since its members have not all
# seen all points. The spread is not a confidence interval: it has neither the noise of y nor
# what all members get wrong together.
#
# How many members?
# -----------------
#
# On the diabetes data, 100 rows to train on, relu units: most of the gain comes with the first ten.

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=100, random_state=0)
net = MLPRegressor(hidden_layer_sizes=(100, 100), learning_rate_init=0.003, max_iter=500, **fixed)
pipe = make_pipeline(StandardScaler(), BaggingRegressor(net, n_estimators=30, random_state=0))
EnsembleDisplay.from_estimator(pipe.fit(X_train, y_train), X_test, y_test)
