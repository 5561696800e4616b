"""Neural-net estimators for scikit-learn in which every regularizer is a hyperparameter."""

from importlib import import_module

from joblib import register_parallel_backend

__version__ = "0.2.0"

_HOME = {
    "BaggingClassifier": "skreg.ensemble",
    "BaggingRegressor": "skreg.ensemble",
    "ConvNetClassifier": "skreg.estimators.conv",
    "ConvNetRegressor": "skreg.estimators.conv",
    "ContrastivePretrainer": "skreg.self_supervised",
    "DivergenceError": "skreg.exceptions",
    "LogMel": "skreg.sound.logmel",
    "MLPClassifier": "skreg.estimators.mlp",
    "MLPRegressor": "skreg.estimators.mlp",
    "MaskedPretrainer": "skreg.self_supervised",
    "NetClassifier": "skreg.estimators.net",
    "NetRegressor": "skreg.estimators.net",
    "OffOr": "skreg.hyperparameters.distributions",
    "PadOrCrop": "skreg.sound.pad_or_crop",
    "RacingSearchCV": "skreg.model_selection.racing",
    "TunedMLPClassifier": "skreg.model_selection.tuned",
    "TunedMLPRegressor": "skreg.model_selection.tuned",
    "load": "skreg.saving",
    "one_standard_error": "skreg.model_selection.one_standard_error",
    "portfolio": "skreg.model_selection",
    "save": "skreg.saving",
    "search_space": "skreg.model_selection",
}
_MODULES = {"augmentation", "inspection", "metrics"}
__all__ = ["__version__", *sorted(_MODULES), *_HOME]


def __getattr__(name):
    """Load a public name on first use (PEP 562): `import skreg` itself imports nothing heavy."""
    if name in _MODULES:
        return import_module(f"skreg.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'skreg' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)


def _backend(**settings):
    """The joblib backend "skreg"; loaded when it is first asked for."""
    if settings.get("client") is None:
        settings.pop("client", None)
        return import_module("skreg.parallel.backend").SkregBackend(**settings)
    try:
        cluster = import_module("skreg.parallel.cluster")
    except ImportError as error:
        message = "client= needs Dask: install it with `pip install 'skreg[distributed]'`."
        raise ImportError(message) from error
    return cluster.ClusterBackend(**settings)


register_parallel_backend("skreg", _backend)
