"""skorch's own callbacks in `callbacks=`: all of them, and what scorers see of every target."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import skorch.callbacks
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from skorch import callbacks as cb

from skreg import ContrastivePretrainer, MLPClassifier, MLPRegressor
from tests._data import targets
from tests._nets import make

N_EPOCHS = 5
QUICK = {"max_iter": N_EPOCHS, "n_iter_no_change": N_EPOCHS, "random_state": 0}
SCORERS = {
    "regression": ["r2", "explained_variance"],
    "multioutput": ["r2"],
    "binary": ["accuracy", "f1_macro", "roc_auc", "neg_log_loss", "f1_weighted"],
    "multiclass": ["accuracy", "f1_macro", "balanced_accuracy", "roc_auc_ovr", "neg_log_loss"],
    "multilabel": ["accuracy", "f1_micro", "roc_auc"],
}
ROWS = [(kind, scoring) for kind, scorings in SCORERS.items() for scoring in scorings]


def data():
    X, y = targets("multiclass")
    return X[:90], y[:90], {"X_val": X[90:], "y_val": y[90:]}


def fitted(*callbacks, **params):
    X, y, validation = data()
    params = {**QUICK, "hidden_layer_sizes": (4,), "engine": "torch", **params}
    return MLPClassifier(callbacks=list(callbacks), **params).fit(X, y, **validation)


def recorded(name):
    return lambda net: len([row for row in net.net_.history if name in row]) == N_EPOCHS


def changed(net):
    return not unchanged(net)


def unchanged(net):
    return np.array_equal(net.coefs_[0], fitted().coefs_[0])


def frozen(net):
    start = fitted(max_iter=1, n_iter_no_change=1, learning_rate_init=1e-30)
    return np.allclose(net.coefs_[0], start.coefs_[0], atol=1e-6) and changed(net)


class Log:
    """What loggers write to."""

    info = SimpleNamespace(run_id="1")

    def write(self, *args, **kwargs):
        self.written = True

    add_scalar = watch = log = log_scalar = log_metric = set_terminated = log_artifact = write
    close = write


def logged(net):
    (logger,) = net.callbacks
    logs = [value for value in vars(logger).values() if isinstance(value, Log)]
    return logs[-1].written and unchanged(net)


def zero(weight):
    weight.data.zero_()


CALLBACKS = [
    # name, how it is made for a directory, what it does to a net of `N_EPOCHS` epochs
    ("BatchScoring", lambda at: cb.BatchScoring("accuracy", False), recorded("accuracy")),
    ("EpochScoring", lambda at: cb.EpochScoring("accuracy", False), recorded("accuracy_best")),
    (
        "PassthroughScoring",
        lambda at: cb.PassthroughScoring("train_batch_size", on_train=True),
        recorded("train_batch_size"),
    ),
    ("Checkpoint", lambda at: cb.Checkpoint(dirname=at), recorded("event_cp")),
    (
        "TrainEndCheckpoint",
        lambda at: cb.TrainEndCheckpoint(dirname=at),
        lambda net: Path(net.callbacks[0].dirname, "train_end_params.pt").exists(),
    ),
    (
        "EarlyStopping",
        lambda at: cb.EarlyStopping(patience=2, threshold=0.9),
        lambda net: net.n_iter_ < N_EPOCHS,
    ),
    ("Freezer", lambda at: cb.Freezer("layers.0.*"), frozen),
    ("Unfreezer", lambda at: cb.Unfreezer("layers.0.*"), unchanged),
    ("Initializer", lambda at: cb.Initializer("layers.1.*", fn=zero), changed),
    ("ParamMapper", lambda at: cb.ParamMapper("layers.1.*", fn=zero, at=2), changed),
    ("GradientNormClipping", lambda at: cb.GradientNormClipping(1e-3), changed),
    ("LRScheduler", lambda at: cb.LRScheduler("StepLR", step_size=1), changed),
    ("WarmRestartLR", lambda at: cb.LRScheduler(cb.WarmRestartLR), changed),
    ("EpochTimer", lambda at: cb.EpochTimer(), recorded("dur")),
    ("PrintLog", lambda at: cb.PrintLog(sink=str), unchanged),
    ("ProgressBar", lambda at: cb.ProgressBar(detect_notebook=False), unchanged),
    ("TensorBoard", lambda at: cb.TensorBoard(Log()), logged),
    ("WandbLogger", lambda at: cb.WandbLogger(Log(), save_model=False), logged),
    ("SacredLogger", lambda at: cb.SacredLogger(Log()), logged),
    ("MlflowLogger", lambda at: cb.MlflowLogger(Log(), Log()), logged),
]
ELSEWHERE = {
    "Callback": "the base class",
    "NeptuneLogger": "imports neptune",
    "LoadInitState": "test_a_checkpoint_is_where_the_next_fit_begins",
    "InputShapeSetter": "test_the_module_is_the_estimators",
}


def test_the_table_has_all_of_skorchs_callbacks():
    there = {name for name in dir(skorch.callbacks) if isinstance(getattr(cb, name), type)}
    assert there == {name for name, *_ in CALLBACKS} | set(ELSEWHERE)


@pytest.mark.parametrize(
    ("make_it", "does"), [pytest.param(*row[1:], id=row[0]) for row in CALLBACKS]
)
def test_each_does_what_it_is_for(make_it, does, tmp_path):
    assert does(fitted(make_it(tmp_path)))
    X, y, _ = data()
    net = MLPClassifier((4,), early_stopping=True, callbacks=[make_it(tmp_path)], **QUICK)
    GridSearchCV(net, {"alpha": [0.0, 1.0]}, cv=2, error_score="raise").fit(X, y)


def test_a_checkpoint_is_where_the_next_fit_begins(tmp_path):
    saved = cb.Checkpoint(dirname=tmp_path, monitor=None)
    first = fitted(saved)
    again = fitted(cb.LoadInitState(saved), learning_rate_init=1e-30)
    assert_allclose(again.coefs_[0], first.coefs_[0], atol=1e-6)


def test_the_module_is_the_estimators():
    with pytest.raises(ValueError, match=r"module__input_dim cannot be set.*Leave out"):
        fitted(cb.InputShapeSetter())


@pytest.mark.parametrize("layout", [np.asarray, csr_matrix], ids=["dense", "csr"])
@pytest.mark.parametrize("caching", [True, False])
@pytest.mark.parametrize(("kind", "scoring"), ROWS)
def test_scores_are_those_of_the_estimator(kind, scoring, caching, layout):
    X, y = targets(kind)
    X = layout(X)
    estimator = MLPRegressor if kind in ("regression", "multioutput") else MLPClassifier
    how = {"lower_is_better": False, "use_caching": caching}
    held_out = cb.EpochScoring(scoring, name="held_out", **how)
    on_train = cb.EpochScoring(scoring, name="on_train", on_train=True, use_caching=False)
    net = estimator(hidden_layer_sizes=(8,), callbacks=[held_out, on_train], **QUICK)
    if estimator is MLPClassifier:
        net.set_params(label_smoothing=0.1)
    net.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    scorer, last = get_scorer(scoring), net.net_.history[-1]
    assert_allclose(last["held_out"], scorer(net, X[80:], y[80:]), rtol=1e-4)
    assert_allclose(last["on_train"], scorer(net, X[:80], y[:80]), rtol=1e-4)


@pytest.mark.parametrize("kind", ["conv-classifier", "net-classifier"])
def test_scores_of_other_nets(kind):
    net, X, y = make(kind, callbacks=[cb.EpochScoring("accuracy", False)])
    net.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert net.net_.history[-1, "accuracy"] == net.score(X[50:], y[50:])


@pytest.mark.parametrize("kind", ["conv-classifier", "net-classifier"])
def test_a_callback_that_predicts_in_a_batch_changes_nothing(kind):
    plain, X, y = make(kind)
    callback = cb.BatchScoring("accuracy", False, on_train=True, use_caching=False)
    told = make(kind, callbacks=[callback])[0].fit(X, y)
    assert_array_equal(told.predict_proba(X), plain.fit(X, y).predict_proba(X))
    scores = [batch["accuracy"] for batch in told.net_.history[-1, "batches"]]
    assert len(scores) == 4


@pytest.mark.parametrize("mixup_alpha", [0.0, 1.0])
def test_batches_bring_the_numbers_of_classes(mixup_alpha):
    seen = []

    class Watcher(cb.Callback):
        def on_batch_end(self, net, batch, training, **kwargs):
            seen.append((training, np.asarray(batch[1])))
            assert net.get_loss(kwargs["y_pred"], batch[1]).item() > 0

    # rows of one batch would be sorted
    net = fitted(
        Watcher(), shuffle=False, batch_size=30, label_smoothing=0.2, mixup_alpha=mixup_alpha
    )
    _, y, validation = data()
    for training, labels in ((True, y), (False, validation["y_val"])):
        codes = np.concatenate([codes for told, codes in seen if told is training])
        assert_array_equal(net.classes_[codes[: len(labels)]], labels)


def test_pretrainers_tell_their_batches():
    X, _ = targets("regression")
    epochs = cb.EpochScoring(lambda net, X, y=None: 1.0, name="one", use_caching=False)
    net = ContrastivePretrainer((6, 4), early_stopping=True, callbacks=[epochs], **QUICK).fit(X)
    assert recorded("one")(net)
