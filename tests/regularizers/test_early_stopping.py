"""What early stopping watches: a scorer, a splitter's rows; and the refit on all rows."""

import numpy as np
import pandas
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    check_scoring,
    f1_score,
    make_scorer,
    max_error,
    mean_absolute_error,
    r2_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    PredefinedSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skreg import (
    BaggingClassifier,
    ConvNetClassifier,
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
)
from tests._data import learnt, targets
from tests._nets import Plain

X, Y = targets("regression")
STOP = {
    "early_stopping": True,
    "random_state": 0,
    "learning_rate_init": 0.02,
    "hidden_layer_sizes": (12,),
    "dtype": "float64",
}
ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])
SOLVERS = pytest.mark.parametrize("solver", ["adam", "lbfgs"])


def same(a, b):
    for x, y in zip(learnt(a), learnt(b), strict=True):
        assert_array_equal(x, y)


@ENGINES
@SOLVERS
def test_a_scorer_is_watched_and_its_best_epoch_restored(engine, solver):
    net = MLPRegressor(scoring="neg_mean_absolute_error", engine=engine, solver=solver, **STOP)
    net.fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    best = -mean_absolute_error(Y[80:], net.predict(X[80:]))
    assert_allclose(net.best_validation_score_, best, rtol=1e-10)
    assert net.best_validation_score_ == max(net.validation_scores_)
    assert net.validation_scores_[net.best_epoch_ - 1] == net.best_validation_score_
    assert len(net.validation_scores_) == net.n_iter_ == len(net.net_.history)
    curve = MLPRegressor(engine=engine, solver=solver, **STOP)
    curve.fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    assert curve.best_epoch_ != net.best_epoch_


@ENGINES
def test_the_scorers_path_is_the_fits_own(engine):
    """Scores of each epoch are those of fits that ended there."""
    params = {**STOP, "early_stopping": False, "tol": 0.0, "n_iter_no_change": 99}
    net = MLPRegressor(scoring="r2", max_iter=5, engine=engine, **params)
    net.fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    for n in range(1, 6):
        short = MLPRegressor(max_iter=n, engine=engine, **params).fit(X[:80], Y[:80])
        assert_allclose(net.validation_scores_[n - 1], short.score(X[80:], Y[80:]), rtol=1e-10)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc_ovr"])
def test_scorers_of_classifiers_see_labels_and_weights(kind, scoring):
    X, y = targets(kind)
    weight = np.random.RandomState(0).randint(1, 4, 40)
    data = {"X_val": X[80:], "y_val": y[80:], "sample_weight_val": weight}
    net = MLPClassifier(scoring=scoring, **STOP).fit(X[:80], y[:80], **data)
    assert net.best_validation_score_ == max(net.validation_scores_)
    if scoring == "accuracy":
        score = accuracy_score(y[80:], net.predict(X[80:]), sample_weight=weight)
        assert_allclose(net.best_validation_score_, score)


def asking(metric, **request):
    """Scorer that says by metadata routing what it takes."""
    with sklearn.config_context(enable_metadata_routing=True):
        return make_scorer(metric).set_score_request(**request)


def plain_error(y, prediction):
    return mean_absolute_error(y, prediction)


# scoring, its metric, whether it is weighted where the rows are
SCORERS = [
    ("neg_mean_absolute_error", lambda *a, **k: -mean_absolute_error(*a, **k), True),
    ("r2", r2_score, True),
    ("neg_max_error", lambda *a: -max_error(*a), False),
    (make_scorer(mean_absolute_error), mean_absolute_error, True),
    (make_scorer(plain_error), mean_absolute_error, False),
    (asking(mean_absolute_error, sample_weight=True), mean_absolute_error, True),
    (asking(mean_absolute_error, sample_weight=False), mean_absolute_error, False),
]


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("scoring", "metric", "takes"), SCORERS)
def test_scorers_are_weighted_where_they_can_be(scoring, metric, takes, weighted, routing):
    weight = np.random.RandomState(0).randint(1, 9, 40) if weighted else None
    data = {"X_val": X[80:], "y_val": Y[80:], "sample_weight_val": weight}
    if not routing and scoring is SCORERS[-1][0]:
        takes = True  # what a scorer requests counts under metadata routing only
    with sklearn.config_context(enable_metadata_routing=routing):
        net = MLPRegressor(scoring=scoring, **STOP, max_iter=20).fit(X[:80], Y[:80], **data)
    score = metric(Y[80:], net.predict(X[80:]), **({"sample_weight": weight} if takes else {}))
    assert_allclose(net.best_validation_score_, score)


@pytest.mark.parametrize("scoring", ["accuracy", asking(accuracy_score, sample_weight=True)])
def test_rows_held_out_are_scored_with_their_weights_under_metadata_routing(scoring):
    X, y = targets("binary")
    weight = np.random.RandomState(0).randint(1, 9, 120)
    nets = []
    for routing in (False, True):
        with sklearn.config_context(enable_metadata_routing=routing):
            nets.append(MLPClassifier(scoring=scoring, **STOP).fit(X, y, sample_weight=weight))
    same(*nets)
    assert nets[0].validation_scores_ == nets[1].validation_scores_
    assert len({round(12 * score, 6) % 1 for score in nets[0].validation_scores_}) > 1  # of 12 rows


def test_a_scorer_that_requests_weights_by_another_name_is_refused():
    scoring = asking(mean_absolute_error, sample_weight="exposure")
    net = MLPRegressor(scoring=scoring, **STOP)
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="'exposure'.*set_score_request"),
    ):
        net.fit(X, Y, sample_weight=np.arange(1, 121))


def test_a_callable_scorer_and_named_columns():
    frame = pandas.DataFrame(X, columns=[f"x{i}" for i in range(10)])
    seen = []

    def scorer(estimator, X, y):
        seen.append(len(y))
        return estimator.score(X, y)

    net = MLPRegressor(scoring=scorer, **STOP).fit(frame, Y)
    assert len(seen) == net.n_iter_
    assert set(seen) == {12}
    assert_allclose(max(net.validation_scores_), net.best_validation_score_)


def test_the_last_split_of_a_splitter_is_held_out():
    for splitter in (TimeSeriesSplit(3), PredefinedSplit(np.arange(120) // 90 - 1)):
        net = MLPRegressor(validation_fraction=splitter, **STOP).fit(X, Y)
        given = MLPRegressor(**STOP).fit(X[:90], Y[:90], X_val=X[90:], y_val=Y[90:])
        same(net, given)
        assert net.validation_scores_ == given.validation_scores_


def test_groups_stay_together():
    X, y = load_iris(return_X_y=True)
    groups = np.random.RandomState(0).randint(0, 10, 150)
    splitter = GroupShuffleSplit(1, test_size=0.3, random_state=0)
    weight = np.random.RandomState(1).randint(0, 3, 150)
    train, held = next(splitter.split(X, y, groups))
    assert not set(groups[train]) & set(groups[held])
    net = MLPClassifier(validation_fraction=splitter, **STOP)
    net.fit(X, y, sample_weight=weight, groups=groups)
    data = {"X_val": X[held], "y_val": y[held], "sample_weight_val": weight[held]}
    given = MLPClassifier(**STOP).fit(X[train], y[train], sample_weight=weight[train], **data)
    same(net, given)
    assert_allclose(net.validation_scores_, given.validation_scores_)


@ENGINES
@SOLVERS
def test_refit_is_a_fit_on_all_rows_for_the_best_number_of_epochs(engine, solver):
    params = {**STOP, "engine": engine, "solver": solver}
    stopped = MLPRegressor(**params).fit(X, Y)
    refit = MLPRegressor(**{**params, "early_stopping": "refit"}).fit(X, Y)
    assert refit.best_epoch_ == stopped.best_epoch_ == refit.n_iter_ == len(refit.loss_curve_)
    assert refit.validation_scores_ == stopped.validation_scores_
    assert refit.best_validation_score_ == stopped.best_validation_score_
    fixed = {"early_stopping": False, "max_iter": stopped.best_epoch_, "n_iter_no_change": 999}
    same(refit, MLPRegressor(**{**params, **fixed}).fit(X, Y))


def test_refit_goes_on_from_where_a_warm_start_began():
    first = MLPRegressor(warm_start=True, **{**STOP, "early_stopping": "refit"}).fit(X, Y)
    before = [coef.copy() for coef in first.coefs_]
    first.set_params(learning_rate_init=1e-300).fit(X, Y)
    for a, b in zip(first.coefs_, before, strict=True):
        assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(
    ("params", "data", "match"),
    [
        ({"scoring": "nonsense"}, {}, "nonsense"),
        ({"early_stopping": "again"}, {}, "'early_stopping' parameter.*Got 'again'"),
        ({"validation_fraction": 1.5}, {}, "'validation_fraction' parameter.*Got 1.5"),
        ({}, {"groups": np.zeros(120)}, "groups are for a splitter.*it is 0.1"),
        (
            {"early_stopping": "refit"},
            {"X_val": X, "y_val": Y},
            "early_stopping='refit'.*pass no X_val",
        ),
        (
            {"validation_fraction": PredefinedSplit(-np.ones(120))},
            {},
            "validation_fraction=PredefinedSplit.*leaves no rows",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes(params, data, match):
    net = MLPRegressor(**{**STOP, **params})
    with pytest.raises(ValueError, match=match):
        net.fit(X, Y, **data)
    assert not hasattr(net, "coefs_")


def lacking(kind):
    """X, y and rows to hold out that lack a class, a label or a difference of targets."""
    X, y = targets(kind)
    if kind == "regression":
        return X, y, X[:6], np.full(6, y[0])
    keep = (
        y[:, 0] == 0 if kind == "multilabel" else y != {"binary": "yes", "multiclass": "low"}[kind]
    )
    return X, y, X[keep], y[keep]


BY_LABEL = [make_scorer(metric, pos_label="yes") for metric in (f1_score, recall_score)]
CANNOT_JUDGE = [
    *[("binary", s) for s in ("roc_auc", "neg_log_loss", "matthews_corrcoef", *BY_LABEL)],
    (
        "binary",
        make_scorer(average_precision_score, response_method="predict_proba", pos_label="yes"),
    ),
    *[("multiclass", s) for s in ("neg_log_loss", "roc_auc_ovr", "roc_auc_ovo", "top_k_accuracy")],
    ("multilabel", "roc_auc"),
    *[("regression", s) for s in ("r2", "explained_variance")],
]
CAN_JUDGE = [
    *[
        (k, s)
        for k in ("binary", "multiclass")
        for s in ("accuracy", "balanced_accuracy", "f1_macro")
    ],
    ("binary", make_scorer(f1_score, pos_label="no")),
    ("multilabel", "average_precision"),
    ("regression", "neg_mean_absolute_error"),
]


def net_of(kind, **params):
    return (MLPRegressor if kind == "regression" else MLPClassifier)(**{**STOP, **params})


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize(("kind", "scoring"), CANNOT_JUDGE)
def test_a_scorer_that_cannot_judge_the_rows_is_refused(kind, scoring, stop):
    X, y, *held_out = lacking(kind)
    word = {
        "binary": "of class 'yes'",
        "multiclass": "of class 'low'",
        "multilabel": "a 1 in column 0",
    }
    net = net_of(kind, scoring=scoring, early_stopping=stop, max_iter=3, n_iter_no_change=9)
    match = (
        f"scoring=.* cannot judge .*{word.get(kind, 'all the same')}.*X_val.*validation_fraction"
    )
    with pytest.raises(ValueError, match=match):
        net.fit(X, y, X_val=held_out[0], y_val=held_out[1])
    assert not hasattr(net, "coefs_")


@pytest.mark.filterwarnings("ignore")  # of the metrics, about a class that is not there
@pytest.mark.parametrize(("kind", "scoring"), CAN_JUDGE)
def test_a_scorer_that_can_judge_them_is_watched(kind, scoring):
    X, y, *held_out = lacking(kind)
    net = net_of(kind, scoring=scoring).fit(X, y, X_val=held_out[0], y_val=held_out[1])
    found = check_scoring(net, scoring)(net, *held_out)
    assert_allclose(net.best_validation_score_, found)


@pytest.mark.parametrize("how", [True, "refit"])
@pytest.mark.parametrize(
    "fraction", [0.1, PredefinedSplit(np.arange(200) // 150 - 1)], ids=["share", "splitter"]
)
@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: BaggingClassifier(net, 2)])
def test_so_it_is_where_rows_are_held_out_by_a_split(wrap, fraction, how):
    X = np.random.RandomState(0).normal(size=(200, 3))
    y = (np.arange(200) < 3).astype(int)
    stop = {**STOP, "early_stopping": how, "validation_fraction": fraction}
    with pytest.raises(ValueError, match="scoring='average_precision' cannot judge.*of class 1"):
        wrap(MLPClassifier(scoring="average_precision", **stop)).fit(X, y)


def by_hand(estimator, X, y):
    return roc_auc_score(y, estimator.predict_proba(X)[:, 1])


@pytest.mark.filterwarnings("ignore:Only one class is present")
@pytest.mark.parametrize(("scoring", "why"), [(by_hand, "of class 'yes'"), (lambda *_: np.nan, "")])
def test_a_score_that_is_never_finite_is_refused_by_name(scoring, why):
    X, y, *held_out = lacking("binary")
    net = MLPClassifier(scoring=scoring, **STOP)
    with pytest.raises(ValueError, match=f"scoring=<function.* cannot judge.*{why}.*never finite"):
        net.fit(X, y, X_val=held_out[0], y_val=held_out[1])


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize(("scoring", "says"), [("f1", "pos_label=1"), ("roc_auc", "multi_class")])
def test_a_scorer_that_is_not_for_such_labels_is_named(scoring, says, engine):
    X, y = targets("binary" if scoring == "f1" else "multiclass")  # all classes are held out
    net = MLPClassifier(**{**STOP, "scoring": scoring, "engine": engine})
    with pytest.raises(ValueError, match=f"scoring='{scoring}' cannot judge.*{says}.*Set another"):
        net.fit(X, y)
    assert not hasattr(net, "coefs_")


STOP_QUICK = {"early_stopping": True, "scoring": "neg_log_loss", "random_state": 0}
PLACES = {
    "torch": MLPClassifier(engine="torch", **STOP_QUICK),
    "lbfgs": MLPClassifier(solver="lbfgs", **STOP_QUICK),
    "conv": ConvNetClassifier(channels=(2,), **STOP_QUICK),
    "module": NetClassifier(Plain, **STOP_QUICK),
    "pipeline": make_pipeline(StandardScaler(), MLPClassifier(**STOP_QUICK)),
    "bagging": BaggingClassifier(make_pipeline(MLPClassifier(**STOP_QUICK)), 2),
    "search": GridSearchCV(MLPClassifier(**STOP_QUICK), {}, cv=2, error_score="raise"),
    "self_training": SelfTrainingClassifier(MLPClassifier(**STOP_QUICK)),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_class_is_named_wherever_the_net_stands(place):
    X = np.random.RandomState(0).normal(size=(200, 3))
    y = np.where(np.arange(200) < 4, 7, np.arange(200) % 2)
    if place == "self_training":
        y[-20:] = -1  # without a label
    with pytest.raises(ValueError, match="scoring='neg_log_loss' cannot judge.*of class 7"):
        PLACES[place].fit(X, y)
