"""DataFrames of any columns: tuned estimators, skrub's pipeline, errors that name the column."""

import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skrub
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skreg
from skreg import TunedMLPClassifier, TunedMLPRegressor
from skreg.tables import Preparation
from tests._models import MODELS
from tests._onnx import by_onnx
from tests.tables._frames import LIBRARIES, N, mixed, unseen

FEW = {"n_candidates": 1, "cv": 2, "max_time": 20, "random_state": 0}
TUNED = TunedMLPRegressor(**FEW), TunedMLPClassifier(**FEW)


def answer(estimator, y):
    return np.where(y > np.median(y), "high", "low") if is_classifier(estimator) else y


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("net", TUNED, ids=lambda net: type(net).__name__)
def test_tuned_estimators_take_frames(net, library, tmp_path):
    X, y = mixed(library)
    y = answer(net, y)
    net = clone(net).fit(X, y)
    assert net.score(X, y) > 0.5
    assert net.n_features_in_ == X.shape[1]
    assert net.feature_names_in_.tolist() == list(X.columns)
    expected = net.predict(X)
    names = list(X.columns)[::-1]
    np.testing.assert_array_equal(net.predict(X[names]), expected)
    assert len(net.predict(unseen(X))) == N
    skreg.save(net, tmp_path / "net")
    for again in (skreg.load(tmp_path / "net"), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(again.predict(X), expected)
    np.testing.assert_array_equal(clone(net).fit(X, y).predict(X), expected)
    with pytest.raises(ValueError, match="no graph: convert best_estimator_"):
        by_onnx(net, np.zeros((2, X.shape[1]), np.float32))


def test_a_plain_frame_is_its_array():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    net = clone(TUNED[0]).fit(X[:100], y[:100])
    assert net.preparation_ is None
    expected = clone(TUNED[0]).fit(X[:100].to_numpy(), y[:100]).predict(X[100:].to_numpy())
    np.testing.assert_array_equal(net.predict(X[100:]), expected)


def test_numbers_keep_their_digits():
    X = pd.DataFrame({"a": [1e9, 1e9 + 1, 1e9 + 2, np.nan], "b": list("xyxy")})
    Z = Preparation().fit_transform(X)
    assert Z[:, 0].tolist() == [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 1]


def fitted(library):
    X, _ = mixed(library)
    return Preparation().fit(X), X


def with_text(X, name, text):
    values = [text] * len(X)
    if isinstance(X, pl.DataFrame):
        return X.with_columns(pl.Series(name, values))
    return X.assign(**{name: values})


def with_value(X, name, value):
    if isinstance(X, pl.DataFrame):
        values = [value, *X[name].to_list()[1:]]
        return X.with_columns(pl.Series(name, values, strict=False))
    column = X[name].astype(object)
    column.iloc[0] = value
    return X.assign(**{name: column})


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda X: X.drop("size") if isinstance(X, pl.DataFrame) else X.drop(columns="size"),
            "no column 'size'",
        ),
        (lambda X: with_value(X, "written", "tomorrow"), "text in column 'written', as 'tomorrow'"),
        (
            lambda X: with_text(X, "built", "tomorrow"),
            "column 'built' that is no date ('tomorrow' in row 0)",
        ),
        (
            lambda X: X[:, :3].to_numpy() if isinstance(X, pl.DataFrame) else X.to_numpy(),
            "DataFrame",
        ),
    ],
    ids=["missing", "no date", "text for a date", "array"],
)
def test_what_fit_had_otherwise_is_named(library, change, words):
    preparation, X = fitted(library)
    with pytest.raises((ValueError, TypeError)) as error:
        preparation.transform(change(X))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_both_libraries_are_read_alike():
    of_pandas, of_polars = mixed("pandas")[0], mixed("polars")[0]
    preparation, _ = fitted("pandas")
    np.testing.assert_array_equal(
        preparation.transform(of_polars), preparation.transform(of_pandas)
    )
    other, _ = fitted("polars")
    assert other.kinds_ == preparation.kinds_
    np.testing.assert_array_equal(other.transform(of_pandas), preparation.transform(of_pandas))


def test_texts_among_numbers_are_named():
    preparation, X = fitted("pandas")
    with pytest.raises(
        ValueError, match=r"text in column 'rooms', as 'many' \(row 0\), but fit had"
    ):
        preparation.transform(with_value(X, "rooms", "many"))


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (pd.DataFrame(np.ones((9, 2)), columns=["a", "a"]), "2 columns named 'a' (columns 0, 1)"),
        (pd.DataFrame({"a": range(9), "b": [[1]] * 9}), "list values in column 'b'"),
        (pl.DataFrame({"a": range(9), "b": [[1]] * 9}), "values in column 'b'"),
        (pd.DataFrame({"a": [None] * 9, "b": np.nan}), "no column with values"),
        (pd.DataFrame({"a": [np.inf] * 3 + [None] * 6}), "infinity in column 'a' (row 0)"),
        (pd.DataFrame({"a": [1j] * 9}), "complex values in column 'a'"),
        (pl.DataFrame({"a": range(9)}).lazy(), "pass X.collect()"),
        (pd.DataFrame({"a": [10**400, *range(8)]}, dtype=object), "infinity in column 'a' (row 0)"),
        (pd.DataFrame({"a": [10**400, None] * 4}, dtype=object), "value in column 'a'"),
        (pd.DataFrame({"a": ["1", "inf", "2"] * 3}), "infinity in column 'a' (row 1)"),
    ],
    ids=[
        "twice",
        "lists",
        "polars lists",
        "nothing",
        "infinite",
        "complex",
        "lazy",
        "huge",
        "huge with gaps",
        "written",
    ],
)
def test_what_no_tuned_estimator_takes_is_named(X, words):
    with pytest.raises((ValueError, TypeError)) as error:
        clone(TUNED[0]).fit(X, np.arange(9.0))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


NUMBERS = np.random.RandomState(0).standard_normal((12, 2))
BAD = {
    "text": (
        lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]).assign(b="u"),
        "text in column 'b', as 'u'",
    ),
    "category": (
        lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]).assign(b=pd.Categorical(["u"] * 12)),
        "category in column 'b', as 'u'",
    ),
    "date": (
        lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]).assign(b=pd.Timestamp("2020-01-31")),
        "date in column 'b', as Timestamp('2020-01-31 00:00:00')",
    ),
    "polars": (
        lambda: pl.DataFrame({"a": NUMBERS[:, 0], "b": ["u"] * 12}),
        "text in column 'b', as 'u'",
    ),
    "NaN": (
        lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]).assign(b=[np.nan, *range(11)]),
        "NaN in column 'b' (row 0)",
    ),
    "nullable": (
        lambda: pd.DataFrame(NUMBERS, columns=["a", "b"]).assign(
            b=pd.array([1, None] * 6, "Int64")
        ),
        "NaN in column 'b' (row 1)",
    ),
    "infinity": (
        lambda: pl.DataFrame({"a": NUMBERS[:, 0], "b": [np.inf] * 12}),
        "infinity in column 'b' (row 0)",
    ),
    "objects": (
        lambda: np.where([[0, 1]] * 12, "u", NUMBERS.astype(object)),
        "text in column 1, as 'u'",
    ),
    "array": (lambda: np.where([[0, 1]] * 12, np.nan, NUMBERS), "NaN in column 1 (row 0)"),
}
ESTIMATORS = [
    skreg.MLPRegressor(max_iter=2),
    skreg.MLPClassifier(max_iter=2),
    skreg.ConvNetRegressor(channels=(2,), max_iter=2),
    skreg.BaggingRegressor(skreg.MLPRegressor(max_iter=2), 2),
    skreg.BaggingClassifier(skreg.MLPClassifier(max_iter=2), 2),
    skreg.BaggingRegressor(  # members that do not predict as one
        make_pipeline("passthrough", skreg.MLPRegressor(max_iter=2)), 3, random_state=0
    ),
    skreg.BaggingClassifier(  # one member has seen a single class
        skreg.MLPClassifier(max_iter=2), 2, max_samples=2, random_state=242
    ),
    skreg.BaggingClassifier(  # a member's columns are not X's
        make_pipeline("passthrough", skreg.MLPClassifier(max_iter=2)),
        3,
        max_features=1,
        random_state=0,
    ),
    skreg.MaskedPretrainer(max_iter=2),
]


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("net", ESTIMATORS, ids=lambda net: type(net).__name__)
def test_the_column_that_is_no_number_and_the_remedy_are_named(net, kind):
    make, words = BAD[kind]
    bad, y = make(), np.arange(12) % 2
    good = pd.DataFrame(NUMBERS, columns=["a", "b"])
    good = NUMBERS if isinstance(bad, np.ndarray) else good
    fitted = clone(net).fit(good, y)
    answer = fitted.predict if hasattr(fitted, "predict") else fitted.transform
    for call in (lambda: clone(net).fit(bad, y), lambda: answer(bad)):
        with pytest.raises(ValueError, match="column") as error:
            call()
        told = str(error.value)
        assert words in told
        assert "\n" not in told
        remedy = (
            "fill them" if "NaN" in words else "leave these rows" if "inf" in words else "skrub"
        )
        assert remedy in told


def test_without_skrub(monkeypatch, tmp_path):
    X, y = mixed("pandas")
    skreg.save(clone(TUNED[0]).fit(X, y), tmp_path / "net")
    for name in [name for name in sys.modules if name.split(".")[0] == "skrub"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(
        ImportError, match=r'column \'kind\'.*pip install "skreg\[tables\]"'
    ) as error:
        clone(TUNED[0]).fit(X, y)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r'pip install "skreg\[tables\]"'):
        skreg.load(tmp_path / "net")
    numbers = X[["size", "rooms"]]
    assert len(clone(TUNED[0]).fit(numbers, y).predict(numbers)) == N


FLAT = [
    pytest.param(net, kind, id=name)
    for name, net, kind in MODELS
    if name.endswith(("default", "Regressor", "Classifier"))
    and kind in ("regression", "binary", "multiclass")
    and not name.startswith(("ConvNet",))
]


@pytest.mark.parametrize(("net", "kind"), FLAT)
@pytest.mark.parametrize("library", LIBRARIES)
def test_skrub_s_pipeline_around_every_estimator(net, kind, library, tmp_path):
    X, y = mixed(library)
    y = answer(net, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skrub's of few rows
        model = skrub.tabular_pipeline(clone(net)).fit(X, y)
        expected = model.predict(X)
        assert len(model.predict(unseen(X))) == N
        skreg.save(model, tmp_path / "model")
        np.testing.assert_array_equal(skreg.load(tmp_path / "model").predict(X), expected)


@pytest.mark.parametrize("library", LIBRARIES)
def test_skrub_s_pipeline_in_a_search(library, tmp_path):
    X, y = mixed(library)
    X = X[["size", "rooms", "kind", "level", "built", "new"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skrub's of few rows
        model = skrub.tabular_pipeline(skreg.MLPRegressor(max_iter=200, tol=0, random_state=0))
        search = GridSearchCV(model, {"mlpregressor__alpha": [1e-3, 1e3]}, cv=3).fit(X, y)
    assert search.best_params_ == {"mlpregressor__alpha": 1e-3}
    assert search.best_score_ > 0.2
    skreg.save(search.best_estimator_, tmp_path / "model")
    again = skreg.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
