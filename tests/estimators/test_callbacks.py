"""scikit-learn's callbacks (from 1.9 on): what they are told, in every way of training."""

import io
import re
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingRegressor, MLPClassifier, MLPRegressor, RacingSearchCV
from tests._nets import make, same

N_EPOCHS = 6
LEAF = "candidate on a split"
LENGTH = {"max_iter": N_EPOCHS, "n_iter_no_change": N_EPOCHS, "random_state": 0}
CONFIGURATIONS = [
    {},
    {"engine": "torch"},
    {"batch_size": 7},
    {"solver": "lbfgs"},
    {"averaging": "swa", "averaging_start": 0.2},
    {"n_snapshots": 3, "learning_rate": "cosine"},
    {"early_stopping": True},
    {"early_stopping": True, "scoring": "neg_mean_absolute_error"},
    {"early_stopping": "refit"},
    {"normalization": "batch", "residual": True, "hidden_layer_sizes": (8, 8)},
]


@pytest.fixture
def diabetes():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return X[:100] * 20, y[:100]


class Recorder:
    """Notes every call; stops training after `stop_after` epochs, raises in epoch `raise_in`."""

    def __init__(self, stop_after=None, raise_in=None):
        self.stop_after, self.raise_in, self.calls = stop_after, raise_in, []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name, context.task_id))
        if context.task_name == "epoch" and context.task_id + 1 == self.raise_in:
            raise OSError("no more paper")

    def on_fit_task_end(self, estimator, context):
        self.calls.append(("end", context.task_name, context.task_id))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after

    def epochs(self, event="end"):
        return [call[2] for call in self.calls if call[:2] == (event, "epoch")]


@pytest.mark.parametrize("params", CONFIGURATIONS, ids=str)
def test_the_last_score_is_that_of_the_fitted_estimator(diabetes, params):
    monitor = ScoringMonitor(scoring="r2")
    net = MLPRegressor(**LENGTH | params).set_callbacks(monitor).fit(*diabetes)
    log = monitor.get_logs().data_as_pandas
    trained = log[log["task_name"] == "epoch"]
    in_order = trained.sort_values("task_id_path")
    assert in_order["r2"].iloc[-1] == net.score(*diabetes)
    assert in_order["r2"].nunique() > 2
    whole = log[log["task_name"] == "fit"]
    assert whole["r2"].item() == net.score(*diabetes)


@pytest.mark.parametrize("params", CONFIGURATIONS, ids=str)
def test_callbacks_change_no_bit_of_the_fit(diabetes, params):
    net = MLPRegressor(**LENGTH | params)
    watched = clone(net).set_callbacks(ScoringMonitor(scoring="r2"), Recorder())
    for a, b in zip(net.fit(*diabetes).coefs_, watched.fit(*diabetes).coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    assert net.loss_curve_ == watched.loss_curve_


def test_a_classifier_s_scores():
    X, y = load_iris(return_X_y=True)
    labels = np.array(["one", "two", "three"])[y]
    monitor = ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    net = MLPClassifier(**LENGTH).set_callbacks(monitor).fit(X, labels)
    log = monitor.get_logs().data_as_pandas
    assert log["accuracy"].iloc[-1] == net.score(X, labels)
    assert log["neg_log_loss"].iloc[-1] > log["neg_log_loss"].iloc[1]


@pytest.mark.parametrize("kind", ["conv-classifier", "net-classifier"])
def test_callbacks_of_nets_that_train_in_torch(kind):
    net, X, y = make(kind)
    monitor = ScoringMonitor(scoring="accuracy")
    watched = clone(net).set_callbacks(monitor).fit(X, y)
    assert same(watched, net.fit(X, y))
    log = monitor.get_logs().data_as_pandas
    log = log[log["task_name"] == "epoch"].sort_values("task_id_path")
    assert len(log) == net.n_iter_
    assert log["accuracy"].iloc[-1] == net.score(X, y)


def test_scores_are_weighted_as_the_fit_is(diabetes):
    X, y = diabetes
    weight = np.arange(len(y)) % 3 + 1.0
    monitor = ScoringMonitor(scoring="r2")
    net = MLPRegressor(**LENGTH).set_callbacks(monitor).fit(X, y, sample_weight=weight)
    log = monitor.get_logs().data_as_pandas
    assert log["r2"].iloc[-1] == net.score(X, y, sample_weight=weight) != net.score(X, y)


def test_every_epoch_begins_and_ends_once(diabetes):
    recorder = Recorder()
    MLPRegressor(**LENGTH).set_callbacks(recorder).fit(*diabetes)
    epochs = [(event, "epoch", i) for i in range(N_EPOCHS) for event in ("begin", "end")]
    outer = ("begin", "fit", 0), ("end", "fit", 0)
    assert recorder.calls == ["setup", outer[0], *epochs, outer[1], "teardown"]


def test_refit_has_a_part_for_each_training(diabetes):
    recorder = Recorder()
    net = MLPRegressor(**LENGTH | {"early_stopping": "refit"})
    net.set_callbacks(recorder).fit(*diabetes)
    outer = [call[1:] for call in recorder.calls if call[0] == "end" and call[1] != "epoch"]
    assert outer == [("early-stopping", 0), ("refit", 1), ("fit", 0)]
    assert recorder.epochs() == [*range(N_EPOCHS), *range(net.best_epoch_)]


@pytest.mark.parametrize("params", CONFIGURATIONS[:5], ids=str)
def test_a_callback_stops_training(diabetes, params):
    net = MLPRegressor(**LENGTH | params).set_callbacks(Recorder(stop_after=3)).fit(*diabetes)
    assert net.n_iter_ == 3
    shorter = clone(MLPRegressor(**LENGTH | params)).set_callbacks(Recorder(stop_after=2))
    assert shorter.fit(*diabetes).loss_curve_ == net.loss_curve_[:2]


def test_a_callback_that_raises_leaves_the_estimator_as_it_was(diabetes):
    recorder = Recorder(raise_in=2)
    net = MLPRegressor(**LENGTH).set_callbacks(recorder)
    before = dict(vars(net))
    with pytest.raises(OSError, match="no more paper"):
        net.fit(*diabetes)
    assert vars(net) == before
    assert recorder.calls[-1] == "teardown"


def test_without_callbacks_no_epoch_is_looked_at(diabetes, monkeypatch):
    monkeypatch.setattr(MLPRegressor, "_init_callback_context", None)
    net = MLPRegressor(**LENGTH).set_callbacks(Recorder()).set_callbacks()
    assert net.fit(*diabetes).n_iter_ == N_EPOCHS
    assert not hasattr(net, "_skl_callbacks")


@contextmanager
def terminal_of(monkeypatch):
    """What goes to stdout meanwhile."""
    text = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", text)
        yield text


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "skreg"])
def test_epochs_of_a_search_under_every_backend(diabetes, monkeypatch, backend):
    pipeline = make_pipeline(StandardScaler(), MLPRegressor(**LENGTH))
    search = GridSearchCV(pipeline, {"mlpregressor__alpha": [0.1, 1.0]}, cv=2)
    plain = clone(search).fit(*diabetes)
    bar, recorder = ProgressBar(max_propagation_depth=2), Propagated()
    search.set_callbacks(bar, recorder)
    with terminal_of(monkeypatch) as text, parallel_config(backend=backend, n_jobs=2):
        search.fit(*diabetes)
    bars = [line for line in text.getvalue().splitlines() if "MLPRegressor - fit" in line]
    assert len(bars) >= 5  # four fits and the refit
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(search.cv_results_[name], plain.cv_results_[name])
    if backend != "loky":  # whose processes have recorders of their own
        assert sorted(recorder.epochs()) == sorted([*range(N_EPOCHS)] * 5)


class Propagated(Recorder):
    """Goes to the estimators within the one it is set on."""

    max_propagation_depth = None


def test_a_monitor_on_the_net_within_a_search(diabetes):
    monitor = ScoringMonitor(scoring="r2")
    net = MLPRegressor(**LENGTH).set_callbacks(monitor)
    search = GridSearchCV(net, {"alpha": [0.1, 1.0]}, cv=2)
    with parallel_config(backend="skreg", n_jobs=2):
        search.fit(*diabetes)
    log = monitor.get_logs().data_as_pandas
    assert (log["task_name"] == "epoch").sum() == 5 * N_EPOCHS
    last = log.sort_values("task_id_path").iloc[-1]
    assert last["r2"] == pytest.approx(search.best_estimator_.score(*diabetes))


def test_members_of_an_ensemble(diabetes):
    recorder = Propagated()
    ensemble = BaggingRegressor(MLPRegressor(**LENGTH), n_estimators=3, random_state=0)
    plain = clone(ensemble).fit(*diabetes)
    ensemble.set_callbacks(recorder).fit(*diabetes)
    assert sorted(recorder.epochs()) == sorted([*range(N_EPOCHS)] * 3)
    np.testing.assert_array_equal(ensemble.predict(diabetes[0]), plain.predict(diabetes[0]))
    ensemble.set_params(n_estimators=5, warm_start=True).fit(*diabetes)
    assert len(recorder.epochs()) == 5 * N_EPOCHS


def test_the_html_lists_the_changed_parameters():
    net = MLPRegressor(alpha=0.125, dropout=0.25)
    assert shown_parameters(net) == ["alpha", "dropout"]
    assert shown_parameters(make_pipeline(net)["mlpregressor"]) == ["alpha", "dropout"]
    assert shown_parameters(MLPRegressor()) == []
    with config_context(print_changed_only=False):
        assert set(shown_parameters(net)) == set(net.get_params())


def shown_parameters(estimator):
    """Names in the table of an estimator's HTML."""
    return re.findall(r"Copy (\w+) to clipboard", estimator._repr_html_())


@pytest.mark.parametrize("refit", [True, False, "ensemble"])
def test_a_race_tells_its_rungs_and_what_is_left(diabetes, refit):
    def race():
        net = MLPRegressor(max_iter=9, n_iter_no_change=9, random_state=0)
        space = {"alpha": [10.0**-k for k in range(9)]}
        return RacingSearchCV(net, space, n_candidates=9, cv=2, refit=refit, random_state=0)

    recorder, monitor = Recorder(), ScoringMonitor(scoring="r2")
    told = race().set_callbacks(recorder, monitor).fit(*diabetes)
    plain = race().fit(*diabetes)
    assert_allclose(told.rung_scores_, plain.rung_scores_, rtol=0)
    best = np.nanmax(told.rung_scores_, axis=0)
    tasks = [call[1] for call in recorder.calls if call[0] == "begin" and call[1] != LEAF]
    assert tasks == [
        "fit",
        "rung 1 of 3, 9 candidates",
        f"rung 2 of 3, 3 candidates, best score {best[0]:.4f}",
        f"rung 3 of 3, 1 candidate, best score {best[1]:.4f}",
        *(["refit"] if refit else []),
    ]
    leaves = [call for call in recorder.calls if call[1] == LEAF]
    assert len(leaves) == 2 * 2 * (9 + 3 + 1)
    assert recorder.calls[0] == "setup"
    assert recorder.calls[-1] == "teardown"
