"""One owner of the threads of the numeric libraries: one thread per net while nets train.

numpy's, scipy's and torch's pools are separate and process-wide. The first fit to begin sets them
to one thread, the last to end puts back what it found; fits in other threads share the setting.
"""

import threading
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_holders = 0
_restore = None


@cache
def _controller():
    import scipy.linalg  # noqa: F401 - its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread_per_net():
    """Hold the numeric libraries at one thread for the length of a fit."""
    global _holders, _restore
    import torch

    with _lock:
        _holders += 1
        if _holders == 1:
            _restore = _controller().limit(limits=1), torch.get_num_threads()
    before = torch.get_num_threads()  # torch's setting belongs to the calling thread
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        with _lock:
            _holders -= 1
            if _holders == 0:
                limiter, n_threads = _restore
                limiter.restore_original_limits()
                torch.set_num_threads(n_threads)
                _restore = None
