"""Noise on inputs, hidden units, weights and targets."""

from scipy.stats import loguniform, uniform

from skreg.hyperparameters.by_size import input_dropouts
from skreg.hyperparameters.declaration import AT_LEAST_0, SHARE, Hyperparameter
from skreg.hyperparameters.distributions import OffOr

NOISE = [
    Hyperparameter(
        "dropout",
        default=0.0,
        constraints=[SHARE, "array-like"],
        search=OffOr(uniform(0, 0.5)),
        type="float or array-like of float",
        doc="""
        Probability that a hidden unit is left out of a step, in [0, 1); one number, or one per
        hidden layer (Srivastava et al. 2014).
        """,
        smooth=False,
        per_layer="hidden",
        not_of=("module",),
        instead={
            "conv": {
                "doc": """
        Probability that a channel of a block's maps is left out of a step, in [0, 1); one number,
        or one per block (Tompson et al. 2015).
        """
            },
            "pretrainer": {
                "constraints": [SHARE],
                "type": "float",
                "doc": """
        Probability that a hidden unit is left out of a step, in [0, 1) (Srivastava et al. 2014).
        """,
            },
        },
    ),
    Hyperparameter(
        "input_dropout",
        default=0.0,
        constraints=[SHARE],
        search=input_dropouts,
        type="float",
        doc="Probability that an input is left out of a step, in [0, 1).",
        smooth=False,
        instead={
            ("conv", "module"): {
                "doc": "Probability that a value of X is left out of a step, in [0, 1)."
            }
        },
    ),
    Hyperparameter(
        "drop_path",
        default=0.0,
        constraints=[SHARE],
        type="float",
        doc="""
        Probability that a residual layer adds nothing to a row in a step, in [0, 1) (stochastic
        depth: Huang et al. 2016).
        """,
        smooth=False,
        not_of=("module",),
        instead={
            "conv": {
                "doc": """
        Probability that a residual block adds nothing to a row in a step, in [0, 1).
        """
            }
        },
    ),
    Hyperparameter(
        "noise_std",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(loguniform(0.01, 0.3), 0.7),
        type="float",
        doc="Standard deviation of Gaussian noise on the inputs, in the units of X (Bishop 1995).",
        smooth=False,
    ),
    Hyperparameter(
        "weight_noise_std",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(loguniform(0.003, 0.03), 0.8),
        type="float",
        doc="""
        Standard deviation of Gaussian noise on the weights at which gradients are taken
        (Graves 2011).
        """,
        smooth=False,
    ),
    Hyperparameter(
        "target_noise_std",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(loguniform(0.03, 0.3), 0.8),
        type="float",
        doc="""
        Standard deviation of Gaussian noise on the targets, in training units (of the standardized
        target with `scale_target`).
        """,
        smooth=False,
        not_of=("classifier", "pretrainer"),
    ),
]
