"""What onnxruntime says of a graph by skl2onnx, beside what the estimator says."""

import numpy as np
import onnxruntime
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx import to_onnx
from sklearn.base import is_classifier


def session_of(model, X, **kwargs):
    """A session of onnxruntime with a model's graph."""
    graph = to_onnx(model, X[:1], **kwargs)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def by_onnx(model, X, **kwargs):
    """What onnxruntime computes: label and probabilities, or predictions."""
    session = session_of(model, X, **kwargs)
    outputs = session.run(None, {session.get_inputs()[0].name: X})
    for found, declared in zip(outputs, session.get_outputs(), strict=True):
        assert list(found.shape[1:]) == declared.shape[1:]
    return outputs


def assert_equal(model, X, **kwargs):
    outputs = by_onnx(model, X, **kwargs)
    if not is_classifier(model):
        expected = model.predict(X)
        assert_allclose(outputs[0], expected.reshape(len(X), -1), rtol=1e-5, atol=1e-5)
        return
    labels, p = outputs
    assert_allclose(p, model.predict_proba(X), atol=1e-5)
    expected = model.predict(X)
    sure = np.ones(len(X), bool)
    if p.shape[1] > 1 and expected.ndim == 1:
        sure = np.diff(np.sort(p, axis=1)[:, -2:], axis=1)[:, 0] > 1e-4  # rounding may decide
    assert sure.mean() > 0.9
    assert_array_equal(labels[sure], expected[sure])
