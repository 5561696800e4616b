"""ONNX graphs of fitted nets, for skl2onnx, which asks estimators for `onnx_*` methods.

skl2onnx is imported by whoever calls it; nothing here brings it. Regressors give one output of
shape (n_rows, n_outputs), classifiers their labels and probabilities, as scikit-learn's do there;
pretrainers give their representation.
"""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted


class OnnxMixin:
    """What skl2onnx asks for; the estimator has `_onnx_answer` (see `net_answer`)."""

    def onnx_parser(self):
        """Outputs of the ONNX graph, for `skl2onnx.to_onnx`.

        Returns
        -------
        parser : callable
            Takes skl2onnx's scope and inputs and declares the outputs.
        """
        check_is_fitted(self)

        def parser(scope=None, inputs=None):
            return [scope.declare_local_variable(*output) for output in _outputs(self, inputs[0])]

        return parser

    def onnx_shape_calculator(self):
        """Types and shapes of the outputs, for `skl2onnx.to_onnx`.

        Returns
        -------
        calculator : callable
            Takes skl2onnx's operator.
        """

        def calculator(operator):
            declared = _outputs(self, operator.inputs[0])
            for variable, (_, kind) in zip(operator.outputs, declared, strict=True):
                variable.set_type(kind)

        return calculator

    def onnx_converter(self):
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
            answer = self._onnx_answer(graph, x)
            graph.node("Identity", [answer], out[-1])
            if is_classifier(self):
                _add_labels(graph, self, answer, out[0])

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


def net_answer(net, graph, x, through):
    """Predictions or probabilities of a fitted net for the rows `x`, (n_rows, n_columns).

    ``through(net, weights, graph, x)`` gives its output after the link, by some weights.
    """
    target = net._target
    nets = net.snapshots_ or [net._weights()]
    outputs = [through(net, weights, graph, x) for weights in nets]
    output = outputs[0] if len(outputs) == 1 else graph.mean(outputs)
    if not is_classifier(net):
        output = graph.node("Mul", [output, graph.constant(target.scale)])
        return graph.node("Add", [output, graph.constant(target.mean)])
    if target.kind == "binary":
        other = graph.node("Sub", [graph.constant(np.ones(1)), output])
        return graph.node("Concat", [other, output], axis=1)
    return output


def _outputs(model, variable):
    """Name and type of each output, for an input of skl2onnx's."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType, guess_tensor_type

    n_rows = variable.get_first_dimension()
    numbers = type(guess_tensor_type(variable.type))
    if not is_classifier(model):
        members = getattr(model, "estimators_", [model])
        predicts = hasattr(model, "predict")
        width = getattr(members[0], "n_outputs_", None) if predicts else model._n_features_out
        return [("variable", numbers([n_rows, width]))]
    labels = StringTensorType if _onnx_labels(model).dtype.kind == "U" else Int64TensorType
    n_classes = len(model.classes_)
    shape = [n_rows, n_classes] if _is_multilabel(model) else [n_rows]
    return [("label", labels(shape)), ("probabilities", numbers([n_rows, n_classes]))]


def _add_labels(graph, model, p, output):
    if _is_multilabel(model):
        half = graph.constant(np.array([0.5]))
        above = graph.node("Greater", [p, half])
        graph.node("Identity", [graph.cast(above, np.int64)], output)
        return
    best = graph.node("ArgMax", [p], axis=1, keepdims=0)
    graph.node("Gather", [graph.constant(_onnx_labels(model)), best], output, axis=0)


def _onnx_labels(model):
    """The classes as strings or as int64, which are the labels that ONNX has."""
    classes = np.asarray(model.classes_)
    if classes.dtype == object and all(isinstance(label, str) for label in classes):
        return classes.astype(str)
    if classes.dtype.kind == "U":
        return classes
    if classes.dtype.kind in "biuf" and (classes == classes.astype(np.int64)).all():
        return classes.astype(np.int64)
    raise ValueError(f"ONNX has labels that are strings or integers, but classes_ are {classes!r}.")


def _is_multilabel(model):
    return getattr(getattr(model, "_target", None), "kind", None) == "multilabel"
