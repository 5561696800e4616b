"""Where the weights of an MLP lie: one flat buffer, seen as matrices by both engines.

Layer by layer a weight matrix (out, in) in C order, as torch has it, then its bias.
"""

import numpy as np

from skreg._jit import jit

ACTIVATIONS = ("identity", "relu", "tanh", "logistic")
IDENTITY, RELU, TANH, LOGISTIC = range(4)

LAYER_FIELDS = [
    ("n_in", "i8"),
    ("n_out", "i8"),
    ("weight_at", "i8"),
    ("bias_at", "i8"),
    ("end", "i8"),
    ("activation", "i8"),
]
"""Of each layer of a plan: its sizes, offsets in the flat buffer, and place in `ACTIVATIONS`."""


def layout_settings(sizes, activation):
    """Values of `LAYER_FIELDS`, one per layer, for `sizes` units (input and output included)."""
    n_in, n_out = np.array(sizes[:-1]), np.array(sizes[1:])
    end = np.cumsum(n_in * n_out + n_out)
    weight_at = np.concatenate([[0], end[:-1]])
    last = np.arange(len(n_in)) == len(n_in) - 1
    return {
        "n_in": n_in,
        "n_out": n_out,
        "weight_at": weight_at,
        "bias_at": weight_at + n_in * n_out,
        "end": end,
        "activation": np.where(last, IDENTITY, ACTIVATIONS.index(activation)),
    }


@jit
def weights_of(layer, flat):
    """Weight matrix (out, in) of a layer, as a view of the flat buffer."""
    return flat[layer["weight_at"] : layer["bias_at"]].reshape(layer["n_out"], layer["n_in"])


@jit
def flat_weights_of(layer, flat):
    """Weights of a layer in one line, as a view of the flat buffer."""
    return flat[layer["weight_at"] : layer["bias_at"]]


@jit
def bias_of(layer, flat):
    """Bias of a layer, as a view of the flat buffer."""
    return flat[layer["bias_at"] : layer["end"]]


def weight_views(layers, flat):
    """Weight matrices (out, in) of all layers, as views of the flat buffer."""
    return [weights_of.py_func(layer, flat) for layer in layers]


def bias_views(layers, flat):
    """Biases of all layers, as views of the flat buffer."""
    return [bias_of.py_func(layer, flat) for layer in layers]
