"""numba's compilers of skreg's code: bent, where this numba can be (`skreg.compiler.lowering`).

Where its internals are others, numba compiles as it always does, after one warning: the compiled
code is as good, only the first compilation takes longer.
"""

import warnings
from functools import cache

import numba
import numpy as np
from numba.core.compiler import Compiler


class _BentEntryPoint(Compiler):
    is_block = False

    def define_pipelines(self):
        from skreg.compiler import lowering

        pipelines = super().define_pipelines()
        lowering.bend(pipelines[0], self.is_block)
        return pipelines


class _BentBlock(_BentEntryPoint):
    is_block = True


class EntryPointCompiler(_BentEntryPoint):
    """Compiles what Python calls; for `numba.njit(pipeline_class=)`."""

    def define_pipelines(self):
        """The bent pipeline, or numba's own."""
        return super().define_pipelines() if can_bend() else Compiler.define_pipelines(self)


class BlockCompiler(EntryPointCompiler):
    """Compiles a building block, which compiled code alone calls."""

    is_block = True


@cache
def can_bend():
    """Whether two small functions, one of which calls the other, compile and come out right."""
    try:
        block = numba.njit(pipeline_class=_BentBlock, no_cpython_wrapper=True)(_from_second)
        entry = numba.njit(pipeline_class=_BentEntryPoint)(lambda values: block(values)[0])
        if entry(np.array([1.0, 2.0])) == 2.0:
            return True
        lack = "its code gives wrong numbers"
    except Exception as error:  # whatever other internals make of it
        lack = f"{type(error).__name__}: {error}".splitlines()[0]
    warnings.warn(
        f"numba {numba.__version__} has other internals than skreg knows ({lack}). The first "
        "fit takes longer to compile; its results are the same. The newest skreg may know them; "
        "numba<0.70 has those that this one knows.",
        RuntimeWarning,
        stacklevel=2,
    )
    return False


def _from_second(values):
    return values[1:]
