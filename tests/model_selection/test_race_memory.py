"""What a race holds in memory: of nets at rest what they go on from, of dropped ones nothing."""

import gc
import tracemalloc
import weakref
from contextlib import contextmanager

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.metrics import get_scorer

from skreg import MLPRegressor, RacingSearchCV
from skreg.model_selection._run import Run, Split, Task
from tests._data import learnt, targets

X, Y = targets("regression")
NET = MLPRegressor(hidden_layer_sizes=(200, 200), max_iter=6, n_iter_no_change=6, random_state=0)


@contextmanager
def traced():
    """A function that tells how many bytes more are in use than at the start."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    def more():
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    yield more
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("params", "copies"),  # of the weights: themselves, and what the solver keeps beside them
    [({"solver": "sgd"}, 2), ({}, 3), ({"early_stopping": True}, 5.5), ({"averaging": "ema"}, 6)],
    ids=str,
)
def test_a_net_at_rest_holds_what_its_training_needs(params, copies):
    net = MLPRegressor(**{**NET.get_params(), **params})
    task = Task(net, X, Y, get_scorer("r2"), {}, {}, "raise", False)
    split = Split(task, np.arange(80), np.arange(80, 120))

    def begun():
        run = Run(task, split, {"alpha": 0.1})
        run.advance(0.5)
        return run

    size = sum(array.nbytes for array in learnt(begun().fitted))
    with traced() as more:
        run = begun()
        awake = more()
        run.park()
        at_rest = more()
        run.let_go()
        gone = more()
    assert awake - at_rest > 0.9 * size  # the estimator's own copy of the weights
    assert at_rest < (copies + 0.3) * size
    assert gone < 0.1 * size


def test_of_candidates_that_were_dropped_no_net_is_left(monkeypatch):
    begun, nets = Run._begun, []

    def watched(self, estimator):
        fitted = begun(self, estimator)
        nets.append(weakref.ref(fitted))
        return fitted

    monkeypatch.setattr(Run, "_begun", watched)
    small = MLPRegressor(hidden_layer_sizes=(8,), max_iter=9, n_iter_no_change=9, random_state=0)
    space = {"learning_rate_init": loguniform(1e-4, 1e-1)}
    search = RacingSearchCV(small, space, n_candidates=9, cv=2, refit="ensemble", random_state=0)
    search.fit(X, Y)
    gc.collect()
    alive = [net() for net in nets if net() is not None]
    members = search.best_estimator_.estimators
    assert len(nets) == 18
    assert len(alive) == len(members) < 18
    assert {id(net) for net in alive} == {id(net) for net in members}
