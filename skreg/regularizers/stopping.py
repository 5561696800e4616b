"""When a fit stops, and which weights it keeps.

Training stops when the monitored value (training loss; under early stopping validation loss, or
minus a score) has not fallen by `tol` for more than `n_iter_no_change` epochs in a row, as in
scikit-learn; with early stopping the weights of the best epoch are restored (Prechelt 1998, "Early
stopping - but when?"). The same functions run in the compiled kernel and, through `.py_func`, in
Python.
"""

import numpy as np

from skreg.compiler.jit import jit

RUNNING, CONVERGED, DIVERGED, INTERRUPTED, OUT_OF_TIME = range(5)  # progress["status"]
TRAINING_LOSS, VALIDATION_LOSS, SCORE = range(3)  # plan["monitor"]

_SMALLEST_RATE = 1e-6  # scikit-learn's: an adaptive schedule stops instead of going below

PROGRESS = np.dtype(
    [
        ("status", "i8"),
        ("epoch", "i8"),  # finished epochs, over all calls of partial_fit
        ("row", "i8"),  # row of the block of permutations that is being worked on
        ("batch", "i8"),  # batches done of the current epoch
        ("step", "i8"),  # optimizer steps done, over the net's life
        ("seen", "i8"),  # rows seen, over the net's life
        ("loss_sum", "f8"),  # rows * loss of the current epoch so far
        ("best", "f8"),  # lowest monitored value
        ("best_epoch", "i8"),
        ("waited", "i8"),  # epochs in a row without improvement by tol
        ("learning_rate", "f8"),
        ("n_averaged", "i8"),  # weights in the average of `skreg.regularizers.averaging` so far
    ],
    align=True,
)
"""Where a fit stands: one record, handed from block to block and from engine to engine."""


CURVES = np.dtype([("loss", "f8"), ("validation_loss", "f8"), ("learning_rate", "f8")])
"""What an epoch leaves behind: one record for each."""

FIELDS = [
    ("monitor", "i8"),
    ("tol", "f8"),
    ("patience", "f8"),
    ("patient_until", "i8"),
    ("adaptive", "?"),
    ("keep_best", "?"),
]
"""Of a plan: what is monitored, and how patiently (not counting the epochs until layers are
thawed); whether stalling first divides the learning
rate by 5; whether the best weights are kept (early stopping)."""


def stopping_settings(params, monitor, keep_best):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "monitor": monitor,
        "tol": params.tol,
        "patience": params.n_iter_no_change,
        "patient_until": params.thaws_after,
        "adaptive": params.learning_rate == "adaptive",
        "keep_best": keep_best,
    }


def new_progress(learning_rate):
    """Progress (array of one record) of a fit that has not begun."""
    progress = np.zeros(1, PROGRESS)
    restart(progress, learning_rate)
    return progress


def restart(progress, learning_rate):
    """Begin a new fit on the same net: steps and rows seen are kept, epochs count from zero."""
    progress["epoch"] = progress["batch"] = progress["best_epoch"] = progress["waited"] = 0
    progress["status"], progress["loss_sum"] = RUNNING, 0.0
    progress["best"], progress["learning_rate"] = np.inf, learning_rate
    progress["n_averaged"] = 0


@jit
def book_epoch(plan, progress, curves, n_rows, validation_loss):
    """Book an epoch: its curves and its end. Gives the loss to monitor, for `judge_epoch`.

    Parameters
    ----------
    plan, progress : records with `FIELDS` and `PROGRESS`
    curves : structured array with `CURVES`, one record per epoch of the block
    n_rows : int
        Training rows of the epoch.
    validation_loss : float
        NaN without validation rows. As the monitored value a NaN counts as no improvement.
    """
    row = curves[progress["row"]]
    row["loss"] = progress["loss_sum"] / n_rows
    row["validation_loss"] = validation_loss
    row["learning_rate"] = progress["learning_rate"]
    progress["row"] += 1
    progress["epoch"] += 1
    progress["seen"] += n_rows
    progress["batch"], progress["loss_sum"] = 0, 0.0
    return validation_loss if plan["monitor"] == VALIDATION_LOSS else row["loss"]


@jit
def judge_epoch(plan, progress, value):
    """Decide whether to go on after an epoch with this value monitored. True for the best yet.

    Comes right after `book_epoch`; where a scorer is monitored, which is Python's, after it.
    """
    early = progress["epoch"] <= plan["patient_until"]
    falls = value <= progress["best"] - plan["tol"]
    progress["waited"] = 0 if falls or early else progress["waited"] + 1
    improved = value < progress["best"]
    if improved:
        progress["best"] = value
        progress["best_epoch"] = progress["epoch"]
    if progress["waited"] > plan["patience"]:
        if plan["adaptive"] and progress["learning_rate"] > _SMALLEST_RATE:
            progress["learning_rate"] /= 5.0
            progress["waited"] = 0
        else:
            progress["status"] = CONVERGED
    return improved
