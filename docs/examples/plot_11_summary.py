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
from skreg.inspection import mean_squared_input_gradient, sharpness

N_EPOCHS, N_MEMBERS, SEEDS = 600, 10, range(6)
X, y = load_diabetes(return_X_y=True)
rows = np.random.RandomState(0).permutation(len(X))
train, test = rows[:100], rows[100:]
X = StandardScaler().fit(X[train]).transform(X)
SETTINGS = {
    "no regularization": {},
    "alpha = 0.3": {"alpha": 0.3},
    "l1 = 0.03": {"l1": 0.03},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 50},
    "gradient_penalty = 1": {"gradient_penalty": 1.0},
    "sam_rho = 0.5": {"sam_rho": 0.5},
    "weight_noise_std = 0.2": {"weight_noise_std": 0.2},
    "noise_std = 0.7": {"noise_std": 0.7},
    "target_noise_std = 0.5": {"target_noise_std": 0.5},
    "mixup_alpha = 1": {"mixup_alpha": 1.0},
    "dropout = 0.6": {"dropout": 0.6},
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


def slope(model, nets, h=1e-3):
    """Mean squared gradient of the predictions, of an ensemble's mean by differences."""
    if len(nets) == 1:
        return mean_squared_input_gradient(model, X[test])
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
        found[i, seed] = slope(model, nets), sharp, model.score(X[test], y[test])
ratio = found[:, :, :2].mean(axis=1) / found[0, :, :2].mean(axis=0)

# %%
# The other two mechanisms can be counted: how many different rows a net sees in training (a row
# with fresh noise, or a mixture of rows, is another row), and how many nets are combined (dropout
# trains another thinned net in each of 600 steps, and predicts with all units as their mean).

fresh = {"noise_std = 0.7", "target_noise_std = 0.5", "mixup_alpha = 1"}
combined = {"bagging, 10 nets": N_MEMBERS, "dropout = 0.6": N_EPOCHS}
n_rows = [len(train) * (N_EPOCHS if name in fresh else 1) for name in SETTINGS]
n_rows[list(SETTINGS).index("early stopping")] = 80  # the others are held out
n_nets = [combined.get(name, 1) for name in SETTINGS]
columns = {
    "smoother\nfunction": ratio[:, 0],
    "wider\nminimum": ratio[:, 1],
    "more data": np.array(n_rows),
    "combined\nmodels": np.array(n_nets),
}
units = ["slope², x plain", "sharpness, x plain", "rows seen", "nets"]

figure, (table, chart) = plt.subplots(
    1, 2, figsize=(9, 6), sharey=True, layout="constrained", width_ratios=(5, 2.6)
)
for j, values in enumerate(columns.values()):
    for i, value in enumerate(values):
        used = value < 0.8 if j < 2 else value > values[0]
        depth = min(0.75, 0.25 + 0.5 * abs(np.log10(value))) if j < 2 else 0.5
        colour = plt.get_cmap("Blues")(depth if used else 0.0)
        table.add_patch(plt.Rectangle((j - 0.48, i - 0.46), 0.96, 0.92, color=colour, lw=0))
        look = "white" if used and depth > 0.6 else "black" if used else "0.55"
        text = f"{value:.2f}" if j < 2 else f"{value:,}"
        table.text(j, i, text, ha="center", va="center", color=look)
for j, (head, unit) in enumerate(zip(columns, units, strict=True)):
    table.text(j, -1.35, head, ha="center", va="center", fontsize=11)
    table.text(j, -0.75, unit, ha="center", va="center", fontsize=8.5, color="0.35")
table.set(xlim=(-0.5, 3.5), ylim=(len(SETTINGS) - 0.5, -1.8), xticks=[])
table.set_yticks(range(len(SETTINGS)), list(SETTINGS))

scores = found[:, :, 2]
error = scores.std(axis=1, ddof=1) / np.sqrt(len(SEEDS))
chart.axvline(scores[0].mean(), color="0.6", ls="--", lw=1)
chart.errorbar(scores.mean(axis=1), range(len(SETTINGS)), xerr=error, fmt="o", capsize=3)
chart.set_title("the outcome", fontsize=11, y=0.93)
chart.set_xlabel("R2 on held-out rows")
for ax in (table, chart):
    ax.spines[:].set_visible(False)
    ax.tick_params(axis="y", length=0)
chart.grid(axis="x", color="0.9")
chart.set_axisbelow(True)

# %%
# Blue is what a regularizer uses (the ratios where they are below 0.8), the deeper the more. Most
# of them smooth, and what smooths also widens the minimum on these data; noise and mixtures of
# rows do it by way of more data, ensembles by way of a mean. The outcome is the mean over six seeds
# and its standard error; dashed, the net without regularization. Augmentation, transfer and
# pretraining bring more data as well; they have examples of their own.
