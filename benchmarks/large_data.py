"""Large data: a file of 4 GB that is not copied, and a million rows against a plain torch loop.

Peak of anonymous memory (Linux) during `fit` and `predict` on a memory-mapped file of 20 million
rows of 50 float32 columns (4 GB in the folder for temporary files), and seconds per epoch of
1,000,000 x 50 in memory.
"""

import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from benchmarks._measure import interleaved, one_thread, report
from skreg import MLPRegressor

ROWS, COLUMNS = 20_000_000, 50
HIDDEN, BATCH = (100,), 1000


def anonymous():
    """Megabytes of anonymous memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


@contextmanager
def peak_of(seen):
    """Append the peak of anonymous memory above its beginning within the block to `seen`."""
    ended, before, peak = threading.Event(), anonymous(), [0.0]

    def watch():
        while not ended.wait(0.01):
            peak[0] = max(peak[0], anonymous())

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    ended.set()
    thread.join()
    seen.append((before, peak[0]))


def file_rows():
    """What, seconds, megabytes before, megabytes at the peak."""
    net = MLPRegressor(hidden_layer_sizes=HIDDEN, batch_size=BATCH, max_iter=1, random_state=0)
    small = np.random.RandomState(0).randn(1000, COLUMNS).astype(np.float32)
    net.fit(small, small[:, 0])
    with tempfile.NamedTemporaryFile() as file:
        X = np.memmap(file, np.float32, "w+", shape=(ROWS, COLUMNS))
        rng = np.random.default_rng(0)
        for start in range(0, ROWS, 500_000):
            X[start : start + 500_000] = rng.standard_normal((500_000, COLUMNS), np.float32)
        X.flush()
        X = np.memmap(file.name, np.float32, "r", shape=(ROWS, COLUMNS))
        y = X[:, 0] + X[:, 1] * X[:, 2]
        for what, call in (("fit, one epoch", lambda: net.fit(X, y)), ("predict", net.predict)):
            seen, start = [], time.perf_counter()
            with peak_of(seen):
                call() if what.startswith("fit") else call(X)
            yield f"{what}, {X.nbytes / 1e9:.0f} GB", time.perf_counter() - start, *seen[0]


def torch_loop(X, y):
    """An epoch as one writes it in torch: a permutation, and batches of rows of it."""
    net = torch.nn.Sequential(
        torch.nn.Linear(COLUMNS, HIDDEN[0]), torch.nn.ReLU(), torch.nn.Linear(HIDDEN[0], 1)
    )
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    X, y = torch.from_numpy(X), torch.from_numpy(y)[:, None]

    def epoch():
        for rows in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(X[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def epoch_rows():
    """Who, seconds per epoch, ratio."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1_000_000, COLUMNS), np.float32)
    y = X[:, 0] + X[:, 1] * X[:, 2]
    kwargs = {"batch_size": BATCH, "random_state": 0, "tol": 0.0}
    one, three = (MLPRegressor(hidden_layer_sizes=HIDDEN, max_iter=n, **kwargs) for n in (1, 3))
    with one_thread():
        seconds = interleaved(
            {
                "one": lambda: one.fit(X, y),
                "three": lambda: three.fit(X, y),
                "torch": torch_loop(X, y),
            },
            rounds=3,
        )
    epoch = (seconds["three"] - seconds["one"]) / 2
    yield "skreg, an epoch of a fit", epoch, epoch / seconds["torch"]
    yield "skreg, a fit of one epoch", seconds["one"], seconds["one"] / seconds["torch"]
    yield "torch loop, an epoch", seconds["torch"], 1.0


def main():
    """Print the tables."""
    columns = ("what", "seconds", "MB before", "MB at the peak")
    report("Anonymous memory with X on a disk", columns, list(file_rows()))
    columns = ("who", "seconds", "x the torch loop")
    report(f"1,000,000 x {COLUMNS}, {HIDDEN}, batches of {BATCH}", columns, list(epoch_rows()))


if __name__ == "__main__":
    main()
