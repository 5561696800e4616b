"""Nets trained as a stack against the same nets trained alone by the torch engine."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils._python_dispatch import TorchDispatchMode

from skreg import DivergenceError, MLPRegressor
from skreg.engine.torch import grouping, meeting, stack, step
from skreg.losses import records
from tests import _table
from tests._data import targets
from tests._stacks import KINDS, STRENGTHS, TORCH, alone, check, counted_stacks, estimator, parts
from tests.engine.test_engines import ALL_NOISE, LOSSES, assert_same


def train_alone_always(row, value):
    """Whether a setting of the table never stands in a stack."""
    params = {**row.base, row.name: value}
    exact = params.get("gradient_penalty_rho") == 0 and params.get("gradient_penalty")
    return (
        params.get("solver") == "lbfgs"
        or params.get("penalty") is not None
        or params.get("scoring", "loss") != "loss"
        or params.get("normalization") is not None
        or params.get("residual", False)
        or params.get("n_snapshots", 1) > 1
        or params.get("augment") is not None
        or params.get("cutmix_alpha", 0) > 0
        or params.get("n_frozen_layers", 0) != 0
        or params.get("pretrained_lr_mult", 1) != 1
        or bool(exact)
    )


@pytest.mark.parametrize(
    ("kind", "row"), [pytest.param(k, row, id=name) for name, k, row in _table.settings()]
)
def test_every_hyperparameter(together, kind, row):
    kind = "regression" if kind == "regressor" else "multiclass"
    data = parts(kind)

    def make():
        base = {"hidden_layer_sizes": (8,), **row.base}
        values = row.values * 2
        return [
            estimator(kind, **{"random_state": i, **base, row.name: value})
            for i, value in enumerate(values)
        ]

    first, *later = check(together, make, data).rounds
    for value, signature in zip(row.values * 2, first, strict=True):
        assert (signature is None) == train_alone_always(row, value)
    assert first[:2] == first[2:]  # so both values were trained in stacks
    for signatures in later:  # those that train once more: "refit"
        assert signatures == [signatures[0]] * 2 != [None] * 2


@pytest.mark.parametrize("base", [{}, {"solver": "sgd"}, {"sam_rho": 0.1}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_nets_of_a_stack_differ_in_strengths_and_ends(together, kind, base, monkeypatch):
    data = parts(kind)[:3]

    def make():
        return [
            estimator(kind, random_state=i, **base, **{k: v[i] for k, v in STRENGTHS.items()})
            for i in range(3)
        ]

    with counted_stacks(monkeypatch) as sizes:
        check(together, make, data)
    assert sizes == [3]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "logistic"])
def test_losses_and_activations(together, loss, activation):
    kind = "counts" if records.LOSSES[loss].link == "exp" else "regression"
    params = {"loss": loss, "activation": activation, **ALL_NOISE, "target_noise_std": 0.2}
    if kind == "counts":
        params["learning_rate_init"] = 1e-4  # exp lets larger steps diverge

    def make():
        return [estimator(kind, random_state=i, **params) for i in range(2)]

    check(together, make, parts(kind)[:2])


@pytest.mark.parametrize("batch_size", [25, "auto"])
@pytest.mark.parametrize("averaging", [None, "ema", "swa"])
def test_early_stopping_ends_each_net_in_its_own_epoch(together, averaging, batch_size):
    params = {"early_stopping": True, "averaging": averaging, "batch_size": batch_size}
    params |= {"max_iter": 100, "tol": 1e-3, "learning_rate_init": 0.1}
    patience, data = (1, 3, 6), parts("regression")[:3]

    def make():
        return [
            estimator("regression", random_state=i, n_iter_no_change=patience[i], **params)
            for i in range(3)
        ]

    check(together, make, data)
    lengths = [net.n_iter_ for net in alone(make(), data)]
    assert len(set(lengths)) == 3


def test_validation_rows_given(together, monkeypatch):
    X, y = targets("regression")
    sets = [(X[:90], y[:90], X[90:], y[90:]), (X[5:80], y[5:80], X[80:100], y[80:100])]
    monkeypatch.setattr(stack, "PIECE", 7)

    def fit(net, X, y, X_val, y_val):
        net.fit(X, y, X_val=X_val, y_val=y_val)

    nets = [[estimator("regression", batch_size=b) for b in (30, 25)] for _ in range(2)]
    for net, part in zip(nets[0], sets, strict=True):
        fit(net, *part)
    session = together(nets[1], sets, fit)
    assert session.rounds[0][0] == session.rounds[0][1] is not None
    for a, b in zip(*nets, strict=True):
        assert a.validation_scores_ is not None
        assert_same(a, b)


@pytest.mark.parametrize("averaging", [None, "ema"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_fits_go_on_after_a_stack(together, solver, averaging):
    params = {"warm_start": True, "solver": solver, "averaging": averaging, "anchor_alpha": 0.1}
    data = parts("regression")[:3]

    def make():
        return [estimator("regression", random_state=i, **params, **ALL_NOISE) for i in range(3)]

    expected, nets = make(), make()
    for _ in range(2):
        alone(expected, data)
        together(nets, data)
    for a, b in zip(expected, nets, strict=True):
        assert a.t_ == b.t_
        assert_same(a, b)
    for a, b, part in zip(expected, nets, data, strict=True):
        assert_same(a.fit(*part), b.fit(*part))


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_net_that_diverges_fails_alone(together, solver):
    data = parts("regression")[:3]

    def make():
        rates = 0.01, 1e200, 0.002
        return [
            estimator("regression", random_state=i, solver=solver, learning_rate_init=rate)
            for i, rate in enumerate(rates)
        ]

    nets = make()
    words = r"epoch \d+ at learning_rate_init=1e\+200.*lower"
    with pytest.raises(DivergenceError, match=words) as by_itself:
        make()[1].fit(*data[1])
    with pytest.raises(DivergenceError, match=words) as info:
        together(nets, data)
    assert str(info.value) == str(by_itself.value)  # so it ended in the same epoch
    assert not hasattr(nets[1], "coefs_")
    for i in (0, 2):
        assert_same(make()[i].fit(*data[i]), nets[i])


@pytest.mark.parametrize(
    ("budget", "sizes"), [(1, []), (250, [2, 2]), (300, [2, 2]), (399, [2, 2]), (400, [4])]
)
def test_a_memory_budget_splits_the_nets(together, budget, sizes, monkeypatch):
    monkeypatch.setattr(grouping, "bytes_of", lambda problem: 100)
    data = parts("regression")

    def make():
        return [estimator("regression", random_state=i, **ALL_NOISE) for i in range(4)]

    expected, nets = alone(make(), data), make()
    with counted_stacks(monkeypatch) as found:
        together(nets, data, memory_budget=budget)
    assert found == sizes
    for a, b in zip(expected, nets, strict=True):
        assert_same(a, b)


class NoWaiting(TorchDispatchMode):
    """Forbids what would make a step wait for a GPU."""

    WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, func.overloadpacket.__name__
        assert name not in self.WAITING, name
        assert name != "_to_copy" or kwargs.get("device") is None, "a copy between devices"
        return func(*args, **kwargs)


@pytest.mark.parametrize(
    "extra", [{}, {"sam_rho": 0.1}, {"gradient_penalty": 0.1}, {"averaging": "ema"}], ids=str
)
def test_no_step_waits_for_the_device(monkeypatch, together, extra):
    take, n_steps = step.Step.take, []

    def watched(self, inputs, constants):
        self.noise.draws = None  # as on a GPU
        n_steps.append(inputs)
        with NoWaiting():
            return take(self, inputs, constants)

    monkeypatch.setattr(step.Step, "take", watched)
    strengths = {k: v for k, v in STRENGTHS.items() if k not in ("learning_rate", "max_iter")}
    nets = [
        estimator("regression", random_state=i, **{k: v[i] for k, v in strengths.items()}, **extra)
        for i in range(3)
    ]
    together(nets, parts("regression")[:3])
    assert len(n_steps) == 12 * 5


@pytest.mark.cuda
@pytest.mark.parametrize("kind", ["regression", "binary", "multiclass", "multilabel"])
def test_a_stack_on_a_gpu_is_the_stack_on_the_cpu(together, kind):
    plain = {k: v for k, v in STRENGTHS.items() if "noise" not in k}  # normals are others there
    data = parts(kind)[:3]
    nets = {
        device: [
            estimator(kind, random_state=i, device=device, **{k: v[i] for k, v in plain.items()})
            for i in range(3)
        ]
        for device in ("cpu", "cuda")
    }
    for group in nets.values():
        together(group, data)
    for a, b in zip(*nets.values(), strict=True):
        assert_same(a, b, rtol=1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("params", [{"early_stopping": True}, {"averaging": "ema"}])
def test_the_net_on_a_gpu_has_the_weights_that_predict(params):
    X, y = targets("regression")
    net = MLPRegressor(device="cuda", scale_target=False, **{**TORCH, **params}).fit(X, y)
    raw = net.net_.predict(np.asarray(X, net.coefs_[0].dtype))
    assert_allclose(raw.ravel(), net.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.cuda
def test_noise_on_a_gpu_does_not_depend_on_the_neighbours(together):
    params = {**ALL_NOISE, "target_noise_std": 0.1, "device": "cuda"}
    data = parts("regression")[:3]

    def make():
        return [estimator("regression", random_state=i, **params) for i in range(3)]

    three, two = make(), make()[:2]
    together(three, data)
    together(two, data[:2])
    for a, b in zip(three, two, strict=False):
        assert_same(a, b, rtol=1e-6)


@pytest.mark.parametrize("n_jobs", [None, 2, 9])
def test_nets_that_wait_in_the_backend_train_together(monkeypatch, n_jobs):
    X, y = targets("regression")
    pipe = make_pipeline(StandardScaler(), MLPRegressor(**{**TORCH, "dropout": 0.2}))
    grid = {
        "mlpregressor__alpha": [0.0, 0.1, 1.0],
        "mlpregressor__learning_rate_init": [0.01, 1e200],
    }
    search = GridSearchCV(pipe, grid, cv=3, refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the fits that fail
        expected = search.fit(X, y).cv_results_["mean_test_score"]
        monkeypatch.setattr(
            meeting, "waits_for_others", lambda fit: grouping.signature(fit) is not None
        )
        with (
            counted_stacks(monkeypatch) as sizes,
            parallel_config(backend="skreg", n_jobs=-1 if n_jobs is None else n_jobs),
        ):
            together = search.fit(X, y).cv_results_["mean_test_score"]
    assert_allclose(together, expected, rtol=1e-8)
    assert np.isnan(expected).sum() == 3
    assert sizes
    assert max(sizes) > 1
