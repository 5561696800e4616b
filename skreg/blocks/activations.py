"""Activations and links as records: what each is in numpy, torch and ONNX, and its properties.

The compiled forms stand in `skreg.engine.compiled.passes`, by a layer's place in `ACTIVATIONS`.
Nothing here needs torch or numba: a loaded model starts at once.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import methodcaller
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, softmax

from skreg._typing import Array


class Function(NamedTuple):
    """An activation or a link.

    Attributes
    ----------
    name : str
    numpy : callable
        Of an array (..., n_units), which it may overwrite.
    torch : callable
        Of a tensor (..., n_units); it can be pickled.
    onnx : str or None
        The operator of ONNX; None for the identity, which needs no node.
    onnx_attributes : dict
        Of that operator.
    raw : callable or None
        Of a link to probabilities: a raw prediction that gives them, finite where one is 0 or 1.
    gain : float
        Of an activation: Glorot's weights are uniform with bound ``sqrt(gain / (n_in + n_out))``.
    smooth : bool
        Whether it has a second derivative everywhere.
    """

    name: str
    numpy: Callable[[Array], Array]
    torch: Callable[..., Any]
    onnx: str | None
    onnx_attributes: dict[str, Any] = {}
    raw: Callable[[Array], Array] | None = None
    gain: float = 6.0
    smooth: bool = True


def _identity(z: Array) -> Array:
    return z


def _relu(z: Array) -> Array:
    return np.maximum(z, _zeros(z.shape, z.dtype), out=z)


@lru_cache(maxsize=8)
def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros to compare with: two arrays go three times faster than an array and a number."""
    return np.zeros(shape, dtype)


def _tanh(z: Array) -> Array:
    return np.tanh(z, out=z)


def _logistic(z: Array) -> Array:
    return expit(z, out=z)


def _exp(z: Array) -> Array:
    return np.exp(z, out=z)


def _softmax(z: Array) -> Array:
    return softmax(z, axis=-1)


def _log(p: Array) -> Array:
    return np.log(np.maximum(p, np.finfo(p.dtype).tiny))


def _log_odds(p: Array) -> Array:
    return _log(p) - _log(1 - p)


IDENTITY = Function("identity", _identity, _identity, None)
RELU = Function("relu", _relu, methodcaller("relu"), "Relu", smooth=False)
TANH = Function("tanh", _tanh, methodcaller("tanh"), "Tanh")
LOGISTIC = Function(
    "logistic", _logistic, methodcaller("sigmoid"), "Sigmoid", raw=_log_odds, gain=2.0
)
EXP = Function("exp", _exp, methodcaller("exp"), "Exp")
SOFTMAX = Function("softmax", _softmax, methodcaller("softmax", -1), "Softmax", {"axis": 1}, _log)

ACTIVATIONS = {f.name: f for f in (IDENTITY, RELU, TANH, LOGISTIC)}
"""Of hidden layers, by name; a plan holds the place here."""

LINKS = {f.name: f for f in (IDENTITY, EXP, LOGISTIC, SOFTMAX)}
"""From the raw prediction to the prediction, by the name that `out_activation_` has."""

FUNCTIONS = {**ACTIVATIONS, **LINKS}
"""Both."""
