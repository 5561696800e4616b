"""Errors of skreg's own."""


class DivergenceError(ValueError):
    """Training left the finite numbers; the estimator is as it was before the call.

    A `ValueError`, so that searches with a numeric ``error_score`` carry on without the candidate.
    The message names the epoch, the learning rate and the remedy.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import DivergenceError, MLPRegressor
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> try:
    ...     MLPRegressor(solver="sgd", learning_rate_init=1e6, random_state=0).fit(X, X[:, 0])
    ... except DivergenceError:
    ...     print("a smaller learning_rate_init, then")
    a smaller learning_rate_init, then
    """
