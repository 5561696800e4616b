"""Noise on inputs, hidden units, weights and targets, in training only.

- Gaussian noise on inputs or targets: ``x + std * n`` with n ~ N(0, 1), new at every step
  (Bishop 1995, "Training with noise is equivalent to Tikhonov regularization").
- Weight noise: gradients are taken at ``W + std * n`` and applied to W (Graves 2011, "Practical
  variational inference for neural networks").
- Dropout: a unit is kept with probability 1 - p and then divided by it (Srivastava et al. 2014).
  Masks take 16 random bits a unit: p is rounded to 1/65536, and the scale is exact for that.
- Drop path: what a residual layer adds to its input is left out, row by row, with probability p
  and divided by 1 - p otherwise (Huang et al. 2016, "Deep networks with stochastic depth"; by rows
  as in timm). 16 bits a row, likewise.

Both engines draw from `skreg.random.counter`; on a GPU torch draws, equal in distribution.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.random.counter import (
    DROP_PATH,
    DROPOUT,
    INPUT_NOISE,
    TARGET_NOISE,
    WEIGHT_NOISE,
    add_normal,
    fill_words,
    stream_key,
    torch_bits,
    torch_normals,
    torch_stream_keys,
    word_of,
)

_LEVELS = 65536
_LOWEST = np.uint64(_LEVELS - 1)


FIELDS = [("seed", "u8"), ("input_std", "f8"), ("target_std", "f8"), ("weight_std", "f8")]
"""Of a plan: the seed of the streams, and the standard deviations of the noises."""

LAYER_FIELDS = [("drop_threshold", "u2"), ("path_threshold", "u2")]
"""Of each layer of a plan: how many of 65536 levels drop a unit of its input, or a row's branch."""


def noise_settings(params, seed):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "seed": seed,
        "input_std": params.noise_std,
        "target_std": params.target_noise_std,
        "weight_std": params.weight_noise_std,
    }


def layer_noise_settings(params, n_layers):
    """Values of `LAYER_FIELDS`, one per layer, from an estimator's parameters (`Settings`)."""
    rates = np.zeros(n_layers)
    rates[0] = params.input_dropout
    rates[1:] = params.dropout
    return {
        "drop_threshold": _thresholds(rates),
        "path_threshold": _thresholds(params.drop_path),
    }


def _thresholds(rates):
    return np.minimum(np.round(np.multiply(rates, _LEVELS)), _LEVELS - 1)


@jit
def add_input_noise(plan, step, values):
    """Input noise on a batch (1-D view), in place."""
    add_normal(stream_key(plan["seed"], INPUT_NOISE, step), plan["input_std"], values)


@jit
def add_target_noise(plan, step, values):
    """Target noise on a batch (1-D view), in place."""
    add_normal(stream_key(plan["seed"], TARGET_NOISE, step), plan["target_std"], values)


@jit
def add_weight_noise(plan, step, layer, weights):
    """Weight noise on the weights (1-D view) of layer number `layer`, in place."""
    key = stream_key(plan["seed"], WEIGHT_NOISE, step)
    add_normal(stream_key(key, layer, 0), plan["weight_std"], weights)


@jit
def draw_mask(plan, step, layer, words):
    """Random bits for the mask of layer number `layer` into `words` (uint64, four units each)."""
    fill_words(stream_key(plan["seed"], DROPOUT + layer, step), words)


@jit
def drop(threshold, bits, values):
    """Dropout with a drawn mask, in place: also the backward pass of itself.

    Parameters
    ----------
    threshold : uint16
    bits : ndarray of uint16, at least as long as `values`
    values : ndarray, 1-D
    """
    scale = values.dtype.type(65536.0 / (65536.0 - threshold))
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] *= scale if bits[i] >= threshold else zero


@jit
def draw_paths(layer, plan, step, number, noisy, factors):
    """Factors of a residual layer's branch, one per row; the layer's number is `number`."""
    threshold = np.int64(layer["path_threshold"]) if noisy else 0
    dtype = factors.dtype.type
    scale = dtype(65536.0 / (65536.0 - threshold))
    key = stream_key(stream_key(plan["seed"], DROP_PATH, step), number, 0)
    for r in range(factors.size):
        factors[r] = scale
        if threshold > 0:
            bits = np.int64((word_of(key, r // 4) >> np.uint64(16 * (r % 4))) & _LOWEST)
            factors[r] = scale if bits >= threshold else dtype(0)


class TorchNoise:
    """The same noises for tensors; every method returns a new tensor.

    Parameters
    ----------
    plan : record with `FIELDS`
    layers : structured array with `LAYER_FIELDS`
    draws : compiled draws of this dtype, with `add_normal(key, std, values)`,
        `fill_words(key, out)` and `stream_key(seed, role, step)`; None draws on the device.
    generator : torch.Generator, used without `draws`
    """

    def __init__(self, plan, layers, draws, generator=None):
        self.plan, self.layers = plan, layers
        self.draws, self.generator = draws, generator
        self.step = 0

    def inputs(self, x):
        """Batch with input noise."""
        return self._gaussian(x, self.plan["input_std"], INPUT_NOISE)

    def targets(self, y):
        """Targets with target noise."""
        return self._gaussian(y, self.plan["target_std"], TARGET_NOISE)

    def weights(self, layer, weight):
        """Weights of layer number `layer` with weight noise."""
        return self._gaussian(weight, self.plan["weight_std"], WEIGHT_NOISE, layer)

    def dropout(self, layer, h):
        """Input `h` of layer number `layer` with units dropped."""
        threshold = int(self.layers["drop_threshold"][layer])
        return self._drop(threshold, h, h.shape, DROPOUT + layer)

    def channels(self, layer, maps):
        """Maps (n_rows, n_channels, *size) below layer number `layer` with channels dropped.

        Tompson et al. (2015), "Efficient object localization using convolutional networks".
        """
        threshold = int(self.layers["drop_threshold"][layer])
        shape = (*maps.shape[:2], *[1] * (maps.ndim - 2))
        return self._drop(threshold, maps, shape, DROPOUT + layer)

    def paths(self, layer, branch):
        """Branch of the residual layer number `layer`, one value or map a row, with rows dropped.

        The branch has shape (n_rows, n_units), or (n_rows, n_channels, *size).
        """
        threshold = int(self.layers["path_threshold"][layer])
        shape = (len(branch), *[1] * (branch.ndim - 1))
        return self._drop(threshold, branch, shape, DROP_PATH, layer)

    def _drop(self, threshold, value, shape, role, layer=None):
        """`value` times a mask of a shape that broadcasts with it."""
        import torch

        if threshold == 0:
            return value
        if self.draws is None:
            bits = torch.randint(_LEVELS, shape, generator=self.generator, device=value.device)
        else:
            n = int(np.prod(shape))
            words = np.empty((n + 3) // 4, np.uint64)
            self.draws.fill_words(self._key(role, layer), words)
            bits = torch.from_numpy(words.view(np.uint16)[:n].astype(np.int32)).reshape(shape)
        kept = (bits >= threshold).to(value.dtype)
        return value * (kept * (_LEVELS / (_LEVELS - threshold)))

    def _key(self, role, layer=None):
        key = np.uint64(self.draws.stream_key(self.plan["seed"], role, self.step))
        return key if layer is None else np.uint64(self.draws.stream_key(key, layer, 0))

    def _gaussian(self, value, std, role, layer=None):
        import torch

        if not std:
            return value
        if self.draws is None:
            normal = torch.randn(
                value.shape, generator=self.generator, device=value.device, dtype=value.dtype
            )
            return value + std * normal
        key = self._key(role, layer)
        noise = np.zeros(value.numel(), self.draws.dtype)
        self.draws.add_normal(key, std, noise)
        return value + torch.from_numpy(noise).reshape(value.shape)


class FixedMasks:
    """Dropout with given masks, one for all rows, where a module expects a `TorchNoise`.

    Parameters
    ----------
    masks : list of ndarray
        Factors of the values below the first layer and of the channels below the others.
    """

    def __init__(self, masks):
        self.masks = masks

    def dropout(self, layer, h):
        """Input (n_rows, *row_shape) times its mask."""
        return h * self._mask(layer, h).reshape(h.shape[1:])

    def channels(self, layer, maps):
        """Maps (n_rows, n_channels, *size) times their mask."""
        return maps * self._mask(layer, maps).reshape(-1, *[1] * (maps.ndim - 2))

    def paths(self, layer, branch):
        """Branch of a residual layer, of which nothing is left out."""
        return branch

    def _mask(self, layer, h):
        import torch

        return torch.from_numpy(self.masks[layer]).to(h)


class StackNoise:
    """The noises of several nets at once, each with its own seed and strengths.

    Every method returns a new tensor, and changes nothing where no net has the noise on. A net's
    draws do not depend on its neighbours, nor on how many rows its batch is padded to.

    Parameters
    ----------
    plans : structured array with `FIELDS`, of shape (n_nets,)
    layers : structured array with `LAYER_FIELDS`, of shape (n_nets, n_layers)
    draws : compiled draws of this dtype, as for `TorchNoise`
        Normals are then its own; None draws them on the device. Masks are always the same.
    dtype, device : of torch
    """

    def __init__(self, plans, layers, draws, dtype, device):
        import torch

        self.draws = draws

        def tensor(values, dtype=dtype):
            return torch.from_numpy(np.ascontiguousarray(values)).to(device, dtype)

        def strengths(std):
            return tensor(std) if std.any() else None

        self.stds = {
            INPUT_NOISE: strengths(plans["input_std"]),
            TARGET_NOISE: strengths(plans["target_std"]),
            WEIGHT_NOISE: strengths(plans["weight_std"]),
        }
        self.seeds = tensor(plans["seed"].view(np.int64), torch.int64)
        self.masks = []  # of each layer: levels that drop, and what the kept are multiplied by
        for threshold in layers["drop_threshold"].T.astype(np.int32):
            scale = _LEVELS / (_LEVELS - threshold)
            pair = tensor(threshold, torch.int32)[:, None, None], tensor(scale)[:, None, None]
            self.masks.append(pair if threshold.any() else None)

    def begin_step(self, steps):
        """Say which optimizer step of each net comes now; int64 tensor of shape (n_nets,)."""
        self.steps = steps

    def inputs(self, x):
        """Batches (n_nets, n_rows, n_features) with input noise."""
        return self._gaussian(x, INPUT_NOISE)

    def targets(self, y):
        """Targets (n_nets, n_rows, n_outputs) with target noise."""
        return self._gaussian(y, TARGET_NOISE)

    def weights(self, layer, weight):
        """Weights (n_nets, n_out, n_in) of layer number `layer` with weight noise."""
        return self._gaussian(weight, WEIGHT_NOISE, layer)

    def dropout(self, layer, h):
        """Input `h` (n_nets, n_rows, n_in) of layer number `layer` with units dropped."""
        if self.masks[layer] is None:
            return h
        threshold, scale = self.masks[layer]
        keys = torch_stream_keys(self.seeds, DROPOUT + layer, self.steps)
        bits = torch_bits(keys, h[0].numel()).reshape(h.shape)
        return h * ((bits >= threshold) * scale)

    def _gaussian(self, value, role, layer=None):
        std = self.stds[role]
        if std is None:
            return value
        keys = torch_stream_keys(self.seeds, role, self.steps)
        if layer is not None:
            keys = torch_stream_keys(keys, layer, 0)
        n_numbers = value[0].numel()
        if self.draws is None:
            noise = std[:, None] * torch_normals(keys, n_numbers, value.dtype)
        else:
            noise = self._compiled_normals(keys, std, n_numbers)
        return value + noise.reshape(value.shape)

    def _compiled_normals(self, keys, std, n_numbers):
        import torch

        noise = np.zeros((len(keys), n_numbers), self.draws.dtype)
        for key, by, line in zip(keys.numpy().view(np.uint64), std.tolist(), noise, strict=True):
            self.draws.add_normal(key, by, line)
        return torch.from_numpy(noise)
