"""How much of a fit is done in one go.

So much that Python costs little, so little that Ctrl-C, progress and time limits get their turn.
"""

_SECONDS = 0.2
_BYTES_OF_ORDER = 64 * 2**20


class Pacing:
    """Sizes of the next block, from the speed seen so far.

    Parameters
    ----------
    n_rows, batch_size, n_parameters : int
    every_epoch : bool
        Whether Python must look in after each epoch.
    seconds_per_step : float
        Of a step of the smallest net, until it is measured.
    """

    def __init__(self, n_rows, batch_size, n_parameters, every_epoch, seconds_per_step=2e-5):
        self.n_rows, self.every_epoch = n_rows, every_epoch
        self.steps_per_epoch = -(-n_rows // batch_size)
        self.seconds_per_step = seconds_per_step + 6e-10 * batch_size * n_parameters

    def epochs(self, most):
        """Epochs to draw permutations for, at most `most`."""
        if self.every_epoch:
            return 1
        by_memory = _BYTES_OF_ORDER // (4 * self.n_rows)
        return max(1, min(most, by_memory, self.steps() // self.steps_per_epoch))

    def steps(self):
        """Steps of the next block."""
        return max(1, int(_SECONDS / self.seconds_per_step))

    def note(self, n_steps, seconds):
        """Take note of how long some steps took."""
        if n_steps:
            self.seconds_per_step = seconds / n_steps
