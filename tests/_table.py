"""Every regularizer and every training parameter, with two values that matter.

`base` is what a parameter needs around it to act. Used for: both engines agree, each parameter
changes the fit, GridSearchCV tunes each.
"""

from typing import NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import GammaRegressor, MultiTaskLasso, PoissonRegressor
from sklearn.model_selection import KFold

from skreg import MLPClassifier, MLPRegressor
from skreg.augmentation import AudioAugment, ImageAugment, SignalAugment, TabularAugment
from tests._data import targets


class Row(NamedTuple):
    """A parameter, two values of it, and the setting in which it acts."""

    name: str
    values: tuple
    base: dict = {}
    only: str | None = None  # "regressor" or "classifier"
    engines: tuple = ("compiled", "torch")


class Bending:
    """A user's penalty, smooth: large weights cost less than by L2."""

    def __call__(self, weights):
        return 0.1 * sum((1 + w**2).log().sum() for w in weights)

    def __repr__(self):  # without an address, so that every process names its tests alike
        return "Bending()"


bending = Bending()


def pretrained(**params):
    """A fitted net to take layers from, frozen; its inputs are those of all tables."""
    length = {"max_iter": 5, "n_iter_no_change": 5, "random_state": 3}
    net = MLPRegressor(**{"hidden_layer_sizes": (8,), **length, **params})
    return FrozenEstimator(net.fit(*targets("regression")))


MINI_BATCHES = {"batch_size": 20}
ANCHORED = {"anchor_alpha": 0.5}
SGD = {"solver": "sgd", "learning_rate_init": 0.05}
RESIDUAL = {"residual": True, "hidden_layer_sizes": (8, 8, 8), "normalization": "batch"}
STOP = {"early_stopping": True, "n_iter_no_change": 2, "tol": 0.01}
TAKEN = {"pretrained": pretrained()}
FROZEN = {**TAKEN, "n_frozen_layers": "all"}
EIGHTS = {"hidden_layer_sizes": (8, 8)}
TWO_TAKEN = {"pretrained": pretrained(**EIGHTS), **EIGHTS}
NORMALIZED = {"normalization": "batch", "residual": True, **EIGHTS}
ALL_TOUCH = {
    **{"pretrained": pretrained(**NORMALIZED), **NORMALIZED, "batch_size": 20},
    **{"n_frozen_layers": 1, "l1": 0.01, "max_norm": 1.0, "clip_grad_norm": 0.5, "sam_rho": 0.1},
    **{"averaging": "ema", "anchor_alpha": 0.1, "dropout": 0.2, "weight_noise_std": 0.05},
}
UNFITTED = {"hidden_layer_sizes": (8,), "max_iter": 5, "n_iter_no_change": 5}
UNFITTED |= {"engine": "torch", "dtype": "float64"}  # so that it stands in stacks, too

REGULARIZERS = [
    Row("alpha", (0.0, 0.5)),
    Row("alpha", (0.1, [0.5, 0.0])),
    Row("alpha", (0.0, 0.5), {"solver": "adamw", "learning_rate_init": 0.05}),
    Row("l1", (0.0, 0.05)),
    Row("l1", ([0.05, 0.0], [0.0, 0.05]), SGD),
    Row("group_lasso", (0.0, 0.02)),
    Row("group_lasso", (0.0, 0.02), {**SGD, "l1": 0.01}),
    Row("anchor_alpha", (0.0, 5.0)),
    Row("anchor_alpha", (0.5, 5.0), {"solver": "lbfgs"}),
    Row("anchor", (None, [np.ones((10, 8)), np.ones((8, 1))]), ANCHORED, "regressor"),
    Row("anchor", (None, [np.ones((10, 8)), np.ones((8, 3))]), ANCHORED, "classifier"),
    Row("penalty", (None, bending), engines=("torch",)),
    Row("penalty", (None, bending), {"solver": "lbfgs"}, engines=("torch",)),
    Row("max_norm", (None, 0.5)),
    Row("clip_grad_norm", (None, 0.1), SGD),
    Row("gradient_penalty", (0.0, 0.5)),
    Row("gradient_penalty", ("auto", 0.5), {"activation": "tanh", "gradient_penalty_rho": 0.1}),
    Row("gradient_penalty_rho", (0.05, 0.5), {"gradient_penalty": 0.5}),
    Row("sam_rho", (0.0, 0.2)),
    Row("mixup_alpha", (0.0, 0.4)),
    Row("mixup_alpha", (0.4, 3.0), MINI_BATCHES),
    Row("cutmix_alpha", (0.0, 1.0)),
    Row("cutmix_alpha", (0.3, 3.0), {**MINI_BATCHES, "mixup_alpha": 0.4}),
    Row("augment", (None, SignalAugment(0.2, 0.3, 0.1))),
    Row("augment", (SignalAugment(0.4, 0.0, input_shape=(2, 5)), SignalAugment(0.4)), MINI_BATCHES),
    Row("augment", (None, TabularAugment(0.3, 0.1))),
    Row("augment", (TabularAugment(0.1), TabularAugment(0.5)), {"cutmix_alpha": 1.0}),
    Row("augment", (None, AudioAugment(100)), engines=("torch",)),
    Row("augment", (None, ImageAugment(input_shape=(1, 2, 5))), engines=("torch",)),
    Row("augment", (None, TabularAugment() + SignalAugment()), engines=("torch",)),
    Row("averaging", (None, "ema")),
    Row("averaging", ("ema", "swa"), {"early_stopping": True}),
    Row("averaging_decay", (0.9, 0.5), {"averaging": "ema"}),
    Row("averaging_start", (0.0, 0.5), {"averaging": "swa"}),
    Row("normalization", (None, "layer")),
    Row("normalization", ("layer", "batch"), MINI_BATCHES),
    Row("residual", (False, True), {"hidden_layer_sizes": (8, 8)}),
    Row("drop_path", (0.0, 0.4), RESIDUAL),
    Row("dropout", (0.0, 0.5)),
    Row("dropout", ([0.1, 0.4], [0.4, 0.1]), {"hidden_layer_sizes": (12, 8)}),
    Row("input_dropout", (0.0, 0.3)),
    Row("noise_std", (0.0, 0.5)),
    Row("weight_noise_std", (0.0, 0.1)),
    Row("early_stopping", (False, True), {"max_iter": 40, "learning_rate_init": 0.05}),
    Row("early_stopping", (True, "refit"), {"max_iter": 40, "learning_rate_init": 0.05}),
    Row("pretrained", (None, TAKEN["pretrained"])),
    Row("pretrained", (None, TAKEN["pretrained"]), {"n_frozen_layers": 1, "solver": "lbfgs"}),
    Row("pretrained", (None, MLPRegressor(**UNFITTED)), only="regressor"),
    Row("pretrained", (None, MLPClassifier(**UNFITTED)), STOP, only="classifier"),
    Row("reset_layers", (1, 2), TWO_TAKEN),
    Row("n_frozen_layers", (0, 1), TWO_TAKEN),
    Row("n_frozen_layers", (1, "all"), {**TWO_TAKEN, "solver": "adamw"}),
    Row("n_frozen_layers", (0, "all"), {**TAKEN, "solver": "lbfgs"}),
    Row("freeze_epochs", (None, 3), FROZEN),
    Row("freeze_epochs", (None, 3), {**FROZEN, **SGD}),
    Row("freeze_epochs", (2, 3), ALL_TOUCH),
    Row("freeze_epochs", (2, 3), {**FROZEN, "gradient_penalty": 0.5, **MINI_BATCHES}),
    Row("pretrained_lr_mult", (1.0, 0.1), TAKEN),
    Row("pretrained_lr_mult", (1.0, 0.1), {**ALL_TOUCH, **SGD}),
    Row("pretrained_lr_mult", (1.0, 0.1), {**ALL_TOUCH, "solver": "adamw", "alpha": 0.1}),
    Row("anchor_alpha", (0.0, 5.0), TAKEN),
    Row("target_noise_std", (0.0, 0.5), only="regressor"),
    Row("label_smoothing", (0.0, 0.2), only="classifier"),
    Row("class_weight", (None, "balanced"), only="classifier"),
]
TRAINING = [
    Row("hidden_layer_sizes", ((8,), 9)),
    Row("hidden_layer_sizes", ((), (8,))),
    Row("activation", ("relu", "tanh")),
    Row("activation", ("identity", "logistic")),
    Row("solver", ("adam", "sgd")),
    Row("solver", ("adam", "lbfgs")),
    Row("solver", ("adam", "adamw")),
    Row("batch_size", (20, 30)),
    Row("learning_rate", ("constant", "invscaling"), SGD),
    Row("learning_rate", ("adaptive", "cosine"), {**SGD, "tol": 0.1, "n_iter_no_change": 1}),
    Row("learning_rate_init", (0.001, 0.01)),
    Row("n_snapshots", (1, 3), {"learning_rate": "cosine", "learning_rate_init": 0.02}),
    Row("power_t", (0.5, 0.2), {**SGD, "learning_rate": "invscaling"}),
    Row("max_iter", (5, 6)),
    Row("shuffle", (True, False), MINI_BATCHES),
    Row("random_state", (0, 1)),
    Row("tol", (1e-4, 1.0), {"n_iter_no_change": 2}),
    Row("momentum", (0.9, 0.5), SGD),
    Row("nesterovs_momentum", (True, False), SGD),
    Row("validation_fraction", (0.1, 0.3), STOP),
    Row("validation_fraction", (0.3, KFold(3)), STOP),
    Row("scoring", ("loss", "neg_median_absolute_error"), STOP, "regressor"),
    Row("scoring", ("loss", "accuracy"), STOP, "classifier"),
    Row("beta_1", (0.9, 0.5)),
    Row("beta_2", (0.999, 0.9)),
    Row("epsilon", (1e-8, 1e-2)),
    Row("n_iter_no_change", (1, 3), {"tol": 1.0}),
    Row("max_fun", (15000, 3), {"solver": "lbfgs"}),
    Row("loss", ("squared_error", "absolute_error"), only="regressor"),
    Row("loss", ("huber", "quantile"), only="regressor"),
    Row("loss", ("squared_error", "poisson"), only="regressor"),
    Row("loss", ("gaussian", "laplace"), only="regressor"),
    Row("loss", ("poisson", "gamma"), only="regressor"),
    Row("gaussian_beta", (0.0, 0.5), {"loss": "gaussian"}, only="regressor"),
    Row("scale_target", (True, False), only="regressor"),
    Row("huber_delta", (1.0, 0.3), {"loss": "huber"}, only="regressor"),
    Row("quantile", (0.5, 0.2), {"loss": "quantile"}, only="regressor"),
    Row("quantile", ([0.1, 0.5, 0.9], [0.2, 0.5, 0.8]), {"loss": "quantile"}, only="regressor"),
]


class Oracle(NamedTuple):
    """Somebody else's linear model of targets of a kind, and the same as a net's parameters."""

    kind: str
    params: dict
    model: object


EXACT = {"tol": 1e-10, "max_iter": 10**5}
ORACLES = [
    Oracle("counts", {"loss": "poisson", "alpha": 0.1}, PoissonRegressor(alpha=0.1, **EXACT)),
    Oracle("counts", {"loss": "gamma", "alpha": 0.1}, GammaRegressor(alpha=0.1, **EXACT)),
    Oracle("multioutput", {"group_lasso": 0.1 / 2**0.5}, MultiTaskLasso(alpha=0.1, **EXACT)),
]
# What does not shape the fit: where and how it runs, and what is shown meanwhile.
NOT_SHAPING = {"device", "dtype", "engine", "verbose", "callbacks", "warm_start", "max_time"}


def settings():
    """Pairs (id, kind of estimator, row) of the whole table over both estimators."""
    return [
        (f"{kind}-{row.name}-{str(row.values[1])[:20]}-{row.base.get('solver', 'adam')}", kind, row)
        for row in REGULARIZERS + TRAINING
        for kind in ("regressor", "classifier")
        if row.only in (None, kind)
    ]
