"""`max_time`: fits end in time, with weights that can be used, and say so."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skreg import ConvNetRegressor, MaskedPretrainer, MLPClassifier, MLPRegressor
from tests._data import targets

X, Y = targets("regression")
ENDLESS = {"max_iter": 10**7, "n_iter_no_change": 10**7, "tol": 0.0, "random_state": 0}
SMALL = {"hidden_layer_sizes": (8,), **ENDLESS}
LIMIT = 0.3

ENDLESS_FITS = {
    "compiled": MLPRegressor(**SMALL),
    "torch": MLPRegressor(engine="torch", **SMALL),
    "early stopping": MLPRegressor(early_stopping=True, **SMALL),
    "refit": MLPRegressor(early_stopping="refit", **SMALL),
    "scorer": MLPRegressor(early_stopping=True, scoring="r2", **SMALL),
    "classifier": MLPClassifier(**SMALL),
    "conv net": ConvNetRegressor(channels=(4,), **ENDLESS),
    "pretrainer": MaskedPretrainer(**SMALL),
}


@pytest.mark.parametrize("name", ENDLESS_FITS)
def test_an_endless_fit_ends_and_says_so(name):
    net = ENDLESS_FITS[name].set_params(max_time=LIMIT)
    y = np.sign(Y - np.median(Y)) if name == "classifier" else Y
    with pytest.warns(ConvergenceWarning, match=r"max_time=0\.3 seconds"):
        net.fit(X, y)
    assert net.n_iter_ >= 1
    assert len(net.loss_curve_) == net.n_iter_
    assert all(np.isfinite(c).all() for c in net.coefs_)


def test_lbfgs_ends_in_time():
    net = MLPRegressor(
        solver="lbfgs", hidden_layer_sizes=(30,), max_iter=10**6, tol=0.0, random_state=0
    )
    net.set_params(max_time=1e-6, max_fun=10**9)
    with pytest.warns(ConvergenceWarning, match="max_time=1e-06 seconds, in epoch 2"):
        assert net.fit(X, Y).n_iter_ == 1


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_the_weights_are_those_of_the_best_epoch_so_far(engine):
    net = MLPRegressor(engine=engine, early_stopping=True, max_time=LIMIT, **SMALL)
    with pytest.warns(ConvergenceWarning, match="the best weights so far"):
        net.fit(X, Y)
    assert net.best_validation_score_ == max(net.validation_scores_)
    as_long = MLPRegressor(engine=engine, early_stopping=True, **SMALL)
    as_long.set_params(max_iter=net.best_epoch_, learning_rate="constant").fit(X, Y)
    for a, b in zip(net.coefs_, as_long.coefs_, strict=True):
        assert_array_equal(a, b)


def test_one_epoch_is_always_finished():
    net = MLPRegressor(max_time=1e-9, batch_size=5, **SMALL)
    with pytest.warns(ConvergenceWarning, match="max_time"):
        net.fit(X, Y)
    assert net.n_iter_ >= 1


def test_a_fit_that_ends_before_is_as_without():
    kwargs = {"max_iter": 7, "n_iter_no_change": 7, "random_state": 0}
    a = MLPRegressor(max_time=1000.0, **kwargs).fit(X, Y)
    b = MLPRegressor(**kwargs).fit(X, Y)
    assert_array_equal(a.coefs_[0], b.coefs_[0])


@pytest.mark.parametrize("value", [0, -1.0, "1"])
def test_other_values_are_refused(value):
    with pytest.raises(ValueError, match="'max_time' parameter"):
        MLPRegressor(max_time=value).fit(X, Y)
