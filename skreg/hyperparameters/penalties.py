"""Penalties and constraints on the weights."""

from scipy.stats import loguniform

from skreg.hyperparameters.declaration import ABOVE_0, AT_LEAST_0, Hyperparameter
from skreg.hyperparameters.distributions import OffOr

ALPHA = Hyperparameter(
    "alpha",
    default=1e-4,
    constraints=[AT_LEAST_0, "array-like"],
    search=loguniform(1e-6, 3e-2),
    type="float or array-like of shape (n_layers - 1,)",
    doc="""
        Strength of the L2 penalty, the lambda of the literature: ``alpha / 2 * sum(W^2)`` is added
        to the mean loss. One number, or one per layer of weights. With "adamw" weights shrink by
        ``learning_rate * alpha`` of themselves in each step instead.
        """,
    per_layer="weights",
    instead={
        "pretrainer": {
            "constraints": [AT_LEAST_0],
            "type": "float",
            "doc": """
        Strength of the L2 penalty: ``alpha / 2 * sum(W^2)`` is added to the mean loss. With "adamw"
        weights shrink by ``learning_rate * alpha`` of themselves in each step instead.
        """,
        }
    },
)

PENALTIES = [
    Hyperparameter(
        "l1",
        default=0.0,
        constraints=[AT_LEAST_0, "array-like"],
        search=OffOr(loguniform(1e-5, 5e-4), 0.7),
        type="float or array-like of shape (n_layers - 1,)",
        doc="""
        Strength of the L1 penalty ``l1 * sum(|W|)``, by a proximal step: weights become exactly 0
        (`sparsity_`).
        """,
        smooth=False,
        proximal=True,
        per_layer="weights",
        instead={
            "pretrainer": {
                "constraints": [AT_LEAST_0],
                "type": "float",
                "doc": "Strength of the L1 penalty ``l1 * sum(|W|)``, by a proximal step.",
            }
        },
    ),
    Hyperparameter(
        "group_lasso",
        default=0.0,
        constraints=[AT_LEAST_0],
        type="float",
        doc="""
        Strength of ``group_lasso * sqrt(n_out) * sum_j ||W_j||_2`` over the inputs j, whose
        weights W_j to the `n_out` units of the first layer are a group (Yuan & Lin 2006), by a
        proximal step: all weights of an input become exactly 0 together.
        """,
        smooth=False,
        proximal=True,
        not_of=("conv", "module", "pretrainer"),
    ),
    Hyperparameter(
        "anchor_alpha",
        default=0.0,
        constraints=[AT_LEAST_0],
        search=OffOr(loguniform(1e-5, 1e-1)),
        type="float",
        doc="""
        Strength of the L2 penalty towards `anchor`; where that is None and layers come from
        `pretrained`, on these only (Li et al. 2018): the new ones have `alpha`.
        """,
        not_of=("pretrainer",),
        instead={"module": {"doc": "Strength of the L2 penalty towards `anchor`."}},
    ),
    Hyperparameter(
        "anchor",
        default=None,
        constraints=["array-like", None],
        type="list of array-like of the shapes of `coefs_`",
        doc="""
        Weights that `anchor_alpha` pulls towards, in training units; None are the pretrained
        weights, without `pretrained` the initial ones.
        """,
        not_of=("pretrainer",),
        instead={
            "module": {
                "doc": """
        Weights that `anchor_alpha` pulls towards, in training units; None are the initial ones.
        """
            }
        },
    ),
    Hyperparameter(
        "penalty",
        default=None,
        constraints=[callable, None],
        type="callable",
        doc="""
        A penalty of your own: called with the list of weight tensors (n_out, n_in), layer by layer,
        it returns a torch scalar that is added to the objective. Runs in the torch engine.
        """,
        not_of=("pretrainer",),
        instead={
            ("conv", "module"): {
                "doc": """
        A penalty of your own: called with the list of weight tensors, in the order of `coefs_` and
        with the outputs first, it returns a torch scalar that is added to the objective.
        """
            }
        },
    ),
    Hyperparameter(
        "max_norm",
        default=None,
        constraints=[ABOVE_0, None],
        search=OffOr([1.0, 2.0, 4.0], 0.8, off=None),
        type="float",
        doc="""
        Largest norm of a unit's incoming weights, kept to after every step; None is no limit.
        """,
        smooth=False,
    ),
    Hyperparameter(
        "clip_grad_norm",
        default=None,
        constraints=[ABOVE_0, None],
        type="float",
        doc="Largest norm of a step's gradient, penalties included; None is no limit.",
        smooth=False,
    ),
]
