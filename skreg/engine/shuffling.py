"""The order in which an epoch uses its rows, drawn as scikit-learn draws it."""

import numpy as np


class Shuffling:
    """Permutations of the rows, several epochs at a time.

    Parameters
    ----------
    random_state : RandomState
        Left as if only the epochs that were used had been drawn.
    n_rows : int
    shuffle : bool
        Without, and where one batch holds all rows, every epoch uses the rows as they lie.
    seen_after : bool
        Whether somebody draws from `random_state` after the fit; else its end does not matter, and
        is not worth the state's copies, which take as long as some epochs.
    """

    def __init__(self, random_state, n_rows, shuffle, seen_after=True):
        self.random_state, self.shuffle, self.seen_after = random_state, shuffle, seen_after
        self.line = np.arange(n_rows, dtype=np.int32)

    def draw(self, n_epochs):
        """Order of use, shape (n_epochs or 1, n_rows), int32, read-only."""
        if self.shuffle and self.seen_after:
            self._before = self.random_state.get_state(), self.line
        lines = self._draw(n_epochs) if self.shuffle else self.line[None]
        lines.flags.writeable = False
        return lines

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
