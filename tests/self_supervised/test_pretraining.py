"""Sources that are fitted inside `fit`, unlabelled rows, and what `pretrained` refuses."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingClassifier, MLPClassifier, MLPRegressor
from tests._data import learnt, targets

X, Y = targets("regression")
LABELS = targets("multiclass")[1]
SHORT = {"max_iter": 5, "n_iter_no_change": 5, "hidden_layer_sizes": (8,)}
MORE = np.random.RandomState(0).randn(40, 10)
SEEN = []


class Recorder(MLPRegressor):
    """A source that tells what it was fitted on."""

    def fit(self, X, y, sample_weight=None, *, X_unlabeled=None):
        SEEN.append((X, y, X_unlabeled))
        return super().fit(X, y, sample_weight)


@pytest.fixture(autouse=True)
def nothing_seen():
    SEEN.clear()


def test_an_unfitted_source_is_fitted_on_the_training_rows():
    inner = MLPRegressor(**SHORT, random_state=7)
    given = FrozenEstimator(clone(inner).fit(X, Y))
    params = {**SHORT, "random_state": 0, "batch_size": 30}
    for more in ({"n_frozen_layers": "all"}, {"solver": "lbfgs"}, {"freeze_epochs": 2}):
        inside = MLPRegressor(**params, pretrained=inner, **more).fit(X, Y)
        before = MLPRegressor(**params, pretrained=given, **more).fit(X, Y)
        for a, b in zip(learnt(inside), learnt(before), strict=True):
            assert_array_equal(a, b)
        assert inside.pretrained_.n_iter_ == 5
    assert not hasattr(inner, "coefs_")


def test_held_out_rows_are_not_shown_to_it_and_a_refit_fits_it_once():
    net = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT), random_state=0, batch_size=30)
    net.set_params(early_stopping=True, validation_fraction=0.25).fit(X, Y)
    ((seen, y_seen, _),) = SEEN
    assert seen.shape == (90, 10)
    assert set(y_seen) <= set(Y)
    sides = net.set_params(early_stopping=False).fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    assert SEEN[1][0].shape == (80, 10)
    assert sides.validation_scores_
    SEEN.clear()
    for seed in (0, None):
        refit = clone(net).set_params(early_stopping="refit", random_state=seed)
        refit.set_params(n_frozen_layers="all", pretrained=Recorder(**SHORT)).fit(X, Y)
        assert_array_equal(refit.coefs_[0], refit.pretrained_.coefs_[0])
    assert len(SEEN) == 2


def test_its_seed_is_the_nets_unless_it_has_its_own():
    def first_layer(seed, own=None):
        inner = MLPRegressor(**SHORT, random_state=own)
        net = MLPClassifier(**SHORT, random_state=seed, n_frozen_layers="all", pretrained=inner)
        with pytest.raises(ValueError, match="could not convert string"):
            net.fit(X, LABELS)  # the source has the target of the net
        return net.fit(X, (Y > 100).astype(int)).coefs_[0]

    state = np.random.get_state()[1].copy()
    assert_array_equal(first_layer(0), first_layer(0))
    assert not np.array_equal(first_layer(0), first_layer(1))
    assert_array_equal(first_layer(0, own=5), first_layer(1, own=5))
    assert not np.array_equal(first_layer(None), first_layer(None))
    assert_array_equal(state, np.random.get_state()[1])


def test_sources_of_sources_are_fitted_with_seeds_too():
    inner = MLPRegressor(**SHORT, pretrained=MLPRegressor(**SHORT))
    nets = [
        MLPRegressor(**SHORT, random_state=0, n_frozen_layers="all", pretrained=inner).fit(X, Y)
        for _ in range(2)
    ]
    assert_array_equal(nets[0].coefs_[0], nets[1].coefs_[0])
    grid = {"pretrained__alpha": [0.0, 1.0], "pretrained__pretrained__max_iter": [1, 5]}
    net = MLPRegressor(**SHORT, random_state=0, n_frozen_layers="all", pretrained=inner)
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    n_jobs = GridSearchCV(net, grid, cv=2, n_jobs=2).fit(X, Y)
    assert_array_equal(n_jobs.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])


# --- unlabelled rows


@pytest.mark.parametrize("unlabeled", [MORE, (MORE,), (MORE[:9], MORE[9:]), csr_matrix(MORE)])
def test_unlabelled_rows_reach_the_source(unlabeled):
    net = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT), random_state=0)
    net.fit(X, Y, X_unlabeled=unlabeled)
    given = SEEN[0][2]
    given = given.toarray() if hasattr(given, "toarray") else given
    assert_array_equal(given, MORE.astype(np.float32))
    plain = MLPRegressor(**SHORT, random_state=0)
    for a, b in zip(
        learnt(clone(plain).fit(X, Y)),
        learnt(plain.fit(X, Y, X_unlabeled=unlabeled)),
        strict=True,
    ):
        assert_array_equal(a, b)  # nobody there to use them


@pytest.mark.parametrize("pack", [lambda rows: rows, lambda rows: (rows,)], ids=["array", "tuple"])
def test_a_pipeline_scales_unlabelled_rows_as_it_scales_x(pack):
    with sklearn.config_context(enable_metadata_routing=True):
        net = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT), random_state=0)
        net.set_fit_request(X_unlabeled=True)
        pipe = make_pipeline(StandardScaler(), net, transform_input=["X_unlabeled"])
        pipe.fit(5 * X + 1, Y, X_unlabeled=pack(5 * MORE + 1))
        expected = pipe[0].transform(5 * MORE + 1)
        assert_allclose(SEEN[0][2], expected, rtol=1e-5, atol=1e-6)
        SEEN.clear()
        cross_val_score(pipe, X, Y, cv=3, params={"X_unlabeled": pack(MORE)}, error_score="raise")
    assert [len(rows) for _, _, rows in SEEN] == [40, 40, 40]


def test_a_search_cannot_cut_unlabelled_rows_unseen():
    as_many = np.random.RandomState(1).randn(*X.shape)
    net = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT), random_state=0)
    for params in ({"alpha": [0.1]}, {"n_frozen_layers": [0, 1]}):
        search = GridSearchCV(net, params, cv=3, error_score="raise")
        with pytest.raises(ValueError, match="exactly as many as X.*as a tuple"):
            search.fit(X, Y, X_unlabeled=as_many)
        assert not SEEN
        search.fit(X, Y, X_unlabeled=(as_many,))
        seen = [rows[0] if isinstance(rows, tuple) else rows for _, _, rows in SEEN]
        assert {len(rows) for rows in seen} == {len(X)}
        SEEN.clear()


def test_as_many_unlabelled_rows_as_rows_go_on_to_a_source_of_skreg():
    inner = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT))
    MLPRegressor(**SHORT, pretrained=inner).fit(X, Y, X_unlabeled=(X + 1,))
    assert_array_equal(SEEN[0][2][0], (X + 1).astype(np.float32))


NAMED = pd.DataFrame(X, columns=list("abcdefghij"))
BAD = MORE.copy()
BAD[0, 0] = np.nan


@pytest.mark.parametrize(
    ("rows", "unlabeled", "match"),
    [
        (X, MORE[:, :3], "X_unlabeled has 3 features, but X has 10"),
        (X, (MORE, MORE[:, :3]), "X_unlabeled has 3 features, but X has 10"),
        (X, BAD, "Input X_unlabeled contains NaN"),
        (X, MORE[0], "Expected 2D array"),
        (X, X, "X_unlabeled has 120 rows, exactly as many as X"),
        (NAMED, NAMED[:50][list("bacdefghij")], "feature names should match"),
        (X[:0], MORE, "0 sample"),
    ],
)
def test_unlabelled_rows_that_do_not_fit(rows, unlabeled, match):
    for pretrained in (None, MLPRegressor(**SHORT)):
        net = MLPRegressor(**SHORT, pretrained=pretrained)
        before = dict(vars(net))
        with pytest.raises(ValueError, match=match):
            net.fit(rows, Y[: len(rows)], X_unlabeled=unlabeled)
        assert vars(net) == before


def test_no_unlabelled_rows_and_one_row():
    net = MLPRegressor(**SHORT, pretrained=Recorder(**SHORT), random_state=0)
    net.fit(X, Y, X_unlabeled=MORE[:0])
    assert SEEN[0][2] is None
    assert net.fit(X[:1], Y[:1], X_unlabeled=MORE).predict(X[:2]).shape == (2,)


# --- what it refuses

FITTED = MLPRegressor(**SHORT, random_state=0).fit(X, Y)
OTHER = {"hidden_layer_sizes": (8, 8), "residual": True}
FROZEN = {name: FrozenEstimator(clone(FITTED).set_params(**params).fit(X, Y)) for name, params in {
    "plain": {}, "tanh": {"activation": "tanh"}, "layer": {"normalization": "layer"},
    "wide": {"hidden_layer_sizes": (8, 9)}, "linear": {"hidden_layer_sizes": ()}, "other": OTHER,
}.items()}  # fmt: skip
NARROW = FrozenEstimator(clone(FITTED).fit(X[:, :4], Y))
SWAPPED = FrozenEstimator(clone(FITTED).fit(NAMED[list("bacdefghij")], Y))


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"pretrained": FITTED}, ValueError, "a fitted MLPRegressor.*FrozenEstimator to start"),
        ({"pretrained": clone(FITTED)}, ValueError, "the clone of a fitted.*FrozenEstimator"),
        ({"pretrained": clone(clone(FITTED))}, ValueError, "the clone of a fitted"),
        ({"pretrained": LogisticRegression()}, TypeError, "LogisticRegression.* of skreg"),
        ({"pretrained": FrozenEstimator(StandardScaler())}, TypeError, "of skreg.*its last step"),
        ({"pretrained": "masked"}, ValueError, "'pretrained' parameter.*Got 'masked'"),
        ({"pretrained": FrozenEstimator(MLPRegressor())}, NotFittedError, "is not fitted: fit it"),
        ({"pretrained": NARROW}, ValueError, "fitted on X with 4 features, but X has 10"),
        ({"pretrained": SWAPPED}, ValueError, r"columns \['b', 'a'.*X has \['a', 'b'"),
        ({"pretrained": FROZEN["tanh"]}, ValueError, "activation='tanh', but here.*'relu'"),
        ({"pretrained": FROZEN["layer"]}, ValueError, "normalization='layer', but here.*None"),
        (
            {"pretrained": FROZEN["other"], "hidden_layer_sizes": (8, 8)},
            ValueError,
            "residual=True, but here it is residual=False",
        ),
        (
            {"pretrained": FROZEN["plain"], "hidden_layer_sizes": 9},
            ValueError,
            r"layers of \(10, 8\) units.*hidden_layer_sizes=9.*layers of \(10, 9\)",
        ),
        (
            {"pretrained": FROZEN["wide"], "hidden_layer_sizes": (8, 9, 4)},
            ValueError,
            r"\(10, 8, 9\).*reset_layers=1.*\(10, 8, 9, 4\)",
        ),
        ({"pretrained": FROZEN["linear"]}, ValueError, r"layers of \(10,\) units.*\(10, 8\)"),
        (
            {"pretrained": FROZEN["plain"], "hidden_layer_sizes": ()},
            ValueError,
            r"reset_layers=1 leaves none of the 1 layers.*hidden_layer_sizes=\(\)",
        ),
        ({"pretrained": FROZEN["plain"], "reset_layers": 2}, ValueError, "leaves none of the 2"),
        (
            {"pretrained": FROZEN["plain"], "n_frozen_layers": 2},
            ValueError,
            "n_frozen_layers=2 is more than the 1 layers.*'all'",
        ),
        ({"reset_layers": 0}, ValueError, "'reset_layers' parameter.*Got 0"),
        ({"n_frozen_layers": "some"}, ValueError, "'n_frozen_layers' parameter.*Got 'some'"),
        ({"freeze_epochs": -1}, ValueError, "'freeze_epochs' parameter.*Got -1"),
        ({"pretrained_lr_mult": 0.0}, ValueError, "'pretrained_lr_mult' parameter.*Got 0.0"),
        (
            {
                "pretrained": FROZEN["plain"],
                "solver": "lbfgs",
                "n_frozen_layers": 1,
                "freeze_epochs": 3,
            },
            ValueError,
            "solver='lbfgs'.*freeze_epochs=3.*Use solver='adam'",
        ),
        (
            {"pretrained": FROZEN["plain"], "solver": "lbfgs", "pretrained_lr_mult": 0.1},
            ValueError,
            "solver='lbfgs'.*pretrained_lr_mult=0.1",
        ),
    ],
)
def test_it_refuses_and_changes_nothing(params, error, match):
    net = MLPRegressor(**{**SHORT, **params})
    before = dict(vars(net))
    with pytest.raises(error, match=f"(?s){match}"):
        net.fit(NAMED, Y)
    assert vars(net) == before


@pytest.mark.parametrize(
    "given",
    [
        {"estimator": MLPRegressor(**SHORT, pretrained=FITTED), "param_grid": {"alpha": [0.1]}},
        {
            "estimator": make_pipeline(StandardScaler(), MLPRegressor(**SHORT, pretrained=FITTED)),
            "param_grid": {"mlpregressor__alpha": [0.1]},
        },
        {"estimator": MLPRegressor(**SHORT), "param_grid": {"pretrained": [None, FITTED]}},
        {
            "estimator": make_pipeline(StandardScaler(), MLPRegressor(**SHORT)),
            "param_grid": {"mlpregressor__pretrained": [FITTED]},
        },
    ],
    ids=["net", "pipeline", "grid", "grid_of_a_pipeline"],
)
def test_a_search_refuses_a_fitted_source_that_it_would_unfit(given):
    with pytest.raises(ValueError, match="fitted MLPRegressor.*FrozenEstimator"):
        GridSearchCV(**given, cv=2, error_score="raise").fit(X, Y)


def test_an_outer_clone_refuses_it_and_keeps_what_is_frozen_or_unfitted():
    with pytest.raises(ValueError, match="a fitted MLPRegressor.*FrozenEstimator"):
        clone(MLPClassifier(pretrained=FITTED))
    kept = clone(MLPClassifier(pretrained=FROZEN["plain"])).pretrained
    assert kept is FROZEN["plain"]
    net = MLPRegressor(**SHORT, pretrained=MLPRegressor(**SHORT)).fit(X, Y)
    clone(clone(net)).fit(X, Y)  # what fit has fitted is in pretrained_
    ensemble = BaggingClassifier(MLPClassifier(**SHORT, pretrained=FROZEN["plain"]), 2)
    assert ensemble.fit(X, LABELS).predict(X).shape == LABELS.shape


def test_partial_fit_takes_a_fitted_source_only():
    net = MLPRegressor(**SHORT, pretrained=MLPRegressor(**SHORT))
    assert not hasattr(net, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        net.partial_fit  # noqa: B018
    assert "wrap it in sklearn.frozen.FrozenEstimator" in str(caught.value.__cause__)
    assert hasattr(net.set_params(pretrained=FROZEN["plain"]), "partial_fit")


def test_more_layers_may_be_new_and_fewer_taken():
    wide = {**SHORT, "hidden_layer_sizes": (8, 5, 4), "random_state": 0, "n_frozen_layers": "all"}
    net = MLPRegressor(**wide, pretrained=FROZEN["wide"], reset_layers=3).fit(X, Y)
    assert_array_equal(net.coefs_[0], FROZEN["wide"].coefs_[0])
