"""Ready spaces and the portfolio: what they draw can be fitted, wherever the net sits."""

import pickle

import numpy as np
import pytest
import torch
from scipy.stats import loguniform, uniform
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    ParameterSampler,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import (
    BaggingClassifier,
    BaggingRegressor,
    ConvNetClassifier,
    ConvNetRegressor,
    MaskedPretrainer,
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    NetRegressor,
    OffOr,
    portfolio,
    search_space,
)
from skreg.model_selection.nets import nets_of
from tests._data import targets

FITTED = FrozenEstimator(MaskedPretrainer((8,), max_iter=2).fit(targets("regression")[0]))
ANCHOR = [np.ones((10, 8)), np.ones((8, 1))]
NETS = [
    MLPRegressor(),
    MLPClassifier(),
    MLPRegressor(solver="lbfgs"),
    MLPClassifier(solver="sgd"),
    MLPClassifier(solver="adamw"),
    MLPRegressor(loss="poisson"),
    MLPRegressor(hidden_layer_sizes=(8, 8), residual=True, drop_path=0.1),
    MLPRegressor(gradient_penalty=0.1),
    MLPRegressor(hidden_layer_sizes=(8,), learning_rate="cosine", n_snapshots=2, max_iter=4),
    MLPRegressor(hidden_layer_sizes=(8,), pretrained=FITTED),
    MLPRegressor(hidden_layer_sizes=(8,), pretrained=FITTED, solver="lbfgs"),
    MLPClassifier((8,), pretrained=MaskedPretrainer((8,), max_iter=2)),
    MLPRegressor(hidden_layer_sizes=(8,), anchor=ANCHOR, anchor_alpha=0.1),
    ConvNetRegressor(channels=(4,), max_iter=2),
    ConvNetClassifier(channels=(4,), max_iter=2),
    NetRegressor(torch.nn.LazyLinear, module__out_features=1),
    NetClassifier(torch.nn.LazyLinear, module__out_features=3),
]
WRAPS = {
    "": lambda net: net,
    "mlpregressor__": lambda net: make_pipeline(StandardScaler(), net),
    "regressor__": lambda net: TransformedTargetRegressor(net),
    "estimator__": lambda net: BaggingRegressor(net, n_estimators=2),
    "net__": lambda net: VotingRegressor([("net", net), ("ridge", Ridge())]),
    "pipeline__transformedtargetregressor__regressor__": lambda net: make_pipeline(
        StandardScaler(), make_pipeline(StandardScaler(), TransformedTargetRegressor(net))
    ),
}
# Sizes and lengths that tests have the time for.
QUICK = {"hidden_layer_sizes": (4, 4), "max_iter": 2}


def quick(params):
    """Parameters with small and short nets in their place, where they say how large and long."""
    return {name: QUICK.get(name.rpartition("__")[2], value) for name, value in params.items()}


def data_for(net):
    return targets("multiclass" if hasattr(net, "predict_proba") else "regression")


@pytest.mark.parametrize("net", NETS, ids=lambda net: repr(net)[:60].replace("\n", ""))
def test_every_draw_and_setting_can_be_fitted(net):
    X, y = data_for(net)
    space = search_space(net, n_samples=len(X), n_features=X.shape[1])
    assert space
    for params in [*ParameterSampler(space, 12, random_state=0), *portfolio(net)]:
        checked = clone(net).set_params(**params)
        checked._validate_params()
        checked._check_consistency()
    for params in [*ParameterSampler(space, 2, random_state=1), *portfolio(net)[::8]]:
        fitted = clone(net).set_params(**quick(params)).fit(X, y)
        assert np.isfinite(fitted.score(X, y))


@pytest.mark.parametrize("prefix", WRAPS)
def test_the_prefix_is_that_of_the_place(prefix):
    model = WRAPS[prefix](MLPRegressor())
    bare = search_space(MLPRegressor())
    assert list(search_space(model)) == [prefix + name for name in bare]
    assert [list(s) for s in portfolio(model)] == [
        [prefix + name for name in s] for s in portfolio(MLPRegressor())
    ]
    model.set_params(**portfolio(model)[0], **{f"{prefix}random_state": 0})
    assert next(iter(nets_of(model).values())).hidden_layer_sizes != (100,)


def test_only_nets_that_train_here_are_searched():
    X, y = targets("regression")
    two = VotingRegressor([("a", MLPRegressor()), ("b", MLPRegressor(solver="lbfgs"))])
    space = search_space(two)
    assert {"a__dropout", "b__alpha"} <= set(space)
    assert "b__dropout" not in space
    frozen = FrozenEstimator(MLPRegressor(hidden_layer_sizes=(8,), max_iter=2).fit(X, y))
    assert not [n for n in search_space(MLPRegressor(pretrained=frozen)) if "pretrained__" in n]
    for none in (Ridge(), BaggingClassifier(), frozen, make_pipeline(MaskedPretrainer(), Ridge())):
        for function in (search_space, portfolio):
            with pytest.raises(ValueError, match="has no regressor or classifier of skreg"):
                function(none)


def test_searches_draw_from_it():
    X, y = targets("regression")
    pipe = make_pipeline(StandardScaler(), MLPRegressor(random_state=0))
    space = search_space(pipe, n_samples=len(X)) | {
        f"mlpregressor__{name}": [value] for name, value in QUICK.items()
    }
    for search in (
        RandomizedSearchCV(pipe, space, n_iter=4, cv=2, random_state=0),
        HalvingRandomSearchCV(pipe, space, n_candidates=4, cv=2, random_state=0),
        GridSearchCV(pipe, [{k: [v] for k, v in quick(s).items()} for s in portfolio(pipe)], cv=2),
    ):
        assert set(search.fit(X, y).best_params_) <= set(space)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_few_rows_take_more_epochs_and_smaller_batches():
    few, many = (search_space(MLPRegressor(), n_samples=n) for n in (100, 50_000))
    assert min(few["max_iter"]) > max(many["max_iter"])
    assert max(few["batch_size"]) <= min(many["batch_size"])
    few, many = (portfolio(MLPClassifier(), n_samples=n) for n in (100, 50_000))
    epochs, batches = ([s[name] for s in few] for name in ("max_iter", "batch_size"))
    assert np.mean(epochs) > np.mean([s["max_iter"] for s in many])
    assert max(batches) < min(s["batch_size"] for s in many)


@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
def test_settings_are_those_of_the_nearest_size(cls):
    own = ("max_iter", "batch_size")  # which go by n_samples itself

    def chosen(n_samples):
        settings = portfolio(cls(), n_samples=n_samples)
        return [{k: v for k, v in setting.items() if k not in own} for setting in settings]

    sizes = {200: (50, 399), 800: (401, 1500), 3000: (1600, 10**6)}
    for size, others in sizes.items():
        assert all(chosen(n) == chosen(size) for n in others)
    few, some, many = map(chosen, sizes)
    assert few != some != many != few
    assert chosen(None) == many


@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
def test_a_preset_is_the_first_of_the_portfolio(cls):
    first, *others = portfolio(cls(), n_samples=300)
    assert len(others) == 15
    assert all(other != first for other in others)
    net = cls.from_preset("tabular", n_samples=300, alpha=0.5)
    assert net.get_params() == {**cls().get_params(), **first, "alpha": 0.5}
    assert cls.from_preset("tabular").max_iter < net.max_iter
    assert cls().get_params()["learning_rate"] == "constant"
    with pytest.raises(ValueError, match="name must be one of the presets"):
        cls.from_preset("table")


@pytest.mark.parametrize(
    ("distribution", "off"), [(uniform(1, 2), 0.0), (loguniform(1, 3), None), ([1, 2, 3], "off")]
)
def test_off_or_is_off_as_often_as_asked(distribution, off):
    rng = np.random.RandomState(0)
    draws = [OffOr(distribution, 0.3, off).rvs(rng) for _ in range(1000)]
    on = [value for value in draws if value != off]
    assert 0.65 < len(on) / 1000 < 0.75
    assert min(on) >= 1
    assert max(on) <= 3
    assert len(set(on)) == (3 if isinstance(distribution, list) else len(on))


def test_off_or_draws_again_what_it_drew_and_says_what_it_is():
    one = OffOr(uniform(0, 0.5))
    assert one.rvs(random_state=3) == pickle.loads(pickle.dumps(one)).rvs(random_state=3)
    assert repr(one) == "OffOr(uniform(0, 0.5), chance=0.5, off=0.0)"
    for wrong, error, match in (
        ((3,), TypeError, "distribution=3 must have rvs"),
        (("ab",), TypeError, "distribution='ab' must have rvs"),
        (([],), ValueError, "has no values"),
        (([1], 1.5), ValueError, "chance must be a probability"),
    ):
        with pytest.raises(error, match=match):
            OffOr(*wrong)
