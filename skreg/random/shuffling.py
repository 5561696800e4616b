"""The order in which an epoch uses its rows, drawn as scikit-learn draws it.

Data of 1 GiB and more may lie on a disk, where rows far from each other are slow to reach: there
blocks of neighbouring rows are drawn, and rows mixed among those of some blocks.
"""

from math import prod
from typing import NamedTuple

import numpy as np

LARGE = 2**30  # bytes of X
_BLOCK = 2**20  # bytes of neighbouring rows: what a disk reads in one go
_MIXED = 64  # blocks whose rows are mixed: they lie in memory together


class RowOrder(NamedTuple):
    """The order of rows of some epochs, to be drawn by `skreg.random.permutation` where it says so.

    So a fit draws without the interpreter lock, in one go with its steps.
    """

    order: np.ndarray  # (n_epochs or 1, n_rows), int32, read-only: what the steps look at
    lines: np.ndarray  # the same memory, to be written to, or (0, 0)
    first: np.ndarray  # (n_rows,), int32, read-only: what the first line is a permutation of
    key: np.ndarray  # the generator's words, uint32, or (0,)
    draw: np.ndarray  # (2,), int64: its position in them, and whether the lines are to be drawn


class Shuffling:
    """Permutations of the rows, several epochs at a time.

    Parameters
    ----------
    random_state : RandomState
        Left as if only the epochs that were used had been drawn.
    rows : ndarray of shape (n_rows,), int32
        0, 1, 2, ...; only read.
    shuffle : bool
        Without, and where one batch holds all rows, every epoch uses the rows as they lie.
    seen_after : bool
        Whether somebody draws from `random_state` after the fit; else its end does not matter, and
        is not worth the state's copies, which take as long as some epochs.
    """

    def __init__(self, random_state, rows, shuffle, seen_after=True):
        self.random_state, self.shuffle, self.seen_after = random_state, shuffle, seen_after
        self.line, self._generator = rows, None

    def row_order(self, n_epochs):
        """The same as `draw`, put off where nobody sees the generator afterwards."""
        if self.shuffle and not self.seen_after:
            self._generator = self._generator or self._words()
        if self._generator is None:
            return RowOrder(self.draw(n_epochs), *_NOTHING)
        lines = np.empty((n_epochs, self.line.size), np.int32)
        order, first = _read_only(lines), _read_only(self.line)
        key, draw = self._generator
        draw[1], self.line = 1, lines[-1]
        return RowOrder(order, lines, first, key, draw)

    def _words(self):
        """The generator's words, and its position in them with room; None for other generators."""
        state = self.random_state.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            return None
        return state["state"]["key"], np.array([state["state"]["pos"], 0])

    def draw(self, n_epochs):
        """Order of use, shape (n_epochs or 1, n_rows), int32, read-only."""
        if self.shuffle and self.seen_after:
            self._before = self.random_state.get_state(legacy=False), self.line
        return _read_only(self._draw(n_epochs) if self.shuffle else self.line[None])

    def _draw(self, n_epochs):
        lines = np.empty((n_epochs, self.line.size), np.int32)
        for line in lines:  # what scikit-learn gets by `line[shuffled arange]`
            line[:] = self.line
            self.random_state.shuffle(line)
            self.line = line
        return lines

    def give_back(self, n_used):
        """Forget the last `draw` but for its first `n_used` epochs: the fit has ended in it."""
        if self.shuffle and self.seen_after:
            state, self.line = self._before
            self.random_state.set_state(state)
            self._draw(n_used)


class BlockShuffling(Shuffling):
    """Permutations of large data: the blocks are shuffled, then the rows of each 64 of them.

    Parameters
    ----------
    random_state, rows, shuffle, seen_after
        As `Shuffling` takes them.
    row_bytes : int
        Of a row of X.
    """

    def __init__(self, random_state, rows, shuffle, seen_after=True, *, row_bytes):
        super().__init__(random_state, rows, shuffle, seen_after)
        self.block = max(1, _BLOCK // row_bytes)

    def _words(self):
        return None  # blocks are drawn by numpy

    def _draw(self, n_epochs):
        lines = np.empty((n_epochs, self.line.size), np.int32)
        for line in lines:
            starts = self.block * self.random_state.permutation(-(-line.size // self.block))
            end = 0
            for i in range(0, starts.size, _MIXED):
                rows = [self.line[at : at + self.block] for at in starts[i : i + _MIXED]]
                rows = np.concatenate(rows)
                self.random_state.shuffle(rows)
                line[end : end + rows.size] = rows
                end += rows.size
        return lines


def _read_only(array):
    view = array.view()
    view.flags.writeable = False
    return view


_NOTHING = (
    np.empty((0, 0), np.int32),
    _read_only(np.empty(0, np.int32)),
    np.empty(0, np.uint32),
    np.zeros(2, np.int64),
)


def shuffling_of(X, rows, random_state, shuffle, seen_after):
    """The way to shuffle the rows of `X` (dense or sparse), by its size in memory or on disk."""
    row_bytes = prod(X.shape[1:]) * X.dtype.itemsize
    if X.shape[0] * row_bytes < LARGE or not isinstance(X, np.ndarray):
        return Shuffling(random_state, rows, shuffle, seen_after)
    return BlockShuffling(random_state, rows, shuffle, seen_after, row_bytes=row_bytes)
