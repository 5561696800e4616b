"""Forward and backward pass of an MLP on one batch, compiled.

The inputs of all layers, and the output after them, lie one after another in one buffer `acts`,
each (n_rows, units) in C order; the batch itself comes first. Random bits of dropout masks lie in
`words`, four units in each, layer after layer likewise; `bits` is their memory unit by unit.
What backward needs besides the activations lies in `saved`, layer after layer: of a normalised one
the normalised values and a number per row, of one with a skip its branch and the factor of each
row.
"""

import numpy as np

from skreg.blocks.normalization import BATCH, NONE, normalize, normalize_backward
from skreg.compiler.jit import jit
from skreg.engine.layout import IDENTITY, LOGISTIC, RELU, TANH, bias_of, shift_of, weights_of
from skreg.regularizers.noise import draw_mask, draw_paths, drop

_NARROW, _WIDE = 32, 16  # inputs up to which, and outputs from which on, BLAS is the slower one


@jit
def forward(plan, layers, params, acts, saved, words, bits, weight, scratch, step, noisy, n_frozen):
    """Raw prediction (n_rows, n_outputs) of the batch at the beginning of `acts`.

    With `noisy` the step's dropout and drop path are drawn and applied and batches normalised by
    their own statistics, but in the first `n_frozen` layers; without, the net is itself. `scratch`,
    of the parameters' size, takes the statistics used; `weight` is that of the rows.
    """
    n_rows, at, words_at, saved_at = weight.size, 0, 0, 0
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
        bias = bias_of(layer, params)
        saved_end = saved_at + n_rows * (n_out + 1)
        if layer["normalization"] != NONE:
            fixed = not noisy or n_rows == 1 or i < n_frozen
            normalize(layer, params, scratch, weight, fixed, z, saved[saved_at:saved_end])
            bias = shift_of(layer, params)
            saved_at, saved_end = saved_end, saved_end + n_rows * (n_out + 1)
        _add_bias_and_activate(layer["activation"], bias, z)
        if layer["skip"]:
            factors = saved[saved_end - n_rows : saved_end]
            draw_paths(layer, plan, step, i, noisy, factors)
            _add_skip(h, factors, saved[saved_at:saved_end], z)
            saved_at = saved_end
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
        elif activation == IDENTITY:
            for j in range(z.shape[1]):
                z[r, j] += bias[j]


@jit
def _add_skip(h, factors, branch, z):
    """Keep the branch's value `z` in `branch` and make it ``h + factor * z``."""
    n = z.shape[1]
    for r in range(z.shape[0]):
        for j in range(n):
            branch[r * n + j] = z[r, j]
            z[r, j] = h[r, j] + factors[r] * z[r, j]


@jit
def backward(layers, params, acts, saved, bits, weight, deltas, gradient, n_frozen):
    """Gradient of the batch loss by all parameters above the frozen layers, into `gradient`.

    Comes after `forward` on the same rows with `gradient` as its scratch; the output at the end of
    `acts` has since been replaced by the loss's gradient by it. `deltas` is room for two layers'
    gradients.
    """
    n_rows, at, words_at, saved_at = weight.size, 0, 0, 0
    for i in range(layers.size):
        at += n_rows * layers[i]["n_in"]
        saved_at += n_rows * (layers[i]["n_out"] + 1) * _n_saved(layers[i])
        if layers[i]["drop_threshold"] > 0:
            words_at += (n_rows * layers[i]["n_in"] + 3) // 4
    last = layers[layers.size - 1]
    delta = acts[at : at + n_rows * last["n_out"]].reshape(n_rows, last["n_out"])
    for i in range(layers.size - 1, -1, -1):
        layer = layers[i]
        n_units = n_rows * layer["n_in"]
        at -= n_units
        h = acts[at : at + n_units].reshape(n_rows, layer["n_in"])
        _weight_gradient(delta, h, deltas[i % 2], weights_of(layer, gradient))
        if layer["normalization"] != BATCH:
            _sum_rows(delta, bias_of(layer, gradient))
        if i == n_frozen:
            return
        below, value = deltas[i % 2, :n_units], acts[at : at + n_units]
        threshold = layer["drop_threshold"]
        n_saved = n_units + n_rows
        weights, layer_below = weights_of(layer, params), layers[i - 1]
        if _is_one_relu_wide(layer, layer_below):
            _pass_down_through_relu(delta, weights, h, below.reshape(n_rows, layer["n_in"]))
        else:
            _pass_down(delta, weights, below.reshape(n_rows, layer["n_in"]))
            if layer["skip"]:
                _add(acts[at + n_units : at + 2 * n_units], below)
            if threshold > 0:
                words_at -= (n_units + 3) // 4
                drop(threshold, bits[4 * words_at :], below)
            keep = h.dtype.type((65536.0 - threshold) / 65536.0)
            if layer_below["skip"]:
                saved_at -= n_saved
                _split(value, saved[saved_at + n_units : saved_at + n_saved], below)
                keep, value = h.dtype.type(1), saved[saved_at : saved_at + n_units]
            _times_slope(layer_below["activation"], keep, value, below)
        layer = layer_below
        delta = below.reshape(n_rows, layer["n_out"])
        if layer["normalization"] != NONE:
            saved_at -= n_saved
            normed = saved[saved_at : saved_at + n_saved]
            normalize_backward(layer, params, gradient, weight, normed, delta)


@jit
def _weight_gradient(delta, h, room, out):
    """``delta.T @ h`` into `out`, (n_out, n_in); `room` is flat and may be used up.

    BLAS packs its operands first, which for a few inputs takes longer than the product: there the
    transposed product is summed up, eight rows of the batch at a time.
    """
    n_rows, n_out = delta.shape
    n_in = h.shape[1]
    if n_in > _NARROW or n_out < _WIDE or room.size < out.size:
        np.dot(delta.T, h, out)
        return
    total = room[: out.size].reshape(n_in, n_out)
    zero = out.dtype.type(0)
    for k in range(n_in):
        for j in range(n_out):
            total[k, j] = zero
    rest = n_rows % 8
    for r in range(0, n_rows - rest, 8):
        for k in range(n_in):
            a, b, c, d = h[r, k], h[r + 1, k], h[r + 2, k], h[r + 3, k]
            e, f, g, i = h[r + 4, k], h[r + 5, k], h[r + 6, k], h[r + 7, k]
            for j in range(n_out):
                first = a * delta[r, j] + b * delta[r + 1, j]
                second = c * delta[r + 2, j] + d * delta[r + 3, j]
                third = e * delta[r + 4, j] + f * delta[r + 5, j]
                total[k, j] += first + second + (third + g * delta[r + 6, j] + i * delta[r + 7, j])
    for r in range(n_rows - rest, n_rows):
        for k in range(n_in):
            a = h[r, k]
            for j in range(n_out):
                total[k, j] += a * delta[r, j]
    for j in range(n_out):
        for k in range(n_in):
            out[j, k] = total[k, j]


@jit
def _pass_down(delta, weights, below):
    """``delta @ weights`` into `below`; for one output BLAS would be slower."""
    if weights.shape[0] > 1:
        np.dot(delta, weights, below)
        return
    for r in range(below.shape[0]):
        slope = delta[r, 0]
        for j in range(below.shape[1]):
            below[r, j] = slope * weights[0, j]


@jit
def _is_one_relu_wide(layer, below):
    """Whether a layer has one output and relu units below it, with nothing between."""
    plain = layer["drop_threshold"] == 0 and not layer["skip"] and not below["skip"]
    return plain and layer["n_out"] == 1 and below["activation"] == RELU


@jit
def _pass_down_through_relu(delta, weights, h, below):
    """`_pass_down` of one output and `_times_slope` in one go."""
    zero = h.dtype.type(0)
    for r in range(below.shape[0]):
        slope = delta[r, 0]
        for j in range(below.shape[1]):
            below[r, j] = slope * weights[0, j] if h[r, j] > zero else zero


@jit
def _n_saved(layer):
    """How many arrays of (n_units + 1) numbers per row a layer keeps in `saved`."""
    return int(layer["normalization"] != NONE) + int(layer["skip"])


@jit
def _add(values, out):
    for i in range(out.size):
        out[i] += values[i]


@jit
def _split(through, factors, delta):
    """Backward through a skip: the gradient goes `through` as it is, into the branch by factors."""
    n = delta.size // factors.size
    for r in range(factors.size):
        for i in range(r * n, (r + 1) * n):
            through[i] = delta[i]
            delta[i] *= factors[r]


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
    """Column sums, four rows at a time: so `out` is loaded and stored a quarter as often."""
    n_rows, n = values.shape
    rest, zero = n_rows % 4, values.dtype.type(0)
    for j in range(n):
        out[j] = zero
    for r in range(0, n_rows - rest, 4):
        for j in range(n):
            first, second = values[r, j] + values[r + 1, j], values[r + 2, j] + values[r + 3, j]
            out[j] += first + second
    for r in range(n_rows - rest, n_rows):
        for j in range(n):
            out[j] += values[r, j]
