"""Prediction of a fitted MLP in plain numpy: a loaded model needs neither torch nor numba."""

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, softmax

_VALUES_AT_ONCE = 2**18  # of the widest layer: what a core's cache holds


def _relu(z):
    return np.maximum(z, 0, out=z)


def _tanh(z):
    return np.tanh(z, out=z)


def _logistic(z):
    return expit(z, out=z)


def _exp(z):
    return np.exp(z, out=z)


def _softmax(z):
    return softmax(z, axis=1)


FUNCTIONS = {
    "identity": lambda z: z,
    "relu": _relu,
    "tanh": _tanh,
    "logistic": _logistic,
    "exp": _exp,
    "softmax": _softmax,
}
"""Activations and links by name; they may work in place."""


def forward(X, coefs, intercepts, activation, out_activation="identity"):
    """Output of an MLP, in chunks that fit the cache.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Taken to the dtype of `coefs` chunk by chunk.
    coefs : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    activation, out_activation : str
        Keys of `FUNCTIONS`.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
    """
    widest = max(max(c.shape) for c in coefs)
    n_rows, step = X.shape[0], max(64, _VALUES_AT_ONCE // widest)
    out = np.empty((n_rows, intercepts[-1].size), coefs[0].dtype)
    for start in range(0, n_rows, step):
        h = X[start : start + step]
        h = (h.toarray() if issparse(h) else h).astype(out.dtype, copy=False)
        for i, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
            h = h @ coef
            h += intercept
            h = FUNCTIONS[activation if i < len(coefs) - 1 else out_activation](h)
        out[start : start + step] = h
    return out
