"""Small conv nets and modules of users' for tests, and their data."""

import numpy as np
import torch
from torch import nn

from skreg import ConvNetClassifier, ConvNetRegressor, NetClassifier, NetRegressor
from tests._data import digits, targets

BASE = {"random_state": 0, "batch_size": 20, "max_iter": 3, "n_iter_no_change": 3}


class Small(nn.Module):
    """A module with everything: batch normalisation, dropout of its own, sizes by name."""

    def __init__(self, n_features, n_outputs, n_units=12, dropout=0.0):
        super().__init__()
        self.hidden = nn.Linear(n_features, n_units)
        self.norm = nn.BatchNorm1d(n_units)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(n_units, n_outputs)

    def forward(self, X):
        return self.output(self.dropout(torch.relu(self.norm(self.hidden(X)))))


class Plain(nn.Module):
    """A module without normalisation, which integer weights and repeated rows treat alike."""

    def __init__(self, in_features, out_features, n_units=16, dropout=0.0):
        super().__init__()
        layers = nn.Linear(in_features, n_units), nn.Tanh(), nn.Dropout(dropout)
        self.layers = nn.Sequential(*layers, nn.Linear(n_units, out_features))

    def forward(self, X):
        return self.layers(X)


KINDS = {
    "conv-classifier": (ConvNetClassifier, {"input_shape": (1, 8, 8), "channels": (4, 4)}),
    "conv-regressor": (ConvNetRegressor, {"input_shape": (1, 8, 8), "channels": (4, 4)}),
    "net-classifier": (NetClassifier, {"module": Small}),
    "net-regressor": (NetRegressor, {"module": Small}),
}


def make(kind, **params):
    """An estimator of a kind, with its data: 80 digits."""
    cls, own = KINDS[kind]
    X, y = digits(80)
    return cls(**{**BASE, **own, **params}), X, y if "classifier" in kind else y.astype(float)


def tabular(kind):
    """Rows of the diabetes data, three classes or a number."""
    return targets("multiclass" if "classifier" in kind else "regression")


def same(a, b):
    """Whether two fits have learnt the same bits."""
    a, b = ([*n.coefs_, *getattr(n, "state_dict_", {}).values()] for n in (a, b))
    return len(a) == len(b) and all(map(np.array_equal, a, b))


CHECKED = {"max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
CONV = {"channels": (16, 16), **CHECKED}
# All of scikit-learn's checks run on these, those of the fit on the others.
WHOLE = {"conv-classifier", "conv-regressor-stops", "net-regressor-noisy"}


def configured():
    """Pairs (id, estimator) for scikit-learn's checks."""
    noisy = {"dropout": 0.1, "noise_std": 0.05, "mixup_alpha": 0.1, "dtype": "float64"}
    blocks = {"channels": (8, 8), "residual": True, "drop_path": 0.1, "normalization": "layer"}
    stop = {"normalization": None, "early_stopping": True, "validation_fraction": 0.2}
    stop["learning_rate"] = "constant"
    # in float64: a user's module predicts in its own dtype, in float32 not to the last bit alone
    averaged = {"averaging": "ema", "averaging_decay": 0.9, "dtype": "float64"}
    return [
        ("conv-classifier", ConvNetClassifier(**CONV)),
        ("conv-regressor", ConvNetRegressor(**CONV)),
        ("conv-classifier-noisy", ConvNetClassifier(**{**CONV, **blocks, **noisy})),
        ("conv-regressor-stops", ConvNetRegressor(**CONV, **stop)),
        ("net-classifier", NetClassifier(Plain, **CHECKED)),
        ("net-regressor", NetRegressor(Plain, **CHECKED)),
        ("net-regressor-noisy", NetRegressor(Plain, **CHECKED, **averaged, module__dropout=0.1)),
    ]
