"""Somebody else's answers: linear models, scikit-learn's MLP, torch's losses."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import (
    HuberRegressor,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from sklearn.metrics import mean_pinball_loss
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.neural_network import MLPRegressor as SklearnMLPRegressor

from skreg import MLPClassifier, MLPRegressor
from skreg.losses.formulas import smooth_labels
from tests import _table
from tests._data import regression, targets

LINEAR = {"hidden_layer_sizes": (), "dtype": "float64", "random_state": 0}
LONG = {"max_iter": 4000, "tol": 0.0, "n_iter_no_change": 4000}
SOLVERS = {
    "lbfgs": {"solver": "lbfgs", "tol": 1e-9, "max_iter": 5000},
    "adam": {"solver": "adam", "learning_rate_init": 0.02, "learning_rate": "cosine", **LONG},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, **LONG},
    "sgd_plain": {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0.0, **LONG},
}


@pytest.fixture(params=["lbfgs", "adam", "sgd"])
def linear(request):
    return {**LINEAR, **SOLVERS[request.param]}


@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_no_hidden_layer_is_ridge(linear, alpha):
    X, y = regression()
    net = MLPRegressor(alpha=alpha, scale_target=False, **linear).fit(X, y / y.std())
    ridge = Ridge(alpha=len(X) * alpha).fit(X, y / y.std())
    assert_allclose(net.coefs_[0][:, 0], ridge.coef_, atol=1e-4)
    assert_allclose(net.intercepts_[0], ridge.intercept_, atol=1e-4)


def test_weighted_ridge_on_a_scaled_target():
    X, y = regression()
    weight = np.random.RandomState(0).uniform(0.1, 3, len(X))
    net = MLPRegressor(alpha=0.1, **LINEAR, **SOLVERS["lbfgs"]).fit(X, y, sample_weight=weight)
    ridge = Ridge(alpha=weight.sum() * 0.1).fit(X, y, sample_weight=weight)
    assert_allclose(net.predict(X), ridge.predict(X), rtol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_no_hidden_layer_is_logistic_regression(linear, kind, alpha):
    X, y = targets(kind)
    net = MLPClassifier(alpha=alpha, **linear).fit(X, y)
    oracle = LogisticRegression(C=1 / (len(X) * alpha), tol=1e-10, max_iter=10000).fit(X, y)
    coef = net.coefs_[0].T
    assert_allclose(coef, oracle.coef_, atol=1e-4)
    assert_allclose(net.predict_proba(X), oracle.predict_proba(X), atol=1e-4)


def test_balanced_classes_are_logistic_regressions():
    X, y = targets("multiclass")
    X, y = X[y != "low"], y[y != "low"]
    X, y = np.vstack([X, X[:30]]), np.concatenate([y, y[:30]])
    net = MLPClassifier(alpha=0.1, class_weight="balanced", **LINEAR, **SOLVERS["lbfgs"]).fit(X, y)
    oracle = LogisticRegression(C=1 / (len(X) * 0.1), class_weight="balanced", tol=1e-10).fit(X, y)
    assert_allclose(net.coefs_[0].T, oracle.coef_, atol=1e-5)


@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
@pytest.mark.parametrize("oracle", _table.ORACLES, ids=lambda oracle: str(oracle.params))
def test_no_hidden_layer_is_somebody_elses_linear_model(oracle, solver):
    X, y = targets(oracle.kind)
    y = y / y.std(axis=0)
    proximal = any(MLPRegressor._hyperparameters[name].proximal for name in oracle.params)
    if proximal and solver == "lbfgs":
        solver = "sgd_plain"
    params = {"alpha": 0.0, "scale_target": False, **oracle.params}
    net = MLPRegressor(**{**LINEAR, **SOLVERS[solver], **params}).fit(X, y)
    model = clone(oracle.model).fit(X, y)
    coef = net.coefs_[0].reshape(model.coef_.T.shape)
    assert_allclose(coef, model.coef_.T, atol=1e-4)
    if proximal:
        assert_array_equal(coef == 0, model.coef_.T == 0)
        assert 0 < net.sparsity_[0] < 1
    assert_allclose(net.predict(X), model.predict(X), rtol=1e-3)


def test_poisson_scaled_by_the_mean_moves_alpha_only():
    X, y = targets("counts")
    scaled = MLPRegressor("poisson", alpha=0.1 / y.mean(), **LINEAR, **SOLVERS["lbfgs"])
    oracle = PoissonRegressor(alpha=0.1, tol=1e-9, max_iter=1000).fit(X, y)
    assert_allclose(scaled.fit(X, y).predict(X), oracle.predict(X), rtol=1e-4)


@pytest.mark.parametrize("quantile", [0.2, 0.5, 0.9])
def test_quantile_is_quantile_regression(quantile):
    X, y = regression()
    params = {"alpha": 0.0, **LINEAR, **SOLVERS["adam"]}
    net = MLPRegressor("quantile", quantile=quantile, **params).fit(X, y)
    oracle = QuantileRegressor(quantile=quantile, alpha=0, solver="highs").fit(X, y)
    losses = [mean_pinball_loss(y, m.predict(X), alpha=quantile) for m in (net, oracle)]
    assert losses[0] < 1.003 * losses[1]
    if quantile == 0.5:
        absolute = MLPRegressor("absolute_error", **params).fit(X, y)
        assert mean_pinball_loss(y, absolute.predict(X), alpha=0.5) < 1.003 * losses[1]


def test_huber_is_huber_regression():
    X, y = regression()
    y = y / y.std()
    oracle = HuberRegressor(epsilon=1.35, alpha=0.0, tol=1e-10, max_iter=10000).fit(X, y)
    delta = 1.35 * oracle.scale_  # scikit-learn estimates the scale beside the coefficients
    net = MLPRegressor(
        "huber", huber_delta=delta, alpha=0.0, scale_target=False, **LINEAR, **SOLVERS["lbfgs"]
    ).fit(X, y)
    assert_allclose(net.coefs_[0][:, 0], oracle.coef_, atol=1e-4)


def _sklearn_peer(kind, params, batch_size, alpha):
    X, y = targets(kind)
    if kind in ("regression", "multioutput"):
        y = (y - y.mean(axis=0)) / y.std(axis=0)
        ours, theirs, extra = MLPRegressor, SklearnMLPRegressor, {"scale_target": False}
    elif kind == "counts":
        ours, theirs, extra = MLPRegressor, SklearnMLPRegressor, {"scale_target": False}
        params = {**params, "loss": "poisson"}
    else:
        ours, theirs, extra = MLPClassifier, SklearnMLPClassifier, {}
    params = {"random_state": 3, "max_iter": 20, "tol": 0.0, "n_iter_no_change": 20, **params}
    params["batch_size"] = batch_size
    return (
        ours(alpha=alpha / batch_size, dtype="float64", **extra, **params).fit(X, y),
        theirs(alpha=alpha, **params).fit(X, y),
    )


ADAM = {"solver": "adam", "learning_rate_init": 0.01}
SGD = {"solver": "sgd", "learning_rate_init": 0.05}
PEER_CASES = {
    "adam": ADAM,
    "adam_two_layers_tanh": {**ADAM, "hidden_layer_sizes": (20, 10), "activation": "tanh"},
    "adam_logistic": {**ADAM, "activation": "logistic", "beta_1": 0.8, "beta_2": 0.99},
    "adam_identity_unshuffled": {**ADAM, "activation": "identity", "shuffle": False},
    "sgd": SGD,
    "sgd_plain_momentum": {**SGD, "nesterovs_momentum": False, "momentum": 0.5},
    "sgd_invscaling": {**SGD, "learning_rate": "invscaling", "power_t": 0.3},
    "sgd_adaptive": {**SGD, "learning_rate": "adaptive", "tol": 0.01, "n_iter_no_change": 2},
}


SUMMED = ("multioutput", "multilabel")  # scikit-learn's curve shows the mean over outputs there
KINDS = ("regression", "counts", "binary", "multiclass", *SUMMED)
PEER_PAIRS = [
    (kind, case)
    for kind in KINDS
    for case in PEER_CASES
    if not (kind in SUMMED and case == "sgd_adaptive")  # its plateau is judged by that curve
]


@pytest.mark.parametrize(("kind", "case"), PEER_PAIRS)
@pytest.mark.parametrize("batch_size", [24, 120])
def test_without_regularizers_it_is_scikit_learns_mlp(kind, case, batch_size):
    params = dict(PEER_CASES[case])
    if kind == "counts" and params["solver"] == "sgd":
        params["learning_rate_init"] = 0.002
    ours, theirs = _sklearn_peer(kind, params, batch_size, alpha=0.05)
    for a, b in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.out_activation_ == theirs.out_activation_
    assert ours.t_ == theirs.t_
    if kind not in SUMMED:
        assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("kind", ["regression", "binary", "multiclass"])
def test_stopping_by_the_training_loss_is_scikit_learns(kind):
    params = {**ADAM, "tol": 1e-3, "n_iter_no_change": 4, "max_iter": 300}
    ours, theirs = _sklearn_peer(kind, params, 24, alpha=0.05)
    assert ours.n_iter_ == theirs.n_iter_ < 300
    assert_allclose(ours.best_loss_, theirs.best_loss_, rtol=1e-6)


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.5, 1.0])
def test_label_smoothing_is_torchs(eps):
    X, y = targets("multiclass")
    params = {"max_iter": 5, "n_iter_no_change": 5, "dtype": "float64", "alpha": 0.0}
    net = MLPClassifier(label_smoothing=eps, random_state=0, **params).fit(X, y)
    again = MLPClassifier(label_smoothing=eps, random_state=0, **{**params, "max_iter": 6})
    raw = torch.from_numpy(net.decision_function(X))
    codes = torch.from_numpy(np.searchsorted(net.classes_, y))
    expected = torch.nn.CrossEntropyLoss(label_smoothing=eps)(raw, codes)
    assert_allclose(again.fit(X, y).loss_curve_[5], expected, rtol=1e-9)  # one full batch


def test_binary_label_smoothing_is_torchs_with_two_outputs():
    log_odds = torch.linspace(-3, 3, 7, dtype=torch.float64)
    two = torch.stack([torch.zeros_like(log_odds), log_odds], dim=1)
    expected = torch.nn.CrossEntropyLoss(label_smoothing=0.2)(two, torch.ones(7, dtype=torch.long))
    smoothed = torch.from_numpy(smooth_labels(np.ones(7), 0.2, 2))
    actual = torch.nn.functional.binary_cross_entropy_with_logits(log_odds, smoothed)
    assert_allclose(actual, expected)


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_the_solution_of_alpha_does_not_move_with_batch_size(kind):
    X, y = targets(kind)
    cls = MLPRegressor if kind == "regression" else MLPClassifier
    params = {**LINEAR, **LONG, "alpha": 0.1, "learning_rate_init": 0.02}
    exact = cls(**{**params, "solver": "lbfgs", "tol": 1e-9}).fit(X, y).coefs_[0]
    scale = np.abs(exact).max()
    for batch_size in (12, 60, 120):
        net = cls(batch_size=batch_size, learning_rate="cosine", **params).fit(X, y)
        assert np.abs(net.coefs_[0] - exact).max() < 0.02 * scale
    twice = cls(**{**params, "solver": "lbfgs", "tol": 1e-9})
    twice.fit(np.vstack([X, X]), np.concatenate([y, y]))
    assert_allclose(twice.coefs_[0], exact, atol=1e-6)
