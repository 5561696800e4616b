"""The terms that (stochastic) gradient descent adds to the loss by itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skreg._typing import ArrayLike, Estimator, MatrixLike, Seed
from skreg.inspection._probe import Probe


def implicit_regularization(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    learning_rate: float | None = None,
    random_state: Seed = 0,
) -> Bunch:
    """Terms of the modified loss that gradient descent follows, at the fitted weights.

    With learning rate h, gradient descent on L stays near the gradient flow of
    ``L + h / 4 * |grad L|^2``; stochastic gradient descent over B' batches adds
    ``h / (4 B') * sum_b |grad L_b - grad L|^2`` (Barrett & Dherin 2021, "Implicit gradient
    regularization"; Smith, Dherin, Barrett & De 2021, "On the origin of implicit regularization in
    stochastic gradient descent"). Derived for solver "sgd" without momentum; for others the numbers
    describe the point, not the path.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        The net to look at.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    learning_rate : float, default=None
        The h of the formulas; None is the estimator's `learning_rate_init`.
    random_state : int, RandomState instance or None, default=0
        Of the order of rows that makes the batches.

    Returns
    -------
    terms : Bunch
        `loss` (mean loss plus L2 penalty, without noise), `gradient_term`, `variance_term`, their
        sum `modified_loss`, the shares of it `gradient_share` and `variance_share`, and
        `learning_rate` and `n_batches`.

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
    >>> from skreg.inspection import implicit_regularization
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(solver="sgd", momentum=0.0, random_state=0).fit(X, y)
    >>> terms = implicit_regularization(net, X, y)
    >>> terms.n_batches, bool(terms.gradient_share < 0.01)
    (3, True)
    """
    probe, rng = Probe(estimator), check_random_state(random_state)
    x, targets, weight = probe.data(X, y, sample_weight)
    n, net = len(x), probe.net
    h = net.learning_rate_init if learning_rate is None else learning_rate
    size = min(200 if net.batch_size == "auto" else net.batch_size, n)
    order, edges = rng.permutation(n), [*range(0, n, size), n]
    batches = [order[a:b] for a, b in pairwise(edges)]
    whole, value = _gradient(probe, (x, targets, weight))
    parts = [_gradient(probe, (x[b], targets[b], weight[b]))[0] for b in batches]
    spread = sum(((part - whole) ** 2).sum() for part in parts) if len(parts) > 1 else 0.0
    gradient_term, variance_term = h / 4 * (whole**2).sum(), h / 4 * spread / len(parts)
    modified = value + gradient_term + variance_term
    return Bunch(
        loss=value,
        gradient_term=float(gradient_term),
        variance_term=float(variance_term),
        modified_loss=float(modified),
        gradient_share=float(gradient_term / modified),
        variance_share=float(variance_term / modified),
        learning_rate=float(h),
        n_batches=len(parts),
    )


def _gradient(probe, data):
    """Gradient (flat) and value of the loss on some rows, L2 penalty included."""
    import torch

    loss = probe.loss(*data)
    if probe.net.solver != "adamw":
        alphas = np.broadcast_to(probe.net.alpha, len(probe.weights))
        loss = loss + sum(a / 2 * (w**2).sum() for a, w in zip(alphas, probe.weights, strict=True))
    gradients = torch.autograd.grad(loss, probe.parameters)
    return torch.cat([g.ravel() for g in gradients]).numpy(), float(loss.detach())
