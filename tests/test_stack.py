"""Nets trained as a stack against the same nets trained alone by the torch engine."""

import threading
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.sparse import csr_matrix
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.utils._python_dispatch import TorchDispatchMode

from skreg import DivergenceError, MLPClassifier, MLPRegressor, streams
from skreg.engine import compiled, gathering, stack, stack_step, stacking, train
from skreg.engine.plan import LAYER, PLAN
from skreg.noise import StackNoise
from tests import _table
from tests._data import targets
from tests.test_engines import ALL_NOISE, LOSSES, PARAMS, assert_same

KINDS = ["regression", "multioutput", "binary", "multiclass", "multilabel"]
TORCH = {**PARAMS, "engine": "torch", "max_iter": 12, "n_iter_no_change": 12}
STRENGTHS = {  # of three nets: every one may differ within a stack
    "alpha": [0.0, 0.1, [0.5, 0.0, 0.1]],
    "l1": [0.01, 0.0, [0.0, 0.1, 0.0]],
    "max_norm": [None, 0.5, 2.0],
    "clip_grad_norm": [0.1, None, 1.0],
    "dropout": [0.0, 0.5, [0.2, 0.4]],
    "input_dropout": [0.2, 0.0, 0.1],
    "noise_std": [0.3, 0.0, 0.1],
    "weight_noise_std": [0.0, 0.1, 0.05],
    "mixup_alpha": [0.3, 2.0, 0.0],
    "learning_rate_init": [0.01, 0.002, 0.05],
    "learning_rate": ["constant", "cosine", "invscaling"],
    "max_iter": [12, 5, 9],
}


class Session:
    """Fits estimators in threads that meet where their nets are ready to train."""

    def __init__(self):
        self._train_alone, self._mine = train.train, threading.local()
        self._changed = threading.Condition()

    def fit(self, estimators, data, fit, options):
        """Fit together; a fit that raises leaves its error in `errors`.

        `rounds` are then the signatures of all nets that were trained at once, time by time.
        """
        self.rounds, self.errors, self._waiting, self._raised = [], {}, {}, {}
        self._options, self._n_running = options, len(estimators)
        jobs = enumerate(zip(estimators, data, strict=True))
        threads = [threading.Thread(target=self._fit, args=(i, *job, fit)) for i, job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _fit(self, number, estimator, data, fit):
        self._mine.number = number
        try:
            fit(estimator, *data)
        except Exception as error:
            self.errors[number] = error
        with self._changed:
            self._n_running -= 1
            self._train_if_all_wait()

    def train(self, net):
        """In place of `skreg.engine.train.train`: in this session's threads all at once."""
        if not hasattr(self._mine, "number"):
            return self._train_alone(net)
        number = self._mine.number
        with self._changed:
            self._waiting[number] = net
            self._train_if_all_wait()
            assert self._changed.wait_for(lambda: number in self._raised, timeout=120)
            error = self._raised.pop(number)
        if error is not None:
            raise error
        return train.choose_weights(net)

    def _train_if_all_wait(self):
        if not self._waiting or len(self._waiting) < self._n_running:
            return
        numbers = sorted(self._waiting)
        nets = [self._waiting.pop(i) for i in numbers]
        self.rounds.append([stacking.signature(net) for net in nets])
        raised = stacking.train_together(nets, **self._options)
        self._raised.update(zip(numbers, raised, strict=True))
        self._changed.notify_all()


def fit_weighted(estimator, *part):
    """A fit of an estimator as tests mostly want it."""
    estimator.fit(*part)


@pytest.fixture
def together(monkeypatch):
    """A function as `Session.fit`, whose errors are raised."""
    session = Session()
    monkeypatch.setattr(train, "train", session.train)

    def fit(estimators, data, fit=fit_weighted, **options):
        session.fit(estimators, data, fit, options)
        for error in session.errors.values():
            raise error
        return session

    return fit


@contextmanager
def counted_stacks(monkeypatch):
    """Sizes of the stacks that are trained in the block."""
    sizes, run = [], stack.Stack.run

    def counting(self):
        sizes.append(len(self.nets))
        run(self)

    with monkeypatch.context() as patch:
        patch.setattr(stack.Stack, "run", counting)
        yield sizes


def parts(kind):
    """Four training sets of a kind: X, y and weights, with unlike numbers of rows."""
    X, y = targets(kind)
    weight = np.random.RandomState(0).uniform(0.5, 2, len(X))
    cuts = slice(None), slice(0, 118), slice(7, None), slice(2, 119)
    return [(X[cut], y[cut], weight[cut] if i else None) for i, cut in enumerate(cuts)]


def alone(estimators, data):
    return [net.fit(*part) for net, part in zip(estimators, data, strict=True)]


def check(together, make, data):
    """Estimators from `make()`, fitted alone and together, are the same; gives the session."""
    expected = alone(make(), data)
    nets = make()
    session = together(nets, data)
    for a, b in zip(expected, nets, strict=True):
        assert_same(a, b)
    return session


def estimator(kind, **params):
    cls = MLPRegressor if kind in ("regression", "counts", "multioutput") else MLPClassifier
    return cls(**{**TORCH, **params})


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
    kind = "counts" if loss == "poisson" else "regression"
    params = {"loss": loss, "activation": activation, **ALL_NOISE, "target_noise_std": 0.2}
    if loss == "poisson":
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
    with pytest.raises(DivergenceError, match=r"epoch \d+ at learning_rate_init=1e\+200.*lower"):
        together(nets, data)
    assert not hasattr(nets[1], "coefs_")
    for i in (0, 2):
        assert_same(make()[i].fit(*data[i]), nets[i])


@pytest.mark.parametrize(
    ("budget", "sizes"), [(1, []), (250, [2, 2]), (300, [2, 2]), (399, [2, 2]), (400, [4])]
)
def test_a_memory_budget_splits_the_nets(together, budget, sizes, monkeypatch):
    monkeypatch.setattr(stacking, "bytes_of", lambda problem: 100)
    data = parts("regression")

    def make():
        return [estimator("regression", random_state=i, **ALL_NOISE) for i in range(4)]

    expected, nets = alone(make(), data), make()
    with counted_stacks(monkeypatch) as found:
        together(nets, data, memory_budget=budget)
    assert found == sizes
    for a, b in zip(expected, nets, strict=True):
        assert_same(a, b)


class ReadyError(Exception):
    """Carries a net that is ready to train out of `fit`."""


def ready(monkeypatch, net, X, y):
    """The skorch net of an estimator, its problem posed."""

    def stop(net):
        raise ReadyError(net)

    with monkeypatch.context() as patch:
        patch.setattr(train, "train", stop)
        with pytest.raises(ReadyError) as info:
            net.fit(X, y)
    return info.value.args[0]


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
    assert stacking.signature(net) is None


def test_sparse_rows_train_alone(monkeypatch):
    X, y = targets("regression")
    assert stacking.signature(ready(monkeypatch, estimator("regression"), csr_matrix(X), y)) is None


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
    pair = [stacking.signature(ready(monkeypatch, net, X, y)) for net in (plain, other)]
    assert (pair[0] == pair[1]) is same
    assert None not in pair


def test_an_error_outside_of_stacks_stays_with_its_net(monkeypatch):
    nets = [ready(monkeypatch, estimator("regression", engine="compiled"), *targets("regression"))]
    nets *= 2
    boom = ValueError("boom")

    def fail(net):
        raise boom

    assert stacking.train_together(nets, train_alone=fail) == [boom, boom]
    assert stacking.train_together([]) == []


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
    step, n_steps = stack_step.Step.take, []

    def watched(self, line, constants):
        self.noise.draws = None  # as on a GPU
        n_steps.append(line)
        with NoWaiting():
            return step(self, line, constants)

    monkeypatch.setattr(stack_step.Step, "take", watched)
    strengths = {k: v for k, v in STRENGTHS.items() if k not in ("learning_rate", "max_iter")}
    nets = [
        estimator("regression", random_state=i, **{k: v[i] for k, v in strengths.items()}, **extra)
        for i in range(3)
    ]
    together(nets, parts("regression")[:3])
    assert len(n_steps) == 12 * 5


# --- draws


@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1])
def test_the_words_of_tensors_are_the_compiled_ones(seed):
    draws = compiled.draws(np.dtype("float64"))
    seeds = torch.from_numpy(np.array([seed], np.uint64).view(np.int64))
    for role, step in [(streams.INPUT_NOISE, 1), (streams.DROPOUT + 2, 12345)]:
        key = np.uint64(draws.stream_key(np.uint64(seed), role, step))
        words = np.empty(9, np.uint64)
        draws.fill_words(key, words)
        keys = streams.torch_stream_keys(seeds, role, torch.tensor([step]))
        assert keys.numpy().view(np.uint64)[0] == key
        assert_array_equal(streams.torch_words(keys, 9)[0].numpy().view(np.uint64), words)
        assert_array_equal(streams.torch_bits(keys, 34)[0], words.view(np.uint16)[:34])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normals_of_tensors_are_normal(dtype):
    keys = torch.tensor([1, 2])
    first, second = streams.torch_normals(keys, 100_000, dtype).double().numpy()
    assert stats.kstest(first, "norm").pvalue > 0.001
    assert stats.kstest(second, "norm").pvalue > 0.001
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.015
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.015
    assert np.abs(first).max() < 7


def stack_noise(seeds, stds, rates, n_layers=2):
    plans, layers = np.zeros(len(seeds), PLAN), np.zeros((len(seeds), n_layers), LAYER)
    plans["seed"], plans["input_std"], plans["weight_std"] = seeds, stds, stds
    layers["drop_threshold"] = np.round(np.array(rates)[:, None] * 65536)
    noise = StackNoise(plans, layers, None, torch.float64, torch.device("cpu"))
    noise.begin_step(torch.arange(3, 3 + len(seeds)))
    return noise


def test_draws_on_a_device_do_not_depend_on_the_neighbours():
    three = stack_noise([5, 6, 7], [0.5, 0.0, 2.0], [0.3, 0.0, 0.5])
    x = torch.ones(3, 400, 50, dtype=torch.float64)
    noisy, dropped = three.inputs(x), three.dropout(1, x)
    assert_allclose((noisy - x).flatten(1).std(dim=1), [0.5, 0.0, 2.0], rtol=0.02)
    assert_allclose((dropped == 0).double().flatten(1).mean(dim=1), [0.3, 0, 0.5], atol=0.01)
    assert_allclose(dropped.flatten(1).mean(dim=1), np.ones(3), atol=0.02)
    assert not torch.equal(three.weights(0, x), three.weights(1, x))
    one = stack_noise([7], [2.0], [0.5])
    one.begin_step(torch.tensor([5]))
    shorter = x[2:, :300]
    assert torch.equal(one.inputs(shorter)[0], noisy[2, :300])
    assert torch.equal(one.dropout(1, shorter)[0], dropped[2, :300])


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
        monkeypatch.setattr(gathering, "gathers", lambda net: stacking.signature(net) is not None)
        with (
            counted_stacks(monkeypatch) as sizes,
            parallel_config(backend="skreg", n_jobs=-1 if n_jobs is None else n_jobs),
        ):
            together = search.fit(X, y).cv_results_["mean_test_score"]
    assert_allclose(together, expected, rtol=1e-8)
    assert np.isnan(expected).sum() == 3
    assert sizes
    assert max(sizes) > 1
