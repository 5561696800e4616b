# Made by `python -m tests.stubs` from what stands in the module of this name: edit that.

from skreg import augmentation as augmentation
from skreg import inspection as inspection
from skreg import metrics as metrics
from skreg.ensemble import BaggingClassifier as BaggingClassifier
from skreg.ensemble import BaggingRegressor as BaggingRegressor
from skreg.self_supervised import ContrastivePretrainer as ContrastivePretrainer
from skreg.estimators.conv import ConvNetClassifier as ConvNetClassifier
from skreg.estimators.conv import ConvNetRegressor as ConvNetRegressor
from skreg.exceptions import DivergenceError as DivergenceError
from skreg.sound.logmel import LogMel as LogMel
from skreg.estimators.mlp import MLPClassifier as MLPClassifier
from skreg.estimators.mlp import MLPRegressor as MLPRegressor
from skreg.self_supervised import MaskedPretrainer as MaskedPretrainer
from skreg.estimators.net import NetClassifier as NetClassifier
from skreg.estimators.net import NetRegressor as NetRegressor
from skreg.hyperparameters.distributions import OffOr as OffOr
from skreg.sound.pad_or_crop import PadOrCrop as PadOrCrop
from skreg.model_selection.racing import RacingSearchCV as RacingSearchCV
from skreg.model_selection.tuned import TunedMLPClassifier as TunedMLPClassifier
from skreg.model_selection.tuned import TunedMLPRegressor as TunedMLPRegressor
from skreg.saving import load as load
from skreg.model_selection.one_standard_error import one_standard_error as one_standard_error
from skreg.model_selection import portfolio as portfolio
from skreg.saving import save as save
from skreg.model_selection import search_space as search_space

__version__: str
__all__ = ['__version__', 'augmentation', 'inspection', 'metrics', 'BaggingClassifier', 'BaggingRegressor', 'ConvNetClassifier', 'ConvNetRegressor', 'ContrastivePretrainer', 'DivergenceError', 'LogMel', 'MLPClassifier', 'MLPRegressor', 'MaskedPretrainer', 'NetClassifier', 'NetRegressor', 'OffOr', 'PadOrCrop', 'RacingSearchCV', 'TunedMLPClassifier', 'TunedMLPRegressor', 'load', 'one_standard_error', 'portfolio', 'save', 'search_space']
