"""Processes around fits: workers that are killed, forked children, threads within workers.

Each test runs in a process of its own with a time-out, so that a hang is a failure.
"""

from tests._processes import run

HEAD = """
import multiprocessing, os, signal, threading, time, warnings
import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.model_selection import GridSearchCV
from skreg import MLPRegressor
from tests._data import targets

X, Y = targets("regression")
NET = MLPRegressor(hidden_layer_sizes=(8,), max_iter=12, n_iter_no_change=12, random_state=0)


def search(net=NET, alphas=(0.0, 0.1, 1.0)):
    grid = GridSearchCV(net, {"alpha": list(alphas)}, cv=3, refit=False, error_score="raise")
    return grid.fit(X, Y).cv_results_["mean_test_score"]
"""


def test_a_killed_worker_of_loky_is_an_error_and_the_next_search_works():
    run(
        HEAD
        + """
from joblib.externals.loky.process_executor import TerminatedWorkerError

class Deadly(MLPRegressor):
    def fit(self, X, y):
        if self.alpha == 0.1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)

expected = search()
with parallel_config(backend="loky", n_jobs=2):
    try:
        search(Deadly(**NET.get_params()))
    except TerminatedWorkerError:
        pass
    else:
        raise AssertionError("no error")
    assert np.array_equal(search(), expected)
print("all well")
""",
        timeout=120,
    )


def test_a_forked_child_of_a_process_that_has_fitted_can_fit():
    # Python 3.12 warns of any fork with threads about, those of numeric libraries included
    run(
        HEAD
        + """
def fit(queue):
    queue.put([NET.fit(X, Y).coefs_[0], *(search(NET.set_params(engine=e))
                                          for e in ("compiled", "torch"))])

if __name__ == "__main__":
    expected = [NET.fit(X, Y).coefs_[0], search(), search(MLPRegressor(
        **{**NET.get_params(), "engine": "torch"}))]
    with parallel_config(backend="skreg"):
        assert np.array_equal(search(), expected[1])
    warnings.simplefilter("ignore", DeprecationWarning)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=fit, args=(queue,))
    child.start()
    for a, b in zip(queue.get(timeout=60), expected, strict=True):
        assert np.array_equal(a, b)
    child.join(30)
    assert child.exitcode == 0
    print("all well")
""",
        timeout=120,
    )


def test_workers_of_loky_use_one_thread_for_each_net():
    run(
        HEAD
        + """
from threadpoolctl import threadpool_info

def threads(_):
    seen = []
    class Watch:
        def __call__(self, weights):
            import torch
            seen.extend([torch.get_num_threads()])
            seen.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
            return 0.0 * sum(w.sum() for w in weights)
    MLPRegressor(max_iter=2, penalty=Watch()).fit(X, Y)
    return seen

seen = [n for some in Parallel(2, backend="loky")(delayed(threads)(i) for i in range(2))
        for n in some]
assert seen and set(seen) == {1}, seen
print("all well")
"""
    )
