"""ONNX graphs of fitted nets, for skl2onnx, which asks estimators for `onnx_*` methods.

skl2onnx is imported by whoever calls it; nothing here brings it. Regressors give one output of
shape (n_rows, n_outputs), classifiers their labels and probabilities, as scikit-learn's do there;
pretrainers give their representation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skreg.estimators._onnx_outputs import add_outputs, options_of, outputs_of


class OnnxMixin:
    """What skl2onnx asks for; the estimator has `_onnx_answer` (see `net_answer`)."""

    def onnx_parser(self) -> Callable[..., Any]:
        """Outputs of the ONNX graph, for `skl2onnx.to_onnx`.

        Returns
        -------
        parser : callable
            Takes skl2onnx's scope and inputs and declares the outputs.
        """
        check_is_fitted(self)

        def parser(scope=None, inputs=None):
            declared = outputs_of(self, inputs[0], options_of(self, scope))
            return [scope.declare_local_variable(*output) for output in declared]

        return parser

    def onnx_shape_calculator(self) -> Callable[..., Any]:
        """Types and shapes of the outputs, for `skl2onnx.to_onnx`.

        Returns
        -------
        calculator : callable
            Takes skl2onnx's operator.
        """

        def calculator(operator):
            options = options_of(self, operator.scope_inst)
            declared = outputs_of(self, operator.inputs[0], options)
            for variable, (_, kind) in zip(operator.outputs, declared, strict=True):
                variable.set_type(kind)

        return calculator

    def onnx_converter(self) -> Callable[..., Any]:
        """Nodes of the ONNX graph, for `skl2onnx.to_onnx`.

        Returns
        -------
        converter : callable
            Takes skl2onnx's scope, operator and container.
        """

        def converter(scope, operator, container):
            out = [variable.full_name for variable in operator.outputs]
            double = "Double" in type(operator.inputs[0].type).__name__
            graph = Graph(scope, container, np.float64 if double else np.float32)
            x = graph.cast(operator.inputs[0].full_name, graph.dtype)
            options = options_of(self, scope)
            answer = self._onnx_answer(graph, x, options.get("raw_scores", False))
            add_outputs(self, graph, answer, out, options)

        return converter


class Graph:
    """A graph in the making, in skl2onnx's terms.

    Parameters
    ----------
    scope, container : of skl2onnx
    dtype : dtype
        Of the numbers: float64 where the input is, else float32.
    """

    def __init__(self, scope, container, dtype):
        self.scope, self.container, self.dtype = scope, container, np.dtype(dtype)

    def node(self, operator, inputs, output=None, **attributes):
        """Add a node; the name of its output."""
        output = output or self.scope.get_unique_variable_name("value")
        name = self.scope.get_unique_operator_name(operator)
        self.container.add_node(operator, inputs, output, name=name, **attributes)
        return output

    def constant(self, value):
        """Add an array of numbers, integers or strings; its name."""
        from onnx import TensorProto

        value = np.asarray(value)
        kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "U": TensorProto.STRING}
        kind, content = kinds[value.dtype.kind], value.ravel().tolist()
        if value.dtype.kind == "f":
            content = value.astype(self.dtype).ravel()
            kind = TensorProto.DOUBLE if self.dtype == np.float64 else kind
        elif value.dtype.kind == "U":
            content = [label.encode() for label in content]
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, kind, value.shape, content)
        return name

    def cast(self, name, dtype):
        """A tensor in another dtype."""
        from onnx.helper import np_dtype_to_tensor_dtype

        return self.node("Cast", [name], to=np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def reshape(self, name, *shape):
        """A tensor in another shape, in which 0 is the size as it was."""
        return self.node("Reshape", [name, self.constant(np.array(shape))])

    def mean(self, names):
        """Mean of several tensors of one shape; onnxruntime's own has no float64."""
        return self.node("Mul", [self.node("Sum", names), self.constant(1 / len(names))])

    def spread(self, answer, places, n_columns):
        """Columns of a tensor at some places among `n_columns`; 0 elsewhere."""
        if len(places) == n_columns:
            return answer
        return self.node("MatMul", [answer, self.constant(np.eye(n_columns)[places])])

    def decisions(self, p, n_classes):
        """Logarithms of probabilities, of two classes their difference after its negative."""
        log_p = self.log(p)
        if n_classes != 2:
            return log_p
        other = self.node("Gather", [log_p, self.constant(np.array([1, 0]))], axis=1)
        return self.node("Sub", [log_p, other])

    def log(self, p):
        """Logarithms of probabilities, finite where one is 0."""
        tiny = self.constant(np.full(1, np.finfo(self.dtype).tiny))
        return self.node("Log", [self.node("Max", [p, tiny])])

    def log_odds(self, p):
        """Log-odds of probabilities, finite where one is 0 or 1."""
        other = self.node("Sub", [self.constant(np.ones(1)), p])
        return self.node("Sub", [self.log(p), self.log(other)])


def net_answer(net, graph, x, through, raw_scores):
    """Predictions or probabilities of a fitted net for the rows `x`, (n_rows, n_columns).

    ``through(net, weights, graph, x, link)`` gives its output after a link, by some weights. With
    `raw_scores` what `decision_function` gives, of two classes after a column of its negative.
    """
    target, snapshots = net._target, net.snapshots_
    link = "identity" if raw_scores and not snapshots else net.out_activation_
    outputs = [through(net, weights, graph, x, link) for weights in snapshots or [net._weights()]]
    output = outputs[0] if len(outputs) == 1 else graph.mean(outputs)
    if not is_classifier(net):
        if target.n_raw != target.n_outputs:
            columns = target.point(np.arange(target.n_raw))
            output = graph.node("Gather", [output, graph.constant(columns)], axis=1)
        output = graph.node("Mul", [output, graph.constant(target.scale)])
        return graph.node("Add", [output, graph.constant(target.mean)])
    if raw_scores and snapshots:
        multiclass = target.kind == "multiclass"
        output = graph.log(output) if multiclass else graph.log_odds(output)
    if target.kind == "binary":
        whole = graph.constant(np.full(1, 0.0 if raw_scores else 1.0))
        return graph.node("Concat", [graph.node("Sub", [whole, output]), output], axis=1)
    return output
