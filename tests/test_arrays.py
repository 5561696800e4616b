"""Arrays as users have them, for every public method; what they mean is numpy's."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ContrastivePretrainer,
    ConvNetClassifier,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
)
from skreg.inspection import FittedFunctionDisplay, active_units, generalization_gap

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
    "DataFrame": lambda a: pd.DataFrame(a).to_numpy(),
    "nullable": lambda a: pd.DataFrame(a.astype(int), columns=list("abcdef")).astype("Int64"),
    "tensor": torch.from_numpy,
}
ESTIMATORS = {
    "MLPRegressor": (MLPRegressor(hidden_layer_sizes=(4,), **SHORT), T),
    "MLPClassifier": (MLPClassifier((4,), early_stopping=True, **SHORT), LABELS),
    "ConvNetClassifier": (
        ConvNetClassifier(channels=(2,), input_shape=(1, 2, 3), **SHORT),
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
METHODS = "predict", "predict_proba", "decision_function", "transform"


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


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_tensor_with_a_gradient_is_named(name):
    estimator, y = ESTIMATORS[name]
    grad = torch.from_numpy(X).clone().requires_grad_()
    with pytest.raises(TypeError, match="^X is a tensor with requires_grad"):
        estimator.fit(grad, y)
    estimator.fit(X, y)
    calls = [(getattr(estimator, m), "X", (grad,)) for m in METHODS if hasattr(estimator, m)]
    if y is not None:
        side = grad.detach()[:, 0].requires_grad_()
        calls += [(estimator.fit, "y", (X, side)), (estimator.fit, "sample_weight", (X, y, side))]
    for method, array, arguments in calls:
        with pytest.raises(TypeError, match=f"^{array} is a tensor with requires_grad"):
            method(*arguments)


def test_inspection_names_a_tensor_with_a_gradient():
    net = MLPRegressor(hidden_layer_sizes=(4,), **SHORT).fit(X, T)
    grad = torch.from_numpy(X).clone().requires_grad_()
    for look in (
        lambda: active_units(net, grad),
        lambda: generalization_gap(net, grad, T, X, T),
    ):
        with pytest.raises(TypeError, match="^X is a tensor with requires_grad"):
            look()


@pytest.mark.parametrize("name", ["$a_$b^", "100% {x}", "<b>&amp;</b>", "$\\frac$"])
def test_names_are_drawn_as_they_are(name):
    table = pd.DataFrame({name: X[:, 0], name + " 2": X[:, 1]})
    net = MLPClassifier((4,), **SHORT).fit(table, np.where(LABELS, name, "other"))
    display = FittedFunctionDisplay.from_estimator(net, table, np.where(LABELS, name, "other"))
    assert display.ax_.get_xlabel() == name
    assert not display.ax_.xaxis.label.get_parse_math()
    display.figure_.savefig(io.BytesIO())
