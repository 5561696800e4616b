"""Files that skreg would not write are refused, and loading runs nothing."""

import hashlib
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import skreg
from skreg import MLPClassifier, MLPRegressor
from skreg.saving import file as saving
from tests._data import targets
from tests._models import QUICK, data

X, Y = targets("regression", 60)


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
