"""Thousands of classes: targets are made by the batch, labels of predictions by the piece."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPClassifier as ScikitLearns
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingClassifier, MLPClassifier
from skreg.ensemble import _joint_prediction, _members
from skreg.estimators import _classifier
from tests._data import digits
from tests._nets import make
from tests._processes import run

QUICK = {"max_iter": 3, "n_iter_no_change": 3, "random_state": 0}


FIT = """
import re
import sys
import numpy as np
from skreg import MLPClassifier

def peak():  # in KiB; that of getrusage has the parent process's in it
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])

n_samples, n_classes = map(int, sys.argv[1:])
X = np.random.RandomState(0).randn(n_samples, 4).astype(np.float32)
y = np.arange(n_samples) % n_classes
for engine in ("compiled", "torch"):
    net = MLPClassifier((2,), max_iter=1, n_iter_no_change=1, batch_size=500, engine=engine)
    net.set_params(early_stopping=True, scoring="accuracy", label_smoothing=0.1).fit(X, y)
    assert net.classes_.tolist() == list(range(n_classes))
    assert net.predict(X).shape == y.shape
    assert peak() < 2**20, engine
print("all well")
"""


def test_forty_thousand_rows_of_ten_thousand_classes_take_less_than_a_gigabyte():
    run(FIT, "400", "20", timeout=300)  # compiles the kernel, which takes memory of its own
    run(FIT, "40000", "10000", timeout=300)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("n_classes", [3, 60])
def test_the_net_is_scikit_learns(n_classes, engine):
    X, _ = digits(300)
    y = np.arange(300) ** 2 % n_classes
    alike = {"batch_size": 50, "shuffle": False, "max_iter": 4, "random_state": 0, "tol": 0.0}
    net = MLPClassifier((8,), alpha=0.0, dtype="float64", engine=engine, **alike).fit(X, y)
    other = ScikitLearns((8,), alpha=0.0, **alike).fit(X, y)
    assert_allclose(net.predict_proba(X), other.predict_proba(X), rtol=1e-9)


def estimators():
    X, y = digits(120)
    net = MLPClassifier((8,), **QUICK)
    yield "mlp", net, X, y
    yield "snapshots", MLPClassifier((8,), n_snapshots=2, learning_rate="cosine", **QUICK), X, y
    yield "binary", net, X, y > 4
    yield "multilabel", net, X, (X[:, 20:24] > 0.5).astype(int)
    yield "conv", *make("conv-classifier")
    yield "module", *make("net-classifier")
    yield "bagging", BaggingClassifier(net, 3, random_state=0), X, y
    piped = make_pipeline(StandardScaler(), net)
    yield "bagging-pipelines", BaggingClassifier(piped, 3, random_state=0), X, y


@pytest.mark.parametrize(
    ("model", "X", "y"), [pytest.param(*row, id=name) for name, *row in estimators()]
)
def test_pieces_of_rows_give_what_all_rows_give(model, X, y, monkeypatch):
    model.fit(X, y)
    methods = [getattr(model, name) for name in ("predict", "predict_proba", "decision_function")]
    expected = [method(X) for method in methods]
    for module, n_values in ((_classifier, 30), (_members, 70), (_joint_prediction, 70)):
        monkeypatch.setattr(module, "_VALUES_AT_ONCE", n_values)
    labels, *numbers = (method(X) for method in methods)
    assert_array_equal(labels, expected[0])
    for found, whole in zip(numbers, expected[1:], strict=True):
        assert found.dtype == whole.dtype
        assert_allclose(found, whole, rtol=1e-4, atol=1e-6)
    assert_array_equal(model.predict(X.tolist()), labels)
