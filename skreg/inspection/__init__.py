"""Numbers that explain a fitted net: plain functions that return arrays."""

from skreg.inspection.implicit import implicit_regularization
from skreg.inspection.measures import (
    active_units,
    generalization_gap,
    mean_squared_input_gradient,
    sharpness,
    weight_norms,
    zero_weights,
)
from skreg.inspection.path import regularization_path

__all__ = [
    "active_units",
    "generalization_gap",
    "implicit_regularization",
    "mean_squared_input_gradient",
    "regularization_path",
    "sharpness",
    "weight_norms",
    "zero_weights",
]
