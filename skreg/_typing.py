"""Types of the annotations: what estimators, displays and scores take."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray


class SparseMatrix(Protocol):
    """A sparse matrix or array of scipy."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        ...

    def tocsr(self) -> Any:
        """As compressed rows."""
        ...


MatrixLike: TypeAlias = ArrayLike | SparseMatrix
"""Rows: an array, what becomes one (a DataFrame does), or a sparse matrix."""

Array: TypeAlias = NDArray[Any]
"""An array of any dtype."""

Seed: TypeAlias = int | np.random.RandomState | None
"""As scikit-learn's `check_random_state` has it."""

Splits: TypeAlias = int | Iterable[Any] | Any | None
"""As `cv` of scikit-learn's searches has it: a number, an iterable of splits, or a splitter."""

Scoring: TypeAlias = str | Callable[..., float] | None
"""As `scoring` of scikit-learn's searches has it."""

Estimator: TypeAlias = Any
"""An estimator of scikit-learn's kind, which has no class of its own to be known by."""

Stronger: TypeAlias = Literal["larger", "smaller"]
"""Which end of a hyperparameter's values regularizes more."""

__all__ = [
    "Array",
    "ArrayLike",
    "Estimator",
    "MatrixLike",
    "Scoring",
    "Seed",
    "SparseMatrix",
    "Splits",
    "Stronger",
]
