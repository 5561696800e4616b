"""The ensembles: scikit-learn's own as the oracle, and every member by itself."""

import pickle

import numpy as np
import pytest
import sklearn
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import get_active_backend
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csc_matrix, csr_matrix
from scipy.special import expit
from sklearn import ensemble as sklearn_ensemble
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skreg import BaggingClassifier, BaggingRegressor, MLPClassifier, MLPRegressor
from skreg.ensemble._cores import on_all_cores
from skreg.ensemble._joint_prediction import stackable
from tests import _table
from tests._data import regression, targets

FEW = {"hidden_layer_sizes": (8,), "max_iter": 5, "n_iter_no_change": 5}
KINDS = {
    "regression": (BaggingRegressor, MLPRegressor, sklearn_ensemble.BaggingRegressor),
    "multioutput": (BaggingRegressor, MLPRegressor, sklearn_ensemble.BaggingRegressor),
    "binary": (BaggingClassifier, MLPClassifier, sklearn_ensemble.BaggingClassifier),
    "multiclass": (BaggingClassifier, MLPClassifier, sklearn_ensemble.BaggingClassifier),
}


def make(kind, member=(), **params):
    ensemble, net, _ = KINDS[kind]
    params = {"n_estimators": 3, "random_state": 0, **params}
    return ensemble(net(**{**FEW, **dict(member)}), **params)


def fitted(kind, member=(), weight=None, **params):
    X, y = targets(kind)
    return make(kind, member, **params).fit(X, y, sample_weight=weight), X, y


def answers(ensemble, X):
    if hasattr(ensemble, "predict_proba"):
        return ensemble.predict_proba(X)
    return ensemble.predict(X)


QUICK = {"n_estimators": 3, "random_state": 0}
LEARNS = {"max_iter": 60, "learning_rate_init": 0.02}


@parametrize_with_checks(
    [
        BaggingRegressor(MLPRegressor(**LEARNS), **QUICK),
        BaggingClassifier(MLPClassifier(**LEARNS), **QUICK),
        BaggingRegressor(MLPRegressor(**LEARNS), bootstrap=False, **QUICK),
        BaggingClassifier(MLPClassifier(**LEARNS), bootstrap=False, **QUICK),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("kind", "row"), [pytest.param(k, row, id=name) for name, k, row in _table.settings()]
)
def test_one_pass_gives_each_member_s_own_predictions(kind, row):
    kind = "regression" if kind == "regressor" else "multiclass"
    member = {"hidden_layer_sizes": (8,), "max_iter": 3, "dtype": "float64", **row.base}
    member[row.name] = row.values[1]
    net, X, _ = fitted(kind, member, n_estimators=2)
    own = [answers(m, X) for m in net.estimators_]
    assert_allclose(net.predict_members(X), own, rtol=1e-10, atol=1e-13)
    assert_allclose(answers(net, X), np.mean(own, axis=0), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("n_rows", [1, 100, 5000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_pass_for_any_number_of_rows(kind, dtype, n_rows):
    net, X, _ = fitted(kind, {"dtype": dtype, "hidden_layer_sizes": (70, 30)})
    assert stackable(net.estimators_)
    X = np.tile(X, (60, 1))[:n_rows]
    own = [answers(member, X) for member in net.estimators_]
    exact = dtype == "float64" or kind in ("regression", "multioutput")  # those predict in float64
    rtol = 1e-10 if exact else 1e-5
    assert_allclose(net.predict_members(X), own, rtol=rtol, atol=rtol * 1e-2)


@pytest.mark.parametrize("member", ["plain", "pipeline"])
@pytest.mark.parametrize("kind", KINDS)
def test_methods_are_those_that_scikit_learn_has(kind, member):
    net, X, y = fitted(kind, {"dtype": "float64"})
    if member == "pipeline":
        net.estimator = make_pipeline(StandardScaler(), net.estimator)
        net.fit(X, y)
        assert not stackable(net.estimators_)
    names = ["predict"]
    if hasattr(net, "predict_proba"):
        names += ["predict_proba", "predict_log_proba"]
    for name in names:
        expected = getattr(KINDS[kind][2], name)(net, X)
        found = getattr(net, name)(X)
        if name == "predict" and hasattr(net, "classes_"):
            assert_array_equal(found, expected)
        else:
            assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("kind", ["regression", "multioutput"])
@pytest.mark.parametrize("scale", [False, True])
def test_the_spread_is_the_members_own(kind, scale):
    net, X, y = fitted(kind)
    if scale:
        net = make_pipeline(StandardScaler(), net).fit(X, y)
    mean, std = net.predict(X, return_std=True)
    members = net[-1].predict_members(X) if scale else net.predict_members(X)
    assert mean.shape == std.shape == y.shape
    assert members.shape == (3, *y.shape)
    if not scale:
        assert_allclose(std, members.std(axis=0), rtol=1e-10)
    assert (std > 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("params", [{}, {"max_features": 0.5}, {"max_samples": 0.6}], ids=str)
def test_random_initialisations_are_scikit_learn_s_ensemble(kind, params):
    X, y = targets(kind, 300)  # where at most 200 rows differ, they are drawn in another order
    net = make(kind, bootstrap=False, **params).fit(X, y)
    peer = KINDS[kind][2](**net.get_params(deep=False)).fit(X, y)
    assert_allclose(answers(net, X), answers(peer, X), rtol=1e-6)
    for mine, its in zip(net.estimators_features_, peer.estimators_features_, strict=True):
        assert_array_equal(np.sort(mine), np.sort(its))


@pytest.mark.parametrize("weighted", [False, True])
def test_draws_are_numpy_s_choice(weighted):
    X, y = regression(300)
    weight = np.random.RandomState(1).randint(0, 4, 300) if weighted else np.ones(300)
    net = make("regression").fit(X, y, sample_weight=weight if weighted else None)
    for seed, rows, member in zip(
        net._seeds, net.estimators_samples_, net.estimators_, strict=True
    ):
        choice = np.random.RandomState(seed).choice(
            300, weight.sum().astype(int), p=weight / weight.sum()
        )
        assert_array_equal(rows, choice)
        counts = np.bincount(rows, minlength=300)
        again = clone(net.estimator).set_params(random_state=member.random_state)
        assert_array_equal(again.fit(X, y, counts).predict(X), member.predict(X))


@pytest.mark.parametrize("bootstrap", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_is_a_repetition_and_rows_have_no_order(kind, bootstrap):
    X, y = targets(kind, 60)
    weight = np.random.RandomState(0).randint(0, 4, 60)
    order = np.random.RandomState(1).permutation(60)
    net = make(kind, bootstrap=bootstrap)
    weighted = clone(net).fit(X[order], y[order], sample_weight=weight[order])
    repeated = clone(net).fit(X.repeat(weight, axis=0), y.repeat(weight, axis=0))
    assert_array_equal(answers(weighted, X), answers(repeated, X))


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_the_result_does_not_depend_on_workers(kind):
    alone, X, y = fitted(kind, n_jobs=1)
    for n_jobs, backend in ((None, None), (2, None), (None, "threading"), (2, "loky")):
        net = make(kind, n_jobs=n_jobs)
        if backend is None:
            net.fit(X, y)
        else:
            with parallel_config(backend=backend):
                net.fit(X, y)
        assert_array_equal(answers(net, X), answers(alone, X))


def test_all_cores_unless_the_user_has_chosen():
    def active():
        with on_all_cores():
            backend, n_jobs = get_active_backend()
        return type(backend).__name__, n_jobs

    assert active() == ("SkregBackend", -1)
    for settings in ({"backend": "loky"}, {"backend": "threading"}, {"n_jobs": 2}):
        with parallel_config(**settings):
            assert active()[0] != "SkregBackend"
            assert active()[1] == settings.get("n_jobs")
    inside = Parallel(n_jobs=2, backend="threading")(delayed(active)() for _ in range(2))
    assert all(name != "SkregBackend" for name, _ in inside)


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_bag(kind):
    weight = np.random.RandomState(0).randint(0, 3, 120)
    net, X, y = fitted(kind, weight=weight, n_estimators=4, oob_score=True)
    sums, counts = 0.0, np.zeros(len(X))
    for rows, member in zip(net.estimators_samples_, net.estimators_, strict=True):
        out = ~np.isin(np.arange(len(X)), rows)
        shape = [-1] + [1] * (answers(member, X).ndim - 1)
        sums, counts = sums + answers(member, X) * out.reshape(shape), counts + out
    seen = (counts > 0) & (weight > 0)
    mean = sums[counts > 0] / counts[counts > 0].reshape(shape)
    if kind in ("regression", "multioutput"):
        found, expected = net.oob_prediction_, r2_score
        score = expected(y[seen], found[seen], sample_weight=weight[seen])
    else:
        found = net.oob_decision_function_
        labels = net.classes_[np.nan_to_num(found).argmax(axis=1)]
        score = accuracy_score(y[seen], labels[seen], sample_weight=weight[seen])
    assert_allclose(found[counts > 0], mean, rtol=1e-5)
    assert np.isnan(found[counts == 0]).all()
    assert_allclose(net.oob_score_, score)


@pytest.mark.parametrize(
    "params",
    [{"max_features": 4}, {"max_features": 0.7, "bootstrap": False}, {"bootstrap_features": True}],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_members_take_their_columns(kind, params):
    net, X, _ = fitted(kind, {"dtype": "float64"}, **params)
    pairs = zip(net.estimators_, net.estimators_features_, strict=True)
    own = [answers(member, X[:, columns]) for member, columns in pairs]
    assert_allclose(net.predict_members(X), own, rtol=1e-10)
    assert_allclose(net.predict_members(csr_matrix(X)), own, rtol=1e-10)


@pytest.mark.parametrize("sparse", [csr_matrix, csc_matrix])
@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_sparse_rows_are_dense_rows(kind, sparse):
    net, X, y = fitted(kind)
    again = clone(net).fit(sparse(X), y)
    assert_array_equal(answers(again, sparse(X)), answers(net, X))


@pytest.mark.parametrize("kind", ["regression", "multiclass"])
def test_warm_start_adds_members(kind):
    whole, X, y = fitted(kind, n_estimators=5)
    grown = make(kind, n_estimators=2, warm_start=True).fit(X, y)
    first = grown.estimators_[0]
    grown.set_params(n_estimators=5).fit(X, y)
    assert grown.estimators_[0] is first
    assert_array_equal(answers(grown, X), answers(whole, X))
    for mine, its in zip(grown.estimators_samples_, whole.estimators_samples_, strict=True):
        assert_array_equal(mine, its)
    grown.fit(X, y)  # nothing is missing
    assert len(grown.estimators_) == 5


@pytest.mark.parametrize("labels", [["a", "b", "c"], [10, 20, 30]])
def test_classes_that_members_have_not_seen(labels):
    X, _ = regression(60)
    numbers = np.r_[np.zeros(30, int), np.ones(28, int), 2, 2]
    y = np.array(labels)[numbers]
    net = make("multiclass", n_estimators=6, max_samples=20, random_state=2).fit(X, y)
    numbered = clone(net).fit(X, numbers)  # as scikit-learn's ensembles give them to members
    assert {len(member.classes_) for member in net.estimators_} == {2, 3}
    members = net.predict_members(X)
    assert members.shape == (6, 60, 3)
    expected = sklearn_ensemble.BaggingClassifier.predict_proba(numbered, X)
    assert_allclose(members.mean(axis=0), expected, rtol=1e-6)
    assert_allclose(net.predict_proba(X), expected, rtol=1e-6)
    for member, p in zip(net.estimators_, members, strict=True):
        assert_array_equal(p[:, ~np.isin(labels, member.classes_)], 0)
    assert_array_equal(net.decision_function(X).argmax(axis=1), expected.argmax(axis=1))
    with pytest.raises(ValueError, match="decision_function needs members.*use predict_proba"):
        clone(net).set_params(estimator=make_pipeline(LinearSVC())).fit(X, y).decision_function(X)
    without = clone(net).set_params(n_estimators=1, max_samples=3).fit(X, y)
    assert len(without.estimators_[0].classes_) < 3
    assert_allclose(without.predict_proba(X).sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_the_decision_is_the_logarithm_of_the_mean_probabilities(kind):
    net, X, _ = fitted(kind)
    raw, p = net.decision_function(X), net.predict_proba(X).astype(float)
    if kind == "binary":
        assert_allclose(expit(raw), p[:, 1], rtol=1e-5)
    else:
        assert_allclose(np.exp(raw), p, rtol=1e-5)


def test_a_class_whose_rows_weigh_nothing_is_not_there():
    X, y = targets("multiclass")
    net = make("multiclass").fit(X, y, sample_weight=(y != "low").astype(float))
    assert list(net.classes_) == ["high", "middle"]
    assert set(net.predict(X)) <= {"high", "middle"}


def test_members_of_other_kinds():
    X, y = targets("regression")
    net = BaggingRegressor(LinearRegression(), 3, random_state=0).fit(X, y)
    own = [member.predict(X) for member in net.estimators_]
    assert_allclose(net.predict(X, return_std=True), [np.mean(own, 0), np.std(own, 0)])
    X, y = targets("multiclass")
    votes = BaggingClassifier(LinearSVC(), 3, random_state=0).fit(X, y)
    numbered = clone(votes).fit(X, np.unique(y, return_inverse=True)[1])
    expected = sklearn_ensemble.BaggingClassifier.predict_proba(numbered, X)
    assert_allclose(votes.predict_proba(X), expected)
    assert_allclose(
        votes.decision_function(X), np.mean([m.decision_function(X) for m in votes.estimators_], 0)
    )


@pytest.mark.parametrize(("kind", "cls"), [("regression", MLPRegressor), ("binary", MLPClassifier)])
def test_the_default_member(kind, cls):
    X, y = targets(kind, 30)
    net = KINDS[kind][0](n_estimators=2, random_state=0).fit(X, y)
    assert [type(member) for member in net.estimators_] == [cls, cls]
    assert net.estimators_[0].get_params()["hidden_layer_sizes"] == (100,)


def test_search_clone_and_a_small_pickle():
    X, y = targets("regression")
    net = make("regression")
    grid = {"estimator__alpha": [0.0, 10.0]}
    search = GridSearchCV(net, grid, cv=3).fit(X, y)
    means = search.cv_results_["mean_test_score"]
    assert means[0] != means[1]
    best = search.best_estimator_
    raw = pickle.dumps(best)
    assert b"torch" not in raw
    assert b"skorch" not in raw
    assert len(raw) < 60_000
    assert_array_equal(pickle.loads(raw).predict(X), best.predict(X))
    assert not hasattr(clone(best), "estimators_")


def test_metadata_is_routed_to_the_members():
    X, y = targets("regression", 60)
    weight = np.random.RandomState(0).randint(1, 4, 60)
    with sklearn.config_context(enable_metadata_routing=True):
        member = MLPRegressor(**FEW).set_fit_request(sample_weight=True, X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler(with_mean=False, with_std=False), member)
        pipe[0].set_fit_request(sample_weight=False)
        params = {"bootstrap": False, "n_estimators": 2, "random_state": 0}
        plain = BaggingRegressor(member, **params)
        plain.fit(X, y, sample_weight=weight, X_val=X[:20], y_val=y[:20])
        assert len(plain.estimators_[0].validation_scores_) == 5
        piped = BaggingRegressor(pipe, **params).fit(X, y, sample_weight=weight)
        again = clone(member).set_params(random_state=plain.estimators_[0].random_state)
        assert_array_equal(again.fit(X, y, weight).predict(X), plain.estimators_[0].predict(X))
        assert not stackable(piped.estimators_)
    with pytest.raises(ValueError, match="enable_metadata_routing=True"):
        plain.fit(X, y, X_val=X)


def test_predict_params_are_routed():
    X, y = targets("regression", 60)
    with sklearn.config_context(enable_metadata_routing=True):
        member = MLPRegressor(dropout=0.5, **FEW).set_predict_request(n_samples=True)
        net = BaggingRegressor(member, 2, random_state=0).fit(X, y)
        own = [m.predict(X, n_samples=7) for m in net.estimators_]
        assert_allclose(net.predict(X, n_samples=7), np.mean(own, axis=0))


WEIGHTS = np.r_[np.ones(59), 2.0]


@pytest.mark.parametrize(
    ("params", "weight", "message"),
    [
        ({"oob_score": True, "bootstrap": False}, None, "oob_score=True.*set bootstrap=True"),
        ({"oob_score": True, "warm_start": True}, None, "oob_score=True and warm_start=True"),
        ({"oob_score": True, "max_samples": 2000}, None, "raise n_estimators, or lower max_s"),
        ({"max_samples": 61, "bootstrap": False}, None, "max_samples=61 is more than the 60 rows"),
        ({"max_features": 11}, None, "max_features=11 is more than the 10 columns"),
        ({"max_samples": 1.0}, WEIGHTS / 1e4, "would draw 0 of 60 rows.*mean of 1"),
        ({}, -WEIGHTS, "Negative values in data passed to `sample_weight`"),
        ({}, 0 * WEIGHTS, "All weights in `sample_weight` are zero"),
        ({"bootstrap": False, "pipe": True}, WEIGHTS, "(?s)bootstrap=False is handed on.*metadata"),
    ],
)
def test_errors_leave_the_ensemble_as_it_was(params, weight, message):
    X, y = targets("regression", 60)
    params = dict(params)
    net = make("regression")
    if params.pop("pipe", False):
        net.estimator = make_pipeline(net.estimator)
    net.set_params(**params)
    before = dict(vars(net))
    with pytest.raises(ValueError, match=message):
        net.fit(X, y, sample_weight=weight)
    assert vars(net) == before


def test_fewer_members_than_warm_start_keeps():
    net, X, y = fitted("regression", warm_start=True)
    with pytest.raises(ValueError, match="n_estimators=1 must be larger or equal to the 3 members"):
        net.set_params(n_estimators=1).fit(X, y)
