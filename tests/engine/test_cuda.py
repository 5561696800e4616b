"""Everything on a GPU: the nets of the CPU where nothing is drawn, their spread where it is."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.ensemble import BaggingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import skreg
from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier, MLPRegressor
from skreg.augmentation import ImageAugment, SignalAugment
from skreg.engine.torch import stack
from tests import _nets, _table
from tests._data import digits, targets
from tests.engine.test_engines import ALL_NOISE, PARAMS, assert_same

pytestmark = pytest.mark.cuda

DEVICE = "cuda"
DRAWS = {"dropout", "input_dropout", "noise_std", "weight_noise_std", "target_noise_std"}
DRAWS |= {"drop_path", "augment"}
DETERMINED = [
    pytest.param(kind, row, id=name)
    for name, kind, row in _table.settings()
    if not DRAWS & {row.name, *row.base}
]
DRAWN = [
    pytest.param(kind, row, id=name)
    for name, kind, row in _table.settings()
    if DRAWS & {row.name, *row.base}
]


def net_of(kind, **params):
    cls = MLPRegressor if kind == "regressor" else MLPClassifier
    return cls(**{**PARAMS, "hidden_layer_sizes": (8,), "engine": "torch", **params})


def rows_of(kind):
    return targets("regression" if kind == "regressor" else "multiclass")


# --- equal to the CPU's, or spread as they are


@pytest.mark.parametrize(("kind", "row"), DETERMINED)
def test_a_net_is_that_of_the_cpu(kind, row):
    X, y = rows_of(kind)
    for value in row.values:
        params = {**row.base, row.name: value}
        nets = [net_of(kind, **params, device=d).fit(X, y) for d in ("cpu", DEVICE)]
        assert_same(*nets, rtol=1e-6)


@pytest.mark.parametrize(("kind", "row"), DRAWN)
def test_what_draws_acts_and_repeats(kind, row):
    X, y = rows_of(kind)
    both = [{**row.base, row.name: value, "device": DEVICE} for value in row.values]
    first, second, again = (net_of(kind, **params).fit(X, y) for params in [*both, both[1]])
    assert np.isfinite(second.loss_curve_).all()
    assert not np.allclose(first.coefs_[-1], second.coefs_[-1], rtol=1e-4)
    assert_same(second, again, rtol=1e-6)


def test_noise_is_that_of_the_cpu_in_distribution():
    X, y = targets("regression")
    params = {**ALL_NOISE, "target_noise_std": 0.1, "dropout": 0.2, "max_iter": 60}
    predictions = [
        [net_of("regressor", **params, device=d, random_state=i).fit(X, y).predict(X[:20])
         for i in range(24)]
        for d in ("cpu", DEVICE)
    ]  # fmt: skip
    cpu, gpu = np.array(predictions)
    error = np.sqrt((cpu.var(axis=0) + gpu.var(axis=0)) / 24)
    # 20 rows, correlated: 4 standard errors
    assert (np.abs(cpu.mean(axis=0) - gpu.mean(axis=0)) < 4 * error).all()
    assert 0.6 < (gpu.std(axis=0) / cpu.std(axis=0)).mean() < 1.6


@pytest.mark.parametrize("kind", _nets.KINDS)
def test_conv_nets_and_modules_are_those_of_the_cpu(kind):
    estimator, X, y = _nets.make(kind, dtype="float64", alpha=0.01, early_stopping=True)
    cpu, gpu = (clone(estimator).set_params(device=d).fit(X, y) for d in ("cpu", DEVICE))
    for a, b in zip(cpu.coefs_, gpu.coefs_, strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert_allclose(cpu.loss_curve_, gpu.loss_curve_, rtol=1e-6)
    assert_allclose(cpu.predict(X), gpu.predict(X))


@pytest.mark.parametrize(
    "pretrainer",
    [
        MaskedPretrainer(mask_loss_weight=1.0),
        MaskedPretrainer(corruption="gaussian", early_stopping=True),
        ContrastivePretrainer(),
        ContrastivePretrainer(temperature=0.3),
    ],
    ids=["masked", "gaussian", "contrastive", "warmer"],
)
def test_pretrainers_are_those_of_the_cpu(pretrainer):
    X, _ = targets("regression")
    length = {"max_iter": 5, "batch_size": 30, "dtype": "float64", "random_state": 0}
    pretrainer.set_params(**length, engine="torch")
    cpu, gpu = (clone(pretrainer).set_params(device=d).fit(X) for d in ("cpu", DEVICE))
    assert_allclose(cpu.loss_curve_, gpu.loss_curve_, rtol=1e-6)
    assert_allclose(cpu.transform(X), gpu.transform(X), rtol=1e-5, atol=1e-6)
    net = MLPRegressor(pretrained=FrozenEstimator(gpu), **length, device=DEVICE).fit(X, X[:, 0])
    assert np.isfinite(net.predict(X)).all()


def test_views_by_a_transform_are_drawn_there():
    X, _ = targets("regression")
    views = SignalAugment(0.2, 0.3)
    length = {"max_iter": 5, "batch_size": 30, "random_state": 0}
    pretrainer = ContrastivePretrainer(views=views, device=DEVICE, **length)
    first, again = clone(pretrainer).fit(X), clone(pretrainer).fit(X)
    assert np.isfinite(first.loss_curve_).all()
    assert_allclose(first.loss_curve_, again.loss_curve_, rtol=1e-4)


@pytest.mark.parametrize("params", [{}, {"noise_std": 0.1}, {"averaging": "ema"}], ids=str)
def test_a_fit_goes_on_as_on_the_cpu(params):
    X, y = targets("regression")
    nets = []
    for device in ("cpu", DEVICE):
        net = net_of("regressor", **params, device=device, warm_start=True, max_iter=4)
        nets.append(net.fit(X, y).fit(X, y))
        assert np.isfinite(nets[-1].loss_curve_).all()
        assert len(nets[-1].loss_curve_) == 8
    if not params.get("noise_std"):
        assert_same(*nets, rtol=1e-6)


# --- what a fitted net does afterwards


@pytest.mark.parametrize("kind", _nets.KINDS)
def test_a_net_predicts_anywhere(kind, tmp_path):
    estimator, X, y = _nets.make(kind, device=DEVICE, early_stopping=True)
    expected = estimator.fit(X, y).predict(X)
    on_cpu = copy.deepcopy(estimator).set_params(device="cpu")
    assert_allclose(on_cpu.predict(X), expected, rtol=1e-4)
    assert_allclose(pickle.loads(pickle.dumps(on_cpu)).predict(X), on_cpu.predict(X))
    if kind.startswith("conv"):
        skreg.save(estimator, tmp_path / "net")
        assert_allclose(skreg.load(tmp_path / "net").predict(X), expected, rtol=1e-4)


def test_dropout_at_prediction():
    X, y = targets("regression")
    net = net_of("regressor", device=DEVICE, dropout=0.3).fit(X, y)
    mean, std = net.predict(X, return_std=True)
    assert (std > 0).all()
    assert np.isfinite(mean).all()


@pytest.mark.parametrize("estimator", [MLPRegressor(), MLPClassifier()], ids=["reg", "clf"])
def test_scikit_learns_checks(estimator):
    estimator.set_params(device=DEVICE, max_iter=60, learning_rate_init=0.02, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(estimator)


# --- many at once


@pytest.mark.parametrize("n_jobs", [2, 30])
def test_a_search_has_the_scores_of_the_cpu(n_jobs):
    X, y = targets("regression")
    grid = {"mlpregressor__alpha": [0.0, 0.1, 1.0], "mlpregressor__learning_rate_init": [0.01, 0.1]}
    scores = []
    for device in ("cpu", DEVICE):
        pipe = make_pipeline(StandardScaler(), net_of("regressor", device=device))
        search = GridSearchCV(pipe, grid, cv=5)
        with parallel_config(backend="skreg", n_jobs=n_jobs):
            scores.append(search.fit(X, y).cv_results_["mean_test_score"])
    assert_allclose(*scores, rtol=1e-6)


def test_a_search_over_regularizers_and_an_ensemble():
    X, y = targets("regression")
    pipe = make_pipeline(StandardScaler(), net_of("regressor", device=DEVICE))
    space = {
        "mlpregressor__dropout": [0.0, 0.2],
        "mlpregressor__noise_std": [0.0, 0.1],
        "mlpregressor__averaging": [None, "ema"],
        "mlpregressor__normalization": [None, "layer"],  # which train alone
        "mlpregressor__hidden_layer_sizes": [(8,), (8, 8)],
    }
    search = RandomizedSearchCV(pipe, space, n_iter=12, cv=3, random_state=0)
    bag = BaggingRegressor(net_of("regressor", device=DEVICE), 20, random_state=0)
    with parallel_config(backend="skreg", n_jobs=36):
        assert np.isfinite(search.fit(X, y).cv_results_["mean_test_score"]).all()
        assert bag.fit(X, y).score(X, y) > 0.4


# --- nobody waits for the device within an epoch

KINDS_OF_STEPS = [
    {},
    {"dropout": 0.2, "noise_std": 0.1, "weight_noise_std": 0.01, "target_noise_std": 0.1},
    {"l1": 0.01, "max_norm": 1.0, "clip_grad_norm": 0.5, "anchor_alpha": 0.1, "alpha": 0.1},
    {"normalization": "batch", "residual": True, "hidden_layer_sizes": (8, 8), "drop_path": 0.1},
    {"gradient_penalty": 0.5},
    {"sam_rho": 0.1, "averaging": "ema"},
    {"mixup_alpha": 0.3, "cutmix_alpha": 0.5, "augment": SignalAugment(0.2, 0.3, 0.1)},
    {"early_stopping": True, "solver": "adamw"},
]


def waits(work):
    """How often the host waits for the device."""
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("called a synchronizing" in str(w.message) for w in seen)


@pytest.mark.parametrize("params", KINDS_OF_STEPS, ids=str)
def test_no_step_of_a_net_waits(params):
    X, y = targets("regression")
    counts = [
        waits(lambda size=size: net_of(
            "regressor", **params, device=DEVICE, batch_size=size, max_iter=3
        ).fit(X, y))
        for size in (50, 50, 5)
    ]  # fmt: skip
    assert counts[2] <= counts[1] + 2


@pytest.mark.parametrize("params", [p for p in KINDS_OF_STEPS if "augment" not in p], ids=str)
def test_no_step_of_a_stack_waits(params, monkeypatch):
    if "normalization" in params:
        params = {"alpha": 0.1}  # such nets train alone
    X, y = targets("regression")
    run, counts = stack.Stack.run, []
    monkeypatch.setattr(stack.Stack, "run", lambda self: counts.append(waits(lambda: run(self))))
    for size in (50, 5):
        net = net_of("regressor", **params, device=DEVICE, batch_size=size, max_iter=3)
        with parallel_config(backend="skreg", n_jobs=5):
            GridSearchCV(net, {"alpha": [0.1, 0.2]}, cv=2, refit=False).fit(X, y)
    assert len(counts) == 2
    assert counts[1] <= counts[0] + 2


def test_images_are_augmented_there():
    X, y = digits(100)
    augment = ImageAugment(horizontal_flip=0.5, degrees=10, translate=0.1, erase=0.2)
    net = skreg.ConvNetClassifier(
        input_shape=(1, 8, 8), channels=(4, 4), augment=augment, device=DEVICE, max_iter=3
    )
    assert np.isfinite(net.fit(X, y).loss_curve_).all()


def test_larger_than_half_of_the_free_memory_stays_on_the_host(monkeypatch):
    X, y = targets("regression")
    there = net_of("regressor", device=DEVICE).fit(X, y)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    assert_same(there, net_of("regressor", device=DEVICE).fit(X, y), rtol=1e-6)
