"""What each loss says of the target: its link, its domain, the units that the net trains in.

Formulas stand in `skreg.losses.formulas`, those of distributions in `skreg.losses.location_scale`,
and those of pretext tasks in `skreg.losses.reconstruction` and `skreg.losses.contrastive`. Nothing
here needs torch or numba.
"""

from typing import NamedTuple


class Loss(NamedTuple):
    """A loss, by what estimators and targets ask of it.

    Attributes
    ----------
    name : str
    link : str
        From the raw prediction to the prediction, a key of `skreg.blocks.activations.LINKS`.
    task : {"regression", "classes", "pretext"}
        Whose it is; regressors offer those of regression as `loss`.
    units : {"standard", "mean"}
        Of a regression target with `scale_target`: less its mean and by its standard deviation, or
        by its mean.
    needs_at_least : float or None
        The smallest target of its domain; None is no limit.
    parameter : str or None
        The estimator's parameter that shapes it.
    outputs_per_target : int
        Raw outputs that the net has for each target.
    distribution : str or None
        What a target's outputs are the parameters of, a key of
        `skreg.losses.distributions.DISTRIBUTIONS`; None for a loss that knows a point only.
    """

    name: str
    link: str
    task: str
    units: str = "standard"
    needs_at_least: float | None = None
    parameter: str | None = None
    outputs_per_target: int = 1
    distribution: str | None = None

    @property
    def reading(self) -> tuple[str, int, str | None]:
        """What the net's outputs mean: a net that goes on keeps it."""
        return self.link, self.outputs_per_target, self.distribution


_ALL = (
    Loss("squared_error", "identity", "regression"),
    Loss("absolute_error", "identity", "regression"),
    Loss("huber", "identity", "regression", parameter="huber_delta"),
    Loss("quantile", "identity", "regression", parameter="quantile"),
    Loss("poisson", "exp", "regression", units="mean", needs_at_least=0.0),
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
    ),
    Loss("laplace", "identity", "regression", outputs_per_target=2, distribution="laplace"),
)

LOSSES = {loss.name: loss for loss in _ALL}
"""All losses by name; a plan holds the place here."""


def names(task: str) -> list[str]:
    """Names of the losses of a task."""
    return [loss.name for loss in _ALL if loss.task == task]


def with_distribution() -> list[str]:
    """Names of the losses of regression whose outputs are the parameters of a distribution."""
    return [loss.name for loss in _ALL if loss.distribution is not None]
