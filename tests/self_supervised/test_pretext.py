"""The pretext tasks: the contrastive loss against an independent one, and corruption."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from pytorch_metric_learning.losses import SelfSupervisedLoss, SupConLoss
from sklearn.preprocessing import StandardScaler

from skreg import ContrastivePretrainer
from skreg.engine.compiled import entry_points
from skreg.engine.plan import PLAN
from skreg.engine.problem import make_data
from skreg.losses.contrastive import torch_contrast
from skreg.regularizers.corruption import column_moments
from tests._pretrainers import CLASSES, FIXED, Jitter, X


def torch_loss(raw, code, temperature):
    plan = np.zeros(1, PLAN)
    plan["temperature"] = temperature
    raw = torch.from_numpy(raw).requires_grad_()
    code = torch.from_numpy(code)
    loss = torch_contrast(plan[0], raw, code, torch.ones_like(raw[:, 0])) / len(raw)
    loss.backward()
    return loss.item(), raw.grad.numpy()


@pytest.mark.parametrize("temperature", [0.05, 0.5, 2.0])
def test_nt_xent_is_that_of_pytorch_metric_learning(temperature):
    rng = np.random.RandomState(0)
    raw = rng.normal(size=(40, 7))
    theirs = torch.from_numpy(raw).requires_grad_()
    loss = SelfSupervisedLoss(SupConLoss(temperature))(theirs[:20], theirs[20:])
    loss.backward()
    value, gradient = torch_loss(raw, np.tile(np.arange(20.0), 2)[:, None], temperature)
    assert_allclose(value, loss.item(), rtol=1e-5)
    assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_groups_are_the_labels_of_supcon(temperature):
    rng = np.random.RandomState(1)
    raw, code = rng.normal(size=(40, 7)), np.tile(rng.randint(0, 6, 20), 2)
    theirs = SupConLoss(temperature)(torch.from_numpy(raw), torch.from_numpy(code))
    value, _ = torch_loss(raw, code[:, None].astype(float), temperature)
    assert_allclose(value, theirs.item(), rtol=1e-5)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_the_validation_loss_of_a_fitted_pretrainer_is_theirs(engine):
    net = ContrastivePretrainer(**FIXED, views=Jitter(0.0) if engine == "torch" else "zero")
    net.set_params(corruption_rate=1.0, engine=engine, projection_dim=5).fit(X, X_val=X[:25])
    other = X[:25] if engine == "torch" else np.tile(X.mean(axis=0), (25, 1))
    module = net.net_.module_
    views = [module(torch.from_numpy(v)) for v in (X[:25], other)]
    theirs = SelfSupervisedLoss(SupConLoss(0.5))(*views).item()
    assert_allclose(-net.validation_scores_[-1], theirs, rtol=1e-5)


# --- corruption


def corrupted(name, rate=0.3, n=4000):
    rng = np.random.RandomState(0)
    clean = np.column_stack([rng.normal(3, 2, n), rng.exponential(1, n), np.full(n, 5.0)])
    plan = np.zeros(1, PLAN)
    plan["corruption"] = ("none", "swap", "zero", "gaussian").index(name)
    plan["corruption_threshold"], plan["n_views"] = round(rate * 65536), 1
    data = make_data(clean, clean[:, :0], np.ones(n), np.dtype("f8"), column_moments(clean))
    changed, targets = clean.copy(), np.empty((n, 6))
    entry_points.draws(np.dtype("f8")).corrupt(plan, 1, data, changed, targets)
    return clean, changed, targets[:, :3], targets[:, 3:] == 1


@pytest.mark.parametrize("name", ["swap", "zero", "gaussian"])
def test_what_a_corruption_does(name):
    from scipy import stats

    clean, changed, target, mask = corrupted(name)
    assert_array_equal(changed[~mask], clean[~mask])
    assert_allclose(target[:, :2], StandardScaler().fit_transform(clean)[:, :2], atol=1e-12)
    assert_array_equal(target[:, 2], 0)  # a constant column
    assert all(abs(share - 0.3) < 0.03 for share in mask.mean(axis=0))
    assert abs(np.corrcoef(mask[:, 0], mask[:, 1])[0, 1]) < 0.06
    for j in range(2):
        column, hit = changed[:, j], mask[:, j]
        if name == "swap":
            assert np.isin(column[hit], clean[:, j]).all()
            assert stats.ks_2samp(column[hit], clean[:, j]).pvalue > 0.01
            assert abs(np.corrcoef(column[hit], clean[hit, j])[0, 1]) < 0.08
        elif name == "zero":
            assert_allclose(column[hit], clean[:, j].mean())
        else:
            noise = (column - clean[:, j])[hit] / clean[:, j].std()
            assert stats.kstest(noise, "norm").pvalue > 0.01


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments_are_safe(dtype):
    columns = [np.full(50, 0.1), np.arange(50.0), 1e150 * np.arange(50.0), np.zeros(50)]
    rows = np.column_stack(columns)
    if dtype == "float32":
        rows[:, 2] = 1e30 * np.arange(50.0)
    moments = column_moments(rows.astype(dtype))
    spread = rows.std(axis=0)
    assert_allclose(moments[1], [1, spread[1], spread[2], 1], rtol=1e-6)
    assert_allclose(moments[0], rows.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("cls", CLASSES)
def test_validation_is_the_same_at_every_epoch(cls):
    still = cls(**{**FIXED, "learning_rate_init": 1e-14}).fit(X, X_val=X[:30])
    assert_allclose(still.validation_scores_, still.validation_scores_[0], rtol=1e-8)
    assert np.ptp(still.loss_curve_) > 1e-4  # training draws anew
