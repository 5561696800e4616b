"""Negative log-likelihoods whose location and scale are both outputs of the net, for both engines.

The outputs `raw` are the locations m of all targets, then for all targets s, which is the logarithm
of the squared scale but for smooth bounds::

    log_square(s) = low + softplus(s - low) - softplus(s - high)

from ``low = log(1e-6)`` to ``high = log(1e26)``, in training units: s itself between them, as Chua,
Calandra, McAllister & Levine (2018, "Deep reinforcement learning in a handful of trials using
probabilistic dynamics models", appendix A.1) bound it. So a scale can neither collapse, where rows
repeat or targets are constant (the floor is that of Lakshminarayanan, Pritzel & Blundell 2017), nor
overflow. With v the square of the scale::

    gaussian    (log(2 pi) + log v + (y - m)^2 / v) / 2
    laplace     log 2 + log(v) / 2 + abs(y - m) / sqrt(v)

Under "gaussian" gradients are multiplied by ``v ** beta`` (Seitzer, Tavakoli, Antic & Martius 2022,
"On the pitfalls of heteroscedastic uncertainty estimation with probabilistic neural networks"); the
value stays the likelihood.
"""

import math

import numpy as np

from skreg.compiler.jit import jit
from skreg.losses.distributions import HIGHEST, LOWEST

_LOG_2_PI, _LOG_2 = math.log(2 * math.pi), math.log(2)


@jit
def _softplus(z):
    return max(z, z - z) + np.log1p(np.exp(-abs(z)))


@jit
def _logistic(z):
    small = np.exp(-abs(z))
    return 1 / (1 + small) if z >= 0 else small / (1 + small)


@jit
def log_square(s):
    """Logarithm of a squared scale, and its slope in s."""
    low, high = s - LOWEST, s - HIGHEST
    return LOWEST + _softplus(low) - _softplus(high), _logistic(low) - _logistic(high)


@jit
def gaussian_loss(beta, raw, y, weight):
    """Sum over rows of weight * loss; `raw` (n_rows, 2 n_targets) becomes its gradient."""
    total, n = 0.0, y.shape[1]
    for r in range(raw.shape[0]):
        row = 0.0
        for j in range(n):
            e = raw[r, j] - y[r, j]
            log_v, slope = log_square(raw[r, n + j])
            precision = np.exp(-log_v)
            square = e * e * precision
            row += (_LOG_2_PI + log_v + square) / 2
            by = weight[r] * np.exp(beta * log_v) if beta > 0.0 else weight[r]
            raw[r, j] = by * e * precision
            raw[r, n + j] = by * slope * (1 - square) / 2
        total += weight[r] * row
    return total


@jit
def laplace_loss(raw, y, weight):
    """The same for the Laplace distribution."""
    total, n = 0.0, y.shape[1]
    for r in range(raw.shape[0]):
        row = 0.0
        for j in range(n):
            e = raw[r, j] - y[r, j]
            log_v, slope = log_square(raw[r, n + j])
            per = np.exp(-log_v / 2)
            row += _LOG_2 + log_v / 2 + abs(e) * per
            raw[r, j] = weight[r] * np.sign(e) * per
            raw[r, n + j] = weight[r] * slope * (1 - abs(e) * per) / 2
        total += weight[r] * row
    return total


def torch_gaussian(beta, raw, y):
    """Losses (..., n_targets) as a torch tensor; autograd gives the gradient."""
    m, log_v = _torch_parameters(raw)
    value = (_LOG_2_PI + log_v + (m - y) ** 2 * (-log_v).exp()) / 2
    if not beta:
        return value
    by = (beta * log_v).exp().detach()
    return value.detach() + by * (value - value.detach())


def torch_laplace(raw, y):
    """The same for the Laplace distribution."""
    m, log_v = _torch_parameters(raw)
    return _LOG_2 + log_v / 2 + (m - y).abs() * (-log_v / 2).exp()


def _torch_parameters(raw):
    """Locations and logarithms of squared scales."""
    m, s = raw.chunk(2, dim=-1)
    return m, torch_log_square(s)


def torch_log_square(s):
    """Logarithms of squared scales, as `log_square`."""
    zero = s.new_zeros(())
    return LOWEST + (s - LOWEST).logaddexp(zero) - (s - HIGHEST).logaddexp(zero)
