"""The classes whose objects a saved model may hold: skreg's own, and some of scikit-learn's.

Only these are ever made by loading, by their names in this list; everything else in a file is
numbers, strings and containers.
"""

import re
from functools import cache
from importlib import import_module

from sklearn.base import BaseEstimator

_STATE = {  # of skreg, beside its estimators
    "skreg.engine.train": {"Memory"},
    "skreg.estimators._targets": {"ClassTarget", "RegressionTarget"},
    "skreg.self_supervised._target": {"PretextTarget"},
}
_SKLEARN = {
    "sklearn.compose": ("ColumnTransformer", "TransformedTargetRegressor"),
    "sklearn.decomposition": ("PCA",),
    "sklearn.ensemble": ("VotingClassifier", "VotingRegressor"),
    "sklearn.feature_selection": ("VarianceThreshold",),
    "sklearn.frozen": ("FrozenEstimator",),
    "sklearn.impute": ("MissingIndicator", "SimpleImputer"),
    "sklearn.model_selection": (
        *("GroupKFold", "GroupShuffleSplit", "KFold", "PredefinedSplit", "ShuffleSplit"),
        *("StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit"),
    ),
    "sklearn.multioutput": ("MultiOutputClassifier", "MultiOutputRegressor"),
    "sklearn.pipeline": ("FeatureUnion", "Pipeline"),
    "sklearn.preprocessing": (
        *("FunctionTransformer", "KBinsDiscretizer", "LabelEncoder", "MaxAbsScaler"),
        *("MinMaxScaler", "Normalizer", "OneHotEncoder", "OrdinalEncoder", "PolynomialFeatures"),
        *("PowerTransformer", "QuantileTransformer", "RobustScaler", "StandardScaler"),
    ),
    "sklearn.utils": ("Bunch",),
}
_OWN_MODULE = re.compile(r"skreg(\.[a-z_][a-z0-9_]*)+")


@cache
def _sklearn_names():
    """Public name of every class of scikit-learn's in the list."""
    return {
        getattr(import_module(module), name): f"{module}.{name}"
        for module, names in _SKLEARN.items()
        for name in names
    }


def name_of(cls):
    """The name under which objects of a class are saved; None for classes outside the list."""
    if cls in _sklearn_names():
        return _sklearn_names()[cls]
    return f"{cls.__module__}.{cls.__qualname__}" if _is_own(cls) else None


def class_named(name):
    """The class of the list that has a name.

    Raises
    ------
    ValueError
        For names outside the list.
    """
    for cls, public in _sklearn_names().items():
        if public == name:
            return cls
    module, _, attribute = name.rpartition(".")
    if _OWN_MODULE.fullmatch(module) and "__" not in module:
        try:
            cls = getattr(import_module(module), attribute, None)
        except ImportError:
            cls = None
        if isinstance(cls, type) and cls.__module__ == module and _is_own(cls):
            return cls
    raise ValueError(f"it holds an object of {name!r}, which skreg.load does not make")


def _is_own(cls):
    module = cls.__module__
    if cls.__qualname__ in _STATE.get(module, ()):
        return True
    return issubclass(cls, BaseEstimator) and _OWN_MODULE.fullmatch(module) is not None
