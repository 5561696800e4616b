"""Cutmix: what is pasted, how much of the targets comes with it, and where the box lies."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats

from skreg import MLPRegressor
from skreg.augmentation import mixing
from skreg.engine.compiled import entry_points
from skreg.engine.plan import make_plan
from skreg.hyperparameters.settings import settings_of

N = 12


def mixed(shape, step, given=True, **params):
    """A batch of numbered rows, mixed: x, y (one-hot by row), weight."""
    given = {"cutmix_alpha": 1.0, **params, "input_shape": shape if given else None}
    everything = settings_of(MLPRegressor(), "squared_error").replace(**given)
    plan = make_plan(everything, batch_size=N, seed=3, monitor=0, keep_best=False)[0]
    rows = torch.arange(float(N), dtype=torch.float64)
    x = rows.reshape(N, *[1] * len(shape)).expand(N, *shape).clone()
    if not given:
        x = x.flatten(1)
    y = torch.eye(N, dtype=torch.float64)
    return mixing.torch_mix_batch(plan, step, entry_points.draws("float64"), x, y, rows + 1)


@pytest.mark.parametrize(
    ("shape", "given"), [((2, 7, 9), True), ((3, 30), True), ((3, 30), False), ((20,), False)]
)
def test_targets_are_mixed_by_the_share_that_is_pasted(shape, given):
    for step in range(1, 40):
        x, y, weight = mixed(shape, step, given)
        rows = torch.arange(float(N), dtype=torch.float64)
        pasted = x.reshape(N, -1) != rows[:, None]
        assert (pasted == pasted[0]).all()  # the same place in every row
        share = 1 - pasted[0].double().mean()
        assert_allclose(y.diagonal(), share)
        assert_allclose(y.sum(dim=1), 1)
        partner = torch.stack(
            [line[hole][:1] for line, hole in zip(x.reshape(N, -1), pasted, strict=True)]
        )
        if pasted.any():
            assert_allclose(weight, share * (rows + 1) + (1 - share) * (partner[:, 0] + 1))
            assert_allclose(y.gather(1, partner.long())[:, 0], 1 - share)


@pytest.mark.parametrize("shape", [(2, 7, 9), (3, 30)])
def test_the_box_is_a_box_in_all_channels(shape):
    for step in range(1, 40):
        x, _, _ = mixed(shape, step)
        hole = x[0] != 0
        assert (hole == hole[0]).all()
        for axis in range(hole[0].ndim):
            line = hole[0].any(dim=tuple(a for a in range(hole[0].ndim) if a != axis))
            assert (line[1:] != line[:-1]).sum() <= 2  # one stretch along each axis
        assert hole[0].sum() == np.prod([len(set(a.tolist())) for a in hole[0].nonzero().T] or [0])


@pytest.mark.parametrize(("height", "width"), [(20, 30), (1, 600)])
def test_the_box_has_its_area_where_no_edge_cuts_it(height, width):
    rng = np.random.RandomState(0)
    for share in rng.uniform(size=200):
        top, bottom, left, right = mixing.box_about.py_func(height, width, share, 0.5, 0.5)
        area = (bottom - top) * (right - left) / (height * width)
        slack = 1 / width if height == 1 else 1 / width + 1 / height
        assert area <= 1 - share + 1e-12
        assert area > 1 - share - slack - 1e-12


def test_with_mixup_each_batch_has_one_of_them():
    cut = sum(
        bool((mixed((200,), step, False, mixup_alpha=1.0)[0] % 1 == 0).all())
        for step in range(1, 401)
    )
    assert stats.binomtest(cut, 400).pvalue > 1e-4
