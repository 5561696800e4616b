"""The joblib backend "skreg": many fits at once, in threads of one process.

A pool of threads takes the tasks of a `joblib.Parallel` call. Their Python parts run one at a time
(`skreg.threads.python_lock`); a task releases the lock while its net trains, so that nets train on
all cores while one task's Python runs. Results are those of one task after another.

    with parallel_config(backend="skreg"):
        GridSearchCV(pipe, {"mlpregressor__alpha": alphas}).fit(X, y)
"""

import heapq
import threading
import time
import traceback
import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cached_property
from itertools import count

from joblib import cpu_count
from joblib.parallel import FallbackToBackend, ParallelBackendBase, SequentialBackend

from skreg.compat.sklearn import needs_no_python_lock
from skreg.threads.blas import one_thread_per_net
from skreg.threads.python_lock import Cancelled, python_lock

_PATIENCE = 4.0  # seconds that an ended call waits for its threads


class Call:
    """One `Parallel` call: its tasks are cancelled together, and with those of the call around."""

    def __init__(self, around=None):
        self.around, self._cancelled = around, False

    @property
    def cancelled(self):
        """Whether nobody waits for the results any more."""
        return self._cancelled or (self.around is not None and self.around.cancelled)

    def cancel(self):
        """Let go of the call's tasks."""
        self._cancelled = True


class Task:
    """A piece of work of a call, and what becomes of it.

    Parameters
    ----------
    work : joblib.parallel.BatchedCalls
    callback : callable
        Takes the task once it is done.
    call : Call
    pool : Pool
    """

    def __init__(self, work, callback, call, pool):
        self.work, self.callback, self.call, self.pool = work, callback, call, pool
        self._alone = not needs_no_python_lock(work)
        self._value = self._error = None

    @property
    def cancelled(self):
        """Whether nobody waits for it any more."""
        return self.call.cancelled

    def note_bytes(self, n_bytes):
        """Take note of what the task's net holds in memory."""
        self.pool.note_bytes(n_bytes)

    def meet(self, fit):
        """Train a fit on a GPU together with those of the pool's other tasks."""
        self.pool.meeting.train(fit)

    def run(self):
        """Work, holding the lock; the callback, which sends the next task off, has it too."""
        try:
            python_lock.start_task(self)
            self._work()
        except Cancelled as error:
            self._error = error  # an inner call that waits for this task must hear of it
        self.callback(self)
        self.work = self.callback = None  # what a task holds is let go with it

    def _work(self):
        try:
            with nullcontext() if self._alone else python_lock.released():
                self._value = self.work()
        except BaseException as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            error.add_note(f"In a task of the joblib backend 'skreg':\n{where}")
            self._error = error

    def result(self):
        """What the work returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._value


class Pool:
    """Threads that come and go with the work; tasks of inner calls go first.

    Parameters
    ----------
    n_threads : int
        How many tasks are under way at once, those that wait for inner calls not counted.
    memory : int or None
        Bytes that the nets of the tasks under way may take together.
    """

    def __init__(self, n_threads, memory=None):
        self.n_threads, self.memory = n_threads, memory
        self._changed = threading.Condition()
        self._queue, self._order = [], count()
        self._n_running, self._threads, self._largest = 0, set(), 0

    @cached_property
    def meeting(self):
        """Where nets that train on a GPU meet."""
        from skreg.engine.torch.meeting import Meeting

        return Meeting(lambda: self._n_running, self.memory)

    def submit(self, task, level):
        """Put a task into the queue; `level` is how deeply its call is nested."""
        with self._changed:
            heapq.heappush(self._queue, (-level, next(self._order), task))
            self._start_threads()

    def has_room(self):
        """Whether another task would begin at once."""
        with self._changed:
            return self._n_running < self._limit() and not self._queue

    def note_bytes(self, n_bytes):
        """Take note of what a net holds in memory; the next ones are thought to hold as much."""
        with self._changed:
            self._largest = max(self._largest, n_bytes)
            self._start_threads()

    @contextmanager
    def waiting(self):
        """A task of the pool waits for an inner call: another thread may work in its place."""
        with self._changed:
            self._n_running -= 1
            self._start_threads()
        try:
            yield
        finally:
            with self._changed:
                self._n_running += 1

    def drop(self, call):
        """Forget the tasks of a call that have not begun."""
        with self._changed:
            self._queue = [item for item in self._queue if item[2].call is not call]
            heapq.heapify(self._queue)

    def join(self, seconds):
        """Wait until no thread is left, at most so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._changed:
                threads = [t for t in self._threads if t is not threading.current_thread()]
            if not threads:
                return
            threads[0].join(0.05)

    def _limit(self):
        if not self.memory:
            return self.n_threads
        if not self._largest:
            return 1  # until the first net has shown its size
        return max(1, min(self.n_threads, self.memory // self._largest))

    def _start_threads(self):
        # every queued task has a thread that will come for it, as far as the limit lets them
        for _ in range(min(len(self._queue), self._limit() - self._n_running)):
            thread = threading.Thread(target=self._work, name="skreg", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system lends no more threads: those there are do the work
                if not self._n_running:
                    raise
                return
            self._n_running += 1
            self._threads.add(thread)

    def _next_task(self):
        with self._changed:
            if self._queue and self._n_running <= self._limit():
                return heapq.heappop(self._queue)[2]
            self._n_running -= 1
            return None

    def _work(self):
        try:
            while (task := self._next_task()) is not None:
                task.run()  # the next one begins before the lock goes on: that costs less
        finally:
            python_lock.release()
            with self._changed:
                self._threads.discard(threading.current_thread())


class SkregBackend(ParallelBackendBase):
    """Threads whose tasks run their Python parts one at a time, and train nets beside each other.

    Under ``joblib.parallel_config(backend="skreg", n_jobs=..., memory=...)`` unmodified
    scikit-learn searches, ensembles and their nestings use all cores, in one process, with the
    results they have without it. Calls within tasks share the threads.

    Parameters
    ----------
    memory : int, default=None
        Bytes that the nets of all tasks under way may take together; no more tasks are begun than
        fit in, and one always is. None is no limit.
    nesting_level : int, default=None
        How many calls are around; joblib's.
    around : Call, default=None
        With which the backend's calls are cancelled.
    """

    supports_retrieve_callback = True
    uses_threads = True
    supports_sharedmem = True
    default_n_jobs = -1

    def __init__(self, *, memory=None, nesting_level=None, around=None, **kwargs):
        if memory is not None and memory <= 0:
            raise ValueError(f"memory={memory!r} must be a number of bytes above 0, or None.")
        super().__init__(nesting_level=nesting_level, **kwargs)
        self.memory, self._around, self._pool, self._settings = memory, around, None, None

    def effective_n_jobs(self, n_jobs):
        """Tasks under way at once: `n_jobs`, or by default one for each core.

        None, by which scikit-learn asks into how many sums to cut an average, is 1 within a task:
        the last bit of a score in a search must not depend on it.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is None:
            n_jobs = -1 if python_lock.task is None else 1
        if n_jobs < 0:
            n_jobs = max(1, cpu_count() + 1 + n_jobs)
        return n_jobs

    def configure(self, n_jobs=1, parallel=None, **kwargs):
        """Prepare for a call.

        One task at a time is a loop, unless it is to be cancelled from `around`; and so is a call
        within a task that finds no room.
        """
        n_jobs = self.effective_n_jobs(n_jobs)
        task = python_lock.task
        no_room = task and (parallel.return_generator or not task.pool.has_room())
        if (n_jobs == 1 and self._around is None) or no_room:
            raise FallbackToBackend(SequentialBackend(nesting_level=self.nesting_level))
        if self._settings is not None:  # a call within the loop that makes this one's tasks
            raise FallbackToBackend(SkregBackend(memory=self.memory, nesting_level=0))
        self.parallel, self._n_jobs = parallel, n_jobs
        self._call = Call(task.call if task else self._around)
        return max(n_jobs, 2)  # one is joblib's loop

    def start_call(self):
        """Begin: from here on the calling thread's Python is part of the round."""
        self._task = python_lock.task
        if self._task:
            self._pool = self._task.pool
            return
        self._pool = Pool(self._n_jobs, self.memory)
        self._settings = ExitStack()
        self._settings.enter_context(one_thread_per_net())
        if not self.parallel.return_generator and not python_lock.is_held():
            # before the filters are looked at: another search's task may have its own
            python_lock.acquire()
            self._settings.callback(python_lock.release)
        self._settings.callback(setattr, warnings, "filters", warnings.filters)

    def submit(self, func, callback=None):
        """Put a batch of calls into the queue."""
        task = Task(func, callback, self._call, self._pool)
        self._pool.submit(task, self.nesting_level or 0)
        return task

    def retrieve_result_callback(self, out):
        """What a task returned."""
        return out.result()

    @contextmanager
    def retrieval_context(self):
        """Wait for results: others have the lock meanwhile, and so is an inner call's thread."""
        if self._task:
            with python_lock.released(), self._pool.waiting():
                yield
            return
        held, handling = python_lock.is_held(), python_lock.release()
        yield
        if held:  # not after an error: nobody is waited for then
            python_lock.acquire(handling)

    def abort_everything(self, ensure_ready=True):
        """Let go of the call's tasks: what runs ends at its next look, what waits never begins."""
        self._call.cancel()
        self._pool.drop(self._call)
        self._call = Call(self._call.around)

    def stop_call(self):
        """End: give everything back as it was found."""
        if self._task:
            return
        python_lock.release()
        self._pool.join(_PATIENCE)
        self._settings.close()
        self._pool = self._settings = None

    def get_nested_backend(self):
        """Calls within tasks go to the same threads."""
        return SkregBackend(nesting_level=(self.nesting_level or 0) + 1), None
