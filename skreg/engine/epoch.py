"""The end of an epoch, for both engines and L-BFGS."""

import numpy as np

from skreg.compiler.jit import jit
from skreg.engine.schedules import next_rate
from skreg.regularizers import stopping

# numba's `isfinite` looks at x - x, which "reassoc" turns into 0; a comparison stays honest.
LARGEST = np.finfo(np.float64).max


@jit
def end_epoch(plan, progress, curves, n_rows, validation_loss):
    """Book an epoch, judge it and set the next one's rate; whether its weights are to be kept.

    Under a scorer, which is Python's, judging is left to it. A loss that is not finite ends the fit
    as diverged, without an entry in the curves.

    Parameters
    ----------
    plan, progress, curves, n_rows, validation_loss
        As for `skreg.regularizers.stopping.book_epoch`.
    """
    if not abs(progress["loss_sum"]) <= LARGEST:
        progress["status"] = stopping.DIVERGED
        return False
    value = stopping.book_epoch(plan, progress, curves, n_rows, validation_loss)
    best = plan["monitor"] != stopping.SCORE and stopping.judge_epoch(plan, progress, value)
    progress["learning_rate"] = next_rate(plan, progress)
    return best and plan["keep_best"]
