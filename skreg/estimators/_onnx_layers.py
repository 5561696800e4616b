"""Layers of an MLP as nodes of an ONNX graph (`skreg.estimators._onnx.Graph`)."""

import numpy as np

from skreg.blocks.activations import FUNCTIONS
from skreg.estimators._forward import _EPSILON, _folded


def mlp_output(net, weights, graph, x, link=None, hidden=False):
    """Output after a link, or with `hidden` that of layers without one: `_forward.forward`."""
    coefs, intercepts, norms = folded(*weights)
    h, n_hidden = x, len(coefs) - (not hidden)
    for i, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        below = h
        h = affine(graph, below, coef, intercept)
        if i < len(norms):
            gain, shift = norms[i]
            h = scaled(graph, standardized(graph, h, gain.size), gain, shift)
        h = applied(graph, net._activation if i < n_hidden else link, h)
        if net._residual and 0 < i < n_hidden and coef.shape[0] == coef.shape[1]:
            h = graph.node("Add", [h, below])
    return h


def folded(coefs, intercepts, norms):
    """Weights with batch normalisation taken in; norms that are left are of layers."""
    if norms and len(norms[0]) == 4:
        return *_folded(coefs, intercepts, norms), []
    return coefs, intercepts, norms


def affine(graph, h, coef, intercept):
    """Linear layer of the rows `h`, (n_rows, n_in)."""
    h = graph.node("MatMul", [h, graph.constant(coef)])
    return graph.node("Add", [h, graph.constant(intercept)])


def applied(graph, function, h):
    """An activation or link, by name."""
    record = FUNCTIONS[function]
    return h if record.onnx is None else graph.node(record.onnx, [h], **record.onnx_attributes)


def standardized(graph, z, n):
    """Rows of n values with mean 0 and variance 1; means as products, which every opset has."""
    column = graph.constant(np.full((n, 1), 1 / n))
    z = graph.node("Sub", [z, graph.node("MatMul", [z, column])])
    variance = graph.node("MatMul", [graph.node("Mul", [z, z]), column])
    variance = graph.node("Add", [variance, graph.constant(np.array([_EPSILON]))])
    return graph.node("Div", [z, graph.node("Sqrt", [variance])])


def scaled(graph, z, gain, shift):
    """``gain * z + shift``."""
    z = graph.node("Mul", [z, graph.constant(gain)])
    return graph.node("Add", [z, graph.constant(shift)])
