"""Ensembles of nets, on scikit-learn's own bagging."""

from skreg.ensemble.bagging_classifier import BaggingClassifier
from skreg.ensemble.bagging_regressor import BaggingRegressor

__all__ = ["BaggingClassifier", "BaggingRegressor"]
