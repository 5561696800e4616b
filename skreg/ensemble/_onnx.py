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
    answers, n_classes = [], getattr(ensemble, "n_classes_", None)
    for member, columns in zip(ensemble.estimators_, ensemble.estimators_features_, strict=True):
        if not isinstance(member, OnnxMixin):
            raise NotImplementedError(
                f"ONNX has ensembles of skreg's nets, not of {type(member).__qualname__}: put what "
                "comes before the net in front of the ensemble, in a Pipeline."
            )
        rows = graph.node("Gather", [x, graph.constant(columns.astype(np.int64))], axis=1)
        answer = member._onnx_answer(graph, rows, False)
        if n_classes is not None:
            answer = graph.spread(answer, ensemble._numbers(member.classes_), n_classes)
        answers.append(answer)
    answer = graph.mean(answers)
    return graph.decisions(answer, n_classes) if raw_scores else answer
