"""Learning-rate schedules, per epoch, for every stochastic solver.

=============  ========================================================================
constant       learning_rate_init
invscaling     learning_rate_init / (rows seen + 1)^power_t, as in scikit-learn
adaptive       divided by 5 when training stalls (`skreg.stopping.book_epoch` does it)
cosine         learning_rate_init (1 + cos(pi epoch / max_iter)) / 2
               (Loshchilov & Hutter 2017, "SGDR")
=============  ========================================================================
"""

import numpy as np

from skreg._jit import jit

NAMES = ("constant", "invscaling", "adaptive", "cosine")
CONSTANT, INVSCALING, ADAPTIVE, COSINE = range(4)


FIELDS = [("schedule", "i8"), ("rate", "f8"), ("power_t", "f8"), ("n_epochs", "i8")]
"""Of a plan: the schedule's place in `NAMES`, and what the formulas need."""


def schedule_settings(params):
    """Values of `FIELDS` from an estimator's parameters (a mapping)."""
    return {
        "schedule": NAMES.index(params["learning_rate"]),
        "rate": params["learning_rate_init"],
        "power_t": params["power_t"],
        "n_epochs": params["max_iter"],
    }


@jit
def next_rate(plan, progress):
    """Learning rate of the epoch that follows, from the progress made."""
    if plan["schedule"] == INVSCALING:
        return plan["rate"] / (progress["seen"] + 1.0) ** plan["power_t"]
    if plan["schedule"] == COSINE:
        share = min(progress["epoch"] / plan["n_epochs"], 1.0)
        return plan["rate"] * 0.5 * (1.0 + np.cos(np.pi * share))
    return progress["learning_rate"]
