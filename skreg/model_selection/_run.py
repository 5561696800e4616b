"""A candidate of a race on one split of the rows: its net, how far it is trained, its scores."""

import time
import traceback

import joblib
import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from skreg.compat.sklearn import _check_method_params, _num_samples, _routing_enabled, _safe_split
from skreg.estimators._base import BaseNet
from skreg.estimators._open_training import training_in_parts
from skreg.model_selection._sklearn import _score


class Task:
    """What all runs of a race share.

    Parameters
    ----------
    estimator : estimator
    X, y : array-like
    scorer : callable
    fit_params, score_params : dict
        Of the whole data; rows are cut out of arrays with as many.
    error_score : "raise" or float
    return_train_score : bool
    """

    def __init__(
        self, estimator, X, y, scorer, fit_params, score_params, error_score, return_train_score
    ):
        self.estimator, self.X, self.y, self.scorer = estimator, X, y, scorer
        self.fit_params, self.score_params = fit_params, score_params
        self.error_score, self.return_train_score = error_score, return_train_score

    def weights(self, n_rows):
        """Weights of all rows in the fits; ones where none were given."""
        names = (name for name in self.fit_params if name.split("__")[-1] == "sample_weight")
        given = self.fit_params.get(next(names, None))
        return np.ones(n_rows) if given is None else np.asarray(given, np.float64)


class Split:
    """Training and test rows, cut out once for all candidates, and what they share of pipelines.

    Parameters
    ----------
    task : Task
    train, test : ndarray of int
    """

    def __init__(self, task, train, test):
        self.task, self.train, self.test = task, train, test
        self.X, self.y = _safe_split(task.estimator, task.X, task.y, train)
        self.X_test, self.y_test = _safe_split(task.estimator, task.X, task.y, test, train)
        self.fit_params = _check_method_params(task.X, params=task.fit_params, indices=train)
        self.score_params = _check_method_params(task.X, params=task.score_params, indices=test)
        self.train_score_params = _check_method_params(
            task.X, params=task.score_params, indices=train
        )
        self._heads, self._single = {}, {}

    def transformed(self, pipeline, params):
        """All steps of a pipeline but the last, fitted, and the training rows that they give.

        Candidates with equal steps get the same fitted objects.
        """
        steps = [(name, type(step), step.get_params()) for name, step in pipeline.steps[:-1]]
        key = joblib.hash(steps)
        if key not in self._heads:
            head = pipeline[:-1]
            X = head.fit_transform(self.X, self.y, **params)
            self._heads[key] = head, X
        return self._heads[key]

    def as_trained(self, X, net):
        """X in the dtype that a net trains in, made once for all nets."""
        known = isinstance(net, BaseNet) and net._compute_dtype() == np.float32
        if not known or type(X) is not np.ndarray or X.dtype != np.float64:
            return X
        if id(X) not in self._single:
            with np.errstate(over="ignore"):  # what overflows is refused by the net
                self._single[id(X)] = np.ascontiguousarray(X, np.float32), X
        return self._single[id(X)][0]


class Run:
    """A candidate on one split.

    Attributes
    ----------
    fitted : estimator or None
        None before its first stage, after a failure, and once the run is let go.
    result : dict or None
        Scores and times as scikit-learn's searches book them.
    n_epochs : int
        Epochs trained.
    """

    def __init__(self, task, split, params):
        self.task, self.split, self.params = task, split, params
        self.fitted = self.result = self._training = None
        self.n_epochs, self._seconds, self._score_seconds = 0, 0.0, 0.0

    def advance(self, share, seconds=None):
        """Train to a share of the epochs, and score."""
        began, error = time.perf_counter(), None
        if self.result is None or self._is_open():
            try:
                self._train(share, seconds)
            except Exception:
                if self.task.error_score == "raise":
                    raise
                error = traceback.format_exc()
                self.let_go()
        self._seconds += time.perf_counter() - began
        self._book(error)

    def park(self):
        """Hold a net that may train on in little memory, until `ready` or `advance`."""
        if self._is_open():
            self._training.hide()

    def ready(self):
        """Have the net predict again."""
        if self._is_open():
            self._training.show()

    def let_go(self):
        """Forget the net; the scores stay."""
        self.fitted = self._training = None

    def _is_open(self):
        return self._training is not None and self._training.is_open()

    def _train(self, share, seconds):
        if self._training is not None:
            self._training.advance(share, seconds)
            self.n_epochs = self._training.n_done
            return
        estimator = clone(self.task.estimator).set_params(**clone(self.params, safe=False))
        with training_in_parts(share, seconds) as request:
            if not holds_one_net(estimator):
                request.share = 1.0
            self.fitted = self._begun(estimator)
        self._training = request.training
        if self._training is not None:
            self.n_epochs = self._training.n_done

    def _begun(self, estimator):
        """The estimator fitted; a pipeline's transformers are those of the split."""
        split, params = self.split, self.split.fit_params
        y = () if split.y is None else (split.y,)
        if isinstance(estimator, BaseNet):
            return estimator.fit(split.as_trained(split.X, estimator), *y, **params)
        if not _shares_steps(estimator, params):
            return estimator.fit(split.X, *y, **params)
        name, last = estimator.steps[-1]
        own = {key.removeprefix(f"{name}__"): v for key, v in params.items() if _of(name, key)}
        others = {key: value for key, value in params.items() if not _of(name, key)}
        head, X = split.transformed(estimator, others)
        last.fit(split.as_trained(X, last), *y, **own)
        estimator.steps = [*head.steps, (name, last)]
        return estimator

    def _book(self, error):
        task, split, before = self.task, self.split, time.perf_counter()
        result = {"fit_error": error}
        if error is None:
            result["test_scores"] = self._scores(split.X_test, split.y_test, split.score_params)
        else:
            result["test_scores"] = self._error_scores()
        self._score_seconds += time.perf_counter() - before
        if task.return_train_score:
            result["train_scores"] = (
                self._scores(split.X, split.y, split.train_score_params)
                if error is None
                else self._error_scores()
            )
        result["fit_time"], result["score_time"] = self._seconds, self._score_seconds
        result["n_test_samples"] = _num_samples(split.X_test)
        self.result = result

    def _scores(self, X, y, params):
        task = self.task
        return _score(self.fitted, X, y, task.scorer, params, task.error_score)

    def _error_scores(self):
        names = getattr(self.task.scorer, "_scorers", None)
        score = self.task.error_score
        return score if names is None else dict.fromkeys(names, score)


def holds_one_net(estimator):
    """Whether the first net that fitting trains is the only one: bare, or at a pipeline's end."""
    if isinstance(estimator, BaseNet):
        return is_regressor(estimator) or is_classifier(estimator)
    if isinstance(estimator, Pipeline):
        before = [step for _, step in estimator.steps[:-1]]
        return not any(map(_trains_a_net, before)) and holds_one_net(estimator.steps[-1][1])
    if isinstance(estimator, TransformedTargetRegressor):
        return not _trains_a_net(estimator.transformer) and holds_one_net(estimator.regressor)
    return False


def _trains_a_net(step):
    """Whether a net that predicts stands anywhere in a step."""
    inside = step.get_params().values() if hasattr(step, "get_params") else ()
    nets = (part for part in (step, *inside) if isinstance(part, BaseNet))
    return any(is_regressor(net) or is_classifier(net) for net in nets)


def _shares_steps(estimator, params):
    """Whether a pipeline's transformers can be fitted apart from its end."""
    return (
        isinstance(estimator, Pipeline)
        and len(estimator.steps) > 1
        and estimator.memory is None
        and hasattr(estimator.steps[-1][1], "fit")
        and all(hasattr(step, "get_params") for _, step in estimator.steps)
        and not _routing_enabled()
        and all("__" in key for key in params)
    )


def _of(name, key):
    return key.startswith(f"{name}__")
