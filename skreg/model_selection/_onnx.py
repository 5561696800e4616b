"""ONNX graphs of ensembles of fold nets, for skl2onnx."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from skreg.estimators._onnx import OnnxMixin
from skreg.estimators._predictive import head_and_net
from skreg.model_selection.encoder import PiecewiseLinearEncoder


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
            x, step = _encoded(step, graph, x), step.scaler_
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
    """Columns and values of the bins."""
    if not len(encoder.columns_):
        return x
    lower, upper = encoder.edges_
    values = graph.node("Gather", [x, graph.constant(encoder.columns_)], axis=1)
    above = graph.node("Sub", [values, graph.constant(lower)])
    shares = graph.node("Div", [above, graph.constant(upper - lower)])
    bounds = [graph.constant(np.full(1, bound)) for bound in (0.0, 1.0)]
    shares = graph.node("Min", [graph.node("Max", [shares, bounds[0]]), bounds[1]])
    return graph.node("Concat", [x, shares], axis=1)


def _refused(step):
    return NotImplementedError(
        "ONNX has ensembles of skreg's nets, alone or after a StandardScaler, not of "
        f"{type(step).__qualname__}: put what comes before the net in front of the search, in a "
        "Pipeline."
    )
