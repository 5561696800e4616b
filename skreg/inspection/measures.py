"""Size of the weights, units in use, smoothness, sharpness and the generalization gap."""

from __future__ import annotations

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skreg._typing import Array, ArrayLike, Estimator, MatrixLike, Seed
from skreg.inspection._probe import Probe, last_step


def weight_norms(estimator: Estimator) -> Array:
    """L2 norm of the weights of each layer, biases left out.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.

    Returns
    -------
    norms : ndarray of shape (n_layers - 1,)
        In training units.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import weight_norms
    >>> net = MLPRegressor(random_state=0, max_iter=10).fit(*load_diabetes(return_X_y=True))
    >>> weight_norms(net).shape
    (2,)
    """
    coefs = last_step(estimator).coefs_
    return np.array([np.linalg.norm(coef.astype(np.float64)) for coef in coefs])


def zero_weights(estimator: Estimator) -> Array:
    """Share of weights that are exactly 0, layer by layer.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.

    Returns
    -------
    shares : ndarray of shape (n_layers - 1,)
        Each in [0, 1].

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import zero_weights
    >>> net = MLPRegressor(random_state=0, max_iter=10).fit(*load_diabetes(return_X_y=True))
    >>> zero_weights(net).tolist()
    [0.0, 0.0]
    """
    return np.array([float((coef == 0).mean()) for coef in last_step(estimator).coefs_])


def active_units(estimator: Estimator, X: MatrixLike, *, threshold: float = 0.0) -> Array:
    """Number of hidden units in use on given rows, layer by layer.

    A relu unit that never fires is off; so is, whatever its activation, a unit that has the same
    value on all rows. Only the spread of its values over the rows can change a prediction.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; at least two.
    threshold : float, default=0.0
        Largest standard deviation over the rows of a unit that is off.

    Returns
    -------
    counts : ndarray of int of shape (n_hidden_layers,)
        Units whose standard deviation over the rows is above `threshold`.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.
    ValueError
        For rows that the estimator does not take.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import active_units
    >>> X, y = load_diabetes(return_X_y=True)
    >>> active_units(MLPRegressor(random_state=0, max_iter=10).fit(X, y), X).shape
    (1,)
    """
    probe = Probe(estimator)
    hidden = probe.hidden(probe.inputs(X))
    in_use = [(np.ptp(h, axis=0) > 0) & (h.std(axis=0) > threshold) for h in hidden]
    return np.array([units.sum() for units in in_use], dtype=int)


def mean_squared_input_gradient(estimator: Estimator, X: MatrixLike) -> float:
    """Smoothness of the fitted function: its mean squared gradient by the inputs.

    ``mean_i sum_kj (d f_k(x_i) / d x_ij)^2`` over rows i, outputs k and inputs j: the penalty that
    noise on the inputs stands for (Bishop 1995, "Training with noise is equivalent to Tikhonov
    regularization").

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    value : float
        Of the raw prediction in training units, by the inputs that the net sees.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.
    ValueError
        For rows that the estimator does not take.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import mean_squared_input_gradient
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(random_state=0, max_iter=10).fit(X, y)
    >>> mean_squared_input_gradient(net, X) > 0
    True
    """
    import torch

    probe = Probe(estimator)
    x = probe.inputs(X).requires_grad_()
    raw, total = probe.module(x), 0.0
    for k in range(raw.shape[1]):
        (slope,) = torch.autograd.grad(raw[:, k].sum(), x, retain_graph=True)
        total += float((slope**2).sum())
    return total / len(x)


def sharpness(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    *,
    std: float = 0.01,
    n_draws: int = 20,
    sample_weight: ArrayLike | None = None,
    random_state: Seed = 0,
) -> float:
    """Mean increase of the loss when Gaussian noise is put on the weights.

    Expected sharpness (Neyshabur, Bhojanapalli, McAllester & Srebro 2017, "Exploring generalization
    in deep learning"). Draws come in pairs of opposite sign, so that the slope cancels.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    std : float, default=0.01
        Standard deviation of the noise, in the units of the weights; biases stay.
    n_draws : int, default=20
        Pairs of draws.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    random_state : int, RandomState instance or None, default=0
        Of the noise.

    Returns
    -------
    increase : float
        In units of the loss.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.
    ValueError
        For rows or targets that the estimator does not take, or of different numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import sharpness
    >>> X, y = load_diabetes(return_X_y=True)
    >>> sharpness(MLPRegressor(random_state=0, max_iter=50).fit(X, y), X, y, std=0.1) > 0
    True
    """
    import torch

    probe, rng = Probe(estimator), check_random_state(random_state)
    data, increase = probe.data(X, y, sample_weight), 0.0
    with torch.no_grad():
        kept, at = [w.clone() for w in probe.weights], probe.loss(*data)
        for _ in range(n_draws):
            noise = [torch.from_numpy(std * rng.standard_normal(tuple(w.shape))) for w in kept]
            for sign in (1.0, -1.0):
                for weight, value, n in zip(probe.weights, kept, noise, strict=True):
                    weight.copy_(value + sign * n)
                increase += float(probe.loss(*data) - at)
    return increase / (2 * n_draws)


def generalization_gap(
    estimator: Estimator, X: MatrixLike, y: ArrayLike, X_val: MatrixLike, y_val: ArrayLike
) -> Bunch:
    """Mean loss on training rows, on validation rows, and the gap between them.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    X_val : {array-like, sparse matrix} of shape (n_val, n_features)
        Validation rows.
    y_val : array-like of shape (n_val,) or (n_val, n_outputs)
        Their targets.

    Returns
    -------
    result : Bunch
        `train_loss`, `validation_loss` and `gap`, the second minus the first: floats in units of
        the loss, without noise and penalties.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    NotFittedError
        Where it is not fitted.
    ValueError
        For rows or targets that the estimator does not take, or of different numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import generalization_gap
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(random_state=0, max_iter=10).fit(X[:300], y[:300])
    >>> sorted(generalization_gap(net, X[:300], y[:300], X[300:], y[300:]))
    ['gap', 'train_loss', 'validation_loss']
    """
    import torch

    probe = Probe(estimator)
    with torch.no_grad():
        train, validation = (float(probe.loss(*probe.data(*d))) for d in ((X, y), (X_val, y_val)))
    return Bunch(train_loss=train, validation_loss=validation, gap=validation - train)
