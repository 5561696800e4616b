"""Input as users have it: a right answer, or an error that names the thing; never something half.

hypothesis draws the containers, layouts, values and lengths of X, y and weights; the estimators
are those of a table.
"""

import re
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csc_matrix, csr_array, csr_matrix
from sklearn.base import clone, is_classifier
from sklearn.exceptions import DataConversionWarning

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ContrastivePretrainer,
    ConvNetClassifier,
    ConvNetRegressor,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
    NetRegressor,
)
from tests._nets import Plain

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_iter_no_change": 2, "random_state": 0}
FEW = {name: value for name, value in SMALL.items() if name != "hidden_layer_sizes"}
ESTIMATORS = {
    "MLPRegressor": MLPRegressor(**SMALL),
    "MLPRegressor-poisson": MLPRegressor("poisson", **SMALL),
    "MLPRegressor-early": MLPRegressor(**SMALL, early_stopping=True, normalization="batch"),
    "MLPRegressor-lbfgs": MLPRegressor(**SMALL, solver="lbfgs"),
    "MLPClassifier": MLPClassifier(**SMALL),
    "MLPClassifier-early": MLPClassifier(**SMALL, early_stopping=True, class_weight="balanced"),
    "ConvNetRegressor": ConvNetRegressor(channels=(2,), **FEW),
    "ConvNetClassifier": ConvNetClassifier(channels=(2,), **FEW),
    "NetRegressor": NetRegressor(Plain, **FEW),
    "BaggingRegressor": BaggingRegressor(MLPRegressor(**SMALL), 2, n_jobs=1, random_state=0),
    "BaggingClassifier": BaggingClassifier(MLPClassifier(**SMALL), 2, n_jobs=1, random_state=0),
}
PRETRAINERS = {
    "MaskedPretrainer": MaskedPretrainer(**SMALL),
    "ContrastivePretrainer": ContrastivePretrainer(**SMALL, early_stopping=True),
}
EXAMPLES = 320  # of each, and two tests: more than 2,000 in all
FOLDER = tempfile.TemporaryDirectory()
NAMED = re.compile(
    r"X|y\b|sample|weight|feature|column|class|label|dtype|array|Unknown|float|diverged|rows|number|data"
)
GOOD_X = np.random.RandomState(1).normal(size=(12, 3))


def memory_map(X):
    path = Path(FOLDER.name) / "x.npy"
    path.unlink(missing_ok=True)
    np.save(path, X)
    return np.load(path, mmap_mode="r")


def strided(X):
    wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]), X.dtype)
    wide[::2, ::3] = X
    return wide[::2, ::3]


def names(X, duplicated=False):
    return ["a" if duplicated else f"c{j}" for j in range(X.shape[1])]


def nullable(X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of pandas: are these numbers whole?
        return pd.DataFrame(X).convert_dtypes()


VALUES = {
    "normal": lambda X: X,
    "constant": np.ones_like,
    "zero": np.zeros_like,
    "huge": lambda X: X * 1e30,
    "too_huge": lambda X: X * 1e300,
    "tiny": lambda X: X * 1e-30,
    "denormal": lambda X: X * 1e-310,
    "a_nan": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, np.nan, X),
    "an_inf": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, -np.inf, X),
    "one_huge": lambda X: np.where(np.arange(X.size).reshape(X.shape) == 0, 1e38, X),
    "negative_zeros": lambda X: -np.zeros_like(X),
}
DTYPES = ["f8", "f4", "f2", ">f8", "i8", "i1", "u2", "?", "O", "c16", "U4", "longdouble"]
CONTAINERS = {
    "array": lambda X: X,
    "fortran": np.asfortranarray,
    "strided": strided,
    "backwards": lambda X: X[::-1, ::-1],
    "read_only_map": memory_map,
    "list": lambda X: X.tolist(),
    "tuple": lambda X: tuple(map(tuple, X.tolist())),
    "flat": lambda X: X.ravel(),
    "cube": lambda X: X[None],
    "scalar": lambda X: X.flat[0],
    "none": lambda X: None,
    "csr": csr_matrix,
    "csr_array": csr_array,
    "csc": csc_matrix,
    "coordinates": coo_array,
    "frame": lambda X: pd.DataFrame(X, columns=names(X)),
    "frame_of_numbers": pd.DataFrame,
    "frame_twice_named": lambda X: pd.DataFrame(X, columns=names(X, duplicated=True)),
    "frame_mixed_names": lambda X: pd.DataFrame(X, columns=[0, *names(X)[1:]]),
    "nullable": nullable,
    "polars": lambda X: pl.DataFrame(X, schema=names(X)),
    "ragged": lambda X: [*X.tolist(), [1.0] * (X.shape[1] + 1)],
}
LENGTHS = {"same": 0, "shorter": -1, "longer": 2}
TARGETS = {
    "regular": lambda y: y,
    "column": lambda y: y[:, None],
    "two": lambda y: np.column_stack([y, -y]),
    "constant": np.ones_like,
    "zero": np.zeros_like,
    "huge": lambda y: y * 1e200,
    "tiny": lambda y: y * 1e-300,
    "a_nan": lambda y: np.where(np.arange(len(y)) == 0, np.nan, y),
    "an_inf": lambda y: np.where(np.arange(len(y)) == 0, np.inf, y),
    "signs": lambda y: (y > 0).astype(int),
    "words": lambda y: np.where(y > 0, "yes", "no"),
    "bools": lambda y: y > 0,
    "series": lambda y: pd.Series((y > 0).astype(int)),
    "polars": lambda y: pl.Series((y > 0).astype(int)),
    "list": lambda y: (y > 0).astype(int).tolist(),
    "objects": lambda y: np.where(y > 0, 1, None),
    "none": lambda y: None,
    "scalar": lambda y: 1.0,
    "sparse": lambda y: csr_matrix(np.column_stack([y > 0, y < 1]).astype(int)),
    "cube": lambda y: y[:, None, None],
}
WEIGHTS = {
    "none": lambda n: None,
    "ones": np.ones,
    "ints": lambda n: np.arange(n) % 3,
    "zeros": np.zeros,
    "negative": lambda n: -np.ones(n),
    "huge": lambda n: np.full(n, 1e300),
    "tiny": lambda n: np.full(n, 1e-300),
    "unequal": lambda n: np.logspace(-200, 200, n),
    "a_nan": lambda n: np.r_[np.nan, np.ones(n - 1)],
    "longer": lambda n: np.ones(n + 1),
    "scalar": lambda n: 2.0,
    "words": lambda n: ["heavy"] * n,
    "column": lambda n: np.ones((n, 1)),
}


@st.composite
def matrices(draw):
    """X as some user has it, and its rows."""
    n, d = draw(st.sampled_from([(1, 1), (1, 3), (2, 3), (3, 1), (12, 3), (12, 1), (0, 3), (5, 0)]))
    X = np.random.RandomState(draw(st.integers(0, 3))).normal(size=(n, d))
    X = draw(st.one_of(st.just(VALUES["normal"]), st.sampled_from(list(VALUES.values()))))(X)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X = X.astype(draw(st.one_of(st.just("f8"), st.sampled_from(DTYPES))))
    container = draw(st.one_of(st.just("array"), st.sampled_from(list(CONTAINERS))))
    try:
        return CONTAINERS[container](X), n
    except (TypeError, ValueError, IndexError, NotImplementedError, pl.exceptions.PolarsError):
        return X, n  # pandas, polars or scipy do not take it themselves


@st.composite
def inputs(draw):
    """X, y and weights, each as likely as not in order."""
    X, n = draw(matrices())
    n_y = n + draw(st.one_of(st.just(0), st.sampled_from(list(LENGTHS.values()))))
    y = np.random.RandomState(draw(st.integers(0, 3))).normal(size=max(n_y, 0))
    regular = st.sampled_from(["regular", "signs", "words"])
    y = TARGETS[draw(st.one_of(regular, st.sampled_from(list(TARGETS))))](y)
    kind = draw(st.one_of(st.just("none"), st.sampled_from(list(WEIGHTS))))
    return X, y, WEIGHTS[kind](max(n, 1)), draw(st.booleans())


def fitted(estimator):
    y = (GOOD_X[:, 0] > 0).astype(int)
    return clone(estimator).fit(GOOD_X, y)


def assert_named(error):
    assert isinstance(error, (ValueError, TypeError)), repr(error)
    assert NAMED.search(str(error)), repr(error)


def assert_sound(estimator, X):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", RuntimeWarning)
        answer = estimator.predict(X)
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    assert len(answer) == n
    if not is_classifier(estimator):
        # numbers that float64 has not are infinite, which numpy tells
        assert np.isfinite(answer).all() or (seen and not np.isnan(answer).any())
        return
    p = estimator.predict_proba(X)
    assert np.isfinite(p).all()
    assert ((p >= 0) & (p <= 1)).all()
    if answer.ndim == 1:
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        assert set(answer) <= set(estimator.classes_)


def tables(test, names=ESTIMATORS):
    test = settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(test)
    return pytest.mark.parametrize("name", names)(test)


@tables
@given(case=inputs())
def test_a_fit_is_sound_or_did_not_happen(name, case):
    X, y, weight, again = case
    estimator = fitted(ESTIMATORS[name]) if again else clone(ESTIMATORS[name])
    before = dict(vars(estimator))
    arrays = [a for a in (X, y, weight) if type(a) is np.ndarray]
    contents = [a.tobytes() for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataConversionWarning)
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn's, of classes and names
        warnings.filterwarnings("ignore", "invalid value encountered in reduce")  # its own, too
        try:
            estimator.fit(X, y, weight)
        except Exception as error:
            assert_named(error)
            assert vars(estimator) == before
        else:
            assert_sound(estimator, X)
    assert [a.tobytes() for a in arrays] == contents


@tables
@given(case=matrices())
def test_a_prediction_is_sound_or_raises(name, case):
    estimator = fitted(ESTIMATORS[name])
    before = dict(vars(estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of names that fit did not have
        warnings.filterwarnings("ignore", "invalid value encountered in reduce")
        try:
            assert_sound(estimator, case[0])
        except AssertionError:
            raise
        except Exception as error:
            assert_named(error)
    assert vars(estimator) == before


@partial(tables, names=PRETRAINERS)
@given(case=matrices(), unlabeled=matrices())
def test_a_pretraining_is_sound_or_did_not_happen(name, case, unlabeled):
    pretrainer = clone(PRETRAINERS[name])
    before = dict(vars(pretrainer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.filterwarnings("ignore", "invalid value encountered in reduce")
        try:
            pretrainer.fit(case[0], X_unlabeled=unlabeled[0])
        except Exception as error:
            assert_named(error)
            assert vars(pretrainer) == before
        else:
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always", RuntimeWarning)
                out = pretrainer.transform(case[0])
            assert len(out) == case[1] or case[1] == 1
            assert np.isfinite(out).all() or (seen and not np.isnan(out).any())
