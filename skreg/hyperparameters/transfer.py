"""Layers that come from another net."""

from scipy.stats import loguniform

from skreg.compat.sklearn import HasMethods
from skreg.hyperparameters.declaration import ABOVE_0, FROM_0, FROM_1, Hyperparameter, one_of
from skreg.hyperparameters.distributions import OffOr

TRANSFER = [
    Hyperparameter(
        "pretrained",
        default=None,
        constraints=[HasMethods(["fit", "get_params"]), None],
        type="FrozenEstimator or estimator",
        doc="""
        Where the first layers come from: a fitted estimator or pretrainer of skreg in
        `sklearn.frozen.FrozenEstimator`, or one that is not fitted, of which `fit` then fits a
        clone first, on the training rows (not those held out for early stopping) and
        `X_unlabeled`; a `random_state` that is None in it is drawn from this one's. Its layers up
        to its representation must have the units, `activation`, `normalization` and `residual` of
        the layers that they become. With `warm_start` and `partial_fit` it counts at the first
        call. None starts at random, and then the next four parameters do nothing.
        """,
        not_of=("module", "pretrainer"),
        instead={
            "conv": {
                "doc": """
        Where the first blocks come from: a fitted conv net of skreg in
        `sklearn.frozen.FrozenEstimator`, or one that is not fitted, of which `fit` then fits a
        clone first, on the training rows (not those held out for early stopping); a `random_state`
        that is None in it is drawn from this one's. Its blocks must have the channels,
        `kernel_size`, `pool`, `front`, `activation`, `normalization` and `residual` of those that
        they become; rows may have another height and width, or length. With `warm_start` and
        `partial_fit` it counts at the first call. None starts at random, and then the next four
        parameters do nothing.
        """
            }
        },
    ),
    Hyperparameter(
        "reset_layers",
        default=1,
        constraints=[FROM_1],
        type="int",
        doc="How many layers of weights, the last ones, are new.",
        not_of=("module", "pretrainer"),
    ),
    Hyperparameter(
        "n_frozen_layers",
        default=0,
        constraints=[FROM_0, one_of("all")],
        search=OffOr(["all"], off=0),
        type='int or "all"',
        doc="""
        How many of the layers taken over, from the first on, stay exactly as they are: no gradient,
        no penalty, batch normalisation by the running statistics. "all" trains the new ones only.
        """,
        not_of=("module", "pretrainer"),
    ),
    Hyperparameter(
        "freeze_epochs",
        default=None,
        constraints=[FROM_0, None],
        search=[None, 5, 20],
        type="int",
        doc="""
        Epochs of the net's life after which they are trained as well; until then patience
        (`n_iter_no_change`) does not run out. None is never. Not with lbfgs.
        """,
        not_of=("module", "pretrainer"),
        instead={
            "conv": {
                "doc": """
        Epochs of the net's life after which they are trained as well; until then patience
        (`n_iter_no_change`) does not run out. None is never.
        """
            }
        },
    ),
    Hyperparameter(
        "pretrained_lr_mult",
        default=1.0,
        constraints=[ABOVE_0],
        search=loguniform(0.03, 1),
        type="float",
        doc="What the learning rate of the layers taken over is multiplied by. Not with lbfgs.",
        not_of=("module", "pretrainer"),
        instead={
            "conv": {"doc": "What the learning rate of the layers taken over is multiplied by."}
        },
    ),
]
