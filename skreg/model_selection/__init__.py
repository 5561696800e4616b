"""What a search draws from, what it tries first, and a race in place of full fits."""

from skreg.model_selection.encoder import PiecewiseLinearEncoder
from skreg.model_selection.fold_ensemble import FoldEnsembleClassifier, FoldEnsembleRegressor
from skreg.model_selection.portfolio import portfolio
from skreg.model_selection.racing import RacingSearchCV
from skreg.model_selection.space import search_space
from skreg.model_selection.tuned import TunedMLPClassifier, TunedMLPRegressor

__all__ = [
    "FoldEnsembleClassifier",
    "FoldEnsembleRegressor",
    "PiecewiseLinearEncoder",
    "RacingSearchCV",
    "TunedMLPClassifier",
    "TunedMLPRegressor",
    "portfolio",
    "search_space",
]
