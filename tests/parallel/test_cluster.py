"""The backend "skreg" over a Dask cluster of processes: results are those of this process.

Each test runs in a process of its own, with a cluster of its own and a time-out.
"""

from tests._processes import run

HEAD = """
import os, signal, threading, time, warnings
import numpy as np
from distributed import Client, LocalCluster
from joblib import Parallel, delayed, parallel_config
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import skreg
from skreg import MLPRegressor
from tests._data import targets

X, Y = targets("regression")
NET = MLPRegressor(hidden_layer_sizes=(8,), max_iter=12, n_iter_no_change=12, random_state=0)
PIPE = make_pipeline(StandardScaler(), NET)
# a shell's background jobs ignore Ctrl-C, and so would their children
signal.signal(signal.SIGINT, signal.default_int_handler)


def grid(estimator=PIPE, n=6, **kwargs):
    kwargs = {"cv": 3, "refit": False, **kwargs}
    search = GridSearchCV(estimator, {"mlpregressor__alpha": np.logspace(-6, 1, n)}, **kwargs)
    return search.fit(X, Y).cv_results_["mean_test_score"]


def idle(client):
    return client.run(lambda: not __import__("skreg.parallel.cluster").parallel.cluster._under_way)


def main(client, cluster):
"""
TAIL = """

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=THREADS, processes=True, dashboard_address=None
    ) as cluster, Client(cluster, set_as_default=False) as client:
        main(client, cluster)
    print("all well")
"""


def on_a_cluster(body, threads=1):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    run(HEAD + lines + TAIL.replace("THREADS", str(threads)), timeout=120)


def test_results_are_those_of_one_after_another():
    on_a_cluster(
        """
def bagged():
    net = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, n_iter_no_change=12)
    return BaggingRegressor(net, 8, random_state=0).fit(X, Y).predict(X)

def ours():
    net = MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, n_iter_no_change=12)
    return skreg.BaggingRegressor(net, 8, random_state=0).fit(X, Y).predict_members(X)

work = {
    "search": grid,
    "cross_validate": lambda: cross_validate(PIPE, X, Y, cv=4)["test_score"],
    "cross_val_predict": lambda: cross_val_predict(PIPE, X, Y, cv=4),
    "search in a search": lambda: cross_validate(
        GridSearchCV(PIPE, {"mlpregressor__alpha": [0.0, 1.0]}, cv=2), X, Y, cv=2
    )["test_score"],
    "bagging": bagged,
    "our bagging": ours,
}
for name, call in work.items():
    expected = call()
    for n_jobs in (None, 3):
        with parallel_config(backend="skreg", client=client, n_jobs=n_jobs or -1):
            # scikit-learn's averages over members are cut by n_jobs: equal to the last bits
            assert np.allclose(call(), expected, rtol=1e-12, atol=0), name
            if name != "bagging":
                assert np.array_equal(call(), expected), name
with parallel_config(backend="skreg", client=cluster.scheduler_address):
    assert np.array_equal(grid(), grid())
""",
        threads=2,
    )


def test_large_arrays_are_sent_once_and_errors_come_back():
    on_a_cluster(
        """
sent = []
scatter = client.scatter
client.scatter = lambda value, **kwargs: sent.append(value) or scatter(value, **kwargs)
big = np.zeros((200, 200))
with parallel_config(backend="skreg", client=client):
    rows = Parallel()(delayed(np.shape)(big) for _ in range(40))
assert rows == [(200, 200)] * 40
assert len(sent) == 1 and sent[0] is big

def fail(i):
    if i == 5:
        raise ZeroDivisionError("task 5")
    return i

with parallel_config(backend="skreg", client=client):
    try:
        Parallel()(delayed(fail)(i) for i in range(8))
    except ZeroDivisionError as error:
        assert "task 5" in str(error)
    else:
        raise AssertionError("no error")
    assert Parallel()(delayed(fail)(i) for i in range(4)) == [0, 1, 2, 3]

cluster.scale(1)
while len(client.scheduler_info()["workers"]) > 1:
    time.sleep(0.05)
with parallel_config(backend="skreg", client=client):
    assert os.getpid() not in Parallel()(delayed(os.getpid)() for _ in range(4))

for client_, n_workers, words in ((3, 2, "client=3"), (client, 0, "has no worker")):
    cluster.scale(n_workers)
    while len(client.scheduler_info()["workers"]) > n_workers:
        time.sleep(0.05)
    try:
        with parallel_config(backend="skreg", client=client_):
            grid()
    except (TypeError, RuntimeError) as error:
        assert words in str(error)
    else:
        raise AssertionError("no error")
"""
    )


def test_a_lost_worker_is_survived():
    on_a_cluster(
        """
slow = make_pipeline(StandardScaler(), NET.__class__(**{**NET.get_params(), "max_iter": 4000,
                                                        "n_iter_no_change": 4000, "tol": 0}))
expected = grid(slow)
pids = client.run(os.getpid)
killed = []

def kill():
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and all(idle(client).values()):
        time.sleep(0.02)
    os.kill(next(iter(pids.values())), signal.SIGKILL)
    killed.append(True)

killer = threading.Thread(target=kill)
killer.start()
with parallel_config(backend="skreg", client=client):
    assert np.array_equal(grid(slow), expected)
killer.join()
assert killed
"""
    )


def test_a_task_that_kills_its_workers_is_an_error():
    on_a_cluster(
        """
from distributed import KilledWorker

def die():
    os.kill(os.getpid(), signal.SIGKILL)

with parallel_config(backend="skreg", client=client):
    try:
        Parallel()(delayed(die)() for _ in range(2))
    except KilledWorker:
        pass
    else:
        raise AssertionError("no error")
"""
    )


def test_ctrl_c_ends_the_workers_tasks_too():
    on_a_cluster(
        """
endless = make_pipeline(StandardScaler(), NET.__class__(
    hidden_layer_sizes=(64,), max_iter=10**7, n_iter_no_change=10**7, tol=0, batch_size=20))

def interrupt():
    while all(idle(client).values()):
        time.sleep(0.02)
    began.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

began = []
threading.Thread(target=interrupt).start()
try:
    with parallel_config(backend="skreg", client=client):
        grid(endless)
except KeyboardInterrupt:
    took = time.monotonic() - began[0]
    assert took < 5, took
else:
    raise AssertionError("it was not interrupted")
deadline = time.monotonic() + 5
while time.monotonic() < deadline and not all(idle(client).values()):
    time.sleep(0.05)
assert all(idle(client).values())
with parallel_config(backend="skreg", client=client):
    grid()
"""
    )
