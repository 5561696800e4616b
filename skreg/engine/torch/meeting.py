"""Where the nets of tasks meet that are ready to train on a GPU, to train there as stacks.

The first to come waits for the others: until all tasks under way are here, or nobody has come for
a while. It then trains all of them (`skreg.engine.torch.grouping`), and each goes its own way.
"""

import threading
import time

import torch

from skreg.engine.torch.grouping import signature, train_nets
from skreg.threads.python_lock import python_lock

_QUIET = 0.25  # seconds without a newcomer after which those here begin
_POLL = 0.5  # seconds after which one who waits asks whether somebody still waits for it


def waits_for_others(fit):
    """Whether a fit waits for others to train with: on a GPU, where it may stand in a stack."""
    return torch.device(fit.params.device).type == "cuda" and signature(fit) is not None


class Meeting:
    """The nets of one pool of tasks that are ready to train.

    Parameters
    ----------
    n_running : callable
        Gives the number of tasks under way.
    memory : int or None
        Bytes that a stack may take.
    """

    def __init__(self, n_running, memory=None):
        self._n_running, self._memory = n_running, memory
        self._changed = threading.Condition()
        self._waiting, self._last, self._busy = [], 0.0, False

    def train(self, fit):
        """Train a net with those that wait, in this task's thread or in another's.

        Raises
        ------
        DivergenceError
            Where this net leaves the finite numbers.
        skreg.threads.python_lock.Cancelled
            Where nobody waits for it any more.
        """
        entry = _Entry(fit)
        with python_lock.released():
            with self._changed:
                self._waiting.append(entry)
                self._last = time.monotonic()
                while not entry.done and not self._leads(entry):
                    python_lock.check()
                    # hundreds may wait here: only the one who may lead looks often
                    first = not self._busy and self._waiting[0] is entry
                    self._changed.wait(_QUIET / 10 if first else _POLL)
                together = self._waiting if not entry.done else []
                if together:
                    self._waiting, self._busy = [], True
            if together:
                self._train(together)
        if entry.error is not None:
            raise entry.error

    def _leads(self, entry):
        if self._busy or self._waiting[0] is not entry:
            return False
        quiet = time.monotonic() - self._last > _QUIET
        return quiet or len(self._waiting) >= self._n_running()

    def _train(self, together):
        errors = [None] * len(together)
        try:
            errors = train_nets([entry.fit for entry in together], self._memory)
        except BaseException as error:
            errors = [error] * len(together)
        finally:
            with self._changed:
                for entry, error in zip(together, errors, strict=True):
                    entry.error, entry.done = error, True
                self._busy = False
                self._changed.notify_all()


class _Entry:
    def __init__(self, fit):
        self.fit, self.error, self.done = fit, None, False
