"""Stacks on a GPU: nets per second by how many train at once, against all cores of the host.

A search of as many candidates as the stack is wide, each a fit of its own under
``parallel_config(backend="skreg", n_jobs=width)``; the same search by the compiled engine on all
cores beside it. Needs a GPU that torch can use.
"""

import time

import numpy as np
import torch
from joblib import parallel_config
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from benchmarks._measure import report
from benchmarks._peers import fixed
from skreg import MLPRegressor


def diabetes():
    """442 rows of 10 columns, a standardized target."""
    X, y = load_diabetes(return_X_y=True)
    return (X / X.std(axis=0)).astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)


def wide():
    """10,000 rows of 30 columns."""
    rng = np.random.RandomState(0)
    X = rng.randn(10_000, 30).astype(np.float32)
    return X, (X[:, :5].sum(axis=1) + rng.randn(10_000)).astype(np.float32)


CASES = {
    "442 x 10, (100,), 100 epochs": (diabetes, {**fixed(100)}, (1, 10, 100, 1000)),
    "10,000 x 30, (256, 256), 10 epochs": (
        wide,
        {**fixed(10), "hidden_layer_sizes": (256, 256)},
        (1, 10, 100),
    ),
    "10,000 x 30, (1024, 1024), 5 epochs": (
        wide,
        {**fixed(5), "hidden_layer_sizes": (1024, 1024)},
        (1, 4, 16),
    ),
}


def seconds(net, X, y, n_candidates, **settings):
    """Seconds of a search of so many candidates on one split."""
    split = ShuffleSplit(1, test_size=0.2, random_state=0)
    space = {"alpha": np.logspace(-6, 1, n_candidates)}
    search = GridSearchCV(net, space, cv=split, refit=False, error_score="raise")
    with parallel_config(backend="skreg", **settings):
        start = time.perf_counter()
        search.fit(X, y)
        return time.perf_counter() - start


def rows(case):
    """Who, nets at once, seconds, nets per second."""
    make, params, widths = CASES[case]
    X, y = make()
    there, here = MLPRegressor(**params, device="cuda"), MLPRegressor(**params)
    seconds(there, X, y, 4, n_jobs=4), seconds(here, X, y, 4)
    for width in widths:
        taken = seconds(there, X, y, width, n_jobs=max(width, 2))
        yield "GPU", width, taken, width / taken
    n = widths[-1]
    taken = seconds(here, X, y, n)
    yield "CPU, all cores", n, taken, n / taken


def main():
    """Print the tables."""
    if not torch.cuda.is_available():
        print("stack_width: no GPU that torch can use, nothing to measure")
        return
    for case in CASES:
        title = f"{case}; {torch.cuda.get_device_name()}"
        report(title, ("where", "nets at once", "seconds", "nets per second"), list(rows(case)))


if __name__ == "__main__":
    main()
