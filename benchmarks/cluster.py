"""A long search over a Dask cluster of processes on this machine: 1,000 candidates x 5 folds.

Tasks per second with one and two workers of one thread, against this process alone; what a task
takes where it does nothing; and the processor time of this process, in which the scheduler runs as
well, for each fit: with workers on other machines that is what bounds the search.
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
    """Seconds of a call under the backend, and of this process's processor time."""
    with parallel_config(backend="skreg", **settings):
        start, begun = time.perf_counter(), time.process_time()
        call()
        return time.perf_counter() - start, time.process_time() - begun


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
    """Who, seconds, fits per second, this process's ms per fit, microseconds of an empty task."""
    from distributed import Client, LocalCluster

    def row(who, **settings):
        seconds(lambda: search(20), **settings)  # so that everything is imported
        n_fits = 5 * CANDIDATES
        taken, worked = seconds(lambda: search(CANDIDATES), **settings)
        empty, _ = seconds(nothing, **settings)
        return who, taken, n_fits / taken, worked / n_fits * 1e3, empty / EMPTY * 1e6

    yield row("this process, one task at a time", n_jobs=1)
    yield row("this process, all cores")
    for n in (1, 2):
        kwargs = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
        with LocalCluster(n_workers=n, **kwargs) as cluster, Client(cluster) as client:
            yield row(f"Dask, {n} worker{'s' if n > 1 else ''} of one thread", client=client)


def main():
    """Print the table."""
    columns = ("who", "s", "fits per s", "this process, ms per fit", "us per empty task")
    report(f"A search of {CANDIDATES} candidates x 5 folds, 20 epochs", columns, list(rows()))


if __name__ == "__main__":
    main()
