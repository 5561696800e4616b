"""MNIST-1D: what augmentation adds to an MLP, and one search over regularizers and augmentation.

`SKREG_DATA` names the folder with ``mnist1d.npz`` (4,000 training and 1,000 test signals of 40
samples); without it the script says so. The search sees the training rows only; the test rows are
looked at once, by its refit.
"""

import os
import time
from pathlib import Path

import numpy as np
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.base import clone
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold

from benchmarks._measure import report
from skreg import MLPClassifier, OffOr
from skreg.augmentation import SignalAugment

SEEDS = range(10)
SPACE = {
    "augment__shift": uniform(0.05, 0.2),
    "augment__scale": uniform(0, 0.4),
    "augment__noise": OffOr(loguniform(0.01, 0.3)),
    "alpha": loguniform(1e-6, 1e-2),
    "dropout": OffOr(uniform(0, 0.4)),
    "input_dropout": OffOr(uniform(0, 0.1), 0.7),
    "label_smoothing": OffOr(uniform(0, 0.2)),
    "mixup_alpha": OffOr(uniform(0, 0.4), 0.7),
    "normalization": [None, "layer", "batch"],
    "averaging": [None, "ema"],
    "learning_rate_init": loguniform(1e-3, 1e-2),
}


def mnist1d():
    """Arrays X_train, y_train, X_test, y_test, or None."""
    path = Path(os.environ.get("SKREG_DATA", "")) / "mnist1d.npz"
    if not path.is_file():
        return None
    with np.load(path) as arrays:
        return [arrays[name] for name in ("X_train", "y_train", "X_test", "y_test")]


def scores(net, data):
    """Test accuracy over the seeds."""
    X_train, y_train, X_test, y_test = data
    nets = (clone(net).set_params(random_state=seed) for seed in SEEDS)
    return np.array([net.fit(X_train, y_train).score(X_test, y_test) for net in nets])


def _mean(values):
    return f"{values.mean():.4f} +- {values.std(ddof=1) / len(values) ** 0.5:.4f}"


def main():
    """Print the table."""
    data = mnist1d()
    if data is None:
        print("mnist1d needs SKREG_DATA, a folder with mnist1d.npz: left out.")
        return
    net = MLPClassifier(
        hidden_layer_sizes=(256, 256),
        batch_size=100,
        learning_rate="cosine",
        max_iter=120,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    augmented = clone(net).set_params(augment=SignalAugment(shift=0.1, scale=0.2))
    start = time.perf_counter()
    plain, more = scores(net, data), scores(augmented, data)
    one = (time.perf_counter() - start) / 2 / len(SEEDS)
    search = RandomizedSearchCV(
        augmented,
        SPACE,
        n_iter=40,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        random_state=0,
    )
    start = time.perf_counter()
    with parallel_config(backend="skreg"):
        search.fit(*data[:2])
    taken = time.perf_counter() - start
    found = scores(search.best_estimator_, data)
    rows = [
        ("test accuracy, plain", _mean(plain)),
        ("with random shift (0.1) and scale (0.2)", _mean(more)),
        ("gain, seed by seed", _mean(more - plain)),
        ("chosen by the search, its refit", f"{search.score(*data[2:]):.4f}"),
        ("the chosen setting, all seeds", _mean(found)),
        ("one fit, s", f"{one:.3g}"),
        ("the search of 120 fits and the refit, s", f"{taken:.3g}"),
    ]
    report(f"MNIST-1D, an MLP, {len(SEEDS)} seeds", ("what", "value"), rows)
    best = {k: round(v, 5) if isinstance(v, float) else v for k, v in search.best_params_.items()}
    print("\nchosen:", best)


if __name__ == "__main__":
    main()
