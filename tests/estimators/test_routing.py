"""Metadata routing: what scikit-learn's own MLP lets one write works with every net, too."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.base import is_classifier
from sklearn.ensemble import StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ContrastivePretrainer,
    ConvNetClassifier,
    ConvNetRegressor,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    NetRegressor,
    RacingSearchCV,
    TunedMLPRegressor,
)
from tests._data import targets

QUICK = {"max_iter": 2, "n_iter_no_change": 9, "random_state": 0}
CONV = {"channels": (4,), **QUICK}
GROUPS = np.repeat(np.arange(9), 10)
THEIRS = TheirRegressor(hidden_layer_sizes=(4,), max_iter=2), TheirClassifier((4,), max_iter=2)
NETS = [
    MLPRegressor(hidden_layer_sizes=(4,), **QUICK),
    MLPClassifier(hidden_layer_sizes=(4,), **QUICK),
    ConvNetRegressor(**CONV),
    ConvNetClassifier(**CONV),
]
MODELS = [
    *THEIRS,
    *NETS,
    *(make_pipeline(StandardScaler(), net) for net in NETS),
    BaggingRegressor(NETS[0], 2),
    BaggingClassifier(NETS[1], 2),
    BaggingRegressor(make_pipeline(StandardScaler(), NETS[0]), 2),
    make_pipeline(MaskedPretrainer(**QUICK), Ridge()),
    make_pipeline(ContrastivePretrainer(**QUICK), LogisticRegression()),
    VotingRegressor([("net", NETS[0]), ("ridge", Ridge())]),
    VotingClassifier([("net", NETS[1]), ("their", LogisticRegression())]),
    StackingRegressor([("net", NETS[0])], Ridge(), cv=2),
]
MODELS = [(f"{i}-{type(model).__name__}", model) for i, model in enumerate(MODELS)]


def passed(groups, routing):
    """Groups as `cross_validate` and its like take them."""
    return {"params": {"groups": groups}} if routing else {"groups": groups}


USERS = {
    "grid": lambda net, X, y, r: GridSearchCV(net, {}, cv=GroupKFold(3), error_score="raise").fit(
        X, y, groups=GROUPS
    ),
    "random": lambda net, X, y, r: RandomizedSearchCV(
        net, {}, n_iter=1, cv=GroupKFold(3), error_score="raise"
    ).fit(X, y, groups=GROUPS),
    "validate": lambda net, X, y, r: cross_validate(
        net, X, y, cv=GroupKFold(3), error_score="raise", **passed(GROUPS, r)
    ),
    "score": lambda net, X, y, r: cross_val_score(
        net, X, y, cv=GroupKFold(3), error_score="raise", **passed(GROUPS, r)
    ),
    "predict": lambda net, X, y, r: cross_val_predict(
        net, X, y, cv=GroupKFold(3), **passed(GROUPS, r)
    ),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("model", [m for _, m in MODELS], ids=[name for name, _ in MODELS])
def test_groups_are_the_splitters(model, user, routing):
    X, y = targets("binary" if is_classifier(model) else "regression", 90)
    with sklearn.config_context(enable_metadata_routing=routing):
        USERS[user](model, X, y, routing)


@pytest.mark.parametrize("routing", [False, True])
def test_groups_in_a_race(routing):
    X, y = targets("regression", 90)
    race = RacingSearchCV(NETS[0], {"alpha": [0.0, 1.0]}, cv=GroupKFold(3), n_candidates=2)
    with sklearn.config_context(enable_metadata_routing=routing):
        race.fit(X, y, groups=GROUPS)


VALIDATION = {
    "net": lambda net: net,
    "pipeline": lambda net: make_pipeline(StandardScaler(), net, transform_input=["X_val"]),
    "bagging": lambda net: BaggingRegressor(net, 2, random_state=0),
    "voting": lambda net: VotingRegressor([("net", net), ("ridge", Ridge())]),
    "grid": lambda net: GridSearchCV(net, {}, cv=2, error_score="raise"),
}


def inner(model):
    """The first fitted net in a model."""
    for name in ("best_estimator_", "estimators_"):
        found = getattr(model, name, model)
        if found is not model:
            return found[0] if isinstance(found, list) else found
    return model[-1] if hasattr(model, "steps") else model


@pytest.mark.parametrize("around", VALIDATION)
@pytest.mark.parametrize("net", [NETS[0], NETS[2]], ids=["mlp", "conv"])
def test_validation_rows_reach_nets_without_a_request(net, around):
    X, y = targets("regression", 120)
    data = {"X_val": X[90:], "y_val": y[90:], "sample_weight_val": np.arange(1, 31)}
    with sklearn.config_context(enable_metadata_routing=True):
        model = VALIDATION[around](net).fit(X[:90], y[:90], **data)
    assert len(inner(model).validation_scores_) == 2


def test_unlabelled_rows_reach_nets_and_pretrainers_without_a_request():
    X, y = targets("regression", 120)
    source = MaskedPretrainer(hidden_layer_sizes=(4,), **QUICK)
    net = MLPRegressor(hidden_layer_sizes=(4,), pretrained=source, **QUICK)
    alone = net.fit(X[:60], y[:60], X_unlabeled=(X[60:],)).predict(X)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(net).fit(X[:60], y[:60], X_unlabeled=(X[60:],)).predict(X)
        probe = make_pipeline(source, Ridge()).fit(X[:60], y[:60], X_unlabeled=(X[60:],))
    assert_array_equal(routed, alone)
    own = MaskedPretrainer(hidden_layer_sizes=(4,), **QUICK).fit(X[:60], X_unlabeled=(X[60:],))
    assert_array_equal(probe[0].transform(X), own.transform(X))


def test_default_requests_of_every_estimator():
    own = dict.fromkeys(["X_val", "y_val", "sample_weight_val", "X_unlabeled"], True)
    nets = {"sample_weight": None, "groups": False, **own}
    for cls in (MLPRegressor, MLPClassifier, ConvNetRegressor, ConvNetClassifier):
        assert cls().get_metadata_routing().fit.requests == nets, cls
    for cls in (NetRegressor, NetClassifier):
        assert cls(None).get_metadata_routing().fit.requests == nets, cls
    pretrainers = {"X_unlabeled": True, "X_val": True}
    assert MaskedPretrainer().get_metadata_routing().fit.requests == pretrainers
    requests = ContrastivePretrainer().get_metadata_routing().fit.requests
    assert requests == {**pretrainers, "groups": False}
    requests = TunedMLPRegressor().get_metadata_routing().fit.requests
    assert requests == {"sample_weight": None, "groups": False}


@pytest.mark.parametrize("routing", [False, True])
def test_a_net_that_splits_by_groups_says_that_it_needs_them(routing):
    X, y = targets("regression", 90)
    splitter = GroupShuffleSplit(1, random_state=0)
    net = MLPRegressor(
        hidden_layer_sizes=(4,), early_stopping=True, validation_fraction=splitter, **QUICK
    )
    alone = net.fit(X, y, groups=GROUPS).predict(X)
    with sklearn.config_context(enable_metadata_routing=routing):
        with pytest.raises(ValueError, match=r"GroupShuffleSplit.*set_fit_request\(groups=True\)"):
            GridSearchCV(net, {}, cv=GroupKFold(3), error_score="raise").fit(X, y, groups=GROUPS)
        if routing:
            asking = make_pipeline(net.set_fit_request(groups=True))
            assert_array_equal(asking.fit(X, y, groups=GROUPS).predict(X), alone)
