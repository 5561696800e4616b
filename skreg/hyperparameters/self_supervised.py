"""What pretrainers learn from rows without labels."""

from numbers import Real

from skreg.compat.sklearn import HasMethods, Interval
from skreg.hyperparameters.declaration import ABOVE_0, AT_LEAST_0, FROM_1, Hyperparameter, one_of

SELF_SUPERVISED = [
    Hyperparameter(
        "corruption",
        default="swap",
        constraints=[one_of("swap", "zero", "gaussian")],
        type='{"swap", "zero", "gaussian"}',
        doc="""
        What becomes of a corrupted entry: the same column's value of a random row, the column's
        mean (zero, after standardisation), or itself plus Gaussian noise with the column's
        standard deviation.
        """,
        elsewhere=None,
        not_of=("contrastive", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "views",
        default="swap",
        constraints=[one_of("swap", "zero", "gaussian"), HasMethods("apply")],
        type='{"swap", "zero", "gaussian"} or object',
        doc="""
        How the second view is made from the row, which itself is the first (SCARF [3]_): a share
        of its entries takes the same column's value of a random row, or the column's mean, or
        Gaussian noise with the column's standard deviation on top. An object with
        ``apply(batch, generator)``, such as those of `skreg.augmentation`, makes both views
        (SimCLR [1]_): it takes a tensor (n_rows, n_features) and a `torch.Generator` and returns a
        tensor of the same shape. It is called twice an epoch for all rows, at most 4,096 of them at
        once.
        """,
        elsewhere=None,
        not_of=("masked", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "corruption_rate",
        default=0.3,
        constraints=[Interval(Real, 0, 1, closed="right")],
        type="float",
        doc="Probability that an entry is corrupted, each by itself, in (0, 1].",
        not_of=("mlp", "conv", "module"),
        instead={
            "contrastive": {
                "default": 0.6,
                "doc": """
        Probability that an entry of the second view is corrupted, each by itself, in (0, 1].
        Without effect for an object.
        """,
            }
        },
    ),
    Hyperparameter(
        "reconstruct",
        default="all",
        constraints=[one_of("all", "corrupted")],
        type='{"all", "corrupted"}',
        doc="""
        Which entries count: all, or the corrupted ones only (divided by ``corruption_rate * d``
        in place of d, so that the loss has the same size on average).
        """,
        not_of=("contrastive", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "mask_loss_weight",
        default=0.0,
        constraints=[AT_LEAST_0],
        type="float",
        doc="Weight of the loss of a second output layer that predicts the mask.",
        not_of=("contrastive", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "temperature",
        default=0.5,
        constraints=[ABOVE_0],
        type="float",
        doc="Temperature t: the lower, the more the nearest other rows count.",
        elsewhere=1.0,
        not_of=("masked", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "projection_dim",
        default=32,
        constraints=[FROM_1],
        type="int",
        doc="Outputs of the head.",
        not_of=("masked", "mlp", "conv", "module"),
    ),
    Hyperparameter(
        "projection_hidden",
        default=None,
        constraints=[FROM_1, None],
        type="int",
        doc="""
        Units of a hidden layer in the head; None for a linear one. SimCLR and SCARF have one as
        wide as the representation, which on small nets is most of the cost.
        """,
        not_of=("masked", "mlp", "conv", "module"),
    ),
]
