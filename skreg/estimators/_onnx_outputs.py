"""Outputs of an ONNX graph by skl2onnx, and the options that it lets a user set for classifiers."""

import numpy as np
from sklearn.base import is_classifier

_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "output_class_labels": [False, True],
    "raw_scores": [True, False],
}


def options_of(model, scope):
    """A classifier's options, which skl2onnx takes for classes only that it knows; else none."""
    if not is_classifier(model):
        return {}
    from skl2onnx import update_registered_converter

    how = {"parser": _parse, "options": _OPTIONS}
    update_registered_converter(type(model), _alias(model), _set_types, _convert, **how)
    return scope.get_options(model, dict.fromkeys(_OPTIONS, False))


def outputs_of(model, variable, options):
    """Name and type of each output, for an input of skl2onnx's."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType, guess_tensor_type

    n_rows = variable.get_first_dimension()
    numbers = type(guess_tensor_type(variable.type))
    if not is_classifier(model):
        members = getattr(model, "estimators_", [model])
        predicts = hasattr(model, "predict")
        width = getattr(members[0], "n_outputs_", None) if predicts else model._n_features_out
        return [("variable", numbers([n_rows, width]))]
    classes = _labels(model, options)
    labels = StringTensorType if classes.dtype.kind == "U" else Int64TensorType
    shape = [n_rows, len(classes)] if _is_multilabel(model) else [n_rows]
    if options["zipmap"] == "columns":
        letter = "i" if model.classes_.dtype.kind in "biu" else "s"
        columns = [(f"{letter}{label}", numbers([n_rows])) for label in model.classes_]
        outputs = [("output_label", labels(shape)), *columns]
    else:
        outputs = [("label", labels(shape)), ("probabilities", numbers([n_rows, len(classes)]))]
    if options["output_class_labels"]:
        outputs.append(("class_labels", labels([len(classes)])))
    return outputs


def add_outputs(model, graph, answer, names, options):
    """Nodes from the predictions or probabilities, (n_rows, n_columns), to the outputs."""
    if not is_classifier(model):
        graph.node("Identity", [answer], names[0])
        return
    classes = graph.constant(_labels(model, options))
    if _is_multilabel(model):
        border = graph.constant(np.array([0.0 if options["raw_scores"] else 0.5]))
        above = graph.node("Greater", [answer, border])
        graph.node("Identity", [graph.cast(above, np.int64)], names[0])
    else:
        best = graph.node("ArgMax", [answer], axis=1, keepdims=0)
        graph.node("Gather", [classes, best], names[0], axis=0)
    if options["zipmap"] == "columns":
        for i, name in enumerate(names[1 : 1 + len(model.classes_)]):
            graph.node("Gather", [answer, graph.constant(np.array(i))], name, axis=1)
    else:
        graph.node("Identity", [answer], names[1])
    if options["output_class_labels"]:
        graph.node("Identity", [classes], names[-1])


def _labels(model, options):
    """The classes as strings or as int64, which are the labels that ONNX has."""
    classes = np.asarray(model.classes_)
    if options["nocl"]:
        return np.arange(len(classes))
    if classes.dtype == object and all(isinstance(label, str) for label in classes):
        return classes.astype(str)
    if classes.dtype.kind == "U":
        return classes
    if classes.dtype.kind in "biuf" and (classes == classes.astype(np.int64)).all():
        return classes.astype(np.int64)
    raise ValueError(
        f"ONNX has labels that are strings or integers, but classes_ are {classes!r}: with "
        "options={'nocl': True} the graph gives their places in classes_."
    )


def _is_multilabel(model):
    said = getattr(model, "multilabel", getattr(model, "multilabel_", None))
    if said is not None:
        return said
    return getattr(getattr(model, "_target", None), "kind", None) == "multilabel"


def _parse(scope, model, inputs, custom_parsers=None):
    """What skl2onnx does for a class that it does not know; for known classifiers it adds dicts."""
    operator = scope.declare_local_operator(_alias(model), model)
    operator.inputs = inputs
    for variable in model.onnx_parser()(scope, inputs):
        operator.outputs.append(variable)
    return operator.outputs


def _alias(model):
    return f"Skreg{type(model).__name__}"


def _set_types(operator):
    operator.raw_operator.onnx_shape_calculator()(operator)


def _convert(scope, operator, container):
    operator.raw_operator.onnx_converter()(scope, operator, container)
