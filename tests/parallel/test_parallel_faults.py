"""What goes wrong in one task of the backend "skreg" stays there; nothing hangs or is left behind.

Each test runs in a process of its own with a time-out, so that a hang is a failure.
"""

import textwrap

import pytest

from tests import _processes

HEAD = """
import os, signal, sys, threading, time, warnings
import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skreg import DivergenceError, MLPRegressor
from tests._data import targets

X, Y = targets("regression")
NET = MLPRegressor(hidden_layer_sizes=(8,), max_iter=12, n_iter_no_change=12, random_state=0)
LONG = clone(NET).set_params(
    hidden_layer_sizes=(64,), max_iter=10**7, n_iter_no_change=10**7, tol=0, batch_size=20
)
PIPE = make_pipeline(StandardScaler(), NET)
for engine in ("torch", "auto"):  # so that everything is imported
    NET.set_params(engine=engine).fit(X, Y)
FILTERS = list(warnings.filters)
# a shell's background jobs ignore Ctrl-C, and so would their children
signal.signal(signal.SIGINT, signal.default_int_handler)


def grid(estimator, params, **kwargs):
    kwargs = {"cv": 4, "refit": False, **kwargs}
    return GridSearchCV(estimator, params, **kwargs).fit(X, Y).cv_results_["mean_test_score"]


def check_clean():
    # a thread may have its last lines still to run
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and threading.active_count() > 1:
        time.sleep(0.01)
    assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
    assert list(warnings.filters) == FILTERS


class Failing(TransformerMixin, BaseEstimator):
    def __init__(self, bad=()):
        self.bad = bad

    def fit(self, X, y=None):
        if round(float(X[0, 0]), 6) in self.bad:
            raise RuntimeError("this fold is bad")
        self.fitted_ = True
        return self

    def transform(self, X):
        return X
"""


def run(body, timeout=60):
    _processes.run(
        HEAD + textwrap.dedent(body) + "\ncheck_clean()\nprint('all well')\n", timeout=timeout
    )


def test_a_net_that_diverges_fails_alone():
    run("""
    rates = {"mlpregressor__learning_rate_init": [1e-3, 1e30, 1e-2]}
    with warnings.catch_warnings(record=True) as seen, parallel_config(backend="skreg"):
        warnings.simplefilter("always")
        scores = grid(PIPE, rates)
    assert np.isnan(scores[1]) and np.isfinite(scores[[0, 2]]).all()
    assert any(w.category is FitFailedWarning and "4 fits failed" in str(w.message) for w in seen)
    rates["mlpregressor__learning_rate_init"].remove(1e30)
    assert list(grid(PIPE, rates)) == list(scores[[0, 2]])
    with parallel_config(backend="skreg"):
        try:
            grid(make_pipeline(NET), {"mlpregressor__learning_rate_init": [1e30, 1e-3]},
                 error_score="raise")
        except DivergenceError as error:
            assert "learning_rate_init" in str(error)
            assert "skreg" in "".join(error.__notes__)
        else:
            raise AssertionError("no error")
    """)


@pytest.mark.parametrize("error_score", ["np.nan", "'raise'"])
def test_a_step_or_a_scorer_that_raises_in_some_folds(error_score):
    run(f"""
    firsts = [round(float(X[i, 0]), 6) for i in (0, len(X) // 4)]  # of the training rows of a fold
    pipe = make_pipeline(Failing(), NET)

    def scorer(estimator, X, y):
        if estimator[-1].alpha == 0.5:
            raise RuntimeError("this score is bad")
        return estimator.score(X, y)

    def search(params, scoring=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return grid(pipe, params, error_score={error_score}, scoring=scoring)

    failing = {{"failing__bad": [(), firsts[1:]]}}, {{"mlpregressor__alpha": [0.1, 0.5]}}
    for params, scoring in zip(failing, (None, scorer)):
        outcomes = []
        for backend in ("sequential", "skreg"):
            with parallel_config(backend=backend):
                try:
                    outcomes.append(list(search(params, scoring)))
                except RuntimeError as error:
                    outcomes.append([str(error)])
        assert np.array_equal(*outcomes, equal_nan={error_score != "'raise'"}), outcomes
        assert np.isnan(outcomes[0][1]) if {error_score} != "raise" else "is bad" in outcomes[0][0]
    """)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("nested", [False, True])
def test_ctrl_c_ends_a_search_within_seconds(nested, engine):
    run(f"""
    LONG.set_params(engine="{engine}")
    work = GridSearchCV(LONG, {{"alpha": [0.1, 0.2]}}, cv=2) if {nested} else LONG
    before = dict(vars(LONG))

    def interrupt():
        time.sleep(1.5)
        interrupted.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    interrupted = []
    threading.Thread(target=interrupt).start()
    try:
        with parallel_config(backend="skreg"):
            cross_validate(work, X, Y, cv=8)
    except KeyboardInterrupt:
        assert time.monotonic() - interrupted[0] < 5
    else:
        raise AssertionError("no KeyboardInterrupt")
    assert vars(LONG) == before
    with parallel_config(backend="skreg"):
        again = cross_val_score(PIPE, X, Y, cv=3)
    assert list(again) == list(cross_val_score(PIPE, X, Y, cv=3))
    """)


def test_an_error_ends_the_other_fits_of_the_call():
    run("""
    def task(i):
        if i == 1:
            raise RuntimeError("no more")
        LONG.fit(X, Y)

    start = time.monotonic()
    try:
        with parallel_config(backend="skreg"):
            Parallel()(delayed(task)(i) for i in range(6))
    except RuntimeError as error:
        assert str(error) == "no more"
    else:
        raise AssertionError("no error")
    assert time.monotonic() - start < 10
    """)


def test_two_searches_in_two_threads():
    run("""
    params = {"mlpregressor__alpha": [0.0, 0.1, 1.0]}
    expected, results = grid(PIPE, params), {}

    def work(i):
        with parallel_config(backend="skreg"):
            results[i] = grid(PIPE, params)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all(list(results[i]) == list(expected) for i in range(2))
    """)


def test_a_task_may_wait_for_a_lock_that_another_holds():
    run("""
    lock = threading.Lock()

    def task(i):
        with lock:  # and the net inside lets the next task run, which waits here
            return clone(NET).set_params(alpha=i / 10).fit(X, Y).score(X, Y)

    expected = [task(i) for i in range(6)]
    with parallel_config(backend="skreg"):
        assert Parallel()(delayed(task)(i) for i in range(6)) == expected
    """)


def test_forests_and_inner_processes_among_the_tasks():
    run("""
    def inner(i):
        with parallel_config(backend="loky", n_jobs=2):
            return Parallel()(delayed(abs)(-i) for _ in range(3))

    def task(i):
        if i % 2:
            return inner(i)
        return RandomForestRegressor(20, random_state=i).fit(X, Y).predict(X[:3]).tolist()

    expected = [task(i) for i in range(6)]
    with parallel_config(backend="skreg"):
        assert Parallel()(delayed(task)(i) for i in range(6)) == expected
    from joblib.externals.loky import get_reusable_executor
    get_reusable_executor().shutdown(wait=True)
    """)


def test_warning_filters_are_each_tasks_own():
    run("""
    def task(i):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always" if i % 2 else "ignore")
            warnings.warn("before", UserWarning)
            clone(NET).fit(X, Y)
            warnings.warn("after", UserWarning)
        return len(seen)

    with parallel_config(backend="skreg"):
        assert Parallel()(delayed(task)(i) for i in range(12)) == [0, 2] * 6
    """)


def test_a_search_starts_from_within_the_loop_that_makes_tasks():
    run("""
    def tasks():
        for i in range(5):
            inner = Parallel()(delayed(abs)(-j) for j in range(3))
            yield delayed(sum)(inner)

    with parallel_config(backend="skreg"):
        assert Parallel()(tasks()) == [3] * 5
    """)
