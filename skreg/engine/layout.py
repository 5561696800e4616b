"""Where the weights of an MLP lie: one flat buffer, seen as matrices by both engines.

Layer by layer a weight matrix (out, in) in C order, as torch has it, then its bias, and where the
layer is normalised gain, shift, and with "batch" running mean and variance.
"""

import numpy as np

from skreg.blocks.activations import ACTIVATIONS
from skreg.blocks.normalization import N_ROWS
from skreg.compiler.jit import jit

IDENTITY, RELU, TANH, LOGISTIC = range(4)

LAYER_FIELDS = [
    ("n_in", "i8"),
    ("n_out", "i8"),
    ("weight_at", "i8"),
    ("bias_at", "i8"),
    ("norm_at", "i8"),
    ("end", "i8"),
    ("activation", "i8"),
    ("skip", "?"),
]
"""Of each layer of a plan: its sizes, offsets in the flat buffer, place in
`skreg.blocks.activations.ACTIVATIONS`, and whether its input is added to its output (He, Zhang,
Ren & Sun 2016)."""


def layout_settings(sizes, activation, normalization, residual, n_taps=1):
    """Values of `LAYER_FIELDS`, one per layer, for `sizes` units (input and output included).

    `normalization` is the kind of each layer, a place in `skreg.blocks.normalization.NAMES`;
    `n_taps` how many inputs a unit takes from each unit below (a conv net's kernel), but in the
    last layer.
    """
    below, n_out = np.array(sizes[:-1]), np.array(sizes[1:])
    n_in = below * np.append(np.full(len(below) - 1, n_taps, np.int64), 1)
    end = np.cumsum(n_in * n_out + n_out + n_out * np.array(N_ROWS)[normalization])
    weight_at = np.concatenate([[0], end[:-1]])
    layer = np.arange(len(n_in))
    last = layer == len(n_in) - 1
    return {
        "n_in": n_in,
        "n_out": n_out,
        "weight_at": weight_at,
        "bias_at": weight_at + n_in * n_out,
        "norm_at": weight_at + n_in * n_out + n_out,
        "end": end,
        "activation": np.where(last, IDENTITY, list(ACTIVATIONS).index(activation)),
        "skip": residual & (layer > 0) & ~last & (below == n_out),
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
    return flat[layer["bias_at"] : layer["norm_at"]]


@jit
def shift_of(layer, flat):
    """Shift of a normalised layer, as a view of the flat buffer."""
    at = layer["norm_at"] + layer["n_out"]
    return flat[at : at + layer["n_out"]]


def weight_views(layers, flat):
    """Weight matrices (out, in) of all layers, as views of the flat buffer."""
    return [weights_of.py_func(layer, flat) for layer in layers]


def bias_views(layers, flat):
    """Biases of all layers, as views of the flat buffer."""
    return [bias_of.py_func(layer, flat) for layer in layers]


def norm_views(layers, flat):
    """Gain, shift, and with "batch" running mean and variance of the normalised layers.

    Arrays of shape (2, n_units) or (4, n_units), as views of the flat buffer.
    """
    normalised = [layer for layer in layers if layer["end"] > layer["norm_at"]]
    return [flat[k["norm_at"] : k["end"]].reshape(-1, k["n_out"]) for k in normalised]
