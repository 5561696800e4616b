"""Ensembles of nets, on scikit-learn's own bagging."""

from skreg.ensemble.bagging import BaggingClassifier, BaggingRegressor

__all__ = ["BaggingClassifier", "BaggingRegressor"]
