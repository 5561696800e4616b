"""Forward and backward pass of an MLP on one batch, compiled.

The inputs of all layers, and the output after them, lie one after another in one buffer `acts`,
each (n_rows, units) in C order; the batch itself comes first. Random bits of dropout masks lie in
`words`, four units in each, layer after layer likewise; `bits` is their memory unit by unit.
"""

import numpy as np

from skreg._jit import jit
from skreg.engine.layout import LOGISTIC, RELU, TANH, bias_of, weights_of
from skreg.noise import draw_mask, drop


@jit
def forward(plan, layers, params, acts, words, bits, n_rows, step, noisy):
    """Raw prediction (n_rows, n_outputs) of the batch at the beginning of `acts`.

    With `noisy` the step's dropout is drawn and applied; without, the net is itself.
    """
    at, words_at = 0, 0
    for i in range(layers.size):
        layer = layers[i]
        n_in, n_out = layer["n_in"], layer["n_out"]
        middle = at + n_rows * n_in
        end = middle + n_rows * n_out
        if noisy and layer["drop_threshold"] > 0:
            words_end = words_at + (n_rows * n_in + 3) // 4
            draw_mask(plan, step, i, words[words_at:words_end])
            drop(layer["drop_threshold"], bits[4 * words_at :], acts[at:middle])
            words_at = words_end
        h, z = acts[at:middle].reshape(n_rows, n_in), acts[middle:end].reshape(n_rows, n_out)
        np.dot(h, weights_of(layer, params).T, z)
        _add_bias_and_activate(layer["activation"], bias_of(layer, params), z)
        at = middle
    return acts[at:end].reshape(n_rows, n_out)


@jit
def _add_bias_and_activate(activation, bias, z):
    zero, one = z.dtype.type(0), z.dtype.type(1)
    for r in range(z.shape[0]):
        if activation == RELU:
            for j in range(z.shape[1]):
                a = z[r, j] + bias[j]
                z[r, j] = zero if a < zero else a  # a NaN stays one
        elif activation == TANH:
            for j in range(z.shape[1]):
                a = z[r, j] + bias[j]
                small = np.exp(-(abs(a) + abs(a)))  # twice as fast as np.tanh, and as exact in sum
                t = (one - small) / (one + small)
                z[r, j] = -t if a < zero else t
        elif activation == LOGISTIC:
            for j in range(z.shape[1]):
                z[r, j] = one / (one + np.exp(-(z[r, j] + bias[j])))
        else:
            for j in range(z.shape[1]):
                z[r, j] += bias[j]


@jit
def backward(layers, params, acts, bits, deltas, gradient, n_rows):
    """Gradient of the batch loss by all parameters, into `gradient`.

    Comes after `forward` on the same rows; the output at the end of `acts` has since been
    replaced by the loss's gradient by it. `deltas` is room for two layers' gradients.
    """
    at, words_at = 0, 0
    for i in range(layers.size):
        at += n_rows * layers[i]["n_in"]
        if layers[i]["drop_threshold"] > 0:
            words_at += (n_rows * layers[i]["n_in"] + 3) // 4
    last = layers[layers.size - 1]
    delta = acts[at : at + n_rows * last["n_out"]].reshape(n_rows, last["n_out"])
    for i in range(layers.size - 1, -1, -1):
        layer = layers[i]
        n_units = n_rows * layer["n_in"]
        at -= n_units
        h = acts[at : at + n_units].reshape(n_rows, layer["n_in"])
        np.dot(delta.T, h, weights_of(layer, gradient))
        _sum_rows(delta, bias_of(layer, gradient))
        if i == 0:
            return
        below = deltas[i % 2, :n_units]
        np.dot(delta, weights_of(layer, params), below.reshape(n_rows, layer["n_in"]))
        threshold = layer["drop_threshold"]
        if threshold > 0:
            words_at -= (n_units + 3) // 4
            drop(threshold, bits[4 * words_at :], below)
        keep = h.dtype.type((65536.0 - threshold) / 65536.0)
        _times_slope(layers[i - 1]["activation"], keep, acts[at : at + n_units], below)
        delta = below.reshape(n_rows, layer["n_in"])


@jit
def _times_slope(activation, keep, h, delta):
    """Backward through an activation: `h` is its value, divided by `keep` where dropout kept it."""
    zero, one = h.dtype.type(0), h.dtype.type(1)
    if activation == RELU:
        for i in range(h.size):
            delta[i] = delta[i] if h[i] > zero else zero
    elif activation == TANH:
        for i in range(h.size):
            a = h[i] * keep
            delta[i] *= one - a * a
    elif activation == LOGISTIC:
        for i in range(h.size):
            a = h[i] * keep
            delta[i] *= a * (one - a)


@jit
def _sum_rows(values, out):
    zero = values.dtype.type(0)
    for j in range(out.size):
        out[j] = zero
    for r in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[j] += values[r, j]
