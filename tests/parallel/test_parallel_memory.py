"""What a search under the backend "skreg" holds in memory: the fits under way, and no more."""

import threading
import tracemalloc

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.model_selection import GridSearchCV

from skreg import MLPRegressor
from skreg.engine.compiled.engine import CompiledEngine

X = np.random.RandomState(0).randn(2000, 60)
Y = X[:, :5].sum(axis=1)
NET = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, n_iter_no_change=2, random_state=0)


def peak(n_candidates):
    """Most bytes in use during a search, beyond those before it."""
    search = GridSearchCV(NET, {"alpha": np.logspace(-6, 0, n_candidates)}, cv=2, refit=False)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with parallel_config(backend="skreg", n_jobs=2):
        search.fit(X, Y)
    after = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return after - before


def test_memory_does_not_grow_with_the_number_of_candidates():
    peak(4)
    few, many = peak(4), peak(60)
    assert many < 1.5 * few  # 120 fits against 8, two of them under way
    assert many < 8 * X.nbytes


def most_at_once(monkeypatch, **config):
    """The largest number of nets that were under way at once, each from its first block on."""
    lock, inside, seen = threading.Lock(), set(), []
    run, fit = CompiledEngine.run, MLPRegressor.fit

    def counting(self, *args):
        with lock:
            inside.add(threading.get_ident())
            seen.append(len(inside))
        return run(self, *args)

    def fit_and_leave(net):
        try:
            fit(net, X, Y)
        finally:
            with lock:
                inside.discard(threading.get_ident())

    monkeypatch.setattr(CompiledEngine, "run", counting)
    with parallel_config(backend="skreg", **config):
        nets = [MLPRegressor(max_iter=20, n_iter_no_change=20, random_state=i) for i in range(12)]
        Parallel()(delayed(fit_and_leave)(net) for net in nets)
    monkeypatch.undo()
    return max(seen)


def test_no_more_nets_are_begun_than_fit_into_the_memory(monkeypatch):
    one_net = 4 * X.size  # its rows in float32, and little more
    assert most_at_once(monkeypatch, n_jobs=4) > 2
    assert most_at_once(monkeypatch, n_jobs=4, memory=1) == 1
    assert most_at_once(monkeypatch, n_jobs=4, memory=3 * one_net) == 2


@pytest.mark.parametrize("memory", [0, -1])
def test_a_budget_below_a_byte_is_refused(memory):
    with (
        pytest.raises(ValueError, match=f"memory={memory}"),
        parallel_config("skreg", memory=memory),
    ):
        pass
