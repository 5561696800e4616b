"""Arrays as users have them, for every public method; what they mean is numpy's."""

import io
import tempfile

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse
from sklearn.base import clone

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ContrastivePretrainer,
    ConvNetClassifier,
    ConvNetRegressor,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    NetRegressor,
)
from skreg.inspection import (
    FittedFunctionDisplay,
    active_units,
    generalization_gap,
    implicit_regularization,
    mean_squared_input_gradient,
    sharpness,
)
from tests._nets import Small

rng = np.random.default_rng(0)
X = (rng.integers(0, 4, size=(40, 6)) * (rng.random((40, 6)) < 0.6)).astype(np.float64)
T, LABELS = X[:, 0] + X[:, 1], (X[:, 0] > 1).astype(np.int64)
SHORT = {"max_iter": 3, "n_iter_no_change": 3, "random_state": 0}


def wide(matrix):
    """The CSR matrix with indices of 64 bits."""
    matrix = sparse.csr_matrix(matrix)
    matrix.indices, matrix.indptr = (a.astype(np.int64) for a in (matrix.indices, matrix.indptr))
    return matrix


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def memmap(a):
    """The array in a file, to be read only."""
    with tempfile.NamedTemporaryFile() as file:
        np.memmap(file.name, a.dtype, "w+", shape=a.shape)[...] = a
        return np.memmap(file.name, a.dtype, "r", shape=a.shape)


NAMES = list("abcdef")
KINDS = {
    "lists": lambda a: a.tolist(),
    "float16": lambda a: a.astype(np.float16),
    "int8": lambda a: a.astype(np.int8),
    "Fortran order": np.asfortranarray,
    "not contiguous": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only,
    "objects": lambda a: a.astype(object),
    "CSR, int64": wide,
    "CSR array": sparse.csr_array,
    "csc_matrix": sparse.csc_matrix,
    "coo_array": sparse.coo_array,
    "coo_matrix": sparse.coo_matrix,
    "csc_array": sparse.csc_array,
    "lil_matrix": sparse.lil_matrix,
    "memmap": memmap,
    "big endian": lambda a: a.astype(">f8"),
    "longdouble": lambda a: a.astype(np.longdouble),
    "tuples": lambda a: tuple(map(tuple, a.tolist())),
    "list of rows": list,
    "DataFrame": lambda a: pd.DataFrame(a, columns=NAMES),
    "nullable": lambda a: pd.DataFrame(a.astype(int), columns=NAMES).astype("Int64"),
    "sparse columns": lambda a: pd.DataFrame(a, columns=NAMES).astype(pd.SparseDtype(float, 0)),
    "polars": lambda a: pl.DataFrame(a, schema=NAMES),
    "tensor": torch.from_numpy,
    "tensor of float32": lambda a: torch.from_numpy(a).float(),
}
TARGETS = {
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "Series": lambda a: pd.Series(a, index=range(100, 100 + len(a))),
    "category": lambda a: pd.Series(a).astype("category"),
    "nullable": lambda a: pd.Series(a.astype(int)).astype("Int64"),
    "polars": lambda a: pl.Series("y", a),
    "tensor": torch.from_numpy,
    "memmap": memmap,
    "int8": lambda a: a.astype(np.int8),
    "float16": lambda a: a.astype(np.float16),
    "negative strides": lambda a: a[::-1].copy()[::-1],
}
REFUSED = {
    "requires_grad=True": lambda a: torch.from_numpy(a).double().requires_grad_(),
    "of layout torch.sparse_coo": lambda a: torch.from_numpy(a).to_sparse(),
    "of dtype torch.bfloat16": lambda a: torch.from_numpy(a).bfloat16(),
    "on the device meta": lambda a: torch.from_numpy(a).to("meta"),
}
SHAPES = {
    "0-d": (np.array(3.0), "Expected 2D array, got scalar array"),
    "number": (3.0, "Expected 2D array, got scalar array"),
    "1-d": (X[0], "Expected 2D array, got 1D array"),
    "3-d": (np.stack([X, X], axis=2), "dim 3|X has rows of shape|X has a shape"),
    "no rows": (X[:0], "0 sample"),
    "no columns": (X[:, :0], "0 feature"),
}
ESTIMATORS = {
    "MLPRegressor": (MLPRegressor(hidden_layer_sizes=(4,), **SHORT), T),
    "MLPClassifier": (MLPClassifier((4,), early_stopping=True, **SHORT), LABELS),
    "ConvNetClassifier": (
        ConvNetClassifier(channels=(2,), input_shape=(1, 2, 3), **SHORT),
        LABELS,
    ),
    "ConvNetRegressor": (
        ConvNetRegressor(channels=(2,), input_shape=(1, 2, 3), **SHORT),
        T,
    ),
    "NetRegressor": (NetRegressor(Small, **SHORT), T),
    "NetClassifier": (NetClassifier(Small, **SHORT), LABELS),
    "snapshots": (
        MLPClassifier((4,), n_snapshots=2, learning_rate="cosine", **SHORT),
        LABELS,
    ),
    "BaggingRegressor": (
        BaggingRegressor(MLPRegressor(hidden_layer_sizes=(4,), **SHORT), 2, random_state=0),
        T,
    ),
    "BaggingClassifier": (
        BaggingClassifier(MLPClassifier((4,), **SHORT), 2, random_state=0),
        LABELS,
    ),
    "MaskedPretrainer": (MaskedPretrainer((4,), **SHORT), None),
    "ContrastivePretrainer": (ContrastivePretrainer((4,), **SHORT), None),
}
PREDICTORS = [name for name, (_, y) in ESTIMATORS.items() if y is not None]
METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "predict_members",
    "transform",
)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_kind_of_array_is_the_array(name):
    estimator, y = ESTIMATORS[name]
    estimator.fit(X, y)
    methods = [m for m in METHODS if hasattr(estimator, m)]
    expected = {m: getattr(estimator, m)(X) for m in methods}
    for kind, made in KINDS.items():
        given = made(X)
        estimator.fit(given, y)
        for method in methods:
            np.testing.assert_array_equal(
                getattr(estimator, method)(given), expected[method], f"{method}, {kind}"
            )
        if y is not None:
            estimator.score(given, y)


def test_truth_values_are_zeros_and_ones():
    truths = X > 1
    for name, (estimator, y) in ESTIMATORS.items():
        methods = [m for m in METHODS if hasattr(estimator.fit(truths, y), m)]
        given = [getattr(estimator, m)(truths) for m in methods]
        estimator.fit(truths.astype(float), y)
        for method, found in zip(methods, given, strict=True):
            expected = getattr(estimator, method)(truths.astype(float))
            np.testing.assert_array_equal(found, expected, f"{name}, {method}")


@pytest.mark.parametrize("name", PREDICTORS)
def test_partial_fit_takes_what_fit_takes(name):
    estimator, y = ESTIMATORS[name]
    estimator = clone(estimator)
    if "early_stopping" in estimator.get_params():
        estimator.set_params(early_stopping=False)
    if not hasattr(estimator, "partial_fit"):
        assert name == "snapshots" or "Bagging" in name
        return
    classes = {"classes": [0, 1]} if y is LABELS else {}
    expected = clone(estimator).partial_fit(X, y, **classes).predict(X)
    for kind, made in KINDS.items():
        found = clone(estimator).partial_fit(made(X), y, **classes).predict(made(X))
        np.testing.assert_array_equal(found, expected, kind)
    for kind, made in TARGETS.items():
        found = clone(estimator).partial_fit(X, made(y), **classes).predict(X)
        np.testing.assert_array_equal(found, expected, kind)


@pytest.mark.parametrize("name", PREDICTORS)
def test_every_kind_of_target_and_of_weights_is_the_array(name):
    estimator, y = ESTIMATORS[name]
    weight = np.ones(len(y))
    expected = clone(estimator).fit(X, y).predict(X)
    for kind, made in TARGETS.items():
        found = clone(estimator).fit(X, made(y), sample_weight=made(weight)).predict(X)
        np.testing.assert_array_equal(found, expected, kind)
        if "Bagging" not in name and name not in ("snapshots", "MLPClassifier"):
            held_out = {"X_val": X[:9], "y_val": made(y[:9]), "sample_weight_val": made(weight[:9])}
            found = clone(estimator).fit(X, y, **held_out).predict(X)
            np.testing.assert_array_equal(found, expected, kind)


def test_an_ensemble_reads_objects_that_are_numbers_as_numbers():
    estimator = ESTIMATORS["BaggingRegressor"][0]
    expected = clone(estimator).fit(X, T).predict(X)
    np.testing.assert_array_equal(clone(estimator).fit(X, T.astype(object)).predict(X), expected)


@pytest.mark.parametrize("trouble", REFUSED)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_tensor_that_numpy_does_not_take_is_named(name, trouble):
    estimator, y = ESTIMATORS[name]
    made = REFUSED[trouble]
    with pytest.raises(TypeError, match=f"^X is a tensor .*{trouble}.*pass X[.]"):
        estimator.fit(made(X), y)
    estimator.fit(X, y)
    calls = [(getattr(estimator, m), "X", (made(X),)) for m in METHODS if hasattr(estimator, m)]
    if y is not None:
        side = made(X[:, 0])
        calls += [(estimator.fit, "y", (X, side)), (estimator.fit, "sample_weight", (X, y, side))]
    for method, array, arguments in calls:
        with pytest.raises(TypeError, match=f"^{array} is a tensor .*{trouble}.*pass {array}[.]"):
            method(*arguments)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_arrays_of_other_shapes_are_refused(name, shape):
    estimator, y = ESTIMATORS[name]
    wrong, message = SHAPES[shape]
    estimator.fit(X, y)
    calls = [getattr(estimator, m) for m in METHODS if hasattr(estimator, m)]
    if not (name.startswith("Net") and shape == "3-d"):  # of such rows a module may make something
        calls.append(lambda wrong: clone(estimator).fit(wrong, y))
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call(wrong)


LOOKS = {
    "active_units": lambda net, X: active_units(net, X),
    "mean_squared_input_gradient": lambda net, X: mean_squared_input_gradient(net, X),
    "sharpness": lambda net, X: sharpness(net, X, LABELS, n_draws=2),
    "generalization_gap": lambda net, X: generalization_gap(net, X, LABELS, X, LABELS),
    "implicit_regularization": lambda net, X: implicit_regularization(net, X, LABELS),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["MLPClassifier", "ConvNetClassifier"])
def test_inspection_takes_what_predictions_take(name, look):
    net, y = ESTIMATORS[name]
    net.fit(X, y)
    expected = LOOKS[look](net, X)
    for kind, made in KINDS.items():
        given = made(X)
        net.fit(given, y)
        np.testing.assert_equal(LOOKS[look](net, given), expected, kind)
    for trouble, made in REFUSED.items():
        with pytest.raises(TypeError, match=f"^X is a tensor .*{trouble}"):
            LOOKS[look](net, made(X))


@pytest.mark.parametrize("name", ["$a_$b^", "100% {x}", "<b>&amp;</b>", "$\\frac$"])
def test_names_are_drawn_as_they_are(name):
    table = pd.DataFrame({name: X[:, 0], name + " 2": X[:, 1]})
    net = MLPClassifier((4,), **SHORT).fit(table, np.where(LABELS, name, "other"))
    display = FittedFunctionDisplay.from_estimator(net, table, np.where(LABELS, name, "other"))
    assert display.ax_.get_xlabel() == name
    assert not display.ax_.xaxis.label.get_parse_math()
    display.figure_.savefig(io.BytesIO())
