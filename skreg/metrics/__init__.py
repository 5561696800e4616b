"""Scores of predicted distributions and intervals, for searches, races and early stopping."""

from skreg.metrics.scores import (
    coverage_score,
    log_density_score,
    neg_crps_score,
    neg_interval_score,
    neg_pinball_score,
    neg_width_score,
)

__all__ = [
    "coverage_score",
    "log_density_score",
    "neg_crps_score",
    "neg_interval_score",
    "neg_pinball_score",
    "neg_width_score",
]
