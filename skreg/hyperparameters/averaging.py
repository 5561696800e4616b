"""Averages of the weights along the path."""

from skreg.hyperparameters.declaration import SHARE, Hyperparameter, one_of
from skreg.hyperparameters.distributions import OffOr

AVERAGING = [
    Hyperparameter(
        "averaging",
        default=None,
        constraints=[one_of("ema", "swa"), None],
        search=OffOr(["ema"], off=None),
        type='{"ema", "swa"}',
        doc="""
        Average of the weights along the path that validates and predicts in their place: their
        exponential moving average, taken after every step, or the plain mean of those at the ends
        of the last epochs (Izmailov et al. 2018), as `torch.optim.swa_utils` has them.
        """,
        smooth=False,
    ),
    Hyperparameter(
        "averaging_decay",
        default=0.99,
        constraints=[SHARE],
        type="float",
        doc="""
        Decay of "ema" per step, in [0, 1): it looks back over some ``1 / (1 - decay)`` steps.
        """,
    ),
    Hyperparameter(
        "averaging_start",
        default=0.75,
        constraints=[SHARE],
        type="float",
        doc='Share of the `max_iter` epochs that pass before "swa" begins, in [0, 1).',
    ),
]
