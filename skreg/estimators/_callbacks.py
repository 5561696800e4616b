"""What a fit tells scikit-learn's callbacks (`set_callbacks`, from scikit-learn 1.9 on).

A fit is a task with a subtask for every epoch; under ``early_stopping="refit"`` with one for each
of its two trainings, whose subtasks the epochs are. Without callbacks there is none of it.
"""

from contextlib import contextmanager
from copy import copy

from skreg.hyperparameters.settings import weights_dtype


def fit_task(estimator, X, y, sample_weight):
    """The task that a fit is, begun; None where no callback is set.

    Comes before anything that an error undoes: scikit-learn ends callbacks by what it notes on the
    estimator here.

    Parameters
    ----------
    estimator : BaseNet
    X, y, sample_weight
        As given to `fit`, and so handed to callbacks.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    n_parts = 2 if estimator.early_stopping == "refit" else estimator.max_iter
    return begin_fit(estimator, X, y, sample_weight, max_subtasks=n_parts)


def begin_fit(estimator, X, y, sample_weight, **kwargs):
    """The task that a fit is, begun; `kwargs` are its context's."""
    context = estimator._init_callback_context(**kwargs)
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    return Task(estimator, context, {"X": X, "y": y, "metadata": metadata}).begin()


@contextmanager
def part_of(task, name, max_subtasks, attributes=None):
    """A part of a task for the length of the block; None where the task is.

    `attributes` are those of an estimator that is fitted at its end.
    """
    part = None if task is None else task.part(name, max_subtasks=max_subtasks).begin()
    yield part
    if part is not None:
        part.end(attributes)


class Task:
    """A fit or a part of it, and what callbacks are told with it.

    Parameters
    ----------
    estimator : BaseNet
    context : sklearn.callback.CallbackContext
    given : dict
        Rows, targets and metadata.
    """

    def __init__(self, estimator, context, given):
        self.estimator, self.context, self.given = estimator, context, given

    def begin(self, attributes=None):
        """Tell callbacks that the task begins; `attributes` gives those of a fitted estimator."""
        self.context.call_on_fit_task_begin(
            estimator=self.estimator, **self.given, reconstruction_attributes=attributes
        )
        return self

    def end(self, attributes=None):
        """Tell callbacks that the task ends; whether one of them asks to stop here."""
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, **self.given, reconstruction_attributes=attributes
        )

    def part(self, name, **kwargs):
        """A subtask, not yet begun; `kwargs` are its context's."""
        context = self.context.subcontext(task_name=name, **kwargs)
        return Task(self.estimator, context, self.given)


class Epochs:
    """The epochs of one training, for `skreg.engine.problem.Problem.watch`.

    Parameters
    ----------
    task : Task
        The training.
    problem : Problem
    target : RegressionTarget or ClassTarget
    """

    def __init__(self, task, problem, target):
        self._task, self._problem, self._target = task, problem, target

    def begin(self):
        """An epoch begins."""
        self._epoch = self._task.part("epoch").begin(self._attributes)

    def end(self):
        """An epoch ends; whether training is to stop."""
        return self._epoch.end(self._attributes)

    def _attributes(self):
        """What prediction asks of a fitted estimator, as if training had stopped here."""
        p = self._problem
        flat = p.state.best if p.plan[0]["keep_best"] else p.measured()
        fitted = copy(self._task.estimator)
        fitted._describe(self._target)
        architecture, dtype = p.architecture, weights_dtype(fitted.dtype)
        fitted._set_weights(architecture.unpack(flat, dtype), architecture)
        fitted.snapshots_ = [architecture.unpack(kept, dtype) for kept in p.snapshots]
        return vars(fitted)
