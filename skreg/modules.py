"""Architectures, as torch modules. Nothing here trains or regularizes."""

import torch
from torch import nn
from torch.nn import functional

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


class MLP(nn.Module):
    """Multi-layer perceptron on given weights.

    Parameters
    ----------
    weights : list of Tensor, each of shape (n_out, n_in)
        Used as they are: a change of the parameter is a change of the tensor.
    biases : list of Tensor, each of shape (n_out,)
    activation : {"identity", "relu", "tanh", "logistic"}
        Of the hidden layers; the output is the raw prediction.
    """

    def __init__(self, weights, biases, activation):
        super().__init__()
        self.activation = activation
        self.layers = nn.ModuleList()
        for weight, bias in zip(weights, biases, strict=True):
            self.layers.append(GivenLinear(weight, bias))

    def forward(self, X, noise=None):
        """Raw prediction of shape (n_rows, n_outputs).

        Parameters
        ----------
        X : Tensor of shape (n_rows, n_features)
        noise : skreg.noise.TorchNoise, optional
            Drops units of every layer's input, in training.
        """
        act = _ACTIVATIONS[self.activation]
        h = X
        for i, layer in enumerate(self.layers):
            h = layer(h if noise is None else noise.dropout(i, h))
            if i < len(self.layers) - 1:
                h = act(h)
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
