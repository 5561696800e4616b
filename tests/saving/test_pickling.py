"""Saved models by pickle, joblib and skops: small, plain, of numpy and skreg only."""

import io
import pickle

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skreg import MLPClassifier, MLPRegressor
from tests._data import learnt
from tests._models import MODELS, QUICK, data, public_estimators
from tests._saved import assert_same_answers

TABLE = pytest.mark.parametrize(
    ("estimator", "kind"), [pytest.param(*row[1:], id=row[0]) for row in MODELS]
)
NET_BYTES = 8_000  # of a net beside its weights: parameters, names, one number an epoch
MEMORY_BYTES = 8_000  # more, where the optimizer is kept: two random states of 2,500 bytes


def nets_of(estimator):
    return getattr(estimator, "estimators_", [estimator])


def weight_bytes(net):
    arrays = learnt(net)
    if net.snapshots_:
        arrays = [a for parts in net.snapshots_ for part in parts for a in part]
    return sum(a.nbytes for a in arrays)


def sizes(estimator):
    """Bytes by pickle and by joblib."""
    stream = io.BytesIO()
    joblib.dump(estimator, stream)
    return len(pickle.dumps(estimator)), len(stream.getvalue())


class Recorder(pickle.Unpickler):
    """Unpickler that notes which packages a pickle names."""

    def find_class(self, module, name):
        self.packages = getattr(self, "packages", set()) | {module.split(".")[0]}
        return super().find_class(module, name)


def wide(estimator):
    """The estimator with a net so large that its weights are most of it."""
    net = getattr(estimator, "estimator", estimator)
    if getattr(net, "hidden_layer_sizes", None) == (100,):
        net.set_params(hidden_layer_sizes=(100, 100))
    return estimator


def test_the_table_has_every_estimator():
    elsewhere = {"NetClassifier", "NetRegressor"}  # in tests.test_net_estimators
    elsewhere |= {
        "RacingSearchCV",
        "TunedMLPClassifier",
        "TunedMLPRegressor",
    }  # in tests.test_tuned
    assert public_estimators() - elsewhere == {name.split("-")[0] for name, *_ in MODELS}


@TABLE
def test_pickles_are_the_weights_and_little_more(estimator, kind):
    X, y = data(kind)
    fitted = wide(clone(estimator)).fit(X, y)
    nets = nets_of(fitted)
    limit = 1.2 * sum(map(weight_bytes, nets)) + NET_BYTES * (len(nets) + (nets[0] is not fitted))
    assert max(sizes(fitted)) <= limit
    getattr(nets[0], "net_", None)  # the torch net, made on demand, is not saved
    assert max(sizes(fitted)) <= limit
    assert_same_answers(fitted, pickle.loads(pickle.dumps(fitted)), X)


@pytest.mark.parametrize("kept_by", ["partial_fit", "warm_start"])
@pytest.mark.parametrize(("cls", "kind"), [(MLPRegressor, "regression"), (MLPClassifier, "binary")])
def test_pickles_with_the_optimizer_hold_its_moments_and_do_not_grow(cls, kind, kept_by):
    X, y = data(kind)
    net = cls(**QUICK, hidden_layer_sizes=(100, 100), warm_start=kept_by == "warm_start")
    classes = {"classes": np.unique(y)} if kind == "binary" and kept_by == "partial_fit" else {}

    def go_on():
        if kept_by == "partial_fit":
            return net.partial_fit(X, y, **classes)
        return net.fit(X, y)

    before = max(sizes(go_on()))
    assert before <= 3.3 * weight_bytes(net) + NET_BYTES + MEMORY_BYTES
    epochs = len(net.loss_curve_)
    for _ in range(10):
        go_on()
    # a float of the loss curve takes 9 bytes
    assert max(sizes(net)) - before <= 9 * (len(net.loss_curve_) - epochs) + 100
    again = pickle.loads(pickle.dumps(net))
    assert sizes(again) == sizes(pickle.loads(pickle.dumps(again)))
    assert_array_equal(again.fit(X, y).coefs_[0], net.fit(X, y).coefs_[0])


@TABLE
def test_pickles_name_numpy_and_skreg_only(estimator, kind):
    fitted = clone(estimator).set_params(warm_start=True).fit(*data(kind))
    unpickler = Recorder(io.BytesIO(pickle.dumps(fitted)))
    unpickler.load()
    assert unpickler.packages <= {"skreg", "numpy", "builtins", "copyreg"}


@TABLE
def test_skops_needs_to_trust_skreg_only(estimator, kind):
    X, y = data(kind)
    fitted = clone(estimator).set_params(warm_start=True).fit(X, y)
    dump = skops.io.dumps(fitted)
    unknown = skops.io.get_untrusted_types(data=dump)
    assert all(name.startswith("skreg.") for name in unknown)
    assert_same_answers(fitted, skops.io.loads(dump, trusted=unknown), X)
