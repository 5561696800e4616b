"""Blocks of a conv net as nodes of an ONNX graph (`skreg.estimators._onnx.Graph`)."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skreg.estimators._onnx_layers import affine, applied, folded, scaled, standardized


def conv_output(net, weights, graph, x, link):
    """Output after a link, as `skreg.blocks.modules.ConvNet` has it, of flat rows or of maps `x`.

    Raises
    ------
    NotImplementedError
        For a front that does not know its ONNX operators.
    """
    architecture = net._architecture_of(net._fitted_params(), weights)
    coefs, intercepts, norms = folded(*weights)
    h, size = graph.reshape(x, 0, *architecture.row_shape), architecture.maps[1:]
    if architecture.front is not None:
        h = _through_front(graph, h, architecture.front, architecture.row_shape)
    for i, pool in enumerate(architecture.pools):
        below = h
        h = _convolved(graph, below, coefs[i], intercepts[i], architecture.kernel, size)
        if norms:
            h = _normalized(graph, h, *norms[i], size)
        h = applied(graph, net._activation, h)
        if architecture.layers["skip"][i]:
            h = graph.node("Add", [h, below])
        if prod(pool) > 1:
            h = graph.node("MaxPool", [h], kernel_shape=pool, strides=pool)
            size = tuple(n // by for n, by in zip(size, pool, strict=True))
    h = affine(graph, _mean_of_places(graph, h, size), coefs[-1], intercepts[-1])
    return applied(graph, link, h)


def _through_front(graph, h, front, row_shape):
    if not hasattr(front, "_onnx_maps"):
        raise NotImplementedError(
            f"front={front!r} has no ONNX operators: transform the rows before the net instead "
            "(front=None, and a Pipeline), or export net_.module_.eval() by torch.onnx.export (it "
            "needs onnxscript), whose graph gives raw predictions."
        )
    return front._onnx_maps(graph, h, row_shape)


def _convolved(graph, h, coef, intercept, kernel, size):
    """Convolution that keeps the maps' size, of maps (n_rows, n_channels, *size)."""
    n_out = len(intercept)
    if graph.dtype == np.float32:
        filters = coef.T.reshape(n_out, -1, *kernel)
        pads = [k // 2 for k in kernel] * 2
        inputs = [h, graph.constant(filters), graph.constant(intercept)]
        return graph.node("Conv", inputs, kernel_shape=kernel, pads=pads)
    # onnxruntime has no Conv of float64: a product with the patches
    h = graph.node("MatMul", [graph.constant(coef.T), _patches(graph, h, len(coef), kernel, size)])
    h = graph.node("Add", [h, graph.constant(intercept[:, None])])
    return graph.reshape(h, 0, n_out, *size)


def _patches(graph, h, n_in, kernel, size):
    """What the filter sees at each place, (n_rows, n_in, n_places), with 0 beyond the maps."""
    n_taps, n_places = prod(kernel), prod(size)
    places = np.arange(n_places).reshape(size)
    around = np.pad(places, [(k // 2, k // 2) for k in kernel], constant_values=n_places)
    seen = sliding_window_view(around, kernel).reshape(n_places, n_taps).T
    h = graph.reshape(h, 0, n_in // n_taps, n_places)
    h = graph.node("Pad", [h, graph.constant(np.array([0, 0, 0, 0, 0, 1]))])
    h = graph.node("Gather", [h, graph.constant(seen)], axis=2)
    return graph.reshape(h, 0, n_in, n_places)


def _normalized(graph, z, gain, shift, size):
    """Layer normalisation of maps: over all channels and places of a row."""
    n = len(gain) * prod(size)
    z = standardized(graph, graph.reshape(z, 0, n), n)
    beside = -1, *[1] * len(size)
    z = graph.reshape(z, 0, len(gain), *size)
    return scaled(graph, z, gain.reshape(beside), shift.reshape(beside))


def _mean_of_places(graph, h, size):
    n = prod(size)
    h = graph.reshape(h, 0, 0, n)
    return graph.node("MatMul", [h, graph.constant(np.full(n, 1 / n))])
