"""ONNX graphs of fitted ensembles of nets, for skl2onnx."""

import numpy as np

from skreg.estimators._onnx import OnnxMixin


def ensemble_answer(ensemble, graph, x, raw_scores):
    """Mean of the members' predictions or probabilities, (n_rows, n_columns).

    With `raw_scores` what `decision_function` gives, of two classes after its negative.

    Raises
    ------
    NotImplementedError
        For members that are not nets.
    """
    answers = []
    for member, columns in zip(ensemble.estimators_, ensemble.estimators_features_, strict=True):
        if not isinstance(member, OnnxMixin):
            raise NotImplementedError(
                f"ONNX has ensembles of skreg's nets, not of {type(member).__qualname__}: put what "
                "comes before the net in front of the ensemble, in a Pipeline."
            )
        rows = graph.node("Gather", [x, graph.constant(columns.astype(np.int64))], axis=1)
        answers.append(
            _over_all_classes(ensemble, member, graph, member._onnx_answer(graph, rows, False))
        )
    answer = graph.mean(answers)
    if not raw_scores:
        return answer
    log_p = graph.log(answer)
    if ensemble.n_classes_ == 2:
        other = graph.node("Gather", [log_p, graph.constant(np.array([1, 0]))], axis=1)
        return graph.node("Sub", [log_p, other])
    return log_p


def _over_all_classes(ensemble, member, graph, answer):
    """Probabilities with a column for every class, 0 for those that a member has not seen."""
    n_classes = getattr(ensemble, "n_classes_", None)
    if n_classes is None or len(member.classes_) == n_classes:
        return answer
    places = ensemble._numbers(member.classes_)
    return graph.node("MatMul", [answer, graph.constant(np.eye(n_classes)[places])])
