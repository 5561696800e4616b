"""Threads: fits beside each other, and the settings of the numeric libraries afterwards."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_info, threadpool_limits

from skreg import DivergenceError, MLPRegressor
from skreg.engine import problem
from skreg.engine.compiled import engine
from skreg.threads import blas
from tests._data import targets

X, Y = targets("regression")
NOISY = {"dropout": 0.2, "noise_std": 0.1, "max_iter": 40, "batch_size": 30}


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_fits_in_several_threads_agree_with_one_after_another(engine):
    nets = [MLPRegressor(random_state=i, engine=engine, **NOISY) for i in range(8)]
    alone = [net.fit(X, Y).coefs_[0] for net in nets]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(lambda net: net.fit(X, Y).coefs_[0], nets))
    for a, b in zip(alone, beside, strict=True):
        assert_array_equal(a, b)


def test_settings_are_one_thread_within_and_restored_after(monkeypatch):
    seen = []
    run = engine.CompiledEngine.run

    def watched(self, *args):
        seen.append((blas_threads(), torch.get_num_threads()))
        run(self, *args)

    monkeypatch.setattr(engine.CompiledEngine, "run", watched)
    with threadpool_limits(2):
        torch.set_num_threads(2)
        before = blas_threads()
        MLPRegressor(max_iter=3, engine="compiled").fit(X, Y)
        with pytest.raises(DivergenceError):
            MLPRegressor(max_iter=9, learning_rate_init=1e30).fit(X, Y)
        assert blas_threads() == before
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
    assert all(set(blas) == {1} and n_torch == 1 for blas, n_torch in seen)


def test_the_last_of_overlapping_fits_restores():
    inside, leave = threading.Event(), threading.Event()

    def other_fit():
        with blas.one_thread_per_net():
            inside.set()
            leave.wait(10)

    with threadpool_limits(2):
        before = blas_threads()
        other = threading.Thread(target=other_fit)
        with blas.one_thread_per_net():
            other.start()
            assert inside.wait(10)
        assert set(blas_threads()) == {1}
        leave.set()
        other.join(10)
        assert blas_threads() == before


def test_the_interpreters_switch_interval_is_restored():
    before = sys.getswitchinterval()
    with blas.one_thread_per_net():
        assert sys.getswitchinterval() < before
        with blas.one_thread_per_net():
            pass
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before


def test_a_large_net_by_itself_has_the_users_threads(monkeypatch):
    seen = []
    run = engine.CompiledEngine.run

    def watched(self, *args):
        seen.append((set(blas_threads()), torch.get_num_threads()))
        run(self, *args)

    monkeypatch.setattr(engine.CompiledEngine, "run", watched)
    monkeypatch.setattr(problem, "_LARGE", 8 * X.shape[1] * 20)
    kwargs = {"hidden_layer_sizes": (8,), "max_iter": 1, "engine": "compiled"}
    large = MLPRegressor(batch_size=20, **kwargs)
    torch.set_num_threads(2)
    with threadpool_limits(2):
        large.fit(X, Y)
        MLPRegressor(batch_size=19, **kwargs).fit(X, Y)
        with blas.threads_of_a_net(large=True):  # beside another one
            large.fit(X, Y)
        with parallel_config(backend="skreg", n_jobs=2):  # in a task
            cross_val_score(large, X, Y, cv=2)
        large.fit(X, Y)
    torch.set_num_threads(1)
    assert seen == [({2}, 2), *[({1}, 1)] * 4, ({2}, 2)]


def test_many_rows_are_predicted_by_several_threads_as_by_one():
    many = np.tile(X, (300, 1)) * np.linspace(0.5, 2, 300 * len(X))[:, None]
    net = MLPRegressor(max_iter=3, n_iter_no_change=3, random_state=0).fit(X, Y)
    outputs = []
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads):
            before = blas_threads()
            outputs.append(net.predict(many))
            assert blas_threads() == before
    assert_array_equal(outputs[1], outputs[0])
    assert_array_equal(outputs[2], outputs[0])
    assert_allclose(outputs[0][:1000], net.predict(many[:1000]), rtol=1e-12)
