"""Fashion-MNIST: time of an epoch against a plain torch loop of the same net, and what it learns.

- 12,000 images, batches of 200, Adam, one thread for both, epochs in turn: the bar is 1.2.
- 1,000 labelled images (60 epochs in batches of 50), the whole test set, 5 seeds: what flips and
  small shifts add to the default net; the bar is one point.
- 12,000 images, 10 epochs: accuracy.

The folder with fashion_mnist.npz comes from the environment variable SKREG_DATA. --time measures
the time alone, --accuracy the rest, on the device in SKREG_DEVICE (by default the CPU).
"""

import sys
from os import environ
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks._measure import interleaved, one_thread, report, verdict
from skreg import ConvNetClassifier
from skreg.augmentation import ImageAugment

SHAPE, BATCH, SEEDS = (1, 28, 28), 200, 5
DEVICE = environ.get("SKREG_DEVICE", "cpu")
AUGMENT = ImageAugment(horizontal_flip=0.5, translate=0.04, degrees=0.0, scale=0.0)


def data():
    """Training and test images in [0, 1], (n, 1, 28, 28), and their labels."""
    z = np.load(Path(environ["SKREG_DATA"]) / "fashion_mnist.npz")
    images = (
        z[name].reshape(-1, *SHAPE).astype(np.float32) / 255 for name in ("X_train", "X_test")
    )
    X, X_test = images
    return X, z["y_train"].astype(int), X_test, z["y_test"].astype(int)


def plain_net():
    """The default conv net, of torch's own layers."""
    layers, below = [], 1
    for channels in (32, 64, 128):
        conv = nn.Conv2d(below, channels, 3, padding=1)
        layers += [conv, nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
        below = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(below, 10))


def plain_epoch(net, optimizer, X, y):
    """An epoch as one writes it by hand, with the L2 penalty left to the optimizer."""
    net.train()
    order = torch.randperm(len(X))
    for start in range(0, len(X), BATCH):
        rows = order[start : start + BATCH]
        optimizer.zero_grad()
        functional.cross_entropy(net(X[rows]), y[rows]).backward()
        optimizer.step()


def time_of_an_epoch(X, y):
    """Rows of the table of times."""
    net = plain_net()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    tensors = torch.from_numpy(X), torch.from_numpy(y)
    ours = ConvNetClassifier(random_state=0)
    seconds = interleaved(
        {
            "skreg": lambda: ours.partial_fit(X, y, classes=range(10)),
            "torch": lambda: plain_epoch(net, optimizer, *tensors),
        },
        rounds=3,
    )
    ratio = seconds["skreg"] / seconds["torch"]
    return [
        ("skreg", seconds["skreg"], ratio, verdict(ratio, 1.2)),
        ("torch", seconds["torch"], 1.0, ""),
    ]


def accuracy(n_rows, epochs, seed, X, y, X_test, y_test, **params):
    """Accuracy on the test set after training on the first rows of a shuffle by the seed."""
    rows = np.random.RandomState(seed).permutation(len(X))[:n_rows]
    net = ConvNetClassifier(max_iter=epochs, n_iter_no_change=epochs, random_state=seed)
    net.set_params(device=DEVICE, **params)
    return net.fit(X[rows], y[rows]).score(X_test, y_test)


def what_augmentation_adds(sets):
    """Rows of the table of 1,000 images."""
    found = []
    for seed in range(SEEDS):
        pair = [
            100 * accuracy(1000, 60, seed, *sets, batch_size=50, augment=augment)
            for augment in (None, AUGMENT)
        ]
        print(f"seed {seed}: {pair[0]:.2f} and {pair[1]:.2f}", flush=True)
        found.append(pair)
    plain, more = np.array(found).T
    gap = more - plain
    bar = f"1 point: {'met' if gap.mean() >= 1 else 'MISSED'}"
    return [
        ("as they are", _shown(plain), ""),
        (f"{AUGMENT!r}", _shown(more), ""),
        ("what it adds, paired", _shown(gap), bar),
    ]


def _shown(values):
    return f"{values.mean():.2f} +- {values.std(ddof=1) / np.sqrt(len(values)):.2f}"


@one_thread()
def main():
    """Print the tables."""
    if "SKREG_DATA" not in environ:
        print("Set SKREG_DATA to the folder with fashion_mnist.npz.")
        return
    sets = data()
    if "--accuracy" not in sys.argv:
        rows = time_of_an_epoch(*sets[:2])
        report("Conv net, 12,000 images: an epoch", ("who", "s", "ratio", "bar"), rows)
    if "--time" in sys.argv:
        return
    rows = what_augmentation_adds(sets)
    report("1,000 images, 5 seeds: test accuracy, %", ("training images", "accuracy", "bar"), rows)
    rows = [("12,000 images, 10 epochs", 100 * accuracy(12000, 10, 0, *sets))]
    report("All images: test accuracy, %", ("training", "accuracy"), rows)


if __name__ == "__main__":
    main()
