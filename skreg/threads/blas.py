"""One owner of the threads of the numeric libraries: one thread per net while nets train.

Only a large net that trains by itself, in no task and beside no other fit, has the threads that
the user's settings give it. The last bits of its weights may depend on their number.

Most BLAS pools are process-wide: the first fit to begin sets them to one thread, the last to end
puts back what it found, and fits in between share the setting. So it is with the interpreter's
switch interval: a thread that comes out of a kernel should not wait long for its turn. An OpenBLAS
on OpenMP has a number per calling thread, and so has torch: those every fit sets and restores for
itself.
"""

import os
import sys
import threading
from contextlib import contextmanager, nullcontext
from functools import cache

from skreg.threads.python_lock import python_lock

_lock = threading.Lock()
_holders = 0
_found = None  # threads of the process-wide pools and switch interval before the first holder
_SWITCH_INTERVAL = 5e-4  # seconds
_alone = 0  # large nets that train with several threads: one at most


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
            _found = _numbers(shared), sys.getswitchinterval()
            _set(shared, [1] * len(shared))
            sys.setswitchinterval(min(_SWITCH_INTERVAL, _found[1]))
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
                _set(shared, _found[0])
                sys.setswitchinterval(_found[1])


def one_thread_after_a_fork():
    """Have torch work with one thread in a forked child: its pool of threads was left behind.

    A product that waits for threads of the parent's would wait for ever.
    """
    global _lock

    _lock = threading.Lock()  # another thread may have held it
    torch = sys.modules.get("torch")
    if torch:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=one_thread_after_a_fork)


@contextmanager
def threads_of_a_net(large):
    """Hold the numeric libraries as one net wants them, for the length of a fit.

    Parameters
    ----------
    large : bool
        Whether its products are so large that several threads are worth their meetings.
    """
    global _alone

    with _lock:
        by_itself = large and not _holders and not _alone and python_lock.task is None
        _alone += by_itself
    try:
        with nullcontext() if by_itself else one_thread_per_net():
            yield
    finally:
        with _lock:
            _alone -= by_itself


@contextmanager
def one_thread_each():
    """Hold the numeric libraries at one thread; gives how many may work beside each other.

    As many as the user's settings give BLAS, or one where fits or tasks are under way.
    """
    shared, own = _pools()
    free = not _holders and python_lock.task is None
    n_threads = max(_numbers([*shared, *own]), default=1) if free else 1
    with one_thread_per_net():
        yield n_threads
