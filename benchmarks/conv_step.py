"""A conv net's training step on 200 images of 28 x 28, two blocks, against plain torch; one thread.

Plain torch has its layers as they come: float32, channels first. The bar of 0.45 is that of
``dtype="bfloat16"`` on a processor with bfloat16 instructions (AVX512-BF16, AMX); elsewhere torch
makes do without them, and the figure only says how slow that is.
"""

import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks._measure import interleaved, one_thread, report, verdict
from skreg import ConvNetClassifier
from skreg.engine.select_engine import _bfloat16_instructions

BATCH, STEPS, CHANNELS = 200, 3, (32, 64)


def plain_steps(X, y):
    """A function that takes `STEPS` steps as one writes them by hand."""
    layers, below = [], 1
    for channels in CHANNELS:
        conv = nn.Conv2d(below, channels, 3, padding=1)
        layers += [conv, nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
        below = channels
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(below, 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    batches = [part.split(BATCH) for part in (torch.from_numpy(X), torch.from_numpy(y))]

    def steps():
        for images, labels in zip(*batches, strict=True):
            optimizer.zero_grad()
            functional.cross_entropy(net(images), labels).backward()
            optimizer.step()

    return steps


def skregs_steps(X, y, dtype):
    """The same by an epoch of skreg's."""
    net = ConvNetClassifier(channels=CHANNELS, dtype=dtype, batch_size=BATCH, random_state=0)
    return lambda: net.partial_fit(X, y, classes=range(10))


@one_thread()
def main():
    """Print the table."""
    warnings.filterwarnings("ignore", message="This processor has no bfloat16")
    rng = np.random.RandomState(0)
    X = rng.rand(STEPS * BATCH, 1, 28, 28).astype(np.float32)
    y = rng.randint(10, size=len(X))
    functions = {"torch": plain_steps(X, y)}
    functions |= {f"skreg, {name}": skregs_steps(X, y, name) for name in ("float32", "bfloat16")}
    seconds = interleaved(functions, rounds=5)
    rows = []
    for name, value in seconds.items():
        ratio, bar = value / seconds["torch"], ""
        if name == "skreg, float32":
            bar = verdict(ratio, 1.0)
        elif name == "skreg, bfloat16":
            bar = verdict(ratio, 0.45) if _bfloat16_instructions() else "no such instructions here"
        rows.append((name, 1e3 * value / STEPS, ratio, bar))
    title = f"Conv net, {BATCH} images of 28 x 28, channels {CHANNELS}: a step"
    report(title, ("who", "ms", "x torch", "bar"), rows)


if __name__ == "__main__":
    main()
