"""A long search over a Dask cluster of processes on this machine: 1,000 candidates x 5 folds.

Tasks per second with one and two workers of one thread, against this process alone; and what the
scheduler takes for a task, from tasks that do nothing.
"""

import time

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import report
from benchmarks._peers import fixed
from skreg import MLPRegressor

CANDIDATES = 1000
EMPTY = 20_000


def seconds(call, **settings):
    """Seconds of a call under the backend."""
    with parallel_config(backend="skreg", **settings):
        start = time.perf_counter()
        call()
        return time.perf_counter() - start


def search(n):
    """Fit a search over n candidates on 5 folds: a scaler, 100 units, 20 epochs."""
    X, y = load_diabetes(return_X_y=True)
    pipe = make_pipeline(StandardScaler(), MLPRegressor(**fixed(20)))
    space = {"mlpregressor__alpha": np.logspace(-6, 1, n)}
    return GridSearchCV(pipe, space, cv=5, refit=False).fit(X, (y - y.mean()) / y.std())


def nothing():
    """A task that does nothing."""
    Parallel()(delayed(int)(0) for _ in range(EMPTY))


def rows():
    """Who, seconds, fits per second, microseconds of an empty task."""
    from distributed import Client, LocalCluster

    def row(who, **settings):
        seconds(lambda: search(20), **settings)  # so that everything is imported
        taken = seconds(lambda: search(CANDIDATES), **settings)
        empty = seconds(nothing, **settings)
        return who, taken, 5 * CANDIDATES / taken, empty / EMPTY * 1e6

    yield row("this process, one task at a time", n_jobs=1)
    yield row("this process, all cores")
    for n in (1, 2):
        kwargs = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
        with LocalCluster(n_workers=n, **kwargs) as cluster, Client(cluster) as client:
            yield row(f"Dask, {n} worker{'s' if n > 1 else ''} of one thread", client=client)


def main():
    """Print the table."""
    columns = ("who", "seconds", "fits per second", "us per empty task")
    report(f"A search of {CANDIDATES} candidates x 5 folds, 20 epochs", columns, list(rows()))


if __name__ == "__main__":
    main()
