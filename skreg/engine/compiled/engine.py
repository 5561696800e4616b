"""The engine of MLPs on the CPU: numba kernels, which release the interpreter lock."""

from skreg.engine.compiled import entry_points
from skreg.engine.compiled.kernel import make_work


class CompiledEngine:
    """Runs a `skreg.engine.problem.Problem` in the compiled kernel."""

    seconds_per_step = 2e-5  # of a small net

    def __init__(self, problem):
        self.problem = problem
        self.work = make_work(problem.plan[0], problem.layers, problem.capacity(), problem.dtype)
        self._run_block = entry_points.run_block(problem.dtype)  # compiled now where it was not yet

    def order_of(self, n_epochs):
        """The order of rows of the next epochs, drawn in the first `run`."""
        return self.problem.shuffling.row_order(n_epochs)

    def run(self, curves, order, n_steps):
        """At most `n_steps` steps in the order of rows given; see `kernel.run_block`."""
        p = self.problem
        self._run_block(
            p.data if p.views is None else p.views.pairs,
            p.validation,
            p.plan,
            p.layers,
            p.state,
            self.work,
            p.progress,
            curves,
            order,
            n_steps,
        )

    def validation_loss(self, params):
        """Mean loss over the validation rows: no noise, no penalty."""
        p = self.problem
        return entry_points.mean_loss(p.dtype)(p.validation, p.plan, p.layers, params, self.work)

    def full_gradient(self, params, gradient):
        """Objective over all rows; its gradient is written to `gradient`."""
        p = self.problem
        return entry_points.full_gradient(p.dtype)(
            p.data, p.plan, p.layers, params, p.state.anchor, self.work, gradient
        )
