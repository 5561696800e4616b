"""What an engine is given: data, plan and the state it changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from scipy.sparse import issparse

from skreg._typing import Array
from skreg.engine.architecture import Architecture, MLPArchitecture
from skreg.engine.compiled.kernel import Data, State
from skreg.random.shuffling import Shuffling

_LARGE = 2e8  # multiplications of a layer and a batch: some 4 ms of a core


@dataclass
class Problem:
    """A fit, ready to run.

    Attributes
    ----------
    data, validation : Data
        `validation` may have no rows.
    plan : ndarray of one record, `skreg.engine.plan.PLAN`
    architecture : Architecture
    state : State
        Buffers that the fit changes.
    progress : ndarray of one record, `skreg.regularizers.stopping.PROGRESS`
    shuffling : Shuffling
    n_epochs : int
        At most so many.
    score : callable or None
        Takes flat parameters and gives the score of the validation rows.
    snapshots : list of ndarray
        Flat parameters at the ends of cycles, where `n_snapshots` asks for them.
    views : skreg.engine.pretext.UsersViews or None
        What makes the views of a contrastive task.
    """

    data: Data
    validation: Data
    plan: Array
    architecture: Architecture
    state: State
    progress: Array
    shuffling: Shuffling
    n_epochs: int
    score: Callable[[Array], float] | None = None
    snapshots: list[Array] = field(default_factory=list)
    views: Any = None

    @property
    def layers(self) -> Array:
        """Records of the layers, `skreg.engine.plan.LAYER`."""
        return self.architecture.layers

    @property
    def dtype(self) -> np.dtype[Any]:
        """Compute dtype."""
        return self.state.params.dtype

    @property
    def n_bytes(self) -> int:
        """What data and state take in memory."""
        pairs = 0 if self.views is None else 2 * self.data.X.nbytes
        parts = self.data, self.validation, self.state
        return pairs + sum(a.nbytes for part in parts for a in part)

    def measured(self) -> Array:
        """The weights that validation and prediction look at: their average, once it has begun."""
        return self.state.average if self.progress[0]["n_averaged"] else self.state.params

    def is_large(self) -> bool:
        """Whether a step's products take milliseconds, so that several threads can share them."""
        if type(self.architecture) is not MLPArchitecture:
            return True
        n_units = self.layers["n_in"] * self.layers["n_out"]
        return int(self.plan[0]["batch_size"]) * int(n_units.max()) >= _LARGE

    def capacity(self) -> int:
        """Rows that a workspace must hold: a batch, or a handy piece of the validation rows.

        Under the contrastive task a row's loss depends on the rows beside it: a piece is as long
        as a batch.
        """
        if self.plan[0]["n_views"] == 2:
            return int(self.plan[0]["batch_size"])
        piece = min(max(self.validation.Y.shape[0], 1), 256)
        return int(max(min(self.plan[0]["batch_size"], self.data.Y.shape[0]), piece))


def make_data(
    X: Any,
    Y: Array,
    weight: Array,
    dtype: DTypeLike,
    moments: Array | None = None,
    levels: Array | None = None,
) -> Data:
    """Rows in the form that engines read: contiguous, of the compute dtype, read-only views.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
    Y : ndarray of shape (n_rows, n_outputs)
        With `levels` of shape (n_rows, 1): numbers of the classes.
    weight : ndarray of shape (n_rows,)
    dtype : dtype
    moments : ndarray of shape (2, n_features), optional
        Means and standard deviations of the columns, by which rows are corrupted.
    levels : ndarray of shape (2,), optional
        Targets of the other classes, and of a row's own.
    """
    empty = np.empty(0, dtype)
    if issparse(X):
        rows = np.empty((0, X.shape[1]), dtype), X.data, X.indices, X.indptr
    else:
        rows = X, empty, empty, empty
    moments = np.empty((0, 0)) if moments is None else moments
    levels = empty if levels is None else levels
    arrays = *rows, Y, weight, np.arange(len(weight), dtype=np.int32), moments, levels
    kinds = (dtype, dtype, np.int32, np.int64, dtype, dtype, np.int32, dtype, dtype)
    return Data(*(_read_only(a, kind) for a, kind in zip(arrays, kinds, strict=True)))


def _read_only(array: Array, dtype: DTypeLike) -> Array:
    view = np.ascontiguousarray(array, dtype=dtype).view(np.ndarray).view()
    view.flags.writeable = False
    return view
