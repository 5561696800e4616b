"""ONNX graphs of ensembles of fold nets, for skl2onnx."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from skreg.estimators._onnx import OnnxMixin
from skreg.estimators._predictive import head_and_net
from skreg.model_selection.encoder import MOST, PiecewiseLinearEncoder


def fold_ensemble_answer(ensemble, graph, x, raw_scores):
    """Weighted mean of the predictions or probabilities, (n_rows, n_columns).

    With `raw_scores` what `decision_function` gives, of two classes after its negative.

    Raises
    ------
    NotImplementedError
        For estimators that are neither nets nor pipelines of a StandardScaler and a net.
    """
    classes, parts = getattr(ensemble, "classes_", None), []
    for weight, estimator in zip(ensemble._weights(), ensemble.estimators, strict=True):
        net, rows = _scaled(estimator, graph, x)
        answer = net._onnx_answer(graph, rows, False)
        if classes is not None:
            answer = graph.spread(answer, np.searchsorted(classes, net.classes_), len(classes))
        parts.append(graph.node("Mul", [answer, graph.constant(np.full(1, weight))]))
    answer = graph.node("Sum", parts)
    if classes is not None and ensemble.temperature != 1:
        answer = _at_temperature(ensemble, graph, answer)
    if not raw_scores:
        return answer
    if ensemble.multilabel:
        return graph.log_odds(answer)
    return graph.decisions(answer, len(classes))


def _at_temperature(ensemble, graph, p):
    """Probabilities at the ensemble's temperature."""
    raw = graph.log_odds(p) if ensemble.multilabel else graph.log(p)
    raw = graph.node("Mul", [raw, graph.constant(np.full(1, 1 / ensemble.temperature))])
    return graph.node("Sigmoid", [raw]) if ensemble.multilabel else graph.node("Softmax", [raw])


def _scaled(estimator, graph, x):
    """The net at the end of an estimator, and its rows."""
    head, net = head_and_net(estimator)
    for _, step in [] if head is None else head.steps:
        if type(step) is PiecewiseLinearEncoder:
            x = _encoded(step, graph, x)
            continue
        if type(step) is not StandardScaler:
            raise _refused(step)
        if step.mean_ is not None and step.with_mean:
            x = graph.node("Sub", [x, graph.constant(step.mean_)])
        if step.scale_ is not None:
            x = graph.node("Div", [x, graph.constant(step.scale_)])
    if not isinstance(net, OnnxMixin):
        raise _refused(net)
    return net, x


def _encoded(encoder, graph, x):
    """Scaled columns and values of the bins."""
    n, n_values = encoder.n_features_in_, len(encoder.columns_)
    center, scale = encoder.center_, encoder.scale_
    own = _divided(graph, x, center[:n], scale[:n])
    if encoder.scaling == "robust":
        own = _bent(graph, own)
    if not n_values:
        return own
    lower, upper = encoder.edges_
    values = graph.node("Gather", [x, graph.constant(encoder.columns_)], axis=1)
    shares = _within(graph, _divided(graph, values, lower, upper - lower), 0.0, 1.0)
    return graph.node("Concat", [own, _divided(graph, shares, center[n:], scale[n:])], axis=1)


def _divided(graph, x, center, scale):
    return graph.node(
        "Div", [graph.node("Sub", [x, graph.constant(center)]), graph.constant(scale)]
    )


def _within(graph, x, low, high):
    low, high = (graph.constant(np.full(1, bound)) for bound in (low, high))
    return graph.node("Min", [graph.node("Max", [x, low]), high])


def _bent(graph, x):
    """Numbers bent towards the most that they come to; they are cut where squares overflow."""
    x = _within(graph, x, -1e9, 1e9)
    part = graph.node("Div", [x, graph.constant(np.full(1, MOST))])
    square = graph.node("Add", [graph.node("Mul", [part, part]), graph.constant(np.ones(1))])
    return graph.node("Div", [x, graph.node("Sqrt", [square])])


def _refused(step):
    return NotImplementedError(
        "ONNX has ensembles of skreg's nets, alone or after a StandardScaler, not of "
        f"{type(step).__qualname__}: put what comes before the net in front of the search, in a "
        "Pipeline."
    )
