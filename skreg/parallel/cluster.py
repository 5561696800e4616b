"""The joblib backend "skreg" over a Dask cluster: many fits at once on many machines.

    with parallel_config(backend="skreg", client=Client("tcp://scheduler:8786")):
        GridSearchCV(pipe, {"mlpregressor__alpha": alphas}).fit(X, y)

Tasks go out in groups of about half a second of work, each a task of Dask's, which its worker gives
to `skreg.parallel.backend` on its own threads. Arrays are sent to every worker once and
stay there for the length of the call, so that a worker may be lost; Dask gives what it had to do to
another one.
"""

import threading
import time
import weakref
from collections import defaultdict, deque
from uuid import uuid4

from dask.sizeof import sizeof
from distributed import Client, get_worker
from joblib import Parallel, parallel_config
from joblib.parallel import ParallelBackendBase

from skreg.parallel.backend import Call, SkregBackend
from skreg.threads.python_lock import Cancelled

_SECONDS = 0.5  # of work in a group: a hundred times what the scheduler takes for it
_SCATTERED = 100_000  # bytes of an argument from which on it is sent to the workers by itself
_GROUPS_AT_ONCE = 2  # of a worker, so that one begins while the other's last tasks end

_turns = threading.Semaphore(_GROUPS_AT_ONCE)
_under_way = defaultdict(set)  # in a worker: the groups of each call, by its key
_stopped = deque(maxlen=1000)  # in a worker: keys of calls that nobody waits for any more


class Calls:
    """Calls of a group, opaque to Dask.

    In lists and tuples Dask looks into every argument for futures, which takes longer than a short
    fit. Here a key stands in the place of each argument that was sent by itself.

    Parameters
    ----------
    calls : list of tuple (function, args, kwargs)
    stand_in : callable
        Gives what stands for an argument: itself, or a `_Key`.
    """

    def __init__(self, calls, stand_in):
        self.calls = _replaced(calls, stand_in)

    def filled(self, values):
        """The calls with their arguments, those that were sent from `values`, by key."""
        return _replaced(self.calls, lambda a: values[a.key] if isinstance(a, _Key) else a)


class _Key:
    """Stands for an argument that was sent by itself."""

    def __init__(self, key):
        self.key = key


def _replaced(calls, replace):
    """Calls with each of their arguments replaced."""
    return [
        (function, tuple(map(replace, args)), {k: replace(a) for k, a in kwargs.items()})
        for function, args, kwargs in calls
    ]


def run_group(key, calls, values, memory):
    """Run calls on all threads of a worker.

    Parameters
    ----------
    key : str
        Of the `Parallel` call that they belong to.
    calls : Calls
    values : dict
        What was sent by itself, by key.
    memory : int or None
        Bytes, as `skreg.parallel.backend.SkregBackend` takes it.

    Returns
    -------
    results : list
    seconds : float
        That it took, without waiting for a turn.
    """
    with _turns:
        group, began = Call(), time.perf_counter()
        _under_way[key].add(group)
        if key in _stopped:
            group.cancel()
        try:
            backend = SkregBackend(memory=memory, around=group)
            with parallel_config(backend=backend, n_jobs=get_worker().state.nthreads):
                results = Parallel()(calls.filled(values))
        except Cancelled:
            raise RuntimeError("nobody waits for these tasks any more") from None
        finally:
            _under_way[key].discard(group)
            if not _under_way[key]:
                del _under_way[key]
        return results, time.perf_counter() - began


def stop_groups(key):
    """Tell a worker's groups of a call, those to come too, that nobody waits for them any more."""
    _stopped.append(key)
    for group in list(_under_way.get(key, ())):
        group.cancel()


class ClusterBackend(ParallelBackendBase):
    """Groups of tasks on the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client or str
        Of the cluster, or the address of its scheduler (``"tcp://host:8786"``).
    memory : int, default=None
        Bytes that the nets of a worker's tasks under way may take together, twice over: two groups
        may be under way. None is no limit.
    nesting_level : int, default=None
        How many calls are around; joblib's.
    """

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, client, *, memory=None, nesting_level=None, **kwargs):
        super().__init__(nesting_level=nesting_level, **kwargs)
        if isinstance(client, str):
            client = Client(client, set_as_default=False)
            weakref.finalize(self, client.close)
        if not isinstance(client, Client):
            raise TypeError(
                f"client={client!r} must be a distributed.Client or the address of a scheduler."
            )
        self.client, self.memory = client, memory
        self._seconds_per_task, self._size = 0.0, 1

    def effective_n_jobs(self, n_jobs):
        """Groups under way at once: `n_jobs`, or by default the threads of all workers.

        Two at least by default: joblib takes one for work of the process that asks.

        Raises
        ------
        RuntimeError
            If the cluster has no worker.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is not None and n_jobs > 0:
            return n_jobs
        threads = sum(self.client.ncores().values())
        if not threads:
            raise RuntimeError(
                f"The cluster of {self.client!r} has no worker: start some "
                "(`dask worker tcp://scheduler:8786`) and wait with client.wait_for_workers(1)."
            )
        return max(2, threads)

    def configure(self, n_jobs=1, parallel=None, **kwargs):
        """Prepare for a call."""
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def start_call(self):
        """Begin: nothing has been sent yet."""
        self._key, self._sent, self._futures = uuid4().hex, {}, set()
        self._ended = False

    def compute_batch_size(self):
        """Tasks in the next group: as many as take half a second, at most twice the last ones."""
        if self._seconds_per_task:
            wanted = int(_SECONDS / self._seconds_per_task)
            self._size = max(1, min(2 * self._size, wanted))
        return self._size

    def submit(self, func, callback=None):
        """Send a group of calls to some worker."""
        futures = {}

        def stand_in(argument):
            future = self._as_future(argument)
            if future is None:
                return argument
            futures[future.key] = future
            return _Key(future.key)

        arguments = self._key, Calls(func.items, stand_in), futures, self.memory
        name = f"skreg-group-{uuid4().hex}"
        future = self.client.submit(run_group, *arguments, pure=False, key=name)
        self._futures.add(future)
        group = _Group(future, len(func.items))
        if callback is not None:
            future.add_done_callback(lambda _: self._done(group, callback))
        return group

    def _done(self, group, callback):
        self._futures.discard(group.future)
        if not self._ended:
            callback(group)

    def retrieve_result_callback(self, out):
        """What the calls of a group returned."""
        results, seconds = out.result()
        self._seconds_per_task = seconds / out.n_calls
        return results

    def abort_everything(self, ensure_ready=True):
        """Let go of the call's groups: what runs ends at its next look."""
        self._ended = True
        self.client.cancel(list(self._futures), force=True)
        self.client.run(stop_groups, self._key, on_error="ignore")
        self.start_call()
        self._ended = not ensure_ready

    def stop_call(self):
        """End: what the workers were sent is theirs to forget."""
        self._ended = True
        self._sent, self._futures = {}, set()

    def get_nested_backend(self):
        """Calls within tasks go to the threads of the task's worker."""
        return SkregBackend(nesting_level=(self.nesting_level or 0) + 1), None

    def _as_future(self, value):
        """What stands for a large value on all workers, or None for a small one."""
        reference, future = self._sent.get(id(value), (None, None))
        if reference is not None and reference() is value:
            return future
        if sizeof(value) < _SCATTERED:
            return None
        try:
            reference = weakref.ref(value)
        except TypeError:
            return None
        future = self.client.scatter(value, broadcast=True, hash=False)
        self._sent[id(value)] = reference, future
        return future


class _Group:
    """A group of calls on its way, as joblib waits for it."""

    def __init__(self, future, n_calls):
        self.future, self.n_calls = future, n_calls

    def result(self):
        return self.future.result()

    def get(self, timeout=None):
        return self.future.result(timeout)[0]
