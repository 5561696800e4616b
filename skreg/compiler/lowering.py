"""How numba's lowering is bent to compile skreg's kernels in half the time.

For functions that call one another and of which Python calls one, numba does too much: it makes
each one runnable, and counts references to arrays that nobody frees. The only numba internals that
skreg uses stand in this file, which `skreg.compiler.pipelines` imports once something is compiled.
"""

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


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
        state.targetctx = state.targetctx.subtarget(enable_nrt=False)
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


def bend(pipeline, is_block):
    """Have a pipeline of numba's lower in our way."""
    (place,) = (i for i, (step, _) in enumerate(pipeline.passes) if step is NativeLowering)
    ours = _LowerBlock if is_block else _LowerEntryPoint
    pipeline.passes[place] = ours, pipeline.passes[place][1]
    pipeline.finalize()
