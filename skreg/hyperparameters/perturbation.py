"""Gradients taken elsewhere than at the weights, or of more than the loss."""

from scipy.stats import loguniform

from skreg.hyperparameters.declaration import AT_LEAST_0, Hyperparameter, one_of
from skreg.hyperparameters.distributions import OffOr

PERTURBATION = [
    Hyperparameter(
        "gradient_penalty",
        default=0.0,
        constraints=[AT_LEAST_0, one_of("auto")],
        type='float or "auto"',
        doc="""
        Strength mu of ``mu / 4 * |g|^2`` in the batch loss, g its gradient: what gradient descent
        with step size mu does implicitly, made explicit (Barrett & Dherin 2021). "auto" is the
        learning rate.
        """,
        smooth=False,
        not_of=("pretrainer",),
    ),
    Hyperparameter(
        "gradient_penalty_rho",
        default=None,
        constraints=[AT_LEAST_0, None],
        type="float",
        doc="""
        Radius of the forward difference that takes its gradient; 0 is exact, by double backward in
        the torch engine. None is 0.05 for relu, whose kinks double backward overlooks, and 0 else.
        """,
        not_of=("pretrainer",),
    ),
    Hyperparameter(
        "sam_rho",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(loguniform(0.02, 0.1), 0.8),
        type="float",
        doc="""
        Sharpness-aware steps: gradients are taken at the weights moved by `sam_rho` up the gradient
        (Foret et al. 2021).
        """,
        smooth=False,
    ),
]
