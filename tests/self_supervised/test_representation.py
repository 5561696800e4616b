"""`transform`: the last hidden layer, against the torch module's own."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skreg import MLPClassifier, MLPRegressor
from tests._data import targets

X, Y = targets("regression")
LABELS = targets("multiclass")[1]
SHORT = {"max_iter": 8, "n_iter_no_change": 8, "random_state": 0, "hidden_layer_sizes": (9, 7)}
RESIDUAL = {"residual": True, "hidden_layer_sizes": (6, 6)}


@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    "more",
    [{}, {"normalization": "layer"}, {"normalization": "batch", **RESIDUAL}, {"dropout": 0.5}],
    ids=str,
)
def test_it_is_what_the_modules_last_layer_takes(more, activation, cls):
    params = {**SHORT, "activation": activation, "dtype": "float64", **more}
    net = cls(**params).fit(X, Y if cls is MLPRegressor else LABELS)
    taken, module = [], net.net_.module_.eval()
    hook = module.layers[-1].register_forward_pre_hook(lambda _, args: taken.append(args[0]))
    with torch.no_grad():
        module(torch.from_numpy(X))
    hook.remove()
    H = net.transform(X)
    assert_allclose(H, taken[0].numpy(), rtol=1e-9, atol=1e-12)
    assert_array_equal(H, net.transform(csr_matrix(X)))
    raw = H @ net.coefs_[-1] + net.intercepts_[-1]
    if cls is MLPRegressor:
        assert_allclose(raw.ravel() * net.target_scale_ + net.target_mean_, net.predict(X))
    else:
        assert_allclose(raw, net.decision_function(X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_names_types_and_containers(dtype):
    net = MLPClassifier(**SHORT, dtype=dtype).fit(X, LABELS)
    names = [f"mlpclassifier{i}" for i in range(7)]
    assert list(net.get_feature_names_out()) == names
    assert net.transform(X).dtype == dtype
    frame = net.set_output(transform="pandas").transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == names
    assert_array_equal(frame, net.set_output(transform="default").transform(X))
    again = MLPClassifier(**SHORT, dtype=dtype).fit_transform(X, LABELS)
    assert_array_equal(again, net.transform(X))


def test_without_hidden_layers_it_is_x_itself():
    net = MLPRegressor(**{**SHORT, "hidden_layer_sizes": ()}).fit(X, Y)
    for rows in (X, csr_matrix(X)):
        assert_array_equal(net.transform(rows), X.astype(np.float32))
    assert len(net.get_feature_names_out()) == 10


def test_it_feeds_another_model_and_needs_a_fit():
    pipe = make_pipeline(MLPClassifier(**SHORT), LogisticRegression())
    assert pipe.fit(X, LABELS).score(X, LABELS) > 0.4
    with pytest.raises(NotFittedError):
        MLPRegressor().transform(X)
    with pytest.raises(NotFittedError):
        MLPRegressor().get_feature_names_out()
