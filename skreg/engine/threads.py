"""One owner of the threads of the numeric libraries: one thread per net while nets train.

Most BLAS pools are process-wide: the first fit to begin sets them to one thread, the last to end
puts back what it found, and fits in between share the setting. An OpenBLAS on OpenMP has a number
per calling thread, and so has torch: those every fit sets and restores for itself.
"""

import sys
import threading
from collections import deque
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_holders = 0
_found = []  # threads of the process-wide pools before the first holder


@cache
def _pools():
    """BLAS libraries in use: the process-wide ones, and those with a number per thread."""
    import scipy.linalg  # noqa: F401 - its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    pools = ThreadpoolController().select(user_api="blas").lib_controllers
    per_thread = [p for p in pools if getattr(p, "threading_layer", None) == "openmp"]
    return [p for p in pools if p not in per_thread], per_thread


def _set(pools, numbers):
    """Set the pools' threads, from whichever thread this is."""
    for pool, number in zip(pools, numbers, strict=True):
        # a recent threadpoolctl lets only the first thread that asked set a process-wide pool
        clear = getattr(pool, "clear_controlling_thread", lambda force: None)
        clear(force=True)
        pool.set_num_threads(number)
        clear(force=True)


def _numbers(pools):
    return [pool.get_num_threads() for pool in pools]


@contextmanager
def one_thread_per_net():
    """Hold the numeric libraries at one thread for the length of a fit."""
    global _holders, _found

    torch = sys.modules.get("torch")  # what is not loaded needs no setting
    shared, own = _pools()
    before = torch and torch.get_num_threads(), _numbers(own)
    with _lock:
        _holders += 1
        if _holders == 1:
            _found = _numbers(shared)
            _set(shared, [1] * len(shared))
    if torch:
        torch.set_num_threads(1)
    _set(own, [1] * len(own))
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before[0])
        _set(own, before[1])
        with _lock:
            _holders -= 1
            if _holders == 0:
                _set(shared, _found)


class Cores:
    """The cores of this process, lent to nets for the length of a block of steps.

    Parameters
    ----------
    n_cores : int
    """

    def __init__(self, n_cores):
        self.n_cores = self._free = n_cores
        self._changed = threading.Condition()
        self._waiting = deque()

    @contextmanager
    def taken(self, n):
        """Hold `n` cores, in the order of asking."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket or self._free < n:
                    self._changed.wait()
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            self._free -= n
        try:
            yield
        finally:
            with self._changed:
                self._free += n
                self._changed.notify_all()


@cache
def cores():
    """The one of this process."""
    from joblib import cpu_count

    return Cores(cpu_count())
