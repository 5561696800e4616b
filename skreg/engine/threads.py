"""One owner of the threads of the numeric libraries: one thread per net while nets train.

The pools of numpy's and scipy's BLAS are process-wide: the first fit to begin sets them to one
thread, the last to end puts back what it found, and fits in between share the setting. torch's
number belongs to the calling thread, so every fit sets and restores its own.
"""

import threading
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_holders = 0
_blas_limit = None


@cache
def _controller():
    import scipy.linalg  # noqa: F401 - its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread_per_net():
    """Hold the numeric libraries at one thread for the length of a fit."""
    global _holders, _blas_limit
    import torch

    with _lock:
        _holders += 1
        if _holders == 1:
            _blas_limit = _controller().limit(limits=1, user_api="blas")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        with _lock:
            _holders -= 1
            if _holders == 0:
                _blas_limit.restore_original_limits()
                _blas_limit = None
