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

All draws are `skreg.random.counter`'s. On a GPU normals are other numbers, equal in distribution.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.random import words as streams
from skreg.random.counter import add_normal, fill_words, stream_key, word_of
from skreg.random.masks import LEVELS, factors_of, scale_of, thresholds_of
from skreg.random.words import DROP_PATH, DROPOUT, INPUT_NOISE, TARGET_NOISE, WEIGHT_NOISE

_LOWEST = np.uint64(LEVELS - 1)
_scale_of = jit(scale_of)


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
        "drop_threshold": thresholds_of(rates),
        "path_threshold": thresholds_of(params.drop_path),
    }


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
    scale = values.dtype.type(_scale_of(threshold))
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] *= scale if bits[i] >= threshold else zero


@jit
def draw_paths(layer, plan, step, number, noisy, factors):
    """Factors of a residual layer's branch, one per row; the layer's number is `number`."""
    threshold = np.int64(layer["path_threshold"]) if noisy else 0
    dtype = factors.dtype.type
    scale = dtype(_scale_of(threshold))
    key = stream_key(stream_key(plan["seed"], DROP_PATH, step), number, 0)
    for r in range(factors.size):
        factors[r] = scale
        if threshold > 0:
            bits = np.int64((word_of(key, r // 4) >> np.uint64(16 * (r % 4))) & _LOWEST)
            factors[r] = scale if bits >= threshold else dtype(0)


class TorchNoise:
    """The same noises for tensors, of one net or of a stack of nets; methods give new tensors.

    A stack's tensors have a leading axis of nets, each with its own seed and strengths. A net's
    draws do not depend on its neighbours, nor on how many rows its batch is padded to.

    Parameters
    ----------
    plan : record with `FIELDS`, or of a stack a structured array of shape (n_nets,)
    layers : structured array with `LAYER_FIELDS`, of shape (n_layers,) or (n_nets, n_layers)
    draws : compiled draws of this dtype, with `add_normal(key, std, values)`,
        `fill_words(key, out)` and `stream_key(seed, role, step)`
        None draws on the device: masks are the same, normals are others.
    dtype, device : of torch
    """

    def __init__(self, plan, layers, draws, dtype, device):
        self.draws, self.dtype, self.device = draws, dtype, device
        self.is_stack = plan.ndim > 0
        self._seeds = np.atleast_1d(plan["seed"])
        self._device_seeds = self._tensor(self._seeds.view(np.int64))
        roles = {INPUT_NOISE: "input_std", TARGET_NOISE: "target_std", WEIGHT_NOISE: "weight_std"}
        self._stds = {role: self._strength(plan[name]) for role, name in roles.items()}
        self._drops = [self._mask(t) for t in layers["drop_threshold"].T]
        self._paths = [self._mask(t) for t in layers["path_threshold"].T]

    def _tensor(self, values, dtype=None):
        import torch

        return torch.from_numpy(np.array(values, order="C")).to(self.device, dtype)

    def _strength(self, values):
        """A number per net as a tensor, of one net of no dimension; None where all are 0."""
        return self._tensor(values, self.dtype) if np.any(values) else None

    def _mask(self, thresholds):
        if not np.any(thresholds):
            return None
        thresholds = np.asarray(thresholds, np.int32)
        return self._tensor(thresholds), self._tensor(scale_of(thresholds), self.dtype)

    def begin_step(self, steps):
        """Say which optimizer step comes now: an int, of a stack an int64 tensor (n_nets,)."""
        import torch

        self._steps = [steps] if not self.is_stack and self.draws else torch.as_tensor(steps)

    def inputs(self, x):
        """Batch with input noise."""
        return self._gaussian(x, INPUT_NOISE)

    def targets(self, y):
        """Targets with target noise."""
        return self._gaussian(y, TARGET_NOISE)

    def weights(self, layer, weight):
        """Weights of layer number `layer` with weight noise."""
        return self._gaussian(weight, WEIGHT_NOISE, layer)

    def dropout(self, layer, h):
        """Input `h` of layer number `layer` with units dropped."""
        return self._drop(self._drops[layer], h, h.ndim, DROPOUT + layer)

    def channels(self, layer, maps):
        """Maps (n_rows, n_channels, *size) below layer number `layer` with channels dropped.

        Tompson et al. (2015), "Efficient object localization using convolutional networks".
        """
        return self._drop(self._drops[layer], maps, self.is_stack + 2, DROPOUT + layer)

    def paths(self, layer, branch):
        """Branch of the residual layer number `layer`, one value or map a row, with rows dropped.

        The branch has shape (n_rows, n_units), or (n_rows, n_channels, *size).
        """
        return self._drop(self._paths[layer], branch, self.is_stack + 1, DROP_PATH, layer)

    def _drop(self, mask, value, n_axes, role, layer=None):
        """`value` times a mask that is drawn along its first `n_axes` axes."""
        if mask is None:
            return value
        shape = value.shape[:n_axes]
        bits = self._bits(self._keys(role, layer), int(np.prod(shape[self.is_stack :])))
        bits = bits.reshape(*shape, *[1] * (value.ndim - n_axes))
        return value * factors_of(bits, *(self._beside(part, bits) for part in mask))

    def _gaussian(self, value, role, layer=None):
        if self._stds[role] is None:
            return value
        n_numbers = int(np.prod(value.shape[self.is_stack :]))
        noise = self._normals(self._keys(role, layer), self._stds[role], n_numbers)
        return value + noise.reshape(value.shape)

    def _beside(self, strength, values):
        """A number per net with the dimensions of the nets' values."""
        return strength.reshape(-1, *[1] * (values.ndim - 1)) if self.is_stack else strength

    def _keys(self, role, layer):
        """Key of each net's stream: numbers for compiled draws, else an int64 tensor (n_nets,)."""
        if self.draws is None:
            keys = streams.stream_keys(self._device_seeds, role, self._steps)
            return keys if layer is None else streams.stream_keys(keys, layer, 0)
        stream_key = self.draws.stream_key
        pairs = zip(self._seeds, self._steps, strict=True)
        keys = [np.uint64(stream_key(seed, role, int(step))) for seed, step in pairs]
        return keys if layer is None else [np.uint64(stream_key(key, layer, 0)) for key in keys]

    def _bits(self, keys, n_units):
        """The first units of 16 bits of each stream, (n_nets, n_units), int32."""
        import torch

        if self.draws is None:
            return streams.bits(keys, n_units)
        words = np.empty((len(keys), (n_units + 3) // 4), np.uint64)
        for key, line in zip(keys, words, strict=True):
            self.draws.fill_words(key, line)
        return torch.from_numpy(words.view(np.uint16)[:, :n_units].astype(np.int32))

    def _normals(self, keys, stds, n_numbers):
        """Normals with each net's standard deviation, (n_nets, n_numbers)."""
        import torch

        if self.draws is None:
            return stds.reshape(-1, 1) * streams.torch_normals(keys, n_numbers, self.dtype)
        noise = np.zeros((len(keys), n_numbers), self.draws.dtype)
        for key, std, line in zip(keys, stds.reshape(-1).tolist(), noise, strict=True):
            self.draws.add_normal(key, std, line)
        return torch.from_numpy(noise)


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
