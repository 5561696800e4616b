"""How skreg compiles: one set of numba options, one cache key, one dtype a kernel.

Building blocks (formulas, small loops) carry `jit`. What Python calls is made by
`entry_point`, which compiles ahead of time for one explicit signature and caches on disk.
"""

import gc
import hashlib
import inspect
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numba

from skreg.compiler.pipelines import BlockCompiler, EntryPointCompiler

# All of fastmath but "nnan" and "ninf", with which NaN and inf, and so divergence, go unseen.
FASTMATH = {"contract", "reassoc", "nsz", "arcp", "afn"}
OPTIONS = {"nogil": True, "fastmath": FASTMATH, "error_model": "numpy"}
# Building blocks are called by compiled code only (Python takes their `.py_func`): without wrappers
# for calls from Python and C the first compilation takes a fifth less.
NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_compiled_files = set()


def jit(function):
    """Compile a building block; its file becomes part of the key of the disk cache."""
    _compiled_files.add(function.__code__.co_filename)
    return numba.njit(pipeline_class=BlockCompiler, **OPTIONS, **NO_WRAPPERS)(function)


@cache
def source_digest():
    """Digest of the source of all compiled code.

    numba's own cache key sees only the file of the cached function: after an edit elsewhere it
    would load a stale kernel. Entry points close over this digest, and numba hashes closures.
    """
    digest = hashlib.sha256()
    for name in sorted(_compiled_files):
        digest.update(Path(name).read_bytes())
    return int.from_bytes(digest.digest()[:7], "big")


@contextmanager
def _no_garbage_collection():
    """Compiling makes a million objects, few of them garbage: looking for it takes 6 % longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def entry_point(build, *examples):
    """Compile `build(source_digest())` for the types of `examples`, from the disk cache if it can.

    Parameters
    ----------
    build : callable
        Takes the source digest and returns the function to compile, which names the digest.
    *examples : objects
        One example argument per parameter; `numba.types.Type` instances are taken as they are.

    Returns
    -------
    numba dispatcher
        Compiled for this one signature; other types raise `TypeError`.
    """
    function = build(source_digest())
    try:
        dispatcher = numba.njit(cache=True, pipeline_class=EntryPointCompiler, **OPTIONS)(function)
    except RuntimeError:  # numba found no writable place for its cache
        warnings.warn(
            "skreg found no writable folder for its compiled code and compiles it again in every "
            "process (some seconds); set NUMBA_CACHE_DIR to a writable folder.",
            RuntimeWarning,
            stacklevel=2,
        )
        dispatcher = numba.njit(pipeline_class=EntryPointCompiler, **OPTIONS)(function)
    types = [e if isinstance(e, numba.types.Type) else numba.typeof(e) for e in examples]
    if len(types) != len(inspect.signature(function).parameters):
        raise TypeError(f"{function.__name__} needs one example per parameter, got {len(types)}.")
    with _no_garbage_collection():
        try:
            dispatcher.compile(tuple(types))
        except (AttributeError, ImportError):  # the cache names a class that an upgrade has moved
            dispatcher._cache.flush()
            dispatcher.compile(tuple(types))
    dispatcher.disable_compile()
    return dispatcher


def read_only(dtype, ndim):
    """Type of a C-contiguous array that compiled code only reads (memory maps fit it)."""
    return numba.types.Array(numba.from_dtype(dtype), ndim, "C", readonly=True)
