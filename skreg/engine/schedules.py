"""Learning-rate schedules, per epoch, for every stochastic solver.

=============  ========================================================================
constant       learning_rate_init
invscaling     learning_rate_init / (rows seen + 1)^power_t, as in scikit-learn
adaptive       divided by 5 when training stalls (`skreg.regularizers.stopping.book_epoch` does it)
cosine         learning_rate_init (1 + cos(pi epoch / max_iter)) / 2; with `n_snapshots` the
               same in each of so many cycles (Loshchilov & Hutter 2017, "SGDR")
=============  ========================================================================
"""

import numpy as np

from skreg.compiler.jit import jit

NAMES = ("constant", "invscaling", "adaptive", "cosine")
CONSTANT, INVSCALING, ADAPTIVE, COSINE = range(4)


FIELDS = [
    ("schedule", "i8"),
    ("rate", "f8"),
    ("power_t", "f8"),
    ("n_epochs", "i8"),
    ("n_cycles", "i8"),
]
"""Of a plan: the schedule's place in `NAMES`, and what the formulas need."""


def schedule_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    schedule = "constant" if params.solver == "lbfgs" else params.learning_rate
    return {
        "schedule": NAMES.index(schedule),
        "rate": params.learning_rate_init,
        "power_t": params.power_t,
        "n_epochs": params.max_iter,
        "n_cycles": params.n_snapshots,
    }


@jit
def next_rate(plan, progress):
    """Learning rate of the epoch that follows, from the progress made."""
    if plan["schedule"] == INVSCALING:
        return plan["rate"] / (progress["seen"] + 1.0) ** plan["power_t"]
    if plan["schedule"] == COSINE:
        n, n_epochs, epoch = plan["n_cycles"], plan["n_epochs"], progress["epoch"]
        cycle = min(epoch * n // n_epochs, n - 1)
        start, end = (cycle * n_epochs + n - 1) // n, ((cycle + 1) * n_epochs + n - 1) // n
        share = min((epoch - start) / (end - start), 1.0)
        return plan["rate"] * 0.5 * (1.0 + np.cos(np.pi * share))
    return progress["learning_rate"]


def epochs_to_snapshot(plan, epoch):
    """Epochs from the end of epoch number `epoch` to the end of a cycle; None without snapshots."""
    n_epochs, n_cycles = int(plan["n_epochs"]), int(plan["n_cycles"])
    if n_cycles == 1:
        return None
    cycle = int(epoch) * n_cycles // n_epochs + 1
    return -(-cycle * n_epochs // n_cycles) - int(epoch)
