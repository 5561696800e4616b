"""Draw the figures of these pages: python docs/make_figures.py. The pages' build calls it."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from cycler import cycler
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPClassifier, MLPRegressor
from skreg.inspection import regularization_path

FIGURES = Path(__file__).parent / "figures"
# Okabe and Ito's; in the order in which C0, C1 ... name them
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#D55E00"]
FIXED = {"tol": 0.0, "n_iter_no_change": np.inf, "random_state": 0}
# What each regularizer does to a net that fits 24 noisy points of a sine: two strengths each.
CURVES = {
    "alpha": (1e-3, 3e-2),
    "l1": (1e-3, 1e-2),
    "anchor_alpha": (1e-2, 1.0),
    "max_norm": (2.0, 0.7),
    "clip_grad_norm": (0.1, 0.01),
    "gradient_penalty": (0.1, 10.0),
    "sam_rho": (0.1, 0.5),
    "mixup_alpha": (0.1, 1.0),
    "dropout": (0.1, 0.5),
    "input_dropout": (0.05, 0.3),
    "noise_std": (0.05, 0.3),
    "weight_noise_std": (0.03, 0.15),
    "target_noise_std": (0.3, 1.5),
    "averaging_decay": (0.9, 0.999),
    "normalization": ("layer", "batch"),
    "drop_path": (0.0, 0.3),
    "max_iter": (300, 60),
}
AROUND = {"averaging_decay": {"averaging": "ema"}, "drop_path": {"residual": True}}


def noisy_sine():
    """24 points on [-1, 1], of which some lie close together, and their noisy values."""
    rng = np.random.RandomState(1)
    x = np.sort(rng.uniform(-1, 1, 24))
    return x[:, None], np.sin(4 * x) + 0.4 * rng.randn(24)


def curve(name, values):
    """A plain fit and two regularized ones, with the truth."""
    X, y = noisy_sine()
    grid = np.linspace(-1, 1, 400)[:, None]
    base = MLPRegressor(
        hidden_layer_sizes=(100, 100), alpha=0.0, max_iter=3000, learning_rate_init=0.003, **FIXED
    )
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    ax.plot(grid, np.sin(4 * grid), color="0.7", lw=4, label="truth")
    ax.plot(X, y, "k.", ms=7)
    ax.plot(grid, base.fit(X, y).predict(grid), color="C3", lw=1, label="plain")
    for value, color in zip(values, ("C0", "C2"), strict=True):
        net = MLPRegressor(**{**base.get_params(), **AROUND.get(name, {}), name: value})
        ax.plot(grid, net.fit(X, y).predict(grid), color=color, label=f"{name}={value}")
    ax.set(ylim=(-2.2, 2.2), xlabel="x", ylabel="f(x)")
    ax.legend(fontsize=7, ncols=2, loc="lower right")
    save(figure, name)


def lipschitz(strength):
    """A penalty of one's own: largest singular values, whose product bounds the slope."""

    def penalty(weights):
        return strength * torch.stack([torch.linalg.matrix_norm(w, 2) for w in weights]).prod()

    return penalty


def own_penalty():
    """A plain fit and two under a penalty of one's own, with the truth."""
    X, y = noisy_sine()
    grid = np.linspace(-1, 1, 400)[:, None]
    base = MLPRegressor(
        hidden_layer_sizes=(100, 100), alpha=0.0, max_iter=1500, learning_rate_init=0.003, **FIXED
    )
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    ax.plot(grid, np.sin(4 * grid), color="0.7", lw=4, label="truth")
    ax.plot(X, y, "k.", ms=7)
    ax.plot(grid, base.fit(X, y).predict(grid), color="C3", lw=1, label="plain")
    for strength, color in ((0.001, "C0"), (0.01, "C2")):
        net = MLPRegressor(**{**base.get_params(), "penalty": lipschitz(strength)})
        label = f"{strength} x singular values"
        ax.plot(grid, net.fit(X, y).predict(grid), color=color, label=label)
    ax.set(ylim=(-2.2, 2.2), xlabel="x", ylabel="f(x)")
    ax.legend(fontsize=7, ncols=2, loc="lower right")
    save(figure, "penalty")


def label_smoothing():
    """Probability of the right half, where some labels are wrong, at three strengths."""
    rng = np.random.RandomState(0)
    x = np.sort(rng.uniform(-1, 1, 60))
    y = (x > 0) ^ (rng.rand(60) < 0.15)
    grid = np.linspace(-1, 1, 400)[:, None]
    base = MLPClassifier(
        hidden_layer_sizes=(100, 100), alpha=0.0, max_iter=1000, learning_rate_init=0.003, **FIXED
    )
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    ax.plot(grid, np.where(grid > 0, 0.85, 0.15), color="0.7", lw=4, label="truth")
    ax.plot(x, y, "k.", ms=7)
    for eps, color in ((0.0, "C3"), (0.1, "C0"), (0.3, "C2")):
        net = MLPClassifier(**{**base.get_params(), "label_smoothing": eps}).fit(x[:, None], y)
        label = f"label_smoothing={eps}" if eps else "plain"
        ax.plot(grid, net.predict_proba(grid)[:, 1], color=color, lw=1.2, label=label)
    ax.set(ylim=(-0.35, 1.1), xlabel="x", ylabel="p(y = 1)")
    ax.legend(fontsize=7, ncols=2, loc="lower right")
    save(figure, "label_smoothing")


def alpha_path():
    """Weights, slopes, units in use and scores against alpha."""
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressor(
        hidden_layer_sizes=50,
        max_iter=1000,
        learning_rate="cosine",
        learning_rate_init=0.003,
        **FIXED,
    )
    alphas = np.logspace(-4, 0, 9)
    pipe = make_pipeline(StandardScaler(), net)
    setting = {"param_name": "mlpregressor__alpha", "param_range": alphas, "cv": 5}
    path = regularization_path(pipe, X, y, **setting)
    rows = {
        "weight norm": [np.sqrt((path.weight_norms**2).sum(axis=2))],
        "mean squared input gradient": [path.input_gradient],
        "units in use": [path.active_units[:, :, 0]],
        "R2, train and test": [path.train_scores, path.test_scores],
    }
    figure, axes = plt.subplots(2, 2, figsize=(8, 5), sharex=True, layout="constrained")
    for ax, (title, arrays) in zip(axes.flat, rows.items(), strict=True):
        for values in arrays:
            mean, spread = values.mean(axis=1), values.std(axis=1)
            ax.semilogx(alphas, mean, "o-", ms=3)
            ax.fill_between(alphas, mean - spread, mean + spread, alpha=0.2)
        ax.set_title(title, fontsize=10)
    axes[0, 1].set_yscale("log")
    for ax in axes[1]:
        ax.set_xlabel("alpha")
    save(figure, "alpha_path")


def save(figure, name):
    """Write a figure beside the pages."""
    figure.savefig(FIGURES / f"{name}.png", dpi=90, metadata={"Software": None})
    plt.close(figure)


def main(missing_only=False):
    """Draw all of them, or those that are not there yet."""
    FIGURES.mkdir(exist_ok=True)
    others = {"penalty": own_penalty, "label_smoothing": label_smoothing, "alpha_path": alpha_path}
    with mpl.rc_context({"backend": "agg", "axes.prop_cycle": cycler(color=COLOURS)}):
        for name in [*CURVES, *others]:
            if missing_only and (FIGURES / f"{name}.png").exists():
                continue
            if name in CURVES:
                curve(name, CURVES[name])
            else:
                others[name]()


if __name__ == "__main__":
    main()
