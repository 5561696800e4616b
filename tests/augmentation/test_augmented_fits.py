"""Augmentation in a fit: in training only, by both engines, in searches."""

import numpy as np
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from skreg import MLPClassifier, MLPRegressor
from skreg.augmentation import (
    AudioAugment,
    SignalAugment,
    TabularAugment,
)
from skreg.augmentation.batch import STRENGTHS, augmentation_settings, needs_spare
from skreg.engine.select_engine import choose_engine
from skreg.hyperparameters.settings import Settings
from tests._augmentations import KINDS, off
from tests._data import digits, learnt, targets


class Doubled(BaseEstimator):
    """A user's augmentation: rows times `by`, then noise."""

    def __init__(self, by=2.0, std=0.1):
        self.by, self.std = by, std

    def apply(self, batch, generator):
        noise = torch.randn(batch.shape, generator=generator, dtype=batch.dtype)
        return self.by * batch + self.std * noise


def fit(kind="regression", **params):
    X, y = targets(kind)
    cls = MLPRegressor if kind == "regression" else MLPClassifier
    params = {"random_state": 0, "batch_size": 30, "max_iter": 6, "hidden_layer_sizes": 8, **params}
    return cls(**params).fit(X, y), X


def same(a, b):
    return all(map(np.array_equal, learnt(a), learnt(b)))


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize(
    "augment",
    [off(*KINDS[name][::2]) for name in KINDS] + [SignalAugment(0, 0) + SignalAugment(0, 0)],
)
def test_off_is_off(augment, engine):
    assert same(fit(engine=engine)[0], fit(engine=engine, augment=augment)[0])


@pytest.mark.parametrize("name", STRENGTHS)
def test_every_strength_by_itself_has_the_room_that_its_compiled_form_needs(name):
    mixing = name in ("mixup_alpha", "cutmix_alpha")
    augment = {
        "signal_shift": (0.3, 0, 0),
        "signal_scale": (0, 0.3, 0),
        "signal_noise": (0, 0, 0.3),
    }
    augment = {key: SignalAugment(*values) for key, values in augment.items()}
    augment |= {"swap_rate": TabularAugment(0.3, 0), "table_std": TabularAugment(0, 0.3)}
    params = {name: 0.5} if mixing else {"augment": augment[name]}
    settings = augmentation_settings(Settings(**params))
    assert [strength for strength in STRENGTHS if settings[strength]] == [name]
    assert needs_spare(settings)
    assert not needs_spare(augmentation_settings(Settings()))
    assert not same(fit(engine="compiled")[0], fit(engine="compiled", **params)[0])


def test_a_users_augmentation():
    assert choose_engine(Settings(engine="auto", augment=Doubled())) == "torch"
    one, X = fit(augment=Doubled())
    assert same(one, fit(augment=Doubled())[0])
    assert not same(one, fit(augment=Doubled(std=0.2))[0])
    without_noise = fit(augment=Doubled(std=0.0), engine="torch", dtype="float64")[0]
    y = targets("regression")[1]
    twice = MLPRegressor(**{**without_noise.get_params(deep=False), "augment": None}).fit(2 * X, y)
    for a, b in zip(learnt(without_noise), learnt(twice), strict=True):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_compiled_engine_serves_what_has_a_compiled_form():
    class Mine(SignalAugment):
        """May do something else."""

    for augment, engine in [
        (SignalAugment(), "compiled"),
        (TabularAugment(), "compiled"),
        (Mine(), "torch"),
        (AudioAugment(), "torch"),
        (SignalAugment() + TabularAugment(), "torch"),
        (AudioAugment(max_gain_db=0, gain_db=0, max_shift=0), "compiled"),
    ]:
        assert choose_engine(Settings(engine="auto", augment=augment)) == engine
    with pytest.raises(ValueError, match=r"cannot serve augment=AudioAugment.*no compiled form"):
        fit(augment=AudioAugment(), engine="compiled")


def test_an_augmentation_that_changes_the_shape_is_refused():
    class Halved(BaseEstimator):
        def apply(self, batch, generator):
            return batch[:, ::2]

    with pytest.raises(ValueError, match=r"must keep the shape of a batch, \(30, 10\), but gave"):
        fit(augment=Halved())


@pytest.mark.parametrize("augment", [SignalAugment(), Doubled()], ids=["compiled", "own"])
def test_lbfgs_refuses_it(augment):
    with pytest.raises(ValueError, match="lbfgs.*cannot serve augment="):
        fit(augment=augment, solver="lbfgs")
    fit(augment=SignalAugment(0, 0), solver="lbfgs")


@pytest.mark.parametrize("augment", [SignalAugment(0.5, 0.5), AudioAugment(100)], ids=str)
def test_validation_and_prediction_never_augment(augment):
    net, X = fit(augment=augment, early_stopping=True, max_iter=3, learning_rate_init=1e-9)
    still = fit(early_stopping=True, max_iter=3, learning_rate_init=1e-9)[0]
    assert_allclose(net.validation_scores_, still.validation_scores_, rtol=1e-4)
    assert_array_equal(net.predict(X), net.predict(X))
    assert_allclose(net.predict(X), still.predict(X), rtol=1e-4)


def test_a_search_over_it_is_the_same_in_the_parallel_backend():
    X, y = targets("regression")
    net = MLPRegressor(random_state=0, max_iter=4, augment=SignalAugment())
    grid = {"augment": [SignalAugment(), Doubled()], "alpha": [0, 0.1]}
    alone = GridSearchCV(net, grid, cv=2).fit(X, y)
    with parallel_config(backend="skreg"):
        together = GridSearchCV(net, grid, cv=2).fit(X, y)
    for key in ("split0_test_score", "split1_test_score"):
        assert_array_equal(alone.cv_results_[key], together.cv_results_[key])


@pytest.mark.slow
def test_shifted_digits_are_learnt_from_shifted_digits():
    X, y = digits(1200)
    train, test = slice(0, 300), slice(300, None)
    rng = np.random.RandomState(0)
    moved = np.stack([np.roll(x, rng.randint(-1, 2), 1) for x in X.reshape(-1, 8, 8)]).reshape(
        -1, 64
    )
    gains = []
    for seed in range(5):
        plain, more = (
            MLPClassifier(max_iter=150, random_state=seed, augment=augment).fit(X[train], y[train])
            for augment in (None, SignalAugment(0.13, 0.1, input_shape=(8, 8)))
        )
        gains.append(more.score(moved[test], y[test]) - plain.score(moved[test], y[test]))
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(5)
