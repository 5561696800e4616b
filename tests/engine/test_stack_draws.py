"""The draws of stacks: words of tensors, normals, and no word of the neighbours."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from skreg.engine.compiled import entry_points
from skreg.engine.plan import LAYER, PLAN
from skreg.random import words as streams
from skreg.regularizers.noise import TorchNoise


@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1])
def test_the_words_of_tensors_are_the_compiled_ones(seed):
    draws = entry_points.draws(np.dtype("float64"))
    seeds = torch.from_numpy(np.array([seed], np.uint64).view(np.int64))
    for role, step in [(streams.INPUT_NOISE, 1), (streams.DROPOUT + 2, 12345)]:
        key = np.uint64(draws.stream_key(np.uint64(seed), role, step))
        words = np.empty(9, np.uint64)
        draws.fill_words(key, words)
        keys = streams.stream_keys(seeds, role, torch.tensor([step]))
        assert keys.numpy().view(np.uint64)[0] == key
        assert_array_equal(streams.words(keys, 9)[0].numpy().view(np.uint64), words)
        assert_array_equal(streams.bits(keys, 34)[0], words.view(np.uint16)[:34])
        assert_array_equal(streams.bits(keys.numpy(), 34)[0], words.view(np.uint16)[:34])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normals_of_tensors_are_normal(dtype):
    keys = torch.tensor([1, 2])
    first, second = streams.torch_normals(keys, 100_000, dtype).double().numpy()
    assert stats.kstest(first, "norm").pvalue > 0.001
    assert stats.kstest(second, "norm").pvalue > 0.001
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.015
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.015
    assert np.abs(first).max() < 7


def stack_noise(seeds, stds, rates, n_layers=2):
    plans, layers = np.zeros(len(seeds), PLAN), np.zeros((len(seeds), n_layers), LAYER)
    plans["seed"], plans["input_std"], plans["weight_std"] = seeds, stds, stds
    layers["drop_threshold"] = np.round(np.array(rates)[:, None] * 65536)
    noise = TorchNoise(plans, layers, None, torch.float64, torch.device("cpu"))
    noise.begin_step(torch.arange(3, 3 + len(seeds)))
    return noise


def test_a_net_alone_draws_as_in_a_stack():
    three = stack_noise([5, 6, 7], [0.5, 0.0, 2.0], [0.3, 0.0, 0.5])
    x = torch.ones(3, 40, 50, dtype=torch.float64)
    plan, layers = np.zeros(1, PLAN)[0], np.zeros(2, LAYER)
    plan["seed"], plan["input_std"], layers["drop_threshold"] = 7, 2.0, 32768
    alone = TorchNoise(plan, layers, None, torch.float64, torch.device("cpu"))
    alone.begin_step(5)
    assert torch.equal(alone.inputs(x[2]), three.inputs(x)[2])
    assert torch.equal(alone.dropout(1, x[2]), three.dropout(1, x)[2])


def test_all_that_a_net_alone_draws_with_is_on_its_device():
    plan, layers, device = np.zeros(1, PLAN)[0], np.zeros(2, LAYER), torch.device("meta")
    plan["input_std"] = plan["weight_std"] = 2.0
    layers["drop_threshold"] = layers["path_threshold"] = 32768
    alone = TorchNoise(plan, layers, None, torch.float64, device)
    alone.begin_step(5)
    x = torch.ones(40, 50, dtype=torch.float64, device=device)
    for out in (alone.inputs(x), alone.weights(0, x), alone.dropout(1, x), alone.paths(1, x)):
        assert out.shape == x.shape
        assert out.device == device


def test_draws_on_a_device_do_not_depend_on_the_neighbours():
    three = stack_noise([5, 6, 7], [0.5, 0.0, 2.0], [0.3, 0.0, 0.5])
    x = torch.ones(3, 400, 50, dtype=torch.float64)
    noisy, dropped = three.inputs(x), three.dropout(1, x)
    assert_allclose((noisy - x).flatten(1).std(dim=1), [0.5, 0.0, 2.0], rtol=0.02)
    assert_allclose((dropped == 0).double().flatten(1).mean(dim=1), [0.3, 0, 0.5], atol=0.01)
    assert_allclose(dropped.flatten(1).mean(dim=1), np.ones(3), atol=0.02)
    assert not torch.equal(three.weights(0, x), three.weights(1, x))
    one = stack_noise([7], [2.0], [0.5])
    one.begin_step(torch.tensor([5]))
    shorter = x[2:, :300]
    assert torch.equal(one.inputs(shorter)[0], noisy[2, :300])
    assert torch.equal(one.dropout(1, shorter)[0], dropped[2, :300])
