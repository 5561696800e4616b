"""Architectures, as torch modules. Nothing here trains or regularizes."""

import torch
from torch import nn
from torch.nn import functional

from skreg.normalization import torch_normalize

_ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": functional.relu,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
}


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
    """Normalisation of a layer, after `skreg.normalization`, on given tensors.

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
    """

    def __init__(self, gain, shift, statistics=None):
        super().__init__()
        self.gain, self.shift = nn.Parameter(gain), nn.Parameter(shift)
        self.register_buffer("statistics", statistics)
        self.batch, self.frozen = None, False

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
        noise : skreg.noise.TorchNoise, optional
            Drops units of every layer's input and rows of branches, in training.
        weight : Tensor of shape (n_rows,), optional
            Of the rows, in training: batches are then normalised by their own statistics.
        """
        act = _ACTIVATIONS[self.activation]
        h = X
        for i, layer in enumerate(self.layers):
            below = h if noise is None else noise.dropout(i, h)
            h = layer(below)
            if i < len(self.layers) - 1:
                h = act(self.norms[i](h, weight) if self.norms else h)
            if self.skips[i]:
                h = below + (h if noise is None else noise.paths(i, h))
        return h


def stacked_mlp(weights, biases, activation, X, noise=None):
    """What `MLP` computes, for nets of one architecture along a leading axis.

    Parameters
    ----------
    weights : list of Tensor, each of shape (n_nets, n_out, n_in)
    biases : list of Tensor, each of shape (n_nets, n_out)
    activation : str
    X : Tensor of shape (n_nets, n_rows, n_features)
    noise : skreg.noise.StackNoise, optional

    Returns
    -------
    Tensor of shape (n_nets, n_rows, n_outputs)
    """
    act = _ACTIVATIONS[activation]
    h = X
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = h if noise is None else noise.dropout(i, h)
        h = torch.baddbmm(bias[:, None], h, weight.transpose(1, 2))
        if i < len(weights) - 1:
            h = act(h)
    return h
