"""Prediction of a fitted MLP in plain numpy: a loaded model needs neither torch nor numba."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.sparse import issparse

from skreg.blocks.activations import FUNCTIONS
from skreg.threads.blas import one_thread_each

_VALUES_AT_ONCE = 2**15  # of the widest layer: what a core's cache holds
_CHUNKS_ALONE = 16  # as many take less time than sharing them out


_EPSILON = 1e-5  # that of `skreg.blocks.normalization`, which brings numba


def forward(
    X,
    coefs,
    intercepts,
    norms,
    activation,
    out_activation="identity",
    *,
    residual=False,
    masks=None,
    hidden=False,
):
    """Output of an MLP, in chunks that fit the cache; many of them are shared out to threads.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
        Taken to the dtype of `coefs` chunk by chunk.
    coefs : list of ndarray of shape (n_in, n_out)
    intercepts : list of ndarray of shape (n_out,)
    norms : list of ndarray, one per hidden layer, or empty
        Of shape (2, n_out) under layer normalisation: gain and shift; of shape (4, n_out) under
        batch normalisation: running mean and variance, too.
    activation, out_activation : str
        Keys of `skreg.blocks.activations.FUNCTIONS`.
    residual : bool
        Whether hidden layers as wide as the hidden layer before them add its output to theirs.
    masks : list of ndarray of shape (n_in,), optional
        Factors of each layer's input: dropout left on.
    hidden : bool
        Whether the last layer given is a hidden one, too: the output is a representation.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
    """
    if norms and len(norms[0]) == 4:
        coefs, intercepts = _folded(coefs, intercepts, norms)
        norms = []
    sizes, last = [intercept.size for intercept in intercepts], len(coefs) - (not hidden)
    n_rows = X.shape[0]
    step = min(n_rows, max(64, _VALUES_AT_ONCE // max(sizes)))
    out = np.empty((n_rows, sizes[-1]), coefs[0].dtype)
    biases = intercepts
    if step >= 64:  # a whole block is added faster than a row, but takes time to make
        biases = [np.tile(intercept, (step, 1)) for intercept in intercepts]

    def fill(starts):
        room = [np.empty((step, size), out.dtype) for size in sizes]
        for start in starts:
            h = X[start : start + step]
            h = (h.toarray() if issparse(h) else h).astype(out.dtype, copy=False)
            for i, (coef, bias) in enumerate(zip(coefs, biases, strict=True)):
                below = h if masks is None else h * masks[i]
                h = np.matmul(below, coef, out=room[i][: len(h)])
                h += bias if bias.ndim == 1 else bias[: len(h)]
                if i < len(norms):
                    _normalize_rows(h, *norms[i])
                h = FUNCTIONS[out_activation if i == last else activation].numpy(h)
                if residual and 0 < i < last and sizes[i] == sizes[i - 1]:
                    h += below
            out[start : start + step] = h

    starts = range(0, n_rows, step)
    if len(starts) <= _CHUNKS_ALONE:
        fill(starts)
        return out
    with one_thread_each() as n_threads:
        if n_threads == 1:
            fill(starts)
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                list(pool.map(fill, (starts[i::n_threads] for i in range(n_threads))))
    return out


def mean_of(outputs):
    """Mean of the nets' outputs; a single net's as it is."""
    return outputs[0] if len(outputs) == 1 else np.mean(outputs, axis=0)


def _folded(coefs, intercepts, norms):
    """Weights and biases with batch normalisation, which is affine in prediction, taken in."""
    coefs, intercepts = list(coefs), list(intercepts)
    for i, (gain, shift, mean, variance) in enumerate(norms):
        factor = gain / np.sqrt(variance + _EPSILON)
        coefs[i] = coefs[i] * factor
        intercepts[i] = (intercepts[i] - mean) * factor + shift
    return coefs, intercepts


def _normalize_rows(z, gain, shift):
    """Layer normalisation, in place."""
    z -= z.mean(axis=1, keepdims=True)
    z *= 1 / np.sqrt(np.einsum("rj,rj->r", z, z)[:, None] / z.shape[1] + _EPSILON)
    z *= gain
    z += shift
