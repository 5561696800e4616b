"""What explains a fitted net: functions that return numbers, and displays that draw them."""

from skreg.inspection.ensemble_display import EnsembleDisplay
from skreg.inspection.function_display import FittedFunctionDisplay
from skreg.inspection.implicit import implicit_regularization
from skreg.inspection.loss_display import LossCurveDisplay
from skreg.inspection.measures import (
    active_units,
    generalization_gap,
    mean_squared_input_gradient,
    sharpness,
    weight_norms,
    zero_weights,
)
from skreg.inspection.path import regularization_path
from skreg.inspection.path_display import RegularizationPathDisplay
from skreg.inspection.race_display import RaceDisplay
from skreg.inspection.search_display import SearchDisplay

__all__ = [
    "EnsembleDisplay",
    "FittedFunctionDisplay",
    "LossCurveDisplay",
    "RaceDisplay",
    "RegularizationPathDisplay",
    "SearchDisplay",
    "active_units",
    "generalization_gap",
    "implicit_regularization",
    "mean_squared_input_gradient",
    "regularization_path",
    "sharpness",
    "weight_norms",
    "zero_weights",
]
