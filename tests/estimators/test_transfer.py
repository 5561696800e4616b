"""Transfer: what is taken over, what stays frozen, against torch's optimizers and linear models."""

import pickle

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV

from skreg import MLPClassifier, MLPRegressor
from tests import _table
from tests._data import learnt, targets

X, Y = targets("regression")
LABELS = targets("multiclass")[1]
SHORT = {"max_iter": 6, "n_iter_no_change": 6, "random_state": 0, "hidden_layer_sizes": (8, 8)}
ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])


def source(**params):
    params = {"hidden_layer_sizes": (8, 8), "max_iter": 30, "random_state": 1, **params}
    return MLPRegressor(**params).fit(X, Y)


PLAIN = source()
TAKEN = {**SHORT, "pretrained": FrozenEstimator(PLAIN)}


def assert_takes(net, given, n_layers):
    """The first layers of `net` are those of `given`, bit by bit, and the next is not."""
    for ours, theirs in zip(net._encoder(), given._encoder(), strict=True):
        for a, b in zip(ours[:n_layers], theirs[:n_layers], strict=True):
            assert_array_equal(a, b)
    assert not np.array_equal(net.coefs_[n_layers], given.coefs_[n_layers])


@pytest.mark.parametrize("reset_layers", [1, 2])
def test_it_starts_with_the_weights_taken_over_and_a_new_head(reset_layers):
    still = {"reset_layers": reset_layers, "learning_rate_init": 1e-30, "dtype": "float64"}
    net = MLPRegressor(**TAKEN, **still).fit(X, Y)
    fresh = MLPRegressor(**SHORT, **{**still, "reset_layers": 1}).fit(X, Y)
    assert_takes(net, PLAIN, 3 - reset_layers)
    for a, b in zip(net.coefs_[-reset_layers:], fresh.coefs_[-reset_layers:], strict=True):
        assert_allclose(a, b, rtol=1e-12)
    assert net.pretrained_ is PLAIN
    assert fresh.pretrained_ is None


@ENGINES
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
@pytest.mark.parametrize(
    "more",
    [
        {"batch_size": 20},
        {"solver": "sgd", "batch_size": 20},
        {"solver": "adamw", "alpha": 1.0, "l1": 0.1, "max_norm": 0.1},
        {"sam_rho": 0.1, "clip_grad_norm": 0.1, "averaging": "ema"},
        {"gradient_penalty": "auto", "dropout": 0.3, "weight_noise_std": 0.1, "batch_size": 20},
        {"early_stopping": True, "averaging": "swa", "anchor_alpha": 1.0},
        {"early_stopping": "refit"},
        {"learning_rate": "cosine", "n_snapshots": 2},
        {"solver": "lbfgs", "alpha": 1.0},
    ],
    ids=lambda more: "-".join(more),
)
def test_frozen_layers_keep_every_bit(more, normalization, engine):
    kind = {"normalization": normalization, "residual": True}
    if more.get("solver") == "lbfgs" and normalization == "batch":
        kind["normalization"] = None
    given = source(**kind, batch_size=30)
    for n_frozen_layers, n in ((1, 1), ("all", 2)):
        params = {**SHORT, **kind, "pretrained": FrozenEstimator(given), "engine": engine, **more}
        net = MLPRegressor(**params, n_frozen_layers=n_frozen_layers).fit(X, Y)
        assert_takes(net, given, n)
        assert (n == 2) == np.array_equal(net.coefs_[1], given.coefs_[1])


@ENGINES
def test_frozen_layers_keep_every_bit_from_call_to_call(engine):
    for cls, y in ((MLPRegressor, Y), (MLPClassifier, LABELS)):
        net = cls(**TAKEN, engine=engine, n_frozen_layers="all", warm_start=True).fit(X, y)
        net.fit(X, y).partial_fit(X[:1], y[:1])
        assert_takes(net, PLAIN, 2)
        net.set_params(n_frozen_layers=0).fit(X, y)
        assert not np.array_equal(net.coefs_[0], PLAIN.coefs_[0])


@pytest.mark.parametrize("alpha", [1e-3, 0.1])
def test_all_frozen_is_a_linear_model_on_the_representation(alpha):
    params = {**TAKEN, "n_frozen_layers": "all", "solver": "lbfgs", "alpha": alpha, "tol": 1e-9}
    params.update(dtype="float64", max_iter=2000)
    H = PLAIN.transform(X).astype(float)
    ridge = Ridge(alpha=len(X) * alpha).fit(H, (Y - Y.mean()) / Y.std())
    net = MLPRegressor(**params).fit(X, Y)
    assert_allclose(net.coefs_[-1].ravel(), ridge.coef_, rtol=1e-4, atol=1e-5)
    logistic = LogisticRegression(C=1 / (len(X) * alpha), tol=1e-9, max_iter=5000).fit(H, LABELS)
    net = MLPClassifier(**params).fit(X, LABELS)
    assert_allclose(net.predict_proba(X), logistic.predict_proba(H), atol=1e-4)


@ENGINES
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("freeze_epochs", [0, 4, None])
def test_thawing_and_rates_are_those_of_torchs_parameter_groups(freeze_epochs, solver, engine):
    given, n_epochs = source(activation="tanh", dtype="float64"), 9
    params = {**SHORT, "activation": "tanh", "dtype": "float64", "alpha": 0.0, "solver": solver}
    params.update(nesterovs_momentum=False, epsilon=1e-30, learning_rate_init=0.02, engine=engine)
    params.update(pretrained=FrozenEstimator(given), n_frozen_layers=1, pretrained_lr_mult=0.3)
    net = MLPRegressor(**{**params, "max_iter": n_epochs}, freeze_epochs=freeze_epochs)
    net.fit(X, Y)

    start = MLPRegressor(**{**params, "learning_rate_init": 1e-300}).fit(X, Y)
    coefs = [torch.tensor(c, requires_grad=True) for c in start.coefs_]
    biases = [torch.tensor(b, requires_grad=True) for b in start.intercepts_]
    taken = coefs[:2] + biases[:2]
    groups = [{"params": taken, "lr": 0.3 * 0.02}, {"params": [coefs[2], biases[2]]}]
    optimizer = {
        "sgd": torch.optim.SGD(groups, lr=0.02, momentum=0.9),
        "adam": torch.optim.Adam(groups, lr=0.02, eps=1e-30),
    }[solver]
    x, y = torch.from_numpy(X), torch.from_numpy((Y - Y.mean()) / Y.std())
    for epoch in range(n_epochs):
        frozen = freeze_epochs is None or epoch < freeze_epochs
        coefs[0].requires_grad_(not frozen)
        biases[0].requires_grad_(not frozen)
        h = torch.tanh(torch.tanh(x @ coefs[0] + biases[0]) @ coefs[1] + biases[1])
        loss = ((h @ coefs[2] + biases[2]).ravel() - y).square().mean() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for ours, theirs in zip(net.coefs_ + net.intercepts_, coefs + biases, strict=True):
        assert_allclose(ours, theirs.detach().numpy(), rtol=1e-8, atol=1e-10)


class TowardsPlain:
    """L2 towards the weights of `PLAIN`, on the layers taken over, by autograd."""

    def __call__(self, weights):
        pairs = zip(weights[:2], PLAIN.coefs_[:2], strict=True)
        return 0.35 * sum(((w - torch.from_numpy(c.T)) ** 2).sum() for w, c in pairs)


@ENGINES
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_anchor_is_the_pretrained_weights_and_leaves_new_layers_alone(solver, engine):
    params = {**TAKEN, "dtype": "float64", "solver": solver, "learning_rate_init": 0.02}
    expected = MLPRegressor(**params, penalty=TowardsPlain()).fit(X, Y)
    net = MLPRegressor(**params, anchor_alpha=0.7, engine=engine).fit(X, Y)
    for a, b in zip(learnt(net), learnt(expected), strict=True):
        assert_allclose(a, b, rtol=1e-7, atol=1e-9)
    assert_allclose(net.loss_curve_, expected.loss_curve_, rtol=1e-7)
    near = MLPRegressor(**{**params, "solver": "lbfgs"}, anchor_alpha=1e6).fit(X, Y)
    for a, b in zip(near.coefs_[:2], PLAIN.coefs_[:2], strict=True):
        assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@ENGINES
def test_epochs_count_over_the_nets_life(solver, engine):
    params = {**TAKEN, "shuffle": False, "batch_size": 30, "solver": solver, "engine": engine}
    params.update(n_frozen_layers="all", freeze_epochs=5, n_iter_no_change=99, dtype="float64")
    whole = MLPRegressor(**{**params, "max_iter": 8}).fit(X, Y)
    halves = MLPRegressor(**{**params, "max_iter": 4}, warm_start=True).fit(X, Y)
    assert_takes(halves, PLAIN, 2)
    halves.fit(X, Y)
    passes = MLPRegressor(**params)
    for _ in range(8):
        passes.partial_fit(X, Y)
    for net in (halves, passes):
        for a, b in zip(learnt(whole), learnt(net), strict=True):
            assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    fitted = MLPRegressor(**{**params, "max_iter": 5}).fit(X, Y)  # keeps no memory of its own
    assert_takes(fitted, PLAIN, 2)
    assert not np.array_equal(fitted.partial_fit(X, Y).coefs_[0], PLAIN.coefs_[0])


@ENGINES
@pytest.mark.parametrize("early_stopping", [False, True])
def test_patience_does_not_run_out_before_the_thaw(early_stopping, engine):
    params = {**TAKEN, "n_frozen_layers": "all", "tol": 10.0, "n_iter_no_change": 2}
    params.update(early_stopping=early_stopping, max_iter=30, engine=engine)
    assert MLPRegressor(**params).fit(X, Y).n_iter_ <= 4
    assert MLPRegressor(**params, freeze_epochs=7).fit(X, Y).n_iter_ == 10


def test_clones_pickles_and_searches_keep_the_frozen_source():
    net = MLPClassifier(**TAKEN, n_frozen_layers="all")
    again = pickle.loads(pickle.dumps(clone(net).fit(X, LABELS)))
    assert_array_equal(again.predict_proba(X), net.fit(X, LABELS).predict_proba(X))
    assert_takes(again, PLAIN, 2)
    assert_array_equal(again.pretrained_.predict(X), PLAIN.predict(X))
    grid = [
        {"pretrained": [None]},
        {"pretrained": [TAKEN["pretrained"]], "n_frozen_layers": [0, 1, "all"]},
    ]
    alone = GridSearchCV(net, grid, cv=3, error_score="raise").fit(X, LABELS).cv_results_
    with parallel_config(backend="skreg"):
        fused = GridSearchCV(net, grid, cv=3, error_score="raise").fit(X, LABELS).cv_results_
    beside = GridSearchCV(net, grid, cv=3, n_jobs=2, error_score="raise").fit(X, LABELS)
    for results in (fused, beside.cv_results_):
        assert_array_equal(alone["mean_test_score"], results["mean_test_score"])
    crossed = {"pretrained": [None, TAKEN["pretrained"]], "n_frozen_layers": [0, "all"]}
    scores = GridSearchCV(net, crossed, cv=2, error_score="raise").fit(X, LABELS).cv_results_
    assert scores["mean_test_score"][0] == scores["mean_test_score"][2]  # nothing to freeze


def test_nets_with_frozen_layers_train_outside_of_stacks():
    from skreg.engine.torch.grouping import signature

    seen = {}

    class Spy(MLPRegressor):
        def _take(self, net, target, warm):
            seen[self.n_frozen_layers, self.pretrained_lr_mult] = signature(net)
            super()._take(net, target, warm)

    for more in ({}, {"n_frozen_layers": 1}, {"pretrained_lr_mult": 0.5}):
        Spy(**TAKEN, engine="torch", **more).fit(X, Y)
    assert seen[1, 1.0] is None
    assert seen[0, 0.5] is None


def test_every_row_of_the_table_with_transfer_is_there():
    rows = {row.name for row in _table.REGULARIZERS if "pretrained" in row.base}
    assert rows >= {"reset_layers", "n_frozen_layers", "freeze_epochs", "pretrained_lr_mult"}
