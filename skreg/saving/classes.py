"""The classes whose objects a saved model may hold: of skreg, scikit-learn and skrub.

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
    "sklearn.decomposition": ("PCA", "TruncatedSVD"),
    "sklearn.ensemble": ("VotingClassifier", "VotingRegressor"),
    "sklearn.feature_extraction.text": ("TfidfTransformer", "TfidfVectorizer"),
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
        *("PowerTransformer", "QuantileTransformer", "RobustScaler", "SplineTransformer"),
        "StandardScaler",
    ),
    "sklearn.utils": ("Bunch",),
}
_SKRUB = {  # what `skrub.tabular_pipeline` is made of
    "skrub._apply_to_each_col": {"ApplyToEachCol"},
    "skrub._check_input": {"CheckInputDataFrame"},
    "skrub._clean_categories": {"CleanCategories"},
    "skrub._clean_null_strings": {"CleanNullStrings"},
    "skrub._datetime_encoder": {"DatetimeEncoder", "_CircularEncoder", "_SplineEncoder"},
    "skrub._drop_uninformative": {"DropUninformative"},
    "skrub._duration_to_float": {"DurationToFloat"},
    "skrub._squashing_scaler": {"SquashingScaler", "_MinMaxScaler"},
    "skrub._string_encoder": {"StringEncoder"},
    "skrub._table_vectorizer": {"PassThrough", "ShortReprDict", "TableVectorizer"},
    "skrub._to_datetime": {"ToDatetime"},
    "skrub._to_float": {"ToFloat"},
    "skrub._to_str": {"ToStr"},
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
    return f"{cls.__module__}.{cls.__qualname__}" if _is_own(cls) or _is_skrub(cls) else None


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
    if attribute in _SKRUB.get(module, ()):
        return _of_skrub(module, attribute)
    if _OWN_MODULE.fullmatch(module) and "__" not in module:
        try:
            cls = getattr(import_module(module), attribute, None)
        except ImportError:
            cls = None
        if isinstance(cls, type) and cls.__module__ == module and _is_own(cls):
            return cls
    raise ValueError(f"it holds an object of {name!r}, which skreg.load does not make")


def _of_skrub(module, attribute):
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        raise ValueError(
            f"it prepares tables by skrub, which cannot be imported ({error}): "
            'pip install "skreg[tables]"'
        ) from error


def _is_skrub(cls):
    return cls.__qualname__ in _SKRUB.get(cls.__module__, ())


def _is_own(cls):
    module = cls.__module__
    if cls.__qualname__ in _STATE.get(module, ()):
        return True
    return issubclass(cls, BaseEstimator) and _OWN_MODULE.fullmatch(module) is not None
