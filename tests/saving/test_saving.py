"""skreg's own files: what is saved comes back, and what cannot be saved is refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupShuffleSplit, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)

import skreg
from skreg import BaggingRegressor, MLPClassifier, MLPRegressor
from skreg.saving import file as saving
from tests._data import targets
from tests._models import MODELS, PIPELINES, QUICK, data
from tests._saved import assert_same_answers, assert_same_params
from tests._table import bending

X, Y = targets("regression", 60)


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
        (make_pipeline(Nystroem(), MLPRegressor()), "steps.0.1 is a Nystroem"),
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
