"""Distributions of hyperparameters that scipy has not, for scikit-learn's random searches."""

from __future__ import annotations

from typing import Any

from sklearn.utils import check_random_state

from skreg._typing import Seed


class OffOr:
    """A distribution that is off with a chance, and another distribution else.

    For regularizers in a random search: several that are all on at a time are seldom what a table
    wants, and a draw from a continuous distribution is never exactly 0.

    Parameters
    ----------
    distribution : distribution or sequence
        What draws a value that is on: anything with ``rvs(random_state=)``, as scipy's frozen
        distributions have it, or a sequence of values, each as likely.
    chance : float, default=0.5
        Probability that it is off, in [0, 1].
    off : object, default=0.0
        The value that is off.

    Raises
    ------
    TypeError
        For a distribution that is neither.
    ValueError
        For a chance outside of [0, 1], or an empty sequence.

    See Also
    --------
    search_space : Spaces that are made of these.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from sklearn.model_selection import ParameterSampler
    >>> from skreg import OffOr
    >>> space = {"dropout": OffOr(uniform(0, 0.5)), "max_norm": OffOr([1.0, 3.0], off=None)}
    >>> drawn = list(ParameterSampler(space, 100, random_state=0))
    >>> off = sum(candidate["dropout"] == 0 for candidate in drawn)
    >>> bool(30 < off < 70)
    True
    """

    def __init__(self, distribution: Any, chance: float = 0.5, off: Any = 0.0) -> None:
        if not hasattr(distribution, "rvs"):
            distribution = _values(distribution)
        if not 0 <= chance <= 1:
            raise ValueError(f"chance must be a probability in [0, 1], got {chance!r}.")
        self.distribution, self.chance, self.off = distribution, chance, off

    def rvs(self, random_state: Seed = None) -> Any:
        """Draw one value.

        Parameters
        ----------
        random_state : int, RandomState instance or None, default=None
            What draws.

        Returns
        -------
        value : object
            `off`, or a value of the distribution.
        """
        rng = check_random_state(random_state)
        if rng.uniform() < self.chance:
            return self.off
        if hasattr(self.distribution, "rvs"):
            return self.distribution.rvs(random_state=rng)
        return self.distribution[rng.randint(len(self.distribution))]

    def __repr__(self) -> str:
        inner, chance, off = self.distribution, self.chance, self.off
        if hasattr(inner, "dist"):  # scipy's frozen ones print an address
            given = [*map(repr, inner.args), *(f"{k}={v!r}" for k, v in inner.kwds.items())]
            inner = f"{inner.dist.name}({', '.join(given)})"
        return f"OffOr({inner}, chance={chance!r}, off={off!r})"


def _values(sequence: Any) -> list[Any]:
    """A sequence's values as a list; raises for what is none."""
    if isinstance(sequence, str) or not hasattr(sequence, "__getitem__"):
        raise TypeError(
            f"distribution={sequence!r} must have rvs(random_state=), as scipy.stats.uniform(0, 1) "
            "has it, or be a sequence of values."
        )
    values = list(sequence)
    if not values:
        raise ValueError(f"distribution={sequence!r} has no values to draw from.")
    return values
