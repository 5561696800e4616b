"""Snapshots: several nets from one run, against fits of a cycle's length and torch's schedule."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skreg import BaggingRegressor, MLPClassifier, MLPRegressor
from tests._data import targets

CYCLES = {
    "learning_rate": "cosine",
    "learning_rate_init": 0.02,
    "batch_size": 30,
    "hidden_layer_sizes": (8,),
    "random_state": 0,
}
KINDS = ["regression", "multioutput", "binary", "multiclass", "multilabel"]


def make(kind, **params):
    cls = MLPRegressor if kind in ("regression", "multioutput") else MLPClassifier
    return cls(**{**CYCLES, "max_iter": 12, "n_snapshots": 3, **params})


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("normalization", [None, "batch"])
def test_the_first_snapshot_is_a_fit_of_one_cycle(engine, normalization):
    X, y = targets("regression")
    params = {"engine": engine, "normalization": normalization}
    net = make("regression", **params).fit(X, y)
    short = make("regression", max_iter=4, n_snapshots=1, **params).fit(X, y)
    assert len(net.snapshots_) == 3
    assert short.snapshots_ == []
    first = zip(net.snapshots_[0], (short.coefs_, short.intercepts_, short.norms_), strict=True)
    for kept, expected in first:
        for a, b in zip(kept, expected, strict=True):
            assert_array_equal(a, b)
    for a, b in zip(net.snapshots_[-1][0], net.coefs_, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_the_rate_is_that_of_torchs_warm_restarts(engine):
    X, y = targets("regression")
    net = make("regression", max_iter=20, n_snapshots=4, engine=engine).fit(X, y)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=5)
    expected = []
    for _ in range(20):
        expected.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert_allclose(net.net_.history[:, "lr"], expected, rtol=1e-12)


@pytest.mark.parametrize("max_iter", [3, 10, 11, 12])
def test_cycles_of_unequal_length(max_iter):
    X, y = targets("regression")
    net = make("regression", max_iter=max_iter, tol=10.0, n_iter_no_change=1).fit(X, y)
    assert net.n_iter_ == max_iter  # no stalling ends it
    assert len(net.snapshots_) == 3
    rates = np.array(net.net_.history[:, "lr"])
    assert (rates == 0.02).sum() == 3


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_means_over_the_snapshots(kind):
    X, y = targets(kind)
    net = make(kind).fit(X, y)
    members, alone = net.predict_members(X), clone(net).set_params(n_snapshots=1).fit(X, y)
    for (coefs, intercepts, norms), member in zip(net.snapshots_, members, strict=True):
        alone.coefs_, alone.intercepts_, alone.norms_ = coefs, intercepts, norms
        predict = alone.predict if hasattr(net, "target_mean_") else alone.predict_proba
        assert_allclose(member, predict(X), rtol=1e-6)
    if hasattr(net, "target_mean_"):
        mean, std = net.predict(X, return_std=True)
        assert_allclose(net.predict(X), members.mean(axis=0))
        assert_allclose(mean, members.mean(axis=0))
        assert_allclose(std, members.std(axis=0), atol=1e-12)
        return
    p, raw = net.predict_proba(X), net.decision_function(X)
    assert_allclose(p, members.mean(axis=0), rtol=1e-5)
    assert_allclose(net.predict_log_proba(X), np.log(p), rtol=1e-5)
    if kind == "multiclass":
        assert_array_equal(net.predict(X), net.classes_[raw.argmax(axis=1)])
    else:
        assert_allclose(expit(raw), p[:, 1] if kind == "binary" else p, rtol=1e-4)
        labels = (raw > 0).astype(int)
        expected = net.classes_[labels] if kind == "binary" else labels
        assert_array_equal(net.predict(X), expected)


def test_they_survive_pickles_and_stand_in_ensembles():
    X, y = targets("regression")
    net = make("regression").fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), net.predict(X))
    ensemble = BaggingRegressor(make("regression"), 2, random_state=0).fit(X, y)
    members = [member.predict(X) for member in ensemble.estimators_]
    assert_allclose(ensemble.predict(X), np.mean(members, axis=0))


def test_a_warm_start_takes_snapshots_anew():
    X, y = targets("regression")
    net = make("regression", warm_start=True).fit(X, y)
    before = net.predict(X)
    net.fit(X, y)
    assert len(net.snapshots_) == 3
    assert len(net.loss_curve_) == 24
    assert not np.array_equal(before, net.predict(X))


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"learning_rate": "constant"}, "learning_rate='constant'.*'cosine'"),
        ({"solver": "lbfgs"}, "solver='lbfgs'"),
        ({"early_stopping": True}, "early_stopping=True"),
        ({"averaging": "ema"}, "averaging='ema'"),
        ({"max_iter": 2}, "max_iter=2"),
    ],
)
def test_what_does_not_go_together_is_refused(params, named):
    X, y = targets("regression")
    net = make("regression", **params)
    with pytest.raises(ValueError, match=f"n_snapshots=3.*{named}"):
        net.fit(X, y)
    assert not hasattr(net, "coefs_")


def test_what_is_not_there_says_why():
    X, y = targets("regression")
    net = make("regression", dropout=0.2)
    assert not hasattr(net, "partial_fit")
    assert not hasattr(make("regression", n_snapshots=1), "predict_members")
    with pytest.raises(NotFittedError):
        net.predict_members(X)
    with pytest.raises(NotFittedError):
        net.predict(X, return_std=True)
    with pytest.raises(ValueError, match="n_samples=5.*n_snapshots=3"):
        net.fit(X, y).predict(X, n_samples=5)
