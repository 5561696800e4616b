"""What each loss says of the target: its link, its domain, the units that the net trains in.

Formulas stand in `skreg.losses.formulas`, those of distributions in `skreg.losses.location_scale`,
and those of pretext tasks in `skreg.losses.reconstruction` and `skreg.losses.contrastive`. Nothing
here needs torch or numba.
"""

from numbers import Real
from typing import Any, Literal, NamedTuple, TypeAlias


class Loss(NamedTuple):
    """A loss, by what estimators and targets ask of it.

    Attributes
    ----------
    name : str
    link : str
        From the raw prediction to the prediction, a key of `skreg.blocks.activations.LINKS`.
    task : {"regression", "classes", "pretext", "levels"}
        Whose it is; regressors offer those of regression as `loss`. That of several levels is what
        "quantile" is where `quantile` is a list (`several`).
    units : {"standard", "mean"}
        Of a regression target with `scale_target`: less its mean and by its standard deviation, or
        by its mean.
    domain : {">= 0", "> 0"} or None
        What all targets are to be; None is any number.
    text : str
        What it is of one output, for docs: with raw the raw prediction, ``e = raw - y``.
    parameter : str or None
        The estimator's parameter that shapes it.
    outputs_per_target : int
        Raw outputs that the net has for each target; those of "quantiles" are as many as levels.
    distribution : str or None
        What a target's outputs are the parameters of, a key of
        `skreg.losses.distributions.DISTRIBUTIONS`; None for a loss that knows a point only.
    """

    name: str
    link: str
    task: str
    units: str = "standard"
    domain: str | None = None
    text: str = ""
    parameter: str | None = None
    outputs_per_target: int = 1
    distribution: str | None = None

    @property
    def reading(self) -> tuple[str, int, str | None]:
        """What the net's outputs mean: a net that goes on keeps it."""
        return self.link, self.outputs_per_target, self.distribution


_ALL = (
    Loss("squared_error", "identity", "regression", text="e^2 / 2"),
    Loss("absolute_error", "identity", "regression", text="abs(e)"),
    Loss(
        "huber",
        "identity",
        "regression",
        parameter="huber_delta",
        text="e^2 / 2 up to `huber_delta`, then linear",
    ),
    Loss(
        "quantile",
        "identity",
        "regression",
        parameter="quantile",
        text="pinball loss of `quantile`, its mean over several",
    ),
    Loss(
        "poisson",
        "exp",
        "regression",
        units="mean",
        domain=">= 0",
        text="half the Poisson deviance, y >= 0",
    ),
    Loss("cross_entropy", "softmax", "classes"),
    Loss("binary_log_loss", "logistic", "classes"),
    Loss("reconstruction", "identity", "pretext"),
    Loss("contrastive", "identity", "pretext"),
    Loss(
        "gaussian",
        "identity",
        "regression",
        parameter="gaussian_beta",
        outputs_per_target=2,
        distribution="gaussian",
        text="(log 2 pi v + e^2 / v) / 2; two raw outputs per target, mean and log v",
    ),
    Loss(
        "laplace",
        "identity",
        "regression",
        outputs_per_target=2,
        distribution="laplace",
        text="log 2 b + abs(e) / b; two raw outputs per target, location and log b^2",
    ),
    Loss(
        "gamma",
        "exp",
        "regression",
        units="mean",
        domain="> 0",
        text="half the gamma deviance, y > 0",
    ),
    Loss("quantiles", "identity", "levels", parameter="quantile", distribution="quantiles"),
)

RegressionLoss: TypeAlias = Literal[
    "squared_error",
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
    "gaussian",
    "laplace",
    "gamma",
]
"""Names of the losses of regression, for annotations."""

LOSSES = {loss.name: loss for loss in _ALL}
"""All losses by name; a plan holds the place here."""


def names(task: str) -> list[str]:
    """Names of the losses of a task."""
    return [loss.name for loss in _ALL if loss.task == task]


def with_distribution() -> list[str]:
    """Names of the losses of regression whose outputs are the parameters of a distribution."""
    return [loss.name for loss in _ALL if loss.task == "regression" and loss.distribution]


def several(loss: str, quantile: Any) -> bool:
    """Whether an estimator's `loss` is that of several quantiles in one net."""
    return loss == "quantile" and not isinstance(quantile, Real)
