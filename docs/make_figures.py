"""Draw the figures of these pages: python docs/make_figures.py. The pages' build calls it."""

import contextlib
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import numpy as np
import torch
from cycler import cycler
from gallery_style import OKABE_ITO
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPClassifier, MLPRegressor
from skreg.inspection import regularization_path

FIGURES = Path(__file__).parent / "figures"
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
# What else a panel's net has, and what its title says of it.
AROUND = {"averaging_decay": {"averaging": "ema"}, "drop_path": {"residual": True}}
PREFIX = {"averaging_decay": "ema, ", "drop_path": "residual, "}


def noisy_sine():
    """24 points on [-1, 1], of which some lie close together, and their noisy values."""
    rng = np.random.RandomState(1)
    x = np.sort(rng.uniform(-1, 1, 24))
    return x[:, None], np.sin(4 * x) + 0.4 * rng.randn(24)


def three_panels(titles, functions, data, truth, **axes_settings):
    """The plain fit, a weaker and a stronger regularizer, side by side; returns the figure."""
    grid = np.linspace(-1, 1, 400)[:, None]
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
    for ax, title, function in zip(axes, titles, functions, strict=True):
        ax.plot(grid, truth(grid), color="0.72", lw=4, label="truth")
        ax.plot(grid, function(grid), color="C0", lw=1.8, label="fit")
        ax.plot(*data, "k.", ms=6, label="data")
        ax.set_title(title, fontsize=11)
        ax.set(xlabel="x", xticks=[-1, -0.5, 0, 0.5, 1], **axes_settings)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].legend(fontsize=9, ncols=3, loc="lower right", handlelength=1.2, columnspacing=1)
    return figure


def sines(titles, settings, max_iter=3000):
    """Fits of the noisy sine under three settings."""
    X, y = noisy_sine()
    net = {"hidden_layer_sizes": (100, 100), "alpha": 0.0, "learning_rate_init": 0.003, **FIXED}
    fits = [MLPRegressor(**{**net, "max_iter": max_iter, **more}).fit(X, y) for more in settings]
    functions = [fit.predict for fit in fits]
    return three_panels(titles, functions, (X, y), lambda x: np.sin(4 * x), ylim=(-2.3, 1.7))


def curve(name, values):
    """A plain fit and two regularized ones."""
    titles = [f"{PREFIX.get(name, '')}{name} = {value}" for value in values]
    settings = [{**AROUND.get(name, {}), name: value} for value in values]
    figure = sines(["plain", *titles], [{}, *settings])
    figure.axes[0].set_ylabel("f(x)")
    save(figure, name)


def lipschitz(strength):
    """A penalty of one's own: largest singular values, whose product bounds the slope."""

    def penalty(weights):
        return strength * torch.stack([torch.linalg.matrix_norm(w, 2) for w in weights]).prod()

    return penalty


def own_penalty():
    """A plain fit and two under a penalty of one's own."""
    strengths = (0.001, 0.01)
    titles = [f"strength = {strength}" for strength in strengths]
    penalties = [{"penalty": lipschitz(strength)} for strength in strengths]
    figure = sines(["plain", *titles], [{}, *penalties], max_iter=1500)
    figure.axes[0].set_ylabel("f(x)")
    save(figure, "penalty")


def label_smoothing():
    """Probability of the right half, where some labels are wrong, at three strengths."""
    rng = np.random.RandomState(0)
    x = np.sort(rng.uniform(-1, 1, 60))
    y = (x > 0) ^ (rng.rand(60) < 0.15)
    base = MLPClassifier(
        hidden_layer_sizes=(100, 100), alpha=0.0, max_iter=1000, learning_rate_init=0.003, **FIXED
    )
    titles, functions = [], []
    for eps in (0.0, 0.1, 0.3):
        net = MLPClassifier(**{**base.get_params(), "label_smoothing": eps}).fit(x[:, None], y)
        titles.append(f"label_smoothing = {eps}" if eps else "plain")
        functions.append(lambda grid, net=net: net.predict_proba(grid)[:, 1])
    figure = three_panels(
        titles, functions, (x, y), lambda g: np.where(g > 0, 0.85, 0.15), ylim=(-0.35, 1.08)
    )
    figure.axes[0].set(ylabel="p(y = 1)", yticks=[0, 0.5, 1])
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
        "units in use, of 50": [path.active_units[:, :, 0]],
        "R2": [path.train_scores, path.test_scores],
    }
    figure, axes = plt.subplots(2, 2, figsize=(9, 5.4), sharex=True, layout="constrained")
    for ax, (title, arrays) in zip(axes.flat, rows.items(), strict=True):
        looks = zip(arrays, ("training rows", "held-out rows"), "os", strict=False)
        for values, name, marker in looks:
            mean, spread = values.mean(axis=1), values.std(axis=1)
            ax.semilogx(alphas, mean, marker=marker, ms=4, label=name)
            ax.fill_between(alphas, mean - spread, mean + spread, alpha=0.2, lw=0)
        ax.set_title(title, fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 1].set_yscale("log")
    axes[1, 1].legend(fontsize=10)
    for ax in axes[1]:
        ax.set_xlabel("alpha")
    save(figure, "alpha_path")


def start_page():
    """The figures that the blocks of the page "Five minutes" draw."""
    page = Path(__file__).with_name("start.md").read_text(encoding="utf-8")
    blocks, space = re.findall(r"```python\n(.*?)```", page, re.DOTALL), {}
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        for block in blocks[: 1 + max(i for i, b in enumerate(blocks) if "savefig" in b)]:
            exec(compile(block, "start.md", "exec"), space)
    for name in ("path", "both"):
        save(space[name].figure_, {"path": "start_path", "both": "start_search"}[name])


def save(figure, name):
    """Write a figure beside the pages."""
    figure.savefig(FIGURES / f"{name}.png", dpi=180, metadata={"Software": None})
    plt.close(figure)


def main(missing_only=False):
    """Draw all of them, or those that are not there yet."""
    FIGURES.mkdir(exist_ok=True)
    others = {
        "penalty": own_penalty,
        "label_smoothing": label_smoothing,
        "alpha_path": alpha_path,
        "start_path": start_page,
    }
    with mpl.rc_context({"backend": "agg", "axes.prop_cycle": cycler(color=OKABE_ITO)}):
        for name in [*CURVES, *others]:
            if missing_only and (FIGURES / f"{name}.png").exists():
                continue
            if name in CURVES:
                curve(name, CURVES[name])
            else:
                others[name]()


if __name__ == "__main__":
    main()
