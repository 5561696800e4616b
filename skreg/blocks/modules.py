"""Architectures, as torch modules. Nothing here trains or regularizes."""

from math import prod

import torch
from torch import nn
from torch.nn import functional

from skreg.blocks.activations import ACTIVATIONS
from skreg.blocks.normalization import torch_normalize, torch_normalize_maps

_WIDE = 8  # channels that make it worth while to have them last in memory


class GivenLinear(nn.Linear):
    """`torch.nn.Linear` on given tensors; draws nothing from torch's generator.

    Parameters
    ----------
    weight : Tensor of shape (n_out, n_in)
    bias : Tensor of shape (n_out,)
    """

    def __init__(self, weight, bias):
        nn.Module.__init__(self)
        self.out_features, self.in_features = weight.shape
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)


class Norm(nn.Module):
    """Normalisation of a layer, after `skreg.blocks.normalization`, on given tensors.

    Parameters
    ----------
    gain, shift : Tensor of shape (n_units,)
    statistics : Tensor of shape (2, n_units), optional
        Running mean and variance, with "batch".

    Attributes
    ----------
    batch : Tensor of shape (2, n_units) or None
        Statistics of the last training batch, where it had any of its own.
    frozen : bool
        Whether the running statistics serve in training, too.
    even : bool
        Whether all rows weigh the same, for who can make use of it.
    """

    def __init__(self, gain, shift, statistics=None):
        super().__init__()
        self.gain, self.shift = nn.Parameter(gain), nn.Parameter(shift)
        self.register_buffer("statistics", statistics)
        self.batch, self.frozen, self.even = None, False, False

    def forward(self, z, weight=None):
        """Normalised z (n_rows, n_units); `weight` (n_rows,) is that of the rows, in training."""
        weight = None if self.frozen else weight
        value, self.batch = torch_normalize(z, self.gain, self.shift, self.statistics, weight)
        return value


class MLP(nn.Module):
    """Multi-layer perceptron on given weights.

    Parameters
    ----------
    weights : list of Tensor, each of shape (n_out, n_in)
        Used as they are: a change of the parameter is a change of the tensor.
    biases : list of Tensor, each of shape (n_out,)
    activation : {"identity", "relu", "tanh", "logistic"}
        Of the hidden layers; the output is the raw prediction.
    norms : list of tuples of Tensor, one per hidden layer, or empty
        What `Norm` takes; empty for a net that is not normalised.
    skips : list of bool
        Of each layer, whether its input is added to its output.
    """

    def __init__(self, weights, biases, activation, norms, skips):
        super().__init__()
        self.activation, self.skips = activation, list(skips)
        self.norms = nn.ModuleList(Norm(*tensors) for tensors in norms)
        self.layers = nn.ModuleList()
        for weight, bias in zip(weights, biases, strict=True):
            self.layers.append(GivenLinear(weight, bias))
        for layer, norm in zip(self.layers, self.norms, strict=False):
            layer.bias.requires_grad_(norm.statistics is None)  # else the mean takes it off

    def forward(self, X, noise=None, weight=None):
        """Raw prediction of shape (n_rows, n_outputs).

        Parameters
        ----------
        X : Tensor of shape (n_rows, n_features)
        noise : skreg.regularizers.noise.TorchNoise, optional
            Drops units of every layer's input and rows of branches, in training.
        weight : Tensor of shape (n_rows,), optional
            Of the rows, in training: batches are then normalised by their own statistics.
        """
        act = ACTIVATIONS[self.activation].torch
        h = X
        for i, layer in enumerate(self.layers):
            below = h if noise is None else noise.dropout(i, h)
            h = layer(below)
            if i < len(self.layers) - 1:
                h = act(self.norms[i](h, weight) if self.norms else h)
            if self.skips[i]:
                h = below + (h if noise is None else noise.paths(i, h))
        return h


class GivenConv(nn.Module):
    """Convolution with outputs as many as inputs, on given tensors.

    Parameters
    ----------
    weight : Tensor of shape (n_out, n_in * prod(kernel))
    bias : Tensor of shape (n_out,)
    kernel : tuple of two int
        Odd numbers.
    """

    def __init__(self, weight, bias, kernel):
        super().__init__()
        self.kernel = tuple(kernel)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, h):
        """Maps (n_rows, n_out, *size) from maps (n_rows, n_in, *size)."""
        weight = self.weight.view(len(self.weight), -1, *self.kernel)
        return functional.conv2d(h, weight, self.bias, padding=tuple(k // 2 for k in self.kernel))


class MapNorm(Norm):
    """`Norm` of maps, channel by channel."""

    def forward(self, z, weight=None):
        """Normalised z (n_rows, n_channels, *size)."""
        weight = None if self.frozen else weight
        value, self.batch = torch_normalize_maps(
            z, self.gain, self.shift, self.statistics, weight, self.even
        )
        return value


class ConvNet(nn.Module):
    """Blocks of convolution, normalisation, activation and max pooling; global mean; linear layer.

    Signals are images of height 1. Maps lie with their channels last in memory where torch's
    convolutions are faster so.

    Parameters
    ----------
    weights, biases, activation, norms, skips
        As `MLP` takes them; a convolution's weight is a matrix with a row for each filter.
    row_shape : tuple (C, H, W) or (C, T)
    kernel : tuple of int
    pools : list of tuple of int
        Of each block, the size of the patches whose maximum goes on.
    front : torch.nn.Module, optional
        Comes first: from the row's shape to maps.
    """

    def __init__(
        self, weights, biases, activation, norms, skips, *, row_shape, kernel, pools, front=None
    ):
        super().__init__()
        self.activation, self.skips = activation, list(skips)
        self.row_shape, self.front = tuple(row_shape), front
        kernel, *self.pools = (as_two_sides(size) for size in (kernel, *pools))
        narrowest = min(len(weight) for weight in weights[:-1])
        self.channels_last = weights[0].dtype == torch.float32 and narrowest >= _WIDE
        self.norms = nn.ModuleList(MapNorm(*tensors) for tensors in norms)
        self.layers = nn.ModuleList(
            GivenConv(weight, bias, kernel)
            for weight, bias in zip(weights[:-1], biases[:-1], strict=True)
        )
        self.layers.append(GivenLinear(weights[-1], biases[-1]))
        for layer, norm in zip(self.layers, self.norms, strict=False):
            layer.bias.requires_grad_(norm.statistics is None)  # else the mean takes it off

    def forward(self, X, noise=None, weight=None):
        """Raw prediction of shape (n_rows, n_outputs).

        Parameters
        ----------
        X : Tensor of shape (n_rows, *row_shape) or (n_rows, prod(row_shape))
        noise, weight
            As for `MLP`; dropout acts on values of the input and on channels of the maps.
        """
        h = self.features(X, noise, weight)
        if noise is not None:
            h = noise.channels(len(self.layers) - 1, h)
        return self.layers[-1](h)

    def features(self, X, noise=None, weight=None):
        """Means over all places of the last block's maps, (n_rows, n_channels)."""
        h = X.reshape(len(X), *self.row_shape)
        if noise is not None:
            h = noise.dropout(0, h)
        if self.front is not None:
            h = self.front(h)
        h = h.unsqueeze(2) if h.ndim == 3 else h
        if self.channels_last and h.device.type == "cpu":  # a copy: one channel is said to lie last
            h = torch.empty_like(h, memory_format=torch.channels_last).copy_(h)
        for i in range(len(self.layers) - 1):
            h = self._block(i, h, noise, weight)
        return h.flatten(2).mean(dim=2)

    def _block(self, i, h, noise, weight):
        below = h if noise is None or i == 0 else noise.channels(i, h)
        h = self.layers[i](below)
        h = self.norms[i](h, weight) if self.norms else h
        h = ACTIVATIONS[self.activation].torch(h)
        if self.skips[i]:
            h = below + (h if noise is None else noise.paths(i, h))
        return h if prod(self.pools[i]) == 1 else functional.max_pool2d(h, self.pools[i])


def as_two_sides(size):
    """The sides (height, width) of a patch of a signal or of an image."""
    return (1,) * (2 - len(size)) + tuple(size)


class Adapter(nn.Module):
    """A user's module between rows of X and raw predictions.

    Parameters
    ----------
    module : torch.nn.Module
    row_shape : tuple of int
        In which it takes a row.
    n_outputs : int

    Attributes
    ----------
    gain, shift : Tensor of shape (n_outputs,)
        ``raw = gain * module(x) + shift``: 1 and 0, until the units of the target change.
    """

    def __init__(self, module, row_shape, n_outputs):
        super().__init__()
        self.module, self.row_shape, self.n_outputs = module, tuple(row_shape), n_outputs
        self.register_buffer("gain", torch.ones(n_outputs))
        self.register_buffer("shift", torch.zeros(n_outputs))

    def forward(self, X, noise=None, weight=None):
        """Raw prediction of shape (n_rows, n_outputs).

        Raises
        ------
        ValueError
            Where the module's output has another shape.
        """
        h = X.reshape(len(X), *self.row_shape)
        h = h if noise is None else noise.dropout(0, h)
        raw = self.module(h)
        shape = tuple(raw.shape) if isinstance(raw, torch.Tensor) else type(raw).__name__
        if shape == (len(X),) and self.n_outputs == 1:
            raw = raw[:, None]
        elif shape != (len(X), self.n_outputs):
            raise ValueError(
                f"module={type(self.module).__name__} gave an output of {_described(shape)} for "
                f"{len(X)} rows of shape {self.row_shape}, but this y needs raw predictions of "
                f"shape {(len(X), self.n_outputs)}: one column per output or class, and one column "
                "for two classes."
            )
        return raw * self.gain + self.shift


def _described(shape):
    return f"shape {shape}" if isinstance(shape, tuple) else f"type {shape}"


def stacked_mlp(weights, biases, activation, X, noise=None):
    """What `MLP` computes, for nets of one architecture along a leading axis.

    Parameters
    ----------
    weights : list of Tensor, each of shape (n_nets, n_out, n_in)
    biases : list of Tensor, each of shape (n_nets, n_out)
    activation : str
    X : Tensor of shape (n_nets, n_rows, n_features)
    noise : skreg.regularizers.noise.TorchNoise, optional

    Returns
    -------
    Tensor of shape (n_nets, n_rows, n_outputs)
    """
    act = ACTIVATIONS[activation].torch
    h = X
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = h if noise is None else noise.dropout(i, h)
        h = torch.baddbmm(bias[:, None], h, weight.transpose(1, 2))
        if i < len(weights) - 1:
            h = act(h)
    return h
