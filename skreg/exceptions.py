"""Errors of skreg's own."""


class DivergenceError(ValueError):
    """Training left the finite numbers; the estimator is as it was before the call.

    A `ValueError`, so that searches with a numeric ``error_score`` carry on without the candidate.
    """
