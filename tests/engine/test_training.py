"""Early stopping, partial_fit, warm_start, callbacks: how fits end, go on and are watched."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, Checkpoint, EpochScoring, LRScheduler, PrintLog

from skreg import MLPClassifier, MLPRegressor
from skreg.engine import block_length
from tests._data import learnt, targets

ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])
BOTH = pytest.mark.parametrize(
    ("cls", "kind"), [(MLPRegressor, "regression"), (MLPClassifier, "multiclass")]
)
NOISY = {"dropout": 0.2, "noise_std": 0.1, "weight_noise_std": 0.02, "random_state": 0}
FIXED = {"tol": 0.0, "n_iter_no_change": 1000}


def assert_same(a, b, rtol=0.0):
    for x, z in zip(learnt(a), learnt(b), strict=True):
        assert_allclose(x, z, rtol=rtol, atol=rtol)


# --- early stopping


@ENGINES
@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_early_stopping_restores_the_best_epoch(cls, kind, engine, solver):
    X, y = targets(kind)
    params = {"solver": solver, "engine": engine, "random_state": 0, "learning_rate_init": 0.02}
    params.update(alpha=0.0, dtype="float64", n_iter_no_change=8, max_iter=300)
    net = cls(early_stopping=True, **params)
    net.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    scores = np.array(net.validation_scores_)
    assert net.best_epoch_ == scores.argmax() + 1 < net.n_iter_ < 300
    assert net.best_validation_score_ == scores.max()
    shorter = cls(**{**params, "max_iter": net.best_epoch_, "tol": 0.0, "n_iter_no_change": 999})
    if solver == "lbfgs":
        shorter.set_params(tol=1e-4)
    shorter.fit(X[:60], y[:60])
    assert_same(net, shorter, rtol=1e-9)


@BOTH
def test_validation_rows_without_early_stopping_are_only_measured(cls, kind):
    X, y = targets(kind)
    params = {"max_iter": 30, **FIXED, **NOISY}
    watched = cls(**params).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert_same(watched, cls(**params).fit(X[:60], y[:60]))
    assert len(watched.validation_scores_) == watched.n_iter_ == 30
    assert watched.best_epoch_ is None


@BOTH
def test_the_validation_loss_is_free_of_noise_and_penalties(cls, kind):
    X, y = targets(kind)
    regularized = {"alpha": 5.0, "dropout": 0.5, "noise_std": 1.0, "weight_noise_std": 0.5}
    net = cls(max_iter=3, random_state=0, dtype="float64", **regularized, **FIXED)
    net.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    if cls is MLPRegressor:
        expected = ((net.predict(X[60:]) - y[60:]) ** 2).mean() / 2 / net.target_scale_[0] ** 2
    else:
        p = net.predict_proba(X[60:])
        expected = -np.log(p[np.arange(60), np.searchsorted(net.classes_, y[60:])]).mean()
    assert_allclose(-net.validation_scores_[-1], expected, rtol=1e-9)


# --- going on


@ENGINES
@BOTH
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"learning_rate": "cosine"},
        {"batch_size": 25},
        NOISY,
        {"normalization": "batch", "batch_size": 25, "averaging": "ema"},
    ],
    ids=str,
)
def test_n_epochs_are_n_calls_of_partial_fit(cls, kind, engine, params):
    X, y = targets(kind)
    params = {"random_state": 0, **params, "shuffle": False, "engine": engine, "dtype": "float64"}
    net = cls(max_iter=6, **FIXED, **params).fit(X, y)
    step = cls(max_iter=6, **params)
    for _ in range(6):
        step.partial_fit(X, y, **({"classes": np.unique(y)} if cls is MLPClassifier else {}))
    assert_same(net, step, rtol=1e-9)
    assert step.n_iter_ == 1
    assert_allclose(step.loss_curve_, net.loss_curve_, rtol=1e-9)


@ENGINES
@BOTH
def test_two_warm_fits_are_one_long_fit(cls, kind, engine):
    X, y = targets(kind)
    params = {"engine": engine, "dtype": "float64", "batch_size": 25, **FIXED, **NOISY}
    params["shuffle"] = False
    long = cls(max_iter=8, **params).fit(X, y)
    warm = cls(max_iter=4, warm_start=True, **params).fit(X, y)
    copy = pickle.loads(pickle.dumps(warm))
    assert_same(long, warm.fit(X, y), rtol=1e-9)
    assert_same(long, copy.fit(X, y), rtol=1e-9)
    assert warm.n_iter_ == 4
    assert len(warm.loss_curve_) == 8


def test_chunks_of_any_size_and_scale_are_learnt():
    X, y = targets("regression")
    net = MLPRegressor(random_state=0, learning_rate_init=0.01)
    order = np.random.RandomState(0).randint(0, len(X), 3000)
    for start, size in zip(range(0, 2900, 29), np.resize([1, 5, 80], 100), strict=True):
        rows = order[start : start + size]
        net.partial_fit(X[rows], 1000 + 50 * y[rows])
    assert net.score(X, 1000 + 50 * y) > 0.4
    first = MLPRegressor(random_state=0).partial_fit(X[:1], y[:1])
    assert np.isfinite(first.predict(X)).all()


def test_rescaling_the_target_keeps_the_predictions():
    X, y = targets("regression")
    for loss, shift in [("squared_error", 500.0), ("poisson", 0.0)]:
        net = MLPRegressor(loss, random_state=0, dtype="float64").partial_fit(X, y)
        before = net.predict(X)
        net.set_params(learning_rate_init=1e-12)
        net._memory.first[:], net._memory.progress["learning_rate"] = 0, 1e-12
        net.partial_fit(X, 10 * y + shift)
        assert_allclose(net.predict(X), before, rtol=1e-6)
        assert net.target_scale_[0] > 2


def test_without_warm_start_no_optimizer_state_is_kept():
    X, y = targets("regression")
    assert MLPRegressor(max_iter=2).fit(X, y)._memory is None
    small, large = (
        len(pickle.dumps(MLPRegressor(max_iter=2, warm_start=w).fit(X, y))) for w in (False, True)
    )
    assert small < large


def test_partial_fit_is_there_where_it_means_something():
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")
    assert not hasattr(MLPRegressor(early_stopping=True), "partial_fit")
    assert not hasattr(MLPClassifier(class_weight="balanced"), "partial_fit")
    X, y = targets("binary")
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MLPClassifier().partial_fit(X, y)
    net = MLPClassifier().partial_fit(X[:5], ["no"] * 5, classes=["yes", "no"])
    with pytest.raises(ValueError, match=r"not among the classes \['no' 'yes'\].*maybe"):
        net.partial_fit(X[:5], ["maybe"] * 5)


# --- being watched


class Watcher(Callback):
    """Counts events and stops training at an epoch."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at

    def initialize(self):
        self.events = []
        return self

    def on_train_begin(self, net, **kwargs):
        self.events.append("train_begin")

    def on_epoch_end(self, net, **kwargs):
        self.events.append(len(net.history))
        if len(net.history) == self.stop_at:
            raise KeyboardInterrupt

    def on_batch_end(self, net, training, **kwargs):
        self.events.append("batch")

    def on_train_end(self, net, **kwargs):
        self.events.append("train_end")


def test_callbacks_see_every_batch_and_may_stop_training():
    X, y = targets("regression")
    watcher = Watcher(stop_at=2)
    net = MLPRegressor(callbacks=[watcher], batch_size=60, random_state=0).fit(X, y)
    assert watcher.events == ["train_begin", "batch", "batch", 1, "batch", "batch", 2, "train_end"]
    assert net.n_iter_ == 2
    plain = MLPRegressor(batch_size=60, random_state=0, max_iter=2).fit(X, y)
    assert_same(net, plain, rtol=1e-4)


def test_a_callback_may_stop_in_the_middle_of_an_epoch():
    class Stop(Callback):
        def on_batch_end(self, net, training, **kwargs):
            raise KeyboardInterrupt

    X, y = targets("regression")
    net = MLPRegressor(callbacks=[Stop()], batch_size=60, random_state=0).fit(X, y)
    assert net.n_iter_ == 0
    assert net.t_ == 0
    assert np.isfinite(net.predict(X)).all()
    with pytest.raises(ValueError, match="belongs to a fitted estimator"):
        net.net_.partial_fit(X, y)


def test_skorchs_checkpoint_knows_the_best_epochs(tmp_path):
    X, y = targets("regression")
    saved = Checkpoint(dirname=tmp_path)
    net = MLPRegressor(callbacks=[saved], max_iter=5, random_state=0)
    net.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert net.net_.history[0, "valid_loss_best"]
    assert (tmp_path / "params.pt").exists()


def test_skorchs_own_callbacks_work():
    X, y = targets("regression")
    steps = LRScheduler("StepLR", step_size=2, gamma=0.1)
    scoring = EpochScoring("neg_mean_squared_error", lower_is_better=False, on_train=True)
    net = MLPRegressor(callbacks=[steps, scoring], max_iter=6, random_state=0).fit(X, y)
    mse = net.net_.history[:, "neg_mean_squared_error"]
    assert mse[-1] > mse[0]
    held_out = EpochScoring("r2", lower_is_better=False)
    watched = MLPRegressor(callbacks=[held_out], max_iter=6, random_state=0)
    watched.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert_allclose(watched.net_.history[-1, "r2"], watched.score(X[80:], y[80:]), rtol=1e-4)
    assert_allclose(steps.lr_scheduler_.get_last_lr(), 1e-6, rtol=1e-6)
    constant = MLPRegressor(max_iter=6, random_state=0).fit(X, y)
    assert np.abs(constant.coefs_[0] - net.coefs_[0]).max() > 1e-4


def test_a_callback_that_only_reads_runs_compiled(capsys):
    X, y = targets("regression")
    net = MLPRegressor(callbacks=[PrintLog()], max_iter=3, engine="compiled", verbose=1)
    net.fit(X, y)
    assert "train_loss" in capsys.readouterr().out
    with pytest.raises(ValueError, match="engine='compiled'.*callbacks"):
        net.set_params(callbacks=[Watcher()]).fit(X, y)


def test_ctrl_c_goes_through_and_leaves_the_estimator_unfitted(monkeypatch):
    X, y = targets("regression")

    def interrupted(self, most):
        raise KeyboardInterrupt

    monkeypatch.setattr(block_length.Pacing, "epochs", interrupted)
    net = MLPRegressor()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    assert not hasattr(net, "coefs_")


@ENGINES
def test_the_size_of_blocks_does_not_change_the_net(monkeypatch, engine):
    X, y = targets("regression")
    params = {"batch_size": 7, "engine": engine, "max_iter": 6, "early_stopping": True, **NOISY}
    params["learning_rate"] = "cosine"
    whole = MLPRegressor(**params).fit(X, y)
    for n_steps in (1, 5, 40):
        monkeypatch.setattr(block_length.Pacing, "steps", lambda self, n=n_steps: n)
        assert_same(whole, MLPRegressor(**params).fit(X, y))


def test_verbose_prints_the_loss_of_each_epoch(capsys):
    X, y = targets("regression")
    net = MLPRegressor(max_iter=3, verbose=True, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    expected = [f"Iteration {i}, loss = {v:.8f}" for i, v in enumerate(net.loss_curve_, 1)]
    assert lines == expected


@pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning")
def test_at_most_one_convergence_warning_and_none_for_a_chosen_length():
    X, y = targets("regression")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(3\)") as record:
        MLPRegressor(max_iter=3, n_iter_no_change=2).fit(X, y)
    assert len(record) == 1
    with pytest.warns(ConvergenceWarning, match="lbfgs"):
        MLPRegressor(max_iter=3, solver="lbfgs").fit(X, y)
    for params in ({"n_iter_no_change": 3}, {"learning_rate": "cosine", "n_iter_no_change": 2}):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            MLPRegressor(max_iter=3, **params).fit(X, y)


def test_the_net_can_be_looked_at_and_is_built_again_after_pickling():
    X, y = targets("regression")
    net = MLPRegressor(max_iter=4, early_stopping=True, random_state=0).fit(X, y)
    for copy in (net, pickle.loads(pickle.dumps(net)), deepcopy(net)):
        assert_array_equal(copy.net_.history[:, "train_loss"], net.loss_curve_)
        assert_array_equal(copy.net_.module_.layers[0].weight.detach().numpy(), net.coefs_[0].T)
        raw = copy.net_.predict(X.astype(np.float32))
        expected = copy.net_.predict(X.astype(np.float32)) * net.target_scale_ + net.target_mean_
        assert_allclose(net.predict(X), expected[:, 0], rtol=1e-4)
        assert raw.shape == (len(X), 1)
        assert copy.net_.training is None
    again = pickle.loads(pickle.dumps(net.net_))
    assert_array_equal(again.predict(X.astype(np.float32)), net.net_.predict(X.astype(np.float32)))
    changed = pickle.loads(pickle.dumps(net)).set_params(
        activation="tanh", hidden_layer_sizes=(9, 9), dropout=[0.1, 0.2]
    )
    assert_array_equal(changed.net_.predict(X.astype(np.float32)), raw)
