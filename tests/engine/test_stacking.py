"""Which nets stand in a stack together."""

import pytest
from scipy.sparse import csr_matrix

from skreg.engine.torch import grouping
from tests import _table
from tests._data import targets
from tests._stacks import estimator, ready


@pytest.mark.parametrize(
    "params",
    [
        {"engine": "compiled"},
        {"solver": "lbfgs"},
        {"penalty": _table.bending},
        {"verbose": True},
        {"callbacks": ["print_log"]},
        {"early_stopping": True, "scoring": "r2"},
        {"gradient_penalty": 0.1, "activation": "tanh"},
    ],
    ids=str,
)
def test_what_trains_alone(monkeypatch, params):
    if "callbacks" in params:
        from skorch.callbacks import EpochTimer

        params = {"callbacks": [EpochTimer()]}
    net = ready(monkeypatch, estimator("regression", **params), *targets("regression"))
    assert grouping.signature(net) is None


def test_sparse_rows_train_alone(monkeypatch):
    X, y = targets("regression")
    assert grouping.signature(ready(monkeypatch, estimator("regression"), csr_matrix(X), y)) is None


@pytest.mark.parametrize(
    ("params", "same"),
    [
        ({}, True),
        ({"alpha": 3.0, "random_state": 5, "learning_rate_init": 0.1, "max_iter": 3}, True),
        ({"dropout": 0.5, "noise_std": 0.1, "max_norm": 1.0, "l1": 0.1}, True),
        ({"learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 2}, True),
        ({"hidden_layer_sizes": (9, 8)}, False),
        ({"activation": "tanh"}, False),
        ({"loss": "huber"}, False),
        ({"solver": "sgd"}, False),
        ({"beta_1": 0.5}, False),
        ({"dtype": "float32"}, False),
        ({"batch_size": 60}, False),
        ({"early_stopping": True}, False),
        ({"averaging": "ema"}, False),
        ({"anchor_alpha": 0.1}, False),
        ({"sam_rho": 0.1}, False),
    ],
    ids=str,
)
def test_signature(monkeypatch, params, same):
    X, y = targets("regression")
    plain, other = estimator("regression"), estimator("regression", **params)
    pair = [grouping.signature(ready(monkeypatch, net, X, y)) for net in (plain, other)]
    assert (pair[0] == pair[1]) is same
    assert None not in pair


def test_an_error_outside_of_stacks_stays_with_its_net(monkeypatch):
    nets = [ready(monkeypatch, estimator("regression", engine="compiled"), *targets("regression"))]
    nets *= 2
    boom = ValueError("boom")

    def fail(net):
        raise boom

    assert grouping.train_nets(nets, train_alone=fail) == [boom, boom]
    assert grouping.train_nets([]) == []
