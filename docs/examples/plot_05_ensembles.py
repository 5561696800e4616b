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

rng = np.random.RandomState(1)
x = np.sort(np.r_[rng.uniform(-1, -0.3, 14), rng.uniform(0.6, 1, 10)])
X, y = x[:, None], np.sin(4 * x) + 0.2 * rng.randn(24)
net = MLPRegressor(
    hidden_layer_sizes=(100, 100),
    alpha=0.0,
    learning_rate_init=0.003,
    max_iter=500,
    n_iter_no_change=np.inf,
)

# %%
# Twenty members each; they train on all cores by themselves. ``predict(X, return_std=True)`` gives
# mean and spread, ``predict_members`` every net.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True, layout="constrained")
names = ["by initialisation", "by bagging"]
for ax, bootstrap, name in zip(axes, [False, True], names, strict=True):
    ensemble = BaggingRegressor(net, n_estimators=20, bootstrap=bootstrap, random_state=0)
    ensemble.fit(X, y)
    display = FittedFunctionDisplay.from_estimator(
        ensemble, X, y, return_std=True, margin=0.3, ax=ax, label="mean"
    )
    ax.plot(
        display.grid[0],
        ensemble.predict_members(display.grid[0][:, None]).T,
        "0.5",
        lw=0.5,
        zorder=1,
    )
    ax.set(ylim=(-3, 3), xlabel=f"x\n({name})")
axes[1].set_ylabel("")
axes[1].get_legend().remove()

# %%
# Both spread out beyond the data. Bagging spreads more, since its members have not
# all seen all points. The spread is not a confidence interval: it has neither the noise of y nor
# what all members get wrong together.
#
# How many members?
# -----------------
#
# On the diabetes data, 100 rows to train on: most of the gain comes with the first ten.

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=100, random_state=0)
pipe = make_pipeline(StandardScaler(), BaggingRegressor(net, n_estimators=30, random_state=0))
EnsembleDisplay.from_estimator(pipe.fit(X_train, y_train), X_test, y_test)
