"""L-BFGS on the full-batch objective: scipy's, in float64."""

import time

import numpy as np
from scipy.optimize import minimize

from skreg.engine.compiled import entry_points
from skreg.regularizers import stopping


def fit_lbfgs(problem, engine, max_fun, book_epoch):
    """Minimize the objective over `problem.state.params`, in place.

    An iteration counts as an epoch: loss curve, validation and early stopping see it.

    Parameters
    ----------
    problem : Problem
        In float64, without stochastic regularizers.
    engine : CompiledEngine or TorchEngine
    max_fun : int
    book_epoch : callable
        Takes the epoch's row of curves and its seconds.
    """
    plan, progress, state = problem.plan[0], problem.progress[0], problem.state
    gradient = np.zeros_like(state.params)
    curves = np.zeros(1, stopping.CURVES)
    n_rows, early = problem.data.Y.shape[0], bool(plan["keep_best"])
    start = time.perf_counter()

    def objective(params):
        value = engine.full_gradient(np.ascontiguousarray(params), gradient)
        progress["step"] += 1
        return value, gradient.copy()

    def after_iteration(intermediate_result):
        nonlocal start
        state.params[:] = intermediate_result.x
        progress["row"], progress["loss_sum"] = 0, intermediate_result.fun * n_rows
        loss = np.nan
        if problem.validation.Y.shape[0]:
            loss = engine.validation_loss(state.params)
        if entry_points.end_epoch(problem.plan, problem.progress, curves, n_rows, loss):
            state.best[:] = state.params
        book_epoch(curves[0], time.perf_counter() - start)
        start = time.perf_counter()
        if progress["status"] == stopping.CONVERGED and not early:
            progress["status"] = stopping.RUNNING  # the training loss stalls by scipy's own rule
        if progress["status"] != stopping.RUNNING:
            raise StopIteration

    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(
            objective,
            state.params.copy(),
            method="L-BFGS-B",
            jac=True,
            callback=after_iteration,
            options={
                "maxiter": problem.n_epochs,
                "maxfun": max_fun,
                "gtol": float(plan["tol"]),
                "maxls": 50,
                "ftol": 64 * np.finfo(float).eps,  # let tol decide, as LogisticRegression does
            },
        )
    state.params[:] = result.x
    if not np.isfinite(result.fun):
        progress["status"] = stopping.DIVERGED
    elif result.success:
        progress["status"] = stopping.CONVERGED
