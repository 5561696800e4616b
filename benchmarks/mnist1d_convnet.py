"""MNIST-1D: the default conv net, with random shift and scale of the training signals and without.

The official split of Greydanus & Kobak (2024, "Scaling down deep learning with MNIST-1D"), who
state 68 % for an MLP and 94 % for a conv net. The folder with mnist1d.npz comes from the
environment variable SKREG_DATA.
"""

import time
from os import environ
from pathlib import Path

import numpy as np

from benchmarks._measure import one_thread, report
from skreg import ConvNetClassifier
from skreg.augmentation import SignalAugment

SEEDS, BAR = 3, 0.95


def settings():
    """Parameters by name of the setting."""
    return {
        "as it is": {},
        "SignalAugment(shift=0.1, scale=0.2)": {"augment": SignalAugment(shift=0.1, scale=0.2)},
    }


def main():
    """Print the table."""
    if "SKREG_DATA" not in environ:
        print("Set SKREG_DATA to the folder with mnist1d.npz.")
        return
    data = np.load(Path(environ["SKREG_DATA"]) / "mnist1d.npz")
    rows = []
    for name, params in settings().items():
        accuracies, seconds, epochs = [], [], []
        for seed in range(SEEDS):
            start = time.perf_counter()
            net = ConvNetClassifier(random_state=seed, **params)
            net.fit(data["X_train"], data["y_train"])
            seconds.append(time.perf_counter() - start)
            epochs.append(net.n_iter_)
            accuracies.append(net.score(data["X_test"], data["y_test"]))
            print(name, seed, accuracies[-1], epochs[-1], seconds[-1], flush=True)
        error = np.std(accuracies, ddof=1) / np.sqrt(SEEDS)
        bar = f"{BAR}: {'met' if min(accuracies) >= BAR else 'MISSED'}" if params else ""
        shown = f"{np.mean(accuracies):.4f} +- {error:.4f}"
        rows.append((name, shown, min(accuracies), bar, np.mean(epochs), np.mean(seconds)))
    columns = ("training signals", "test accuracy", "lowest", "bar", "epochs", "s")
    report(f"MNIST-1D, default ConvNetClassifier, {SEEDS} seeds", columns, rows)


if __name__ == "__main__":
    with one_thread():
        main()
