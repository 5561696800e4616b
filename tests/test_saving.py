"""Saved models: small, plain, whole or refused; by pickle, joblib, skops and skreg's own files."""

import hashlib
import io
import json
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupShuffleSplit, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)

import skreg
from skreg import BaggingRegressor, MLPClassifier, MLPRegressor
from skreg.saving import file as saving
from tests._data import learnt, targets
from tests._models import MODELS, PIPELINES, QUICK, answers, data, public_estimators
from tests._table import bending

TABLE = pytest.mark.parametrize(
    ("estimator", "kind"), [pytest.param(*row[1:], id=row[0]) for row in MODELS]
)
NET_BYTES = 8_000  # of a net beside its weights: parameters, names, one number an epoch
MEMORY_BYTES = 8_000  # more, where the optimizer is kept: two random states of 2,500 bytes
X, Y = targets("regression", 60)


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


def assert_same_params(one, other):
    ours, theirs = one.get_params(), other.get_params()
    assert {k: (type(v), repr(v)) for k, v in ours.items()} == {
        k: (type(v), repr(v)) for k, v in theirs.items()
    }


def assert_same_answers(one, other, X):
    ours, theirs = answers(one, X), answers(other, X)
    assert ours.keys() == theirs.keys() != set()
    for method, answer in ours.items():
        assert_array_equal(answer, theirs[method])


def wide(estimator):
    """The estimator with a net so large that its weights are most of it."""
    net = getattr(estimator, "estimator", estimator)
    if getattr(net, "hidden_layer_sizes", None) == (100,):
        net.set_params(hidden_layer_sizes=(100, 100))
    return estimator


def test_the_table_has_every_estimator():
    of_users_code = {"NetClassifier", "NetRegressor"}  # in tests.test_net_estimators
    assert public_estimators() - of_users_code == {name.split("-")[0] for name, *_ in MODELS}


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


@pytest.mark.parametrize(
    ("estimator", "kind"), [pytest.param(*row[1:], id=row[0]) for row in MODELS + PIPELINES]
)
def test_files_bring_back_the_same_estimator(estimator, kind, tmp_path):
    X, y = data(kind)
    path = tmp_path / "model.safetensors"
    fitted = clone(estimator).fit(X, y)
    skreg.save(fitted, path)
    again = skreg.load(path)
    assert type(again) is type(fitted)
    assert_same_params(again, fitted)
    assert_same_answers(fitted, again, X)
    skreg.save(again, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)], ids=["int", "instance"])
@pytest.mark.parametrize("params", [{}, {"averaging": "ema"}, {"anchor_alpha": 0.1}], ids=str)
def test_a_loaded_net_goes_on_as_the_saved_one_would(params, random_state, tmp_path):
    net = MLPRegressor(**{**QUICK, "random_state": random_state}, dropout=0.2, **params)
    net.set_params(batch_size=20).partial_fit(X, Y)
    skreg.save(net, tmp_path / "net")
    again = skreg.load(tmp_path / "net")
    for one in (net, again):
        one.partial_fit(X, Y)
    assert_array_equal(net.coefs_[0], again.coefs_[0])
    assert_array_equal(again.net_.predict(X.astype(np.float32)), net.net_.predict(np.float32(X)))


def test_files_of_pipelines_with_preprocessing(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    frame["k"] = np.where(X[:, 0] > 0, "x", "y")
    columns = make_column_transformer(
        (make_pipeline(QuantileTransformer(n_quantiles=9), StandardScaler()), list("abc")),
        (OneHotEncoder(sparse_output=False), ["k"]),
        remainder="passthrough",
    )
    model = make_pipeline(columns, BaggingRegressor(MLPRegressor(**QUICK), 2, random_state=0))
    skreg.save(model.fit(frame, Y), str(tmp_path / "m"))
    again = skreg.load(str(tmp_path / "m"))
    assert_array_equal(again.predict(frame), model.predict(frame))
    assert_array_equal(again.fit(frame, Y).predict(frame), model.predict(frame))


@pytest.mark.parametrize(
    "params",
    [
        {"alpha": np.float64(0.1), "max_iter": np.int64(3), "residual": np.False_},
        {"n_iter_no_change": np.inf, "hidden_layer_sizes": [7, 8], "tol": 0},
        {"validation_fraction": KFold(3), "early_stopping": True},
        {"validation_fraction": GroupShuffleSplit(1, random_state=3)},
        {"anchor": [np.ones((10, 5)), np.ones((5, 1))], "hidden_layer_sizes": 5},
    ],
    ids=str,
)
def test_parameters_come_back_as_they_were(params, tmp_path):
    skreg.save(MLPRegressor(**params), tmp_path / "net")
    assert_same_params(skreg.load(tmp_path / "net"), MLPRegressor(**params))


@pytest.mark.parametrize(
    "y",
    [
        np.array(["ä", "", "long " * 9])[np.arange(60) % 3],
        np.array(["a", "b"], dtype=object)[np.arange(60) % 2],
        np.array([True, False])[np.arange(60) % 2],
        np.array([2.5, -1.0])[np.arange(60) % 2].round(),
        np.arange(60, dtype=np.uint8) % 3,
    ],
    ids=["strings", "objects", "bools", "floats", "bytes"],
)
def test_labels_of_any_kind_come_back(y, tmp_path):
    net = MLPClassifier(**QUICK).fit(X, y)
    skreg.save(net, tmp_path / "net")
    again = skreg.load(tmp_path / "net")
    assert again.classes_.dtype == net.classes_.dtype
    assert_array_equal(again.predict(X), net.predict(X))


def test_code_stays_outside_and_is_asked_for(tmp_path):
    net = BaggingRegressor(MLPRegressor(**QUICK, penalty=bending), 2, random_state=0).fit(X, Y)
    skreg.save(net, tmp_path / "net")
    with pytest.raises(ValueError, match=r"pass code=\{'penalty': tests._table.Bending\}"):
        skreg.load(tmp_path / "net")
    with pytest.raises(ValueError, match=r"code names \['loss'\], but .* \['penalty'\]"):
        skreg.load(tmp_path / "net", code={"penalty": bending, "loss": bending})
    again = skreg.load(tmp_path / "net", code={"penalty": bending})
    assert again.estimator.penalty is bending
    assert_array_equal(again.fit(X, Y).predict(X), net.predict(X))


def test_functions_in_a_pipeline_are_code_as_well(tmp_path):
    model = make_pipeline(FunctionTransformer(np.tanh), MLPRegressor(**QUICK)).fit(X, Y)
    skreg.save(model, tmp_path / "net")
    again = skreg.load(tmp_path / "net", code={"func": np.tanh})
    assert_array_equal(again.predict(X), model.predict(X))


class Foreign(MLPRegressor):
    """A user's subclass: its code is not skreg's."""


class Stranger(BaseEstimator):
    """A user's estimator."""

    __module__ = "skregular.estimators"


@pytest.mark.parametrize(
    ("estimator", "match"),
    [
        (Ridge(), "not a Ridge: use skops.io"),
        (Foreign(), "not a Foreign: use skops.io"),
        (Stranger(), "not a Stranger"),
        (make_pipeline(SplineTransformer(), MLPRegressor()), "steps.0.1 is a SplineTransformer"),
        (BaggingRegressor(Ridge()), "estimator is a Ridge, which is not in the list"),
        (MLPRegressor(random_state=np.random), "random_state is a module"),
        (MLPRegressor(alpha=1j), "alpha is a complex"),
        (
            make_pipeline(MLPRegressor(penalty=bending), MLPRegressor(penalty=np.sum)),
            "penalty differs between the estimators",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_saved_says_so_and_leaves_the_old_file(estimator, match, tmp_path):
    path = tmp_path / "net"
    path.write_bytes(b"the old file")
    with pytest.raises(TypeError, match=match):
        skreg.save(estimator, path)
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net"
    skreg.save(MLPRegressor(alpha=1.0), path)

    def full(*args):
        raise OSError(28, "No space left on device")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(saving.os, function, full)
            with pytest.raises(OSError, match="No space"):
                skreg.save(MLPRegressor(alpha=2.0), path)
        assert skreg.load(path).alpha == 1.0
        assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        skreg.save(MLPRegressor(), tmp_path / "nowhere" / "net")


def test_no_byte_can_be_cut_off_or_changed(tmp_path):
    path, broken = tmp_path / "net", tmp_path / "broken"
    net = MLPClassifier(**QUICK, hidden_layer_sizes=(4,)).fit(*data("multiclass"))
    skreg.save(net, path)
    whole = path.read_bytes()
    for length in [0, 1, 7, 8, 9, *range(10, len(whole), 97), len(whole) - 1]:
        broken.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"broken' cannot be loaded"):
            skreg.load(broken)
    broken.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match=r"broken' cannot be loaded"):
        skreg.load(broken)
    end_of_header = 8 + int.from_bytes(whole[:8], "little")
    text = whole[:end_of_header].rstrip(b" ")  # padding is not part of the contents
    for at in [*range(0, len(text), 13), *range(end_of_header, len(whole), 7)]:
        changed = bytearray(whole)
        changed[at] ^= 1
        broken.write_bytes(changed)
        with pytest.raises(ValueError, match=r"broken' cannot be loaded"):
            skreg.load(broken)


def rewritten(path, change):
    """The file at a path with its document changed, and a checksum that a forger would make."""
    with safe_open(path, framework="np") as file:
        document = json.loads(file.metadata()["skreg"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(document, arrays)
    document.pop("sha256")
    save_file(arrays, path, {"skreg": saving.sealed(json.dumps(document), arrays)})


def newer(document, arrays):
    document["schema"] = saving.SCHEMA + 1


def of_no_version(document, arrays):
    document["schema"] = "1"


def foreign_class(name):
    def change(document, arrays):
        document["objects"][0]["class"] = name

    change.__name__ = name
    return change


def missing_array(document, arrays):
    arrays.pop("coefs_.0")


def missing_object(document, arrays):
    document["root"] = {"object": 99}


def unknown_kind(document, arrays):
    document["objects"][0]["state"]["alpha"] = {"eval": "1 + 1"}


def bytes_of_objects(document, arrays):
    arrays["coefs_.0"] = np.zeros(8, np.uint8)
    place = {"array": "coefs_.0", "dtype": "|O", "shape": [1]}
    document["objects"][0]["state"]["alpha"] = place


def nested(document, arrays):
    value = 1.0
    for _ in range(900):
        value = [value]
    document["objects"][0]["state"]["alpha"] = value


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (newer, r"schema 2 .*reads up to 1: upgrade skreg"),
        (of_no_version, "its schema is '1'"),
        (foreign_class("builtins.eval"), "an object of 'builtins.eval', which skreg.load does not"),
        (foreign_class("os.system"), "'os.system'"),
        (foreign_class("sklearn.linear_model.Ridge"), "'sklearn.linear_model.Ridge'"),
        (foreign_class("skreg.__main__.main"), "'skreg.__main__.main'"),
        (foreign_class("skreg.saving.file.os"), "'skreg.saving.file.os'"),
        (foreign_class("skreg.estimators._base.BaseEstimator"), "'skreg.estimators._base.Base"),
        (foreign_class("skreg.no_such.Net"), "'skreg.no_such.Net'"),
        (missing_array, "coefs_.0"),
        (missing_object, "list index out of range"),
        (unknown_kind, "it holds a 'eval'"),
        (bytes_of_objects, "would hold Python objects"),
        (nested, "recursion"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_files_that_skreg_would_not_write_are_refused(change, match, tmp_path):
    path = tmp_path / "net"
    skreg.save(MLPRegressor(**QUICK, hidden_layer_sizes=(3,)).fit(X, Y), path)
    rewritten(path, change)
    limit = sys.getrecursionlimit()
    try:
        if change is nested:
            sys.setrecursionlimit(800)
        with pytest.raises(ValueError, match=f"cannot be loaded: .*{match}"):
            skreg.load(path)
    finally:
        sys.setrecursionlimit(limit)


def test_other_files_are_refused(tmp_path):
    save_file({"a": np.ones(3)}, tmp_path / "other")
    with pytest.raises(ValueError, match="a safetensors file of something else"):
        skreg.load(tmp_path / "other")
    (tmp_path / "pickle").write_bytes(pickle.dumps(MLPRegressor()))
    with pytest.raises(ValueError, match="cannot be loaded"):
        skreg.load(tmp_path / "pickle")
    with pytest.raises(FileNotFoundError):
        skreg.load(tmp_path / "nothing")


def test_loading_runs_nothing_and_needs_neither_torch_nor_pickle(tmp_path):
    skreg.save(MLPRegressor(**QUICK).fit(X, Y), tmp_path / "net")
    code = f"""
import sys
import numpy as np
import skreg
skreg.MLPRegressor, skreg.load  # so that what is imported on use is there
import safetensors.numpy, sklearn.utils.validation
from skreg.saving.classes import _sklearn_names
_sklearn_names()
import skreg.estimators._targets
seen = []
sys.addaudithook(lambda event, args: seen.append(event))
net = skreg.load({str(tmp_path / "net")!r})
bad = {{"compile", "exec", "marshal.loads", "pickle.find_class", "import", "socket.connect"}}
assert not bad & set(seen), bad & set(seen)
assert net.predict(np.zeros((1, 10))).shape == (1,)
assert not {{"torch", "numba", "skorch"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_format_is_the_documented_one(tmp_path):
    """A file written by hand after docs/saving.md, with safetensors and json alone."""
    weights = np.array([[1.0, -2.0, 3.0]])
    state = {
        **MLPRegressor(hidden_layer_sizes=[], dtype="float64").get_params(),
        "coefs_": [{"array": "w", "order": "F"}],
        "intercepts_": [{"array": "b"}],
        "norms_": [],
        "snapshots_": [],
        "n_features_in_": 3,
        "out_activation_": "identity",
        "_activation": "relu",
        "_residual": False,
        "_target": {"object": 1},
    }
    target = {"scale": {"array": "scale"}, "mean": {"array": "mean"}, "ndim": 1}
    document = {
        "schema": 1,
        "versions": {"skreg": "0.1.0"},
        "root": {"object": 0},
        "objects": [
            {"class": "skreg.estimators.mlp.MLPRegressor", "state": state},
            {"class": "skreg.estimators._targets.RegressionTarget", "state": target},
        ],
        "code": {},
    }
    arrays = {
        "w": weights,
        "b": np.array([0.5]),
        "mean": np.array([10.0]),
        "scale": np.array([2.0]),
    }
    text, digest = json.dumps(document), hashlib.sha256()
    digest.update(text.encode())
    for name in ("b", "mean", "scale", "w"):
        digest.update(json.dumps([name, "<f8", list(arrays[name].shape)]).encode())
        digest.update(arrays[name].tobytes())
    text = f'{text[:-1]}, "sha256": "{digest.hexdigest()}"}}'
    save_file(arrays, tmp_path / "net", {"skreg": text})
    prediction = skreg.load(tmp_path / "net").predict(X[:, :3])
    np.testing.assert_allclose(prediction, 10 + 2 * (X[:, :3] @ weights[0] + 0.5))
