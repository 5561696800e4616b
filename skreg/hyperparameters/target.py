"""What is learnt of the targets: the loss and what goes with it."""

from numbers import Real

from scipy.stats import uniform

from skreg.compat.sklearn import Interval
from skreg.hyperparameters.declaration import ABOVE_0, Hyperparameter, listed, one_of
from skreg.hyperparameters.distributions import OffOr
from skreg.losses.records import LOSSES, names

_REGRESSION = [LOSSES[name] for name in names("regression")]
_LISTED = "\n        ".join(f'- "{loss.name}": {loss.text}' for loss in _REGRESSION)
_BY_MEAN = " and ".join(f'"{loss.name}"' for loss in _REGRESSION if loss.units == "mean")

LOSS = Hyperparameter(
    "loss",
    default="squared_error",
    constraints=[one_of(*names("regression"))],
    type=listed(names("regression")),
    doc=f"""
        Loss of a row, summed over outputs, with e the raw prediction less y:

        {_LISTED}

        "gaussian" and "laplace" are the negative log-likelihood of a normal or a Laplace
        distribution whose location and scale both depend on the row: the net has two outputs per
        target, and says how sure it is (`predict` with ``return_std=True``, `predict_quantiles`).
        Taken on the standardized target with `scale_target`.
        """,
    not_of=("classifier", "pretrainer"),
)

TARGET = [
    Hyperparameter(
        "scale_target",
        default=True,
        constraints=["boolean"],
        type="bool",
        doc=f"""
        Whether to train on the standardized target (divided by its mean for {_BY_MEAN}) and to
        transform predictions back. `coefs_` are in training units.
        """,
        not_of=("classifier", "pretrainer"),
    ),
    Hyperparameter(
        "huber_delta",
        default=1.0,
        constraints=[ABOVE_0],
        type="float",
        doc='Where "huber" turns from square to absolute, in training units.',
        not_of=("classifier", "pretrainer"),
    ),
    Hyperparameter(
        "gaussian_beta",
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="both")],
        smooth=False,
        type="float",
        doc="""
        Under "gaussian" the gradient of a row and target is multiplied by its predicted variance
        (training units) to this power, in [0, 1]: with 0.5 rows whose variance is large are not
        neglected by the mean, with 1 the mean is trained as by "squared_error" (beta-NLL, Seitzer,
        Tavakoli, Antic & Martius 2022, "On the pitfalls of heteroscedastic uncertainty estimation
        with probabilistic neural networks"). The loss that is reported stays the likelihood.
        """,
        not_of=("classifier", "pretrainer"),
    ),
    Hyperparameter(
        "quantile",
        default=0.5,
        constraints=[Interval(Real, 0, 1, closed="neither"), "array-like"],
        type="float or array-like of shape (n_levels,)",
        doc="""
        The quantile that "quantile" predicts, in (0, 1); or several in one net, which do not
        cross. Of several the loss is the mean, `predict` gives the one nearest to the median, and
        `predict_quantiles` and ``return_std=True`` read the distribution that they make: linear
        between the levels, with exponential tails.
        """,
        not_of=("classifier", "pretrainer"),
    ),
    Hyperparameter(
        "label_smoothing",
        default=0.0,
        constraints=[Interval(Real, 0, 1, closed="both")],
        search=OffOr(uniform(0.02, 0.18)),
        type="float",
        doc="""
        Share eps of the target's mass spread over all K classes, in [0, 1], as torch and Keras
        define it: ``(1 - eps) y + eps / K``. If a proportion p of the labels is thought wrong,
        ``eps = p K / (K - 1)``. Multilabel targets move by eps / 2.
        """,
        not_of=("regressor", "pretrainer"),
    ),
    Hyperparameter(
        "class_weight",
        default=None,
        constraints=[dict, one_of("balanced"), None],
        type='dict, "balanced" or None',
        doc="""
        Weights of the classes, times `sample_weight`; "balanced" gives all classes the same total
        (counted with `sample_weight`). For multilabel targets the keys are 0 and 1, and a row's
        weight is the product over its labels.
        """,
        not_of=("regressor", "pretrainer"),
    ),
]
