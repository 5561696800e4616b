"""``dtype="bfloat16"``: products as torch's autocast makes them, all else in float32."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn import functional

import skreg
from skreg import MaskedPretrainer, MLPClassifier, MLPRegressor, NetRegressor
from skreg.engine import select_engine
from skreg.engine.select_engine import choose_engine
from skreg.hyperparameters.settings import Settings
from tests import _nets
from tests._data import targets

pytestmark = pytest.mark.filterwarnings("ignore:This processor has no bfloat16")

LENGTH = {"max_iter": 3, "batch_size": 40, "random_state": 0}
MLPS = [
    (MLPClassifier, {"normalization": "layer", "dropout": 0.1}),
    (MLPClassifier, {"normalization": "batch", "sam_rho": 0.05}),
    (MLPRegressor, {"early_stopping": True, "weight_noise_std": 0.01}),
    (MLPRegressor, {"gradient_penalty": 0.1, "activation": "tanh"}),
    (MLPRegressor, {"n_snapshots": 2, "learning_rate": "cosine"}),
]


def test_a_step_is_the_one_under_torchs_autocast():
    X, y = targets("regression")
    X, y = X.astype(np.float32), y.astype(np.float32)

    def make():
        return nn.Sequential(nn.Linear(X.shape[1], 16), nn.Tanh(), nn.Linear(16, 1))

    net = NetRegressor(make, dtype="bfloat16", alpha=0.0, solver="sgd", momentum=0.0, max_iter=1)
    net.set_params(scale_target=False, batch_size=len(X), random_state=0, warm_start=True).fit(X, y)
    twin = make()
    twin.load_state_dict({k: torch.tensor(v) for k, v in net.state_dict_.items()})
    optimizer = torch.optim.SGD(twin.parameters(), net.learning_rate_init)
    with torch.autocast("cpu", torch.bfloat16):
        raw = twin(torch.from_numpy(X))[:, 0].float()
    (functional.mse_loss(raw, torch.from_numpy(y)) / 2).backward()
    optimizer.step()
    net.fit(X, y)
    for name, value in twin.state_dict().items():
        assert_allclose(net.state_dict_[name], value.numpy(), rtol=1e-6, atol=1e-7)


def nets():
    """Pairs of a net and its data."""
    for kind in _nets.KINDS:
        yield pytest.param(*_nets.make(kind), id=kind)
    for cls, params in MLPS:
        X, y = targets("multiclass" if cls is MLPClassifier else "regression")
        yield pytest.param(cls(**LENGTH, **params), X, y, id=f"{cls.__name__}-{[*params]}")


@pytest.mark.parametrize(("net", "X", "y"), [*nets()])
def test_weights_and_predictions_are_of_float32(net, X, y, tmp_path):
    exact = net.fit(X, y).loss_curve_
    net.set_params(dtype="bfloat16").fit(X, y)
    assert_allclose(net.loss_curve_, exact, rtol=0.03)
    assert net.loss_curve_ != exact
    assert {array.dtype for array in net.coefs_} == {np.dtype(np.float32)}
    skreg.save(net, tmp_path / "net")
    code = {"module": _nets.Small} if hasattr(net, "module") else {}
    loaded = skreg.load(tmp_path / "net", code=code)
    assert loaded.dtype == "bfloat16"
    assert_array_equal(loaded.predict(X), net.predict(X))
    single = net.set_params(dtype="float32")
    assert_array_equal(loaded.predict(X), single.predict(X))


def test_pretrainers_too():
    X, _ = targets("regression")
    exact = MaskedPretrainer(engine="torch", **LENGTH).fit(X)
    net = MaskedPretrainer(dtype="bfloat16", **LENGTH).fit(X)
    assert_allclose(net.loss_curve_, exact.loss_curve_, rtol=0.03)
    assert {array.dtype for array in [*net.coefs_, net.transform(X)]} == {np.dtype(np.float32)}


def test_it_is_torchs_and_says_where_it_is_slow(monkeypatch):
    params = Settings(engine="auto", autocast=True)
    with pytest.raises(ValueError, match=r"engine='compiled'.*dtype='bfloat16'.*engine='auto'"):
        choose_engine(params.replace(engine="compiled"))
    with pytest.raises(ValueError, match=r"dtype='bfloat16' cannot be used on device='meta'"):
        choose_engine(params.replace(device="meta"))
    monkeypatch.setattr(select_engine, "_bfloat16_instructions", lambda: True)
    assert choose_engine(params) == "torch"
    monkeypatch.setattr(select_engine, "_bfloat16_instructions", lambda: False)
    with pytest.warns(UserWarning, match=r"no bfloat16 instructions.*Use dtype='float32'"):
        assert choose_engine(params) == "torch"
