"""A training that may rest after a share of its epochs, and go on from where it stands.

A search that races nets asks for it: within ``training_in_parts(share)`` the next net that is
fitted in the thread trains only that share of its epochs. It is then a fitted estimator like any
other, and `OpenTraining.advance` trains the same object on. However often it rests, its weights
end bit-equal to those of an undivided fit.
"""

import math
import threading
from contextlib import contextmanager

from skreg.augmentation.kinds import is_users_own
from skreg.engine import train
from skreg.regularizers import stopping
from skreg.threads.python_lock import python_lock

_mine = threading.local()


class Request:
    """That a fit is to rest after a share of its epochs.

    Attributes
    ----------
    share : float
    seconds : float or None
        After which it rests anyway, one epoch at least.
    training : OpenTraining or None
        None until a net has taken the request: one that cannot rest trains to its end.
    """

    def __init__(self, share, seconds=None):
        self.share, self.seconds, self.training = share, seconds, None


@contextmanager
def training_in_parts(share, seconds=None):
    """Within, the first net that is fitted in this thread rests after a share of its epochs."""
    _mine.request = request = Request(share, seconds)
    try:
        yield request
    finally:
        _mine.request = None


def taken_request():
    """The request in this thread, which is then nobody else's; None where there is none."""
    request, _mine.request = getattr(_mine, "request", None), None
    return request


def may_rest(estimator):
    """Whether a net's training can rest: in steps, on the CPU, in one go, with nobody watching."""
    return (
        estimator.solver != "lbfgs"
        and estimator.early_stopping != "refit"
        and not estimator.warm_start
        and not estimator.callbacks
        and estimator.max_time is None
        and str(estimator.device).startswith("cpu")
        and not is_users_own(estimator.augment)
    )


class OpenTraining:
    """A net's training, from its first step to its last.

    Parameters
    ----------
    estimator : BaseNet
    fit : skreg.engine.loop.Fit
    target : RegressionTarget or ClassTarget
    memory : Memory
    warm : bool
        Whether the estimator was fitted before, and goes on.
    kept : bool
        Whether the estimator keeps the memory.

    Attributes
    ----------
    n_done : int
        Epochs done.
    """

    def __init__(self, estimator, fit, target, memory, *, warm, kept):
        self.estimator, self.fit, self._target, self._memory = estimator, fit, target, memory
        self._warm, self._kept = warm, kept
        self._n_epochs = fit.problem.n_epochs
        self._began_at, self.n_done = int(fit.problem.progress[0]["epoch"]), 0
        self._stands_at = None  # weights where training rests while others predict

    def is_open(self):
        """Whether there is anything left to train."""
        problem = self.fit.problem
        if problem is None:
            return False
        running = problem.progress[0]["status"] == stopping.RUNNING
        return bool(running) and self.n_done < self._n_epochs

    def advance(self, share=1.0, seconds=None):
        """Train until a share of the epochs is done, or until time is up.

        The estimator's fitted attributes are then those of the training so far.
        """
        problem = self.fit.problem
        if share == 1 and seconds is None and not self.n_done:
            train.train(self.fit, python_lock.task)
            self.n_done = int(problem.progress[0]["epoch"]) - self._began_at
            self.show()
            return
        if self._stands_at is not None:
            problem.state.params[:] = self._stands_at
            self.fit.raw = None
        problem.n_epochs = math.ceil(share * self._n_epochs) - self.n_done
        if seconds is not None:
            self.fit.max_time = seconds
        train.run(self.fit, python_lock.task)
        self.n_done = int(problem.progress[0]["epoch"]) - self._began_at
        if seconds is not None and problem.progress[0]["status"] == stopping.OUT_OF_TIME:
            problem.progress[0]["status"] = stopping.RUNNING
        other = problem.plan[0]["keep_best"] or problem.progress[0]["n_averaged"]
        self._stands_at = problem.state.params.copy() if other and self.is_open() else None
        self.fit.choose_weights()
        self.show()

    def hide(self):
        """Let go of the estimator's own copy of the weights, until `show` or `advance`."""
        for name in ("coefs_", "intercepts_", "norms_"):
            vars(self.estimator).pop(name, None)

    def show(self):
        """Fitted attributes, and the net where its training has ended."""
        self.estimator._take(self.fit, self._target, self._warm)
        self.estimator._memory = self._memory.after(self.fit) if self._kept else None
        self.estimator._net = None if self.is_open() else self.fit.let_go()
