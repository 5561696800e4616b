"""
Which regularizer works how
===========================

Four mechanisms are behind them all: a smoother function, more data, the mean of several models, a
wider minimum. Here they are measured, on 100 rows of the diabetes data, at strengths that suit
these data, against the same net of 100 units without regularization.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from skreg import BaggingRegressor, MLPRegressor
from skreg.inspection import sharpness

N_EPOCHS, N_MEMBERS, SEEDS = 600, 10, range(3)
X, y = load_diabetes(return_X_y=True)
rows = np.random.RandomState(0).permutation(len(X))
train, test = rows[:100], rows[100:]
X = StandardScaler().fit(X[train]).transform(X)
SETTINGS = {
    "no regularization": {},
    "alpha = 0.3": {"alpha": 0.3},
    "l1 = 0.03": {"l1": 0.03},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 100},
    "noise_std = 0.7": {"noise_std": 0.7},
    "weight_noise_std = 0.2": {"weight_noise_std": 0.2},
    "target_noise_std = 0.5": {"target_noise_std": 0.5},
    "dropout = 0.6": {"dropout": 0.6},
    "mixup_alpha = 1": {"mixup_alpha": 1.0},
    "sam_rho = 0.5": {"sam_rho": 0.5},
    "gradient_penalty = 1": {"gradient_penalty": 1.0},
    "bagging, 10 nets": {},
}


def fit(name, seed):
    """The regularized model, and the nets that it is made of."""
    fixed = {"alpha": 0.0, "max_iter": N_EPOCHS, "n_iter_no_change": np.inf, "tol": 0.0}
    net = MLPRegressor(**{**fixed, "learning_rate": "cosine", **SETTINGS[name]})
    if not name.startswith("bagging"):
        net = net.set_params(random_state=seed).fit(X[train], y[train])
        return net, [net]
    ensemble = BaggingRegressor(net, n_estimators=N_MEMBERS, random_state=seed)
    ensemble.fit(X[train], y[train])
    return ensemble, ensemble.estimators_


def slope(model, h=1e-3):
    """Mean squared gradient of the predictions, in units of the target's variance."""
    moved = [model.predict(X[test] + h * unit) for unit in np.eye(X.shape[1])]
    change = (np.array(moved) - model.predict(X[test])) / h
    return (change**2).sum(axis=0).mean() / y[train].var()


# %%
# The squared slope is taken at held-out rows, the sharpness is the mean increase of the training
# loss under noise of standard deviation 0.1 on the weights (for an ensemble, of its nets).

found = np.empty((len(SETTINGS), len(SEEDS), 3))
for i, name in enumerate(SETTINGS):
    for seed in SEEDS:
        model, nets = fit(name, seed)
        sharp = np.mean([sharpness(net, X[train], y[train], std=0.1, n_draws=8) for net in nets])
        found[i, seed] = slope(model), sharp, model.score(X[test], y[test])
mean = found.mean(axis=1)

# %%
# The other two mechanisms can be counted: how many different rows a net sees in training (a row
# with fresh noise, or a mixture of rows, is another row), and how many nets are combined.

fresh = {"noise_std = 0.7", "target_noise_std = 0.5", "mixup_alpha = 1"}
combined = {"bagging, 10 nets": N_MEMBERS}
columns = ["smoother function:\nslope² / plain", "wider minimum:\nsharpness / plain"]
columns += ["more data:\nrows seen", "combined models:\nnets", "the outcome:\nR2 on held-out rows"]
ratio = mean[:, :2] / mean[0, :2]
figure, ax = plt.subplots(figsize=(8, 6), layout="constrained")
shade = np.full((len(SETTINGS), len(columns)), np.nan)
shade[:, :2] = np.log10(ratio)
ax.imshow(shade, cmap="PuOr", vmin=-2.2, vmax=2.2, aspect="auto")
for i, name in enumerate(SETTINGS):
    n_rows = 100 * N_EPOCHS if name in fresh else 100
    n_nets = combined.get(name, 1)
    score, spread = found[i, :, 2].mean(), found[i, :, 2].std() / np.sqrt(len(SEEDS))
    texts = [f"{ratio[i, 0]:.2f}", f"{ratio[i, 1]:.2f}", f"{n_rows:,}", str(n_nets)]
    texts.append(f"{score:.2f} ± {spread:.2f}")
    used = [ratio[i, 0] < 0.8, ratio[i, 1] < 0.8, n_rows > 100, n_nets > 1, False]
    for j, (text, bold) in enumerate(zip(texts, used, strict=True)):
        weight = "bold" if bold else "normal"
        color = "white" if abs(np.nan_to_num(shade[i, j])) > 1.4 else "black"
        ax.text(j, i, text, ha="center", va="center", weight=weight, color=color)
ax.set_xticks(range(len(columns)), columns, fontsize=9)
ax.set_yticks(range(len(SETTINGS)), list(SETTINGS))
ax.xaxis.tick_top()
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.axhline(0.5, color="black", lw=1)

# %%
# Bold is what a regularizer uses. Most of them smooth, and what smooths also widens the minimum on
# these data; noise and mixtures of rows do both by way of more data; ensembles by way of a mean.
# The outcome is the mean over three seeds and its standard error.
