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
    """

    def __init__(self, random_state, n_rows, shuffle):
        self.random_state, self.shuffle = random_state, shuffle
        self.line = np.arange(n_rows, dtype=np.int32)

    def draw(self, n_epochs):
        """Order of use, shape (n_epochs or 1, n_rows), int32, read-only."""
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
        """Forget the last `draw` but for its first `n_used` epochs."""
        if self.shuffle:
            state, self.line = self._before
            self.random_state.set_state(state)
            self._draw(n_used)
