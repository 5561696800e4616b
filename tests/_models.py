"""Every public estimator in the forms that are saved, exported and fed: one table for all.

A row is a name, an estimator (unfitted, quick to fit) and a kind of target of `tests._data`.
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ConvNetClassifier,
    ConvNetRegressor,
    MLPClassifier,
    MLPRegressor,
)
from tests._data import targets

QUICK = {"max_iter": 4, "n_iter_no_change": 4, "random_state": 0}
SNAPSHOTS = {"n_snapshots": 2, "learning_rate": "cosine"}
RESIDUAL = {"hidden_layer_sizes": (40, 40), "residual": True}
STOP = {"early_stopping": True}
CONV = {"channels": (6, 6)}


def _net(cls, kind, name, **params):
    return f"{cls.__name__}-{kind}-{name}", cls(**{**QUICK, **params}), kind


MLPS = [
    _net(MLPRegressor, "regression", "default"),
    _net(MLPRegressor, "regression", "linear", hidden_layer_sizes=()),
    _net(MLPRegressor, "regression", "float64", dtype="float64", activation="tanh"),
    _net(MLPRegressor, "regression", "lbfgs", solver="lbfgs"),
    _net(MLPRegressor, "regression", "early", **STOP),
    _net(MLPRegressor, "regression", "dropout", dropout=0.3, activation="logistic"),
    _net(MLPRegressor, "regression", "unscaled", scale_target=False),
    _net(MLPRegressor, "regression", "layer_norm", normalization="layer"),
    _net(MLPRegressor, "regression", "batch_norm", normalization="batch"),
    _net(MLPRegressor, "regression", "residual", normalization="batch", **RESIDUAL),
    _net(MLPRegressor, "regression", "snapshots", **SNAPSHOTS),
    _net(MLPRegressor, "regression", "averaging", averaging="ema"),
    _net(MLPRegressor, "counts", "poisson", loss="poisson"),
    _net(MLPRegressor, "multioutput", "default"),
    _net(MLPRegressor, "multioutput", "gaussian", loss="gaussian"),
    _net(MLPRegressor, "counts", "poisson_unscaled", loss="poisson", scale_target=False),
    _net(MLPClassifier, "binary", "default"),
    _net(MLPClassifier, "binary", "snapshots", **SNAPSHOTS),
    _net(MLPClassifier, "multiclass", "default"),
    _net(MLPClassifier, "multiclass", "float64", dtype="float64", **STOP),
    _net(MLPClassifier, "multiclass", "residual", normalization="layer", **RESIDUAL),
    _net(MLPClassifier, "multiclass", "weights", class_weight={"low": 2.0, "high": 0.5}),
    _net(MLPClassifier, "integers", "default"),
    _net(MLPClassifier, "one_class", "default"),
    _net(MLPClassifier, "multilabel", "batch_norm", normalization="batch"),
]
CONV_NETS = [
    _net(ConvNetRegressor, "regression", "default", **CONV),
    _net(ConvNetRegressor, "multioutput", "images", **CONV, input_shape=(1, 2, 5)),
    _net(ConvNetRegressor, "regression", "snapshots", **CONV, **SNAPSHOTS),
    _net(ConvNetRegressor, "regression", "laplace", **CONV, loss="laplace"),
    _net(ConvNetClassifier, "multiclass", "residual", **CONV, residual=True, normalization="layer"),
    _net(ConvNetClassifier, "binary", "float64", **CONV, dtype="float64", **STOP),
]
ENSEMBLES = [
    ("BaggingRegressor", BaggingRegressor(MLPRegressor(**QUICK), 3, random_state=0), "regression"),
    (
        "BaggingRegressor-columns",
        BaggingRegressor(MLPRegressor(**QUICK), 3, max_features=0.5, random_state=0),
        "multioutput",
    ),
    ("BaggingClassifier", BaggingClassifier(MLPClassifier(**QUICK), 3, random_state=0), "binary"),
    (
        "BaggingClassifier-words",
        BaggingClassifier(MLPClassifier(**QUICK), 3, bootstrap=False, random_state=0),
        "multiclass",
    ),
]
MODELS = MLPS + CONV_NETS + ENSEMBLES
PIPELINES = [
    (f"pipeline-{name}", make_pipeline(StandardScaler(), estimator), kind)
    for name, estimator, kind in MODELS
    if name.endswith(("default", "Regressor", "Classifier"))
]
ANSWERS = "predict", "predict_proba", "predict_members", "transform"


def public_estimators():
    """The names of all public estimators that predict."""
    classes = {name: getattr(skreg, name) for name in skreg._HOME}
    classes = {n: c for n, c in classes.items() if isinstance(c, type)}
    return {n for n, c in classes.items() if issubclass(c, BaseEstimator) and hasattr(c, "predict")}


def data(kind):
    """X and y of 60 rows, y of a kind of target."""
    if kind in ("integers", "one_class"):
        X, y = targets("multiclass", 60)
        codes = np.unique(y, return_inverse=True)[1]
        return X, codes * 5 - 3 if kind == "integers" else np.zeros(60, int)
    return targets(kind, 60)


def answers(estimator, X):
    """What a fitted estimator says about rows, by method."""
    return {m: getattr(estimator, m)(X) for m in ANSWERS if hasattr(estimator, m)}
