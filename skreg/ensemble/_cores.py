"""Where the members of an ensemble are fitted: on all cores, unless the user has chosen."""

from contextlib import nullcontext

from joblib import parallel_config
from joblib.parallel import get_active_backend

_BACKEND = "skreg"  # threads of this process: `skreg.parallel.backend`


def on_all_cores():
    """Context in which joblib uses all cores; empty where a backend or `n_jobs` was chosen.

    That is inside a `joblib.parallel_config` of the user's, and inside a task of joblib's.
    """
    if _was_chosen():
        return nullcontext()
    return parallel_config(backend=_BACKEND, n_jobs=-1)


def _was_chosen():
    # a hint decides only where no backend was chosen
    by_threads, _ = get_active_backend(prefer="threads")
    by_processes, n_jobs = get_active_backend(prefer="processes")
    return n_jobs is not None or type(by_threads) is type(by_processes)
