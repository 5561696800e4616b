"""What the engine is told of an estimator: its hyperparameters as trained, and what follows."""

from dataclasses import dataclass, field, make_dataclass, replace
from typing import Any, Self

import numpy as np

from skreg.hyperparameters.table import TABLE

_ENGINE = {
    "frozen_for": 0,  # epochs that a layer stays as it is; one number, or one for each layer
    "rate_factor": 1.0,  # what the learning rate is multiplied by; one, or one for each layer
    "autocast": False,  # whether products are of bfloat16 numbers, and all else as `dtype` says
    "thaws_after": 0,  # epochs until layers are thawed, for which patience does not run out
}
"""Fields that are no parameter of any estimator: `skreg.estimators._pretrained` sets them."""

_DEFAULTS = {**{declared.name: declared.told_elsewhere for declared in TABLE}, **_ENGINE}
_Fields: Any = make_dataclass(
    "_Fields",
    [(name, Any, field(default=value)) for name, value in _DEFAULTS.items()],
    frozen=True,
    kw_only=True,
    eq=False,
    slots=True,
)


@dataclass(frozen=True, eq=False, slots=True)
class Settings(_Fields):
    """Values of all hyperparameters, as attributes: an unknown name is an error, none can be set.

    What is not given is as `Hyperparameter.elsewhere` has it. Where the engine is told something
    else than the estimator: `loss` is a name in `skreg.losses.records`, `dtype` that of the
    training, `input_shape` that of the rows, `anchor` a list of arrays, and strengths may be one
    per layer.
    """

    def replace(self, **changes: Any) -> Self:
        """New settings with other values of the fields named."""
        return replace(self, **changes)


def weights_dtype(dtype: str) -> np.dtype[Any]:
    """The dtype of weights and sums under a value of the hyperparameter `dtype`."""
    return np.dtype("float32" if dtype == "bfloat16" else dtype)


def settings_of(estimator: Any, loss: str) -> Settings:
    """Settings of an estimator, with `loss` and `dtype` as trained."""
    own = {name: getattr(estimator, name) for name in estimator._hyperparameters}
    own["loss"], own["autocast"] = loss, estimator.dtype == "bfloat16"
    if own["autocast"]:
        own["dtype"] = "float32"
    if estimator.solver == "lbfgs":
        own["dtype"] = "float64"
    if estimator.max_time is not None and estimator.early_stopping == "refit":
        own["max_time"] = estimator.max_time / 2  # of two trainings
    return Settings(**own)
