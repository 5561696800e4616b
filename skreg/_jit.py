"""How skreg compiles: one set of numba options, one cache key, one dtype a kernel.

Building blocks (formulas, small loops) carry `jit`. What Python calls is made by
`entry_point`, which compiles ahead of time for one explicit signature and caches on disk.
"""

import hashlib
import inspect
import warnings
from functools import cache
from pathlib import Path

import numba
from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

# All of fastmath but "nnan" and "ninf", with which NaN and inf, and so divergence, go unseen.
FASTMATH = {"contract", "reassoc", "nsz", "arcp", "afn"}
OPTIONS = {"nogil": True, "fastmath": FASTMATH, "error_model": "numpy"}
# Building blocks are called by compiled code only (Python takes their `.py_func`): without wrappers
# for calls from Python and C the first compilation takes a fifth less.
NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_compiled_files = set()


class _LinkedOnly(JITCodeLibrary):
    """Code of a building block, which is neither optimised nor made executable.

    numba optimises and assembles each function, and then once more in every function above it. Only
    entry points are ever run; theirs is the one optimisation that counts, of everything together.
    """

    def add_llvm_module(self, ll_module):
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def finalize(self):
        self._finalized = True

    def with_callees(self):
        """All that an entry point must link to run this."""
        return [self, *dict.fromkeys(self._linking_libraries)]


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerEntryPoint(NativeLowering):
    """numba's lowering without counts of references: compiled code here allocates nothing."""

    _name = "skreg_lower_entry_point"

    def run_pass(self, state):
        state.targetctx.enable_nrt = False  # a context of this compilation's own
        return super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerBlock(_LowerEntryPoint):
    """The same into a library that is only linked."""

    _name = "skreg_lower_block"

    def run_pass(self, state):
        context, name = state.targetctx, state.func_id.func_qualname
        library = state.library = _LinkedOnly(context.codegen(), name)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        # What numba knows the function by; its address is 0, as Python cannot call it.
        module, keep_alive = lowered.fndesc.lookup_module(), (library,)
        handle = _dynfunc.make_function(module, name, "", 0, lowered.env, keep_alive)
        context.insert_user_function(handle, lowered.fndesc, library.with_callees())
        state["cr"] = lowered._replace(cfunc=handle)
        return True


class _Compiler(CompilerBase):
    """numba's compiler of nopython functions with another lowering."""

    lowering = _LowerEntryPoint

    def define_pipelines(self):
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (self.lowering if step is NativeLowering else step, why)
            for step, why in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


class _BlockCompiler(_Compiler):
    lowering = _LowerBlock


def jit(function):
    """Compile a building block; its file becomes part of the key of the disk cache."""
    _compiled_files.add(function.__code__.co_filename)
    return numba.njit(pipeline_class=_BlockCompiler, **OPTIONS, **NO_WRAPPERS)(function)


def inlined(function):
    """Compile as part of its callers: for functions that mostly call others.

    LLVM optimises a function once more in each function above it; every level of calls that is
    spared takes seconds off the first compilation.
    """
    _compiled_files.add(function.__code__.co_filename)
    return numba.njit(pipeline_class=_BlockCompiler, **OPTIONS, **NO_WRAPPERS)(function)


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
        dispatcher = numba.njit(cache=True, pipeline_class=_Compiler, **OPTIONS)(function)
    except RuntimeError:  # numba found no writable place for its cache
        warnings.warn(
            "skreg found no writable folder for its compiled code and compiles it again in every "
            "process (some seconds); set NUMBA_CACHE_DIR to a writable folder.",
            RuntimeWarning,
            stacklevel=2,
        )
        dispatcher = numba.njit(pipeline_class=_Compiler, **OPTIONS)(function)
    types = [e if isinstance(e, numba.types.Type) else numba.typeof(e) for e in examples]
    if len(types) != len(inspect.signature(function).parameters):
        raise TypeError(f"{function.__name__} needs one example per parameter, got {len(types)}.")
    dispatcher.compile(tuple(types))
    dispatcher.disable_compile()
    return dispatcher


def read_only(dtype, ndim):
    """Type of a C-contiguous array that compiled code only reads (memory maps fit it)."""
    return numba.types.Array(numba.from_dtype(dtype), ndim, "C", readonly=True)
