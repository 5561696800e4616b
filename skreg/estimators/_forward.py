"""Prediction of a fitted MLP in plain numpy: a loaded model needs neither torch nor numba."""

from functools import lru_cache

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, softmax

_VALUES_AT_ONCE = 2**15  # of the widest layer: what a core's cache holds


def _relu(z):
    return np.maximum(z, _zeros(z.shape, z.dtype), out=z)


@lru_cache(maxsize=8)
def _zeros(shape, dtype):
    """Zeros to compare with: two arrays go three times faster than an array and a number."""
    return np.zeros(shape, dtype)


def _tanh(z):
    return np.tanh(z, out=z)


def _logistic(z):
    return expit(z, out=z)


def _exp(z):
    return np.exp(z, out=z)


def _softmax(z):
    return softmax(z, axis=-1)


FUNCTIONS = {
    "identity": lambda z: z,
    "relu": _relu,
    "tanh": _tanh,
    "logistic": _logistic,
    "exp": _exp,
    "softmax": _softmax,
}
"""Activations and links by name; they may work in place."""


def forward(X, coefs, intercepts, activation, out_activation="identity", *, masks=None):
    """Output of an MLP, in chunks that fit the cache.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Taken to the dtype of `coefs` chunk by chunk.
    coefs : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    activation, out_activation : str
        Keys of `FUNCTIONS`.
    masks : list of ndarray of shape (n_in,), optional
        Factors of each layer's input: dropout left on.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
    """
    sizes = [intercept.size for intercept in intercepts]
    n_rows = X.shape[0]
    step = min(n_rows, max(64, _VALUES_AT_ONCE // max(sizes)))
    out = np.empty((n_rows, sizes[-1]), coefs[0].dtype)
    room = [np.empty((step, size), out.dtype) for size in sizes]
    biases = intercepts
    if step >= 64:  # a whole block is added faster than a row, but takes time to make
        biases = [np.tile(intercept, (step, 1)) for intercept in intercepts]
    for start in range(0, n_rows, step):
        h = X[start : start + step]
        h = (h.toarray() if issparse(h) else h).astype(out.dtype, copy=False)
        for i, (coef, bias, z) in enumerate(zip(coefs, biases, room, strict=True)):
            if masks is not None:
                h = h * masks[i]
            h = np.matmul(h, coef, out=z[: len(h)])
            h += bias if bias.ndim == 1 else bias[: len(h)]
            h = FUNCTIONS[out_activation if z is room[-1] else activation](h)
        out[start : start + step] = h
    return out
