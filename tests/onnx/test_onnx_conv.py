"""ONNX graphs of conv nets say in onnxruntime what the estimators say: a table of their blocks."""

import numpy as np
import pytest
import torch
from skl2onnx import to_onnx
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingClassifier, BaggingRegressor, ConvNetClassifier, ConvNetRegressor, LogMel
from tests._data import digits
from tests._models import QUICK, data
from tests._nets import make
from tests._onnx import assert_equal

BOTH = [np.float32, np.float64]
SHAPES = [(1, 8, 8), (3, 4, 5), (2, 32), (1, 60)]
BLOCKS = [
    *({"activation": name} for name in ("identity", "relu", "tanh", "logistic")),
    *({"pool": pool} for pool in (1, 3, 70)),
    *({"kernel_size": size} for size in (1, 5, 9)),
    {"normalization": None},
    {"normalization": "layer"},
    {"normalization": None, "residual": True, "pool": 1},
    {"normalization": "batch", "residual": True},
    {"normalization": "layer", "residual": True, "activation": "tanh"},
    {"channels": 3},
    {"channels": (2, 4, 4), "residual": True},
    {"dtype": "float64"},
    {"channels": (8, 8)},
    {"n_snapshots": 2},
    {"dropout": 0.3, "averaging": "ema"},
]
KINDS = [
    ("binary", ConvNetClassifier, {}),
    ("multiclass", ConvNetClassifier, {}),
    ("integers", ConvNetClassifier, {}),
    ("multilabel", ConvNetClassifier, {}),
    ("one_class", ConvNetClassifier, {}),
    ("regression", ConvNetRegressor, {}),
    ("regression", ConvNetRegressor, {"scale_target": False}),
    ("multioutput", ConvNetRegressor, {}),
    ("counts", ConvNetRegressor, {"loss": "poisson"}),
]
FRONTS = [
    ({}, (1, 400)),
    ({"n_fft": 63, "hop": 20, "n_mels": None, "floor_db": -120.0}, (2, 300)),
    ({"n_fft": 100, "hop": 7, "f_min": 200.0, "f_max": 3000.0, "n_mels": 6}, (1, 200)),
]


def net(cls, shape, **params):
    return cls(shape, **{**QUICK, "channels": (4, 4), **params})


def rows(shape, kind):
    """As many values of digits, mixed among each other, as a row has; y of a kind."""
    X = digits(60)[0]
    return X @ np.random.RandomState(0).normal(size=(X.shape[1], np.prod(shape))), data(kind)[1]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("params", BLOCKS, ids=str)
def test_blocks(params, shape):
    X, y = rows(shape, "multiclass")
    model = net(ConvNetClassifier, shape, **params).fit(X, y)
    for dtype in BOTH:
        assert_equal(model, X.astype(dtype))


@pytest.mark.parametrize("shape", SHAPES[::2], ids=str)
@pytest.mark.parametrize(("kind", "cls", "params"), KINDS)
def test_targets_in_pipelines(kind, cls, params, shape):
    X, y = rows(shape, kind)
    model = make_pipeline(StandardScaler(), net(cls, shape, **params)).fit(X, y)
    for dtype in BOTH:
        assert_equal(model, X.astype(dtype))


@pytest.mark.parametrize(("params", "shape"), FRONTS, ids=str)
def test_log_mel(params, shape):
    front = LogMel(8000, **{"n_fft": 64, "n_mels": 8, **params})
    t = np.arange(np.prod(shape)) / 8000  # tones from loud to far below the floor
    tones = np.sin(2 * np.pi * np.linspace(50, 3500, 60)[:, None] * t)
    X, y = tones * np.logspace(-7, 0, 60)[:, None], data("multioutput")[1]
    for dtype in BOTH:
        model = net(ConvNetRegressor, shape, front=front).fit(X, y)
        assert_equal(model, X.astype(dtype))


@pytest.mark.parametrize("opset", [11, 13, 17, 21])
@pytest.mark.parametrize("dtype", BOTH)
def test_older_opsets(opset, dtype):
    X, y = rows((1, 80), "binary")
    params = {"front": LogMel(8000, n_fft=16, n_mels=None), "normalization": "layer"}
    model = net(ConvNetClassifier, (1, 80), residual=True, **params).fit(X, y)
    assert_equal(model, X.astype(dtype), target_opset=opset)


def test_rows_in_their_shape():
    X, y = rows((1, 8, 8), "binary")
    X = np.float32(X).reshape(-1, 1, 8, 8)
    assert_equal(net(ConvNetClassifier, None).fit(X, y), X)


@pytest.mark.parametrize(
    ("ensemble", "cls", "kind"),
    [
        (BaggingClassifier, ConvNetClassifier, "multiclass"),
        (BaggingRegressor, ConvNetRegressor, "regression"),
    ],
)
def test_ensembles(ensemble, cls, kind):
    X, y = rows((1, 8, 8), kind)
    model = ensemble(net(cls, (1, 8, 8)), 2, random_state=0).fit(X, y)
    assert_equal(model, np.float32(X))


class Halved(BaseEstimator):
    """A front of a user's: every other value."""

    def build(self, input_shape):
        class Module(torch.nn.Module):
            def forward(self, x):
                return x[..., ::2]

        return Module(), (*input_shape[:-1], (input_shape[-1] + 1) // 2)


def test_fronts_of_users_have_no_graph():
    X, y = rows((1, 60), "binary")
    model = net(ConvNetClassifier, (1, 60), front=Halved()).fit(X, y)
    with pytest.raises(NotImplementedError, match=r"front=Halved\(\) has no ONNX operators"):
        to_onnx(model, np.float32(X[:1]))


@pytest.mark.parametrize("kind", ["net-classifier", "net-regressor"])
def test_modules_of_users_have_no_graph(kind):
    model, X, y = make(kind)
    model.fit(X, y)
    message = r"module=.*Small.*export net_.module_.eval\(\) by torch.onnx.export"
    for whole in (model, make_pipeline(StandardScaler(), model).fit(X, y)):
        with pytest.raises(NotImplementedError, match=message):
            to_onnx(whole, np.float32(X[:1]))
