"""A user's own module: the MLP's twin, its parameters, its draws, its faults."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import skreg
from skreg import MLPRegressor, NetClassifier, NetRegressor
from skreg.engine.architecture import MLPArchitecture
from skreg.hyperparameters.settings import settings_of
from tests._nets import Plain, Small, make, same, tabular

NETS = ["net-classifier", "net-regressor"]


class Twin(nn.Module):
    """The MLP of one hidden layer of 8 tanh units."""

    def __init__(self, n_features, n_outputs, weights):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n_features, 8), nn.Linear(8, n_outputs)]).double()
        with torch.no_grad():
            for layer, (coef, intercept) in zip(self.layers, weights, strict=True):
                layer.weight.copy_(torch.tensor(coef.T))
                layer.bias.copy_(torch.tensor(intercept))

    def forward(self, X):
        return self.layers[1](torch.tanh(self.layers[0](X)))


STRENGTHS = [
    {"alpha": 0.1},
    {"alpha": [0.1, 0.5], "solver": "adamw"},
    {"l1": 0.01, "max_norm": 0.8},
    {"solver": "sgd", "l1": 0.01, "clip_grad_norm": 0.5},
    {"sam_rho": 0.05, "noise_std": 0.1, "input_dropout": 0.1, "mixup_alpha": 0.3},
    {"gradient_penalty": 0.3, "gradient_penalty_rho": 0.1, "weight_noise_std": 0.05},
    {"anchor_alpha": 0.5, "averaging": "ema", "target_noise_std": 0.1},
]


@pytest.mark.parametrize("strengths", STRENGTHS, ids=str)
def test_the_mlp_as_a_users_module_is_the_mlp(strengths):
    X, y = tabular("regressor")
    params = {"dtype": "float64", "batch_size": 25, "tol": 0.0, "shuffle": False, "max_iter": 5}
    params.update(learning_rate_init=0.01, random_state=0, n_iter_no_change=10, **strengths)
    mlp = MLPRegressor("squared_error", (8,), activation="tanh", engine="torch", **params)
    sizes = (X.shape[1], 8, 1)
    coefs, intercepts, _ = MLPArchitecture(settings_of(mlp, "squared_error"), sizes).initial(
        np.random.RandomState(0)
    )
    weights = list(zip(coefs, intercepts, strict=True))
    net = NetRegressor(Twin, module__weights=weights, **params).fit(X, y)
    mlp.fit(X, y)
    for ours, its in zip(net.coefs_, mlp.coefs_, strict=True):
        assert_allclose(ours, its, rtol=1e-9, atol=1e-10)
    assert_allclose(net.loss_curve_, mlp.loss_curve_, rtol=1e-9)


REGULARIZERS = [
    ("alpha", 0.0, 0.5, {}),
    ("alpha", 0.1, [0.5, 0.0], {}),
    ("l1", 0.0, 0.1, {}),
    ("anchor_alpha", 0.0, 5.0, {}),
    ("max_norm", None, 0.3, {}),
    ("clip_grad_norm", None, 0.1, {"solver": "sgd"}),
    ("gradient_penalty", 0.0, 0.5, {}),
    ("sam_rho", 0.0, 0.2, {"module__dropout": 0.2}),
    ("mixup_alpha", 0.0, 0.4, {}),
    ("averaging", None, "ema", {}),
    ("input_dropout", 0.0, 0.3, {}),
    ("noise_std", 0.0, 0.5, {}),
    ("weight_noise_std", 0.0, 0.1, {}),
    ("early_stopping", False, True, {"learning_rate_init": 0.05, "max_iter": 6}),
    ("module__n_units", 12, 7, {}),
    ("module__dropout", 0.0, 0.5, {}),
    ("random_state", 0, 1, {}),
]


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize(("name", "one", "other", "base"), REGULARIZERS)
def test_two_values_give_two_fits_and_each_is_repeatable(kind, name, one, other, base):
    state = torch.get_rng_state()
    nets = []
    for value in (one, other, other):
        net, X, y = make(kind, **{**base, name: value})
        nets.append(net.fit(X, y))
    assert not same(nets[0], nets[1])
    assert same(nets[1], nets[2])
    assert torch.equal(state, torch.get_rng_state())


def test_parameters_of_the_module():
    net = NetClassifier(Small, module__n_units=5)
    assert net.get_params()["module__n_units"] == 5
    assert "module__n_units=5" in repr(net)
    assert clone(net).get_params()["module__n_units"] == 5
    assert net.set_params(module__n_units=6, alpha=0.1).get_params()["module__n_units"] == 6
    with pytest.raises(TypeError, match="unexpected keyword argument 'n_units'.*module__<name>"):
        NetClassifier(Small, n_units=5)


def test_a_search_in_a_pipeline():
    X, y = tabular("classifier")
    pipe = make_pipeline(StandardScaler(), NetClassifier(Small, max_iter=3, random_state=0))
    grid = {"netclassifier__module__n_units": [4, 8], "netclassifier__alpha": [0.0, 0.1]}
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_["netclassifier__module__n_units"] in (4, 8)


@pytest.mark.parametrize("kind", NETS)
def test_pickles_and_what_it_keeps(kind):
    net, X, y = make(kind, module__dropout=0.2)
    net.fit(X, y)
    copy = pickle.loads(pickle.dumps(net))
    assert_array_equal(copy.predict(X), net.predict(X))
    module = copy.net_.module_.module
    for name, tensor in module.state_dict().items():
        assert_array_equal(tensor.numpy(), net.state_dict_[name])
    assert int(net.state_dict_["norm.num_batches_tracked"]) == 12
    clone(net).set_params(module__n_units=5)  # leaves the fitted one alone
    assert_array_equal(net.set_params(module__n_units=5).predict(X), copy.predict(X))


@pytest.mark.parametrize("kind", NETS)
def test_files_ask_for_the_module(kind, tmp_path):
    net, X, y = make(kind, module__dropout=0.2)
    skreg.save(net.fit(X, y), tmp_path / "net")
    with pytest.raises(ValueError, match=r"pass code=\{'module': tests._nets.Small\}"):
        skreg.load(tmp_path / "net")
    again = skreg.load(tmp_path / "net", code={"module": Small})
    assert_array_equal(again.predict(X), net.predict(X))
    assert_array_equal(again.fit(X, y).predict(X), net.predict(X))


def test_predictions_do_not_jump_when_the_targets_units_change():
    net, X, y = make("net-regressor", module=Plain, learning_rate_init=1e-9)
    net.partial_fit(X[:40], y[:40])
    before = net.predict(X)
    net.partial_fit(X[40:], 100 * y[40:])
    assert_allclose(net.predict(X), before, rtol=1e-3, atol=1e-2)


def test_images_lazy_modules_and_functions():
    net, X, y = make("net-classifier")

    def lazy():
        return nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))

    net = NetClassifier(lazy, input_shape=(1, 8, 8), max_iter=3, random_state=0).fit(X, y)
    assert [coef.shape for coef in net.coefs_] == [(1, 3, 3, 4), (144, 10)]
    assert_array_equal(net.predict(X), net.predict(X.reshape(-1, 1, 8, 8)))


def test_tied_and_frozen_parameters_and_masks():
    class Tied(nn.Module):
        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.first = nn.Linear(n_features, n_features)
            self.again = self.first
            self.frozen = nn.Linear(n_features, n_features).requires_grad_(False)
            self.output = nn.Linear(n_features, n_outputs)
            self.register_buffer("mask", torch.tensor([float("-inf"), 0.0]))

        def forward(self, X):
            return self.output(self.frozen(torch.tanh(self.again(torch.tanh(self.first(X))))))

    X, y = tabular("regressor")
    net = NetRegressor(Tied, alpha=0.5, l1=0.01, max_iter=3, random_state=0).fit(X, y)
    assert len(net.coefs_) == 2
    start = NetRegressor(Tied, max_iter=1, random_state=0).fit(X, y)
    assert_array_equal(net.state_dict_["frozen.weight"], start.state_dict_["frozen.weight"])


ERRORS = [
    ({"module": None}, "module=None must be a class"),
    ({"module": nn.Linear(64, 10)}, r"must be a class of torch.nn.Module.*type\(module\)"),
    ({"module": lambda: 3}, "must make a torch.nn.Module, got int"),
    ({"module": nn.Identity}, "a net without weights"),
    ({"module": lambda n_features: nn.Linear(n_features, 4)}, r"an output of shape \(\d+, 4\)"),
    ({"module": lambda: nn.GRU(64, 10)}, "an output of type tuple"),
    ({"alpha": [0.1, 0.2, 0.3]}, "alpha=.*one number for each of the 2 layers"),
    ({"input_shape": (1, 8, 9)}, "has 72 values, but X has 64 features"),
]


@pytest.mark.parametrize(("params", "message"), ERRORS, ids=[row[1][:30] for row in ERRORS])
def test_errors_say_what_to_do(params, message):
    net, X, y = make("net-classifier", **params)
    before = dict(vars(net))
    with pytest.raises(ValueError, match=message):
        net.fit(X, y)
    assert vars(net) == before


def test_warm_start_refuses_another_module():
    X, y = tabular("regressor")
    net = NetRegressor(Plain, warm_start=True, max_iter=2, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="module now makes a net whose.*warm_start=False"):
        net.set_params(module__n_units=5).fit(X, y)
