"""Normalisation and residual layers."""

from skreg.hyperparameters.declaration import Hyperparameter, one_of
from skreg.hyperparameters.distributions import OffOr

NORMALIZATION = [
    Hyperparameter(
        "normalization",
        default=None,
        constraints=[one_of("layer", "batch"), None],
        search=OffOr(["layer", "layer", "batch"], off=None),
        type='{"layer", "batch"}',
        doc="""
        Normalisation of each hidden layer's pre-activation z, before the activation:
        ``gain * (z - mean) / sqrt(variance + 1e-5) + shift``, over the units of a row (Ba et al.
        2016), or over the rows of a batch with their sample weights (Ioffe & Szegedy 2015), where
        prediction uses running averages. Gain and shift are trained and never penalised.
        """,
        not_of=("module",),
        instead={
            "conv": {
                "default": "batch",
                "search": None,
                "constraints": [one_of("batch", "layer"), None],
                "type": '{"batch", "layer"}',
                "doc": """
        Normalisation of the maps before the activation, channel by channel over the rows of a
        batch, with their sample weights, and all places (Ioffe & Szegedy 2015), or over all
        channels and places of a row (Wu & He 2018, with one group); None is off. Gain and shift of
        each channel are trained and never penalised.
        """,
            }
        },
    ),
    Hyperparameter(
        "residual",
        default=False,
        constraints=["boolean"],
        type="bool",
        doc="""
        Whether a hidden layer as wide as the hidden layer before it adds that one's output to its
        own (He et al. 2016).
        """,
        not_of=("module",),
        instead={
            "conv": {
                "doc": """
        Whether a block with as many channels as the block before it adds its input to its maps
        before pooling (He et al. 2016).
        """
            }
        },
    ),
]
