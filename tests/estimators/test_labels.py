"""Labels mean what the user wrote, wherever a member sees them.

Oracles: the same fit by numbers of classes; scikit-learn's forest in the same meta-estimator.
"""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn import ensemble as sklearn_ensemble
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC

from skreg import BaggingClassifier, ConvNetClassifier, MLPClassifier, RacingSearchCV

X = np.random.RandomState(0).normal(size=(200, 2))
NUMBERS = (X[:, 0] + np.random.RandomState(1).normal(scale=2.0, size=200) > 0).astype(int)
LABELS = [
    np.array([1, 2]),
    np.array([-1, 0]),
    np.array([0, 1]),
    np.array([3.0, 7.0]),
    np.array([False, True]),
    np.array(["sick", "well"]),
    np.array(["sick", "well"], dtype=object),
]
QUICK = {"max_iter": 20, "n_iter_no_change": 20, "random_state": 0, "learning_rate_init": 0.05}
MEMBERS = {
    "mlp": (MLPClassifier, lambda net: net),
    "pipeline": (MLPClassifier, lambda net: make_pipeline(StandardScaler(), net)),
    "grid": (MLPClassifier, lambda net: GridSearchCV(net, {}, cv=2)),
    "conv": (ConvNetClassifier, lambda net: net),
}
by_label = pytest.mark.parametrize("labels", LABELS, ids=lambda labels: f"{labels.dtype}{labels}")
ROWS = {"hidden_layer_sizes": (8,), **QUICK}


def weighted(labels, weights):
    """A `class_weight` by label."""
    return dict(zip(labels.tolist(), weights, strict=False))


def member_of(name, class_weight, **params):
    cls, around = MEMBERS[name]
    shape = {"hidden_layer_sizes": (8,)} if cls is MLPClassifier else {"channels": (4,)}
    return around(cls(class_weight=class_weight, **{**shape, **QUICK, **params}))


@by_label
@pytest.mark.parametrize("bootstrap", [True, False])
@pytest.mark.parametrize("weights", [(20.0, 1.0), (20.0,)], ids=["all", "one"])
@pytest.mark.parametrize("name", MEMBERS)
def test_class_weights_in_an_ensemble(name, weights, bootstrap, labels):
    settings = {"n_estimators": 2, "bootstrap": bootstrap, "random_state": 0}
    own = BaggingClassifier(member_of(name, weighted(labels, weights)), **settings)
    own.fit(X, labels[NUMBERS])
    plain = BaggingClassifier(member_of(name, weighted(np.arange(2), weights)), **settings)
    assert_array_equal(own.predict_proba(X), plain.fit(X, NUMBERS).predict_proba(X))
    assert_array_equal(own.predict(X), labels[plain.predict(X)])
    assert (own.predict(X) == labels[0]).mean() > 0.6
    for member in own.estimators_:
        assert_array_equal(member.classes_, labels)


@by_label
def test_members_that_vote(labels):
    votes = BaggingClassifier(LinearSVC(), 3, random_state=0).fit(X, labels[NUMBERS])
    plain = BaggingClassifier(LinearSVC(), 3, random_state=0).fit(X, NUMBERS)
    assert_array_equal(votes.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("labels", [[1, 2, 9], ["a", "b", "c"], [3.0, 7.0, 8.0]], ids=str)
def test_members_that_lack_a_class(labels):
    labels, rare = np.array(labels), np.where(np.arange(200) < 2, 2, NUMBERS)
    settings = {"n_estimators": 4, "max_samples": 0.2, "random_state": 0}
    own = BaggingClassifier(MLPClassifier(**ROWS), **settings).fit(X, labels[rare])
    assert min(len(member.classes_) for member in own.estimators_) == 2
    p = own.predict_proba(X)
    mean = np.zeros_like(p)
    for member in own.estimators_:
        columns = [list(labels).index(label) for label in member.classes_]
        mean[:, columns] += member.predict_proba(X) / 4
    np.testing.assert_allclose(p, mean, rtol=1e-5, atol=1e-7)
    assert_array_equal(own.predict(X), labels[p.argmax(axis=1)])


@pytest.mark.parametrize("name", ["mlp", "pipeline", "conv"])
def test_scorers_and_validation_rows_in_an_ensemble(name):
    scoring = make_scorer(f1_score, pos_label="sick")
    net = member_of(name, None, early_stopping=True, scoring=scoring)
    y = np.array(["sick", "well"])[NUMBERS]
    ensemble = BaggingClassifier(net, 2, bootstrap=False, random_state=0).fit(X, y)
    nets = [getattr(m, "steps", [(None, m)])[-1][1] for m in ensemble.estimators_]
    assert all(0 < max(fitted.validation_scores_) <= 1 for fitted in nets)
    with sklearn.config_context(enable_metadata_routing=True):
        ensemble.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    for member in ensemble.estimators_:
        if name != "pipeline":  # whose net was given rows that are not scaled
            score = f1_score(y[150:], member.predict(X[150:]), pos_label="sick")
            assert score == pytest.approx(member.best_validation_score_)


UNEQUAL = {"sick": 20.0, "well": 1.0}
KEEP = {
    "alone": lambda member: member,
    "ada_boost": lambda member: AdaBoostClassifier(member, n_estimators=2, random_state=0),
    "self_training": SelfTrainingClassifier,
    "grid": lambda member: GridSearchCV(member, {}, cv=2),
    "threshold": lambda member: TunedThresholdClassifierCV(member, cv=2),
    "race": lambda member: RacingSearchCV(member, {}, n_candidates=1, cv=2, refit="ensemble"),
    "calibrated": lambda member: CalibratedClassifierCV(member, cv=2),
}
ENCODE = {
    "bagging": lambda member: sklearn_ensemble.BaggingClassifier(member, 2),
    "voting": lambda member: VotingClassifier([("member", member)]),
    "stacking": lambda member: StackingClassifier([("member", member)], LogisticRegression()),
    "one_vs_rest": OneVsRestClassifier,
    "one_vs_one": OneVsOneClassifier,
}
GIVEN = {"forest": RandomForestClassifier(10, random_state=0), "net": MLPClassifier(**ROWS)}


@pytest.mark.parametrize("around", KEEP)
@pytest.mark.parametrize("kind", GIVEN)
def test_meta_estimators_that_keep_labels(kind, around):
    numbers = (X[:, 0] > 0).astype(int)
    words = np.array(["sick", "well"], dtype=object)[numbers]  # self-training takes no others
    if around == "self_training":
        numbers[:20], words[:20] = -1, -1  # without a label
    own, plain = (
        KEEP[around](sklearn.clone(GIVEN[kind]).set_params(class_weight=weights))
        for weights in (UNEQUAL, {0: 20.0, 1: 1.0})
    )
    own.fit(X, words)
    plain.fit(X, numbers)
    assert_array_equal(own.classes_, ["sick", "well"])
    assert_array_equal(own.predict(X), np.array(["sick", "well"])[plain.predict(X)])


@pytest.mark.parametrize("around", [MultiOutputClassifier, ClassifierChain])
@pytest.mark.parametrize("kind", GIVEN)
def test_columns_of_labels(kind, around):
    y = np.array([1, 2])[np.column_stack([NUMBERS, NUMBERS[::-1]])]
    model = around(sklearn.clone(GIVEN[kind]).set_params(class_weight={1: 20.0, 2: 1.0})).fit(X, y)
    for column, member in zip(y.T, model.estimators_, strict=True):
        assert_array_equal(member.classes_, np.unique(column))
    if around is MultiOutputClassifier:
        alone = sklearn.clone(model.estimator).fit(X, y[:, 1])
        assert_array_equal(model.predict(X)[:, 1], alone.predict(X))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("labels", [np.array(["sick", "well"]), np.array([1, 2])], ids=str)
@pytest.mark.parametrize("around", ENCODE)
@pytest.mark.parametrize("kind", GIVEN)
def test_meta_estimators_that_encode_labels_are_told_from_the_weights(kind, around, labels):
    weights = weighted(labels, (20.0, 1.0))
    model = ENCODE[around](sklearn.clone(GIVEN[kind]).set_params(class_weight=weights))
    message = "in place of labels.*skreg.BaggingClassifier" if kind == "net" else "class_weight"
    with pytest.raises(ValueError, match=message):
        model.fit(X, labels[NUMBERS])


def test_validation_labels_of_a_member_that_was_given_numbers():
    y = np.array(["sick", "well"])[NUMBERS]
    model = VotingClassifier([("net", MLPClassifier(early_stopping=True, **ROWS))])
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="(?s)y_val has labels.*in place of labels"),
    ):
        model.fit(X, y, X_val=X, y_val=y)


@by_label
def test_classes_of_partial_fit(labels):
    own = MLPClassifier(class_weight=weighted(labels, (20.0, 1.0)), **ROWS)
    plain = MLPClassifier(class_weight={0: 20.0, 1: 1.0}, **ROWS)
    for rows in (slice(0, 3), slice(3, 200)):
        own.partial_fit(X[rows], labels[NUMBERS[rows]], classes=labels[::-1])
        plain.partial_fit(X[rows], NUMBERS[rows], classes=[0, 1])
    assert_array_equal(own.predict(X), labels[plain.predict(X)])


@pytest.mark.parametrize("labels", [[1, 2, 9], ["rare", "sick", "well"]], ids=str)
@pytest.mark.parametrize("name", ["mlp", "conv"])
def test_a_weight_for_a_class_that_a_member_has_not_drawn(name, labels):
    y = np.array(labels)[np.where(np.arange(200) < 2, 0, 1 + NUMBERS)]
    some = weighted(np.array(labels), (5.0, 9.0))  # the third has none
    settings = {"n_estimators": 4, "max_samples": 0.2, "random_state": 0}
    own = BaggingClassifier(member_of(name, some), **settings).fit(X, y)
    assert min(len(member.classes_) for member in own.estimators_) == 2
    every = BaggingClassifier(member_of(name, {**some, labels[2]: 1.0}), **settings).fit(X, y)
    assert_array_equal(own.predict_proba(X), every.predict_proba(X))
    forest = RandomForestClassifier(4, max_samples=0.2, class_weight=some).fit(X, y)
    assert_array_equal(own.classes_, forest.classes_)


def test_a_weight_for_a_class_whose_rows_have_none():
    y = np.array(["rare", "sick", "well"])[np.where(np.arange(200) < 2, 0, 1 + NUMBERS)]
    weight, some = (y != "rare").astype(float), {"rare": 5.0, "sick": 9.0}
    own = MLPClassifier(class_weight=some, **ROWS).fit(X, y, sample_weight=weight)
    alone = MLPClassifier(class_weight={"sick": 9.0}, **ROWS).fit(X[2:], y[2:])
    assert_array_equal(own.predict_proba(X), alone.predict_proba(X))
    logistic = LogisticRegression(class_weight=some).fit(X, y, sample_weight=weight)
    assert set(own.classes_) < set(logistic.classes_)
    with pytest.raises(ValueError, match="names \\['rare'\\].*those of all classes"):
        own.fit(X[2:], y[2:])
    with pytest.raises(ValueError, match="not in class_weight"):
        logistic.fit(X[2:], y[2:])


@pytest.mark.parametrize("other", [[0, 1], ["sick", "worse"], ["sick", "well", "dead"]], ids=str)
def test_members_that_a_warm_start_keeps_know_the_same_classes(other):
    settings = {"n_estimators": 2, "warm_start": True, "random_state": 0}
    ensemble = BaggingClassifier(MLPClassifier(**ROWS), **settings)
    ensemble.fit(X, np.array(["sick", "well"])[NUMBERS])
    found = ensemble.predict(X)
    y = np.array(other)[NUMBERS]
    y[-1] = other[-1]
    with pytest.raises(ValueError, match="warm_start=True keeps members.*warm_start=False"):
        ensemble.set_params(n_estimators=3).fit(X, y)
    assert_array_equal(ensemble.predict(X), found)
    ensemble.set_params(warm_start=False).fit(X, y)
    assert_array_equal(ensemble.classes_, np.unique(y))
