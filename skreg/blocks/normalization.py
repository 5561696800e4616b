"""Normalisation of hidden layers: each pre-activation with mean 0 and variance 1, then scaled back.

``a = act(gain * (z - mean) / sqrt(variance + EPSILON) + shift)`` with ``z = W h + b``.

- "layer": mean and variance over a row's units (Ba, Kiros & Hinton 2016, "Layer normalization").
- "batch": over the batch's rows, each with its sample weight, so that an integer weight is a
  repeated row; the variance is the biased one (Ioffe & Szegedy 2015, "Batch normalization").
  Prediction uses running averages of both, `batch_share` of each step's: the plain mean of the
  first ten batches, then torch's momentum of 0.1. The running variance is the biased one too, since
  n / (n - 1) is no function of weighted rows. A batch of one row has no variance: it is normalised
  by the running averages, constants to its gradient, and leaves them as they are.

Both have torch's epsilon. Gain and shift are trained like biases: no penalty acts on them. Under
"batch" the bias b has no effect, as the mean takes it off: it stays as it began (its gradient is 0
up to rounding, of which Adam would make steps).
"""

import numpy as np

from skreg.compiler.jit import jit

NONE, LAYER, BATCH = range(3)
NAMES = (None, "layer", "batch")
N_ROWS = (0, 2, 4)  # what a layer keeps: gain, shift, and with "batch" running mean and variance

EPSILON = 1e-5

LAYER_FIELDS = [("normalization", "i8")]
"""Of each layer of a plan: the kind of its normalisation, a place in `NAMES`."""


def normalization_settings(params, n_layers):
    """Values of `LAYER_FIELDS`, one per layer, from an estimator's parameters (`Settings`)."""
    hidden = np.arange(n_layers) < n_layers - 1
    return {"normalization": np.where(hidden, NAMES.index(params.normalization), NONE)}


def initial_norms(hidden, normalization):
    """Arrays (2, n_units) or (4, n_units), one per hidden layer: 1, 0, and statistics 0 and 1."""
    n_rows = N_ROWS[NAMES.index(normalization)]
    start = np.array([1.0, 0.0, 0.0, 1.0])[:n_rows, None]
    return [np.repeat(start, n_units, axis=1) for n_units in hidden if n_rows]


@jit
def batch_share(step):
    """Share of a batch's statistics in the running ones, after step number `step` (from 1)."""
    return max(0.1, 1.0 / step)


@jit
def normalize(layer, params, scratch, weight, fixed, z, out):
    """Normalise a layer's `z`, biases not in yet: leaves ``gain * normalised``, without the shift.

    Parameters
    ----------
    layer : record with `LAYER_FIELDS` and those of `skreg.engine.layout`
    params, scratch : ndarray of shape (n_parameters,)
        Into the place that running statistics have in `params`, `scratch` takes those used. Its
        place for the bias serves as room.
    weight : ndarray of shape (n_rows,)
    fixed : bool
        Whether "batch" uses the running statistics.
    z : ndarray of shape (n_rows, n_units)
        Changed in place.
    out : ndarray of shape (n_rows * (n_units + 1),)
        Takes the normalised values, and with "layer" the factor of each row.
    """
    (n_rows, n), at, dtype = z.shape, layer["norm_at"], z.dtype.type
    bias, room = params[at - n : at], scratch[at - n : at]
    gain, mean = params[at : at + n], scratch[at + 2 * n : at + 3 * n]
    variance = scratch[at + 3 * n : at + 4 * n]
    zero, one, epsilon = dtype(0), dtype(1), dtype(EPSILON)
    if layer["normalization"] == LAYER:
        share = one / dtype(n)
        for r in range(n_rows):
            row, normed = z[r], out[r * n : (r + 1) * n]  # views: loops over them go in vectors
            total, square = zero, zero
            for j in range(n):
                normed[j] = row[j] + bias[j]
                total += row[j] + bias[j]
            center = total * share
            for j in range(n):
                square += (normed[j] - center) * (normed[j] - center)
            factor = one / np.sqrt(square * share + epsilon)
            out[n_rows * n + r] = factor
            for j in range(n):
                value = (normed[j] - center) * factor
                normed[j] = value
                row[j] = gain[j] * value
        return
    for j in range(n):
        mean[j] = params[at + 2 * n + j] - bias[j] if fixed else zero
        variance[j] = params[at + 3 * n + j] if fixed else zero
    if not fixed:
        _statistics(weight, z, mean, variance)
    for j in range(n):
        room[j] = one / np.sqrt(variance[j] + epsilon)
    for r in range(n_rows):
        row, normed = z[r], out[r * n : (r + 1) * n]
        for j in range(n):
            value = (row[j] - mean[j]) * room[j]
            normed[j] = value
            row[j] = gain[j] * value
    for j in range(n):
        mean[j] += bias[j]


@jit
def _statistics(weight, z, mean, variance):
    """Weighted mean and biased variance of each column, added to zeros."""
    total = z.dtype.type(0)
    for r in range(z.shape[0]):
        total += weight[r]
    for r in range(z.shape[0]):
        share, row = weight[r] / total, z[r]
        for j in range(mean.size):
            mean[j] += share * row[j]
    for r in range(z.shape[0]):
        share, row = weight[r] / total, z[r]
        for j in range(mean.size):
            variance[j] += share * (row[j] - mean[j]) * (row[j] - mean[j])


@jit
def normalize_backward(layer, params, scratch, weight, normed, delta):
    """Backward through `normalize`: `delta`, the gradient after it, becomes that by z, in place.

    The gradients by gain and shift go to their places in `scratch`, which still has the statistics;
    its place for the bias serves as room. `normed` is what `normalize` put out.
    """
    (n_rows, n), at, dtype = delta.shape, layer["norm_at"], delta.dtype.type
    gain, room = params[at : at + n], scratch[at - n : at]
    by_gain, by_shift = scratch[at : at + n], scratch[at + n : at + 2 * n]
    zero, one, total = dtype(0), dtype(1), dtype(0)
    for j in range(n):
        by_gain[j], by_shift[j] = zero, zero
    by_rows, share = layer["normalization"] == LAYER, one / dtype(n)
    for r in range(n_rows):
        row, value = delta[r], normed[r * n : (r + 1) * n]
        along, sideways = zero, zero
        total += weight[r]
        for j in range(n):
            by_gain[j] += row[j] * value[j]
            by_shift[j] += row[j]
        if by_rows:
            for j in range(n):
                along += gain[j] * row[j] * value[j]
                sideways += gain[j] * row[j]
            along, sideways, factor = along * share, sideways * share, normed[n_rows * n + r]
            for j in range(n):
                row[j] = factor * (gain[j] * row[j] - sideways - value[j] * along)
    if by_rows:
        return
    for j in range(n):
        room[j] = gain[j] / np.sqrt(scratch[at + 3 * n + j] + dtype(EPSILON))
    for r in range(n_rows):
        row, value = delta[r], normed[r * n : (r + 1) * n]
        share = weight[r] / total if n_rows > 1 else zero  # one row: the statistics are constants
        for j in range(n):
            row[j] = room[j] * (row[j] - share * (by_shift[j] + value[j] * by_gain[j]))


@jit
def settle_statistics(layers, n_frozen, share, scratch, params):
    """Take the batch's statistics out of the gradient `scratch` into the running ones by `share`.

    They leave 0 there, and so does the bias. The first `n_frozen` layers keep theirs.
    """
    for i in range(n_frozen, layers.size):
        layer = layers[i]
        if layer["normalization"] == BATCH:
            for j in range(layer["bias_at"], layer["norm_at"]):
                scratch[j] = params.dtype.type(0)
            for j in range(layer["norm_at"] + 2 * layer["n_out"], layer["end"]):
                params[j] += params.dtype.type(share) * (scratch[j] - params[j])
                scratch[j] = params.dtype.type(0)


def torch_normalize(z, gain, shift, statistics=None, weight=None):
    """The same for tensors: ``gain * normalised + shift``.

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_units)
        Biases included.
    gain, shift : Tensor of shape (n_units,)
    statistics : Tensor of shape (2, n_units), optional
        Running mean and variance of "batch"; without them it is "layer".
    weight : Tensor of shape (n_rows,), optional
        In training; without it the running statistics serve.

    Returns
    -------
    value : Tensor of shape (n_rows, n_units)
    batch : Tensor of shape (2, n_units) or None
        The batch's statistics, where they served.
    """
    import torch

    z, batch = z.to(gain.dtype), None  # sums of bfloat16 numbers, too
    if statistics is None:
        mean = z.mean(dim=1, keepdim=True)
        variance = ((z - mean) ** 2).mean(dim=1, keepdim=True)
    elif weight is None or len(z) == 1:
        mean, variance = statistics
    else:
        share = (weight / weight.sum())[:, None]
        mean = (share * z).sum(dim=0)
        variance = (share * (z - mean) ** 2).sum(dim=0)
        batch = torch.stack([mean, variance]).detach()
    return gain * (z - mean) / torch.sqrt(variance + EPSILON) + shift, batch


def torch_normalize_maps(z, gain, shift, statistics=None, weight=None, even=False):
    """The same for maps, channel by channel: "batch" over rows and places.

    "layer" is over all channels and places of a row (Wu & He 2018, "Group normalization", with one
    group).

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_channels, *size)
    gain, shift, statistics, weight : as for `torch_normalize`, with channels for units
    even : bool
        Whether all rows weigh the same: torch's own batch normalisation then serves.

    Returns
    -------
    value : Tensor of the shape of z
    batch : Tensor of shape (2, n_channels) or None
    """
    import torch
    from torch.nn import functional

    if statistics is None:
        return functional.group_norm(z, 1, gain, shift, EPSILON), None
    if weight is None or len(z) == 1:
        mean, variance = statistics
        return functional.batch_norm(z, mean, variance, gain, shift, False, 0.0, EPSILON), None
    if even:
        value, mean, root = torch.native_batch_norm(z, gain, shift, None, None, True, 0.0, EPSILON)
        return value, torch.stack([mean, root**-2 - EPSILON]).detach()
    beside = (1, -1, *[1] * (z.ndim - 2))  # channels, among a map's dimensions
    over = (0, *range(2, z.ndim))
    share = (weight / weight.sum() / z[0, 0].numel()).reshape(-1, *[1] * (z.ndim - 1))
    mean = (share * z).sum(dim=over)
    gaps = z - mean.reshape(beside)
    variance = (share * gaps**2).sum(dim=over)
    factor = gain / torch.sqrt(variance + EPSILON)
    return factor.reshape(beside) * gaps + shift.reshape(beside), torch.stack(
        [mean, variance]
    ).detach()


def torch_settle(share, batch, statistics):
    """Take a batch's statistics (None: it has none) into the running ones, in place."""
    if batch is not None:
        statistics.lerp_(batch, share)
