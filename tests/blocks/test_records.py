"""Losses and activations as records: every name has every form, and an unknown one is an error."""

import pickle
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit, softmax
from torch.nn import functional

from skreg import ContrastivePretrainer, MaskedPretrainer, MLPRegressor
from skreg.blocks.activations import ACTIVATIONS, FUNCTIONS, LINKS
from skreg.engine.layout import IDENTITY, LOGISTIC, RELU, TANH
from skreg.losses import formulas
from skreg.losses.batch_loss import torch_batch_loss
from skreg.losses.records import LOSSES, RegressionLoss, names
from tests._data import targets

Z = np.random.RandomState(0).randn(6, 4) * 3
ORACLES = {
    "identity": lambda z: z,
    "relu": lambda z: np.where(z > 0, z, 0),
    "tanh": np.tanh,
    "logistic": expit,
    "exp": np.exp,
    "softmax": lambda z: softmax(z, axis=1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_forms_of_a_function_are_those_of_the_oracle(name):
    record = FUNCTIONS[name]
    assert record.name == name
    assert_allclose(record.numpy(Z.copy()), ORACLES[name](Z), rtol=1e-14)
    again = pickle.loads(pickle.dumps(record.torch))
    assert_allclose(again(torch.tensor(Z)).numpy(), ORACLES[name](Z), rtol=1e-14)


@pytest.mark.parametrize("name", [name for name, link in LINKS.items() if link.raw])
def test_a_raw_prediction_leads_back_to_the_probabilities(name):
    link = LINKS[name]
    p = ORACLES[name](Z)
    assert_allclose(link.numpy(link.raw(p)), p, rtol=1e-12)
    assert np.isfinite(link.raw(np.array([[0.0, 1.0]]))).all()


def test_compiled_places_are_those_of_the_records():
    places = {"identity": IDENTITY, "relu": RELU, "tanh": TANH, "logistic": LOGISTIC}
    assert places == {name: i for i, name in enumerate(ACTIVATIONS)}
    assert [getattr(formulas, name.upper()) for name in LOSSES] == list(range(len(LOSSES)))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_a_link_and_a_torch_form(name):
    assert LOSSES[name].link in LINKS
    fields = [*formulas.FIELDS, ("corrupted_only", "?"), ("mask_loss_weight", "f8")]
    plan = np.zeros(1, [*fields, ("temperature", "f8")])[0]
    plan["loss"], plan["loss_parameter"], plan["temperature"] = formulas.NAMES.index(name), 0.5, 1
    y = {"reconstruction": np.abs(np.hstack([Z, Z])), "contrastive": np.arange(6)[:, None] % 3}
    n_targets = Z.shape[1] // LOSSES[name].outputs_per_target
    if name == "quantiles":  # as many as levels
        plan["outputs_per_target"], plan["levels"][: Z.shape[1]], n_targets = Z.shape[1], 0.5, 1
    y = torch.tensor(np.asarray(y.get(name, np.abs(Z[:, :n_targets])), float))
    assert torch.isfinite(torch_batch_loss(plan, torch.tensor(Z), y, torch.ones(6)))


def test_an_unknown_loss_is_an_error_in_both_forms():
    plan = np.zeros(1, formulas.FIELDS)[0]
    plan["loss"] = len(LOSSES)
    with pytest.raises(ValueError, match=f"no formula for loss number {len(LOSSES)}"):
        formulas.torch_loss(plan, torch.tensor(Z), torch.tensor(Z), torch.ones(6))
    assert np.isnan(formulas.loss_and_gradient.py_func(plan, Z.copy(), Z, np.ones(6)))


def test_a_masked_pretrainers_criterion_is_its_own_loss():
    X = targets("regression")[0].astype(np.float32)
    net = MaskedPretrainer(max_iter=2, n_iter_no_change=2, random_state=0).fit(X).net_
    raw, clean = torch.tensor(X), torch.zeros(X.shape)
    y = torch.hstack([clean, torch.ones(X.shape)])
    expected = functional.mse_loss(raw, clean) / 2
    assert_allclose(net.criterion_(raw, y), expected, rtol=1e-5)


def test_a_contrastive_pretrainers_criterion_is_its_own_loss():
    X = targets("regression")[0].astype(np.float32)
    params = {"max_iter": 2, "n_iter_no_change": 2, "temperature": 0.5, "random_state": 0}
    net = ContrastivePretrainer(**params).fit(X).net_
    views = functional.normalize(torch.tensor(X[:8]), dim=1)
    similarity = (views @ views.T / 0.5).fill_diagonal_(-torch.inf)
    expected = functional.cross_entropy(similarity, (torch.arange(8) + 4) % 8)
    codes = torch.arange(4).repeat(2)[:, None]
    assert_allclose(net.criterion_(torch.tensor(X[:8]), codes), expected, rtol=1e-5)


@pytest.mark.parametrize("loss", [name for name, r in LOSSES.items() if r.domain])
def test_targets_outside_a_losss_domain_are_refused(loss):
    X, y = targets("counts")
    domain = LOSSES[loss].domain
    low = {">= 0": -1e-6, "> 0": 0.0}[domain]
    with pytest.raises(ValueError, match=f"'{loss}' needs y {domain}; .* value is {low:g}"):
        MLPRegressor(loss=loss).fit(X, np.where(y == y.max(), low, y))


def test_annotations_and_docs_know_all_losses_of_regression():
    assert list(get_args(RegressionLoss)) == names("regression")
    assert all(LOSSES[name].text for name in names("regression"))
