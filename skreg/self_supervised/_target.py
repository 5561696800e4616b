"""What a pretext task is in place of a target, as `skreg.estimators._targets` has them."""

import numpy as np
from numpy.typing import DTypeLike

from skreg._typing import Array


class PretextTarget:
    """A task that makes its targets from the rows themselves.

    Parameters
    ----------
    loss : {"reconstruction", "contrastive"}
    n_outputs : int
    """

    link = "identity"

    def __init__(self, loss: str, n_outputs: int) -> None:
        self.loss, self.n_outputs = loss, n_outputs

    @property
    def n_raw(self) -> int:
        """Raw outputs of the net."""
        return self.n_outputs

    def codes(self, y: Array, name: str = "y") -> Array:
        """Codes of the rows, by which views are positives: as given."""
        return y

    def strata(self, codes: Array) -> None:
        """Classes to split by: none."""

    def weigh(self, codes: Array, weight: Array) -> Array:
        """Weights of the rows in the loss: as given."""
        return weight

    def take_in(self, codes: Array, weight: Array) -> tuple[Array, Array]:
        """Nothing depends on the rows: the last layer may stay."""
        return np.ones(self.n_outputs), np.zeros(self.n_outputs)

    def encode(self, codes: Array, dtype: DTypeLike, training: bool) -> Array:
        """Codes in the compute dtype."""
        return codes.astype(dtype)
