"""Pretrainers as sources of an MLP: fitted inside its fit, searched, saved, told to callbacks."""

import pickle
import time

import numpy as np
import pytest
import skops.io
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

import skreg
from skreg import BaggingClassifier, ContrastivePretrainer, MLPClassifier, MLPRegressor
from tests._data import learnt, targets
from tests._pretrainers import CLASSES, Jitter, X
from tests.estimators.test_callbacks import Recorder

LABELS = targets("multiclass")[1]
SHORT = {"hidden_layer_sizes": (8,), "max_iter": 4, "n_iter_no_change": 4, "batch_size": 40}
MORE = np.random.RandomState(0).randn(30, X.shape[1])
EVERY_CLASS = pytest.mark.parametrize("cls", CLASSES)


def net_with(source, cls=MLPClassifier, **params):
    """A net that takes over all layers of a source and leaves them as they are."""
    params = {"random_state": 0, "n_frozen_layers": "all", **params}
    return cls(**SHORT, pretrained=source, **params)


@EVERY_CLASS
@pytest.mark.parametrize(("outer", "y"), [(MLPClassifier, LABELS), (MLPRegressor, X[:, 0])])
def test_one_that_is_not_fitted_is_fitted_inside_on_all_rows(cls, outer, y):
    source = cls(**SHORT, random_state=3)
    inside = net_with(source, outer).fit(X, y, X_unlabeled=MORE)
    given = clone(source).fit(X.astype(np.float32), X_unlabeled=MORE)
    before = net_with(FrozenEstimator(given), outer).fit(X, y)
    for a, b in zip(learnt(inside), learnt(before), strict=True):
        assert_array_equal(a, b)
    assert not hasattr(source, "coefs_")
    assert not np.array_equal(inside.coefs_[0], clone(inside).fit(X, y).coefs_[0])  # without MORE


@EVERY_CLASS
def test_its_draws_are_the_nets(cls):
    def first_layer(seed):
        return net_with(cls(**SHORT), random_state=seed).fit(X, LABELS).coefs_[0]

    assert_array_equal(first_layer(0), first_layer(0))
    assert not np.array_equal(first_layer(0), first_layer(1))
    assert not np.array_equal(first_layer(None), first_layer(None))


@EVERY_CLASS
@pytest.mark.parametrize("frozen", [False, True])
def test_clones_and_pickles_fit_alike(cls, frozen):
    source = cls(**SHORT, random_state=3)
    net = net_with(FrozenEstimator(source.fit(X)) if frozen else source)
    fitted = clone(net).fit(X, LABELS)
    for again in (pickle.loads(pickle.dumps(net)).fit(X, LABELS), clone(fitted).fit(X, LABELS)):
        assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    loaded = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert_array_equal(loaded.pretrained_.transform(X), fitted.transform(X))


def test_a_search_over_its_rate_and_frozen_layers_beside_none():
    net = net_with(ContrastivePretrainer(**SHORT))
    rates = {"pretrained__corruption_rate": [0.1, 0.9], "n_frozen_layers": [0, "all"]}
    grid = [{"pretrained": [None]}, rates]
    searches = [
        GridSearchCV(net, grid, cv=2, n_jobs=n, error_score="raise").fit(
            X, LABELS, X_unlabeled=MORE
        )
        for n in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    assert_array_equal(*scores)
    assert len(set(scores[0])) > 2
    probabilities = [search.predict_proba(X) for search in searches]
    assert_array_equal(*probabilities)


@EVERY_CLASS
def test_bagging_pretrains_each_member(cls):
    ensemble = BaggingClassifier(net_with(cls(**SHORT)), 2, random_state=0).fit(X, LABELS)
    one, other = (member.pretrained_.coefs_[0] for member in ensemble.estimators_)
    assert not np.array_equal(one, other)


# --- what it refuses


@EVERY_CLASS
def test_one_that_would_lose_its_weights_or_has_none(cls):
    source = cls(**SHORT)
    with pytest.raises(NotFittedError, match=f"FrozenEstimator\\({cls.__name__}.*not fitted"):
        net_with(FrozenEstimator(source)).fit(X, LABELS)
    fitted = cls(**SHORT).fit(X)
    for given in (fitted, clone(fitted)):
        with pytest.raises(ValueError, match=f"fitted {cls.__name__}.*FrozenEstimator"):
            net_with(given).fit(X, LABELS)
    with pytest.raises(ValueError, match=f"a fitted {cls.__name__}.*FrozenEstimator"):
        clone(net_with(fitted))


@EVERY_CLASS
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_unlabeled": MORE[:, :4]}, "X_unlabeled has 4 features, but X has 10"),
        ({"X_unlabeled": np.where(MORE > 2, np.nan, MORE)}, "X_unlabeled contains NaN"),
        ({"X_unlabeled": X}, "X_unlabeled has 120 rows, exactly as many as X"),
        ({"X": X[:0], "y": LABELS[:0]}, "0 sample"),  # all rows unlabelled
        ({"X": X[:1], "y": LABELS[:1], "X_unlabeled": None}, "at least 2.*n_samples = 1"),
    ],
)
def test_rows_that_do_not_fit_leave_the_net_as_it_was(cls, given, message):
    net = net_with(cls(**SHORT))
    before = dict(vars(net))
    with pytest.raises(ValueError, match=message):
        net.fit(**{"X": X, "y": LABELS, "X_unlabeled": MORE, **given})
    assert vars(net) == before


@EVERY_CLASS
def test_one_labelled_row_and_one_unlabelled(cls):
    net = net_with(cls(**SHORT), MLPRegressor).fit(X[:1], X[:1, 0], X_unlabeled=(MORE[:1],))
    assert np.isfinite(net.predict(X)).all()


# --- saved, told, row by row


@EVERY_CLASS
def test_saved_pretrainers_and_nets_come_back(cls, tmp_path):
    source = cls(**SHORT, random_state=0).fit(X)
    nets = [net_with(s).fit(X, LABELS) for s in (cls(**SHORT), FrozenEstimator(source))]
    for fitted, method in ((source, "transform"), *((net, "predict_proba") for net in nets)):
        skreg.save(fitted, tmp_path / "saved")
        dump = skops.io.dumps(fitted)
        names = skops.io.get_untrusted_types(data=dump)
        assert all(name.startswith("skreg.") for name in names)
        for again in (skreg.load(tmp_path / "saved"), skops.io.loads(dump, trusted=names)):
            assert_array_equal(getattr(again, method)(X), getattr(fitted, method)(X))


@EVERY_CLASS
def test_callbacks_hear_of_every_epoch_and_change_nothing(cls):
    recorder, plain = Recorder(), cls(**SHORT, random_state=0).fit(X)
    watched = cls(**SHORT, random_state=0).set_callbacks(recorder).fit(X)
    assert_array_equal(watched.coefs_[0], plain.coefs_[0])
    assert recorder.epochs() == recorder.epochs("begin") == list(range(4))
    assert cls(**SHORT).set_callbacks(Recorder(stop_after=2)).fit(X).n_iter_ == 2


@EVERY_CLASS
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_a_rows_representation_does_not_depend_on_the_rows_beside_it(cls, normalization):
    net = cls(**SHORT, normalization=normalization, random_state=0).fit(X)
    alone = np.concatenate([net.transform(row[None]) for row in X[:7]])
    assert_array_equal(alone, net.transform(X)[:7])
    assert_array_equal(net.transform(X[::-1]), net.transform(X)[::-1])


class Alone(Jitter):
    """Views that note how many tasks are making some at a time."""

    now, most = 0, 0

    def apply(self, batch, generator):
        Alone.now += 1
        Alone.most = max(Alone.most, Alone.now)
        time.sleep(0.002)  # another task's turn, if it may
        Alone.now -= 1
        return super().apply(batch, generator)


def test_views_of_a_users_serve_inside_a_search_one_task_at_a_time():
    net = net_with(ContrastivePretrainer(**SHORT, views=Alone()))
    grid = {"pretrained__temperature": [0.1, 1.0], "learning_rate_init": [1e-3, 0.1]}
    search = GridSearchCV(net, grid, cv=2, error_score="raise")
    alone = search.fit(X, LABELS, X_unlabeled=MORE).cv_results_["mean_test_score"]
    with parallel_config(backend="skreg", n_jobs=2):
        beside = search.fit(X, LABELS, X_unlabeled=MORE).cv_results_["mean_test_score"]
    assert_array_equal(alone, beside)
    assert len(set(alone)) > 2
    assert Alone.most == 1
