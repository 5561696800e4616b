"""Fits that meet where their nets are ready to train, as stacks do."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest

from skreg import MLPClassifier, MLPRegressor
from skreg.engine import train
from skreg.engine.torch import grouping, stack
from skreg.hyperparameters.table import TABLE
from tests._data import targets
from tests._table import REGULARIZERS
from tests.engine.test_engines import PARAMS, assert_same

KINDS = ["regression", "multioutput", "binary", "multiclass", "multilabel"]
TORCH = {**PARAMS, "engine": "torch", "max_iter": 12, "n_iter_no_change": 12}
PROXIMAL = {declared.name for declared in TABLE if declared.proximal}
STRENGTHS = {  # of three nets: every one may differ within a stack
    "alpha": [0.0, 0.1, [0.5, 0.0, 0.1]],
    "l1": [0.01, 0.0, [0.0, 0.1, 0.0]],
    "max_norm": [None, 0.5, 2.0],
    "clip_grad_norm": [0.1, None, 1.0],
    "dropout": [0.0, 0.5, [0.2, 0.4]],
    "input_dropout": [0.2, 0.0, 0.1],
    "noise_std": [0.3, 0.0, 0.1],
    "weight_noise_std": [0.0, 0.1, 0.05],
    "mixup_alpha": [0.3, 2.0, 0.0],
    "learning_rate_init": [0.01, 0.002, 0.05],
    "learning_rate": ["constant", "cosine", "invscaling"],
    "max_iter": [12, 5, 9],
}
STRENGTHS |= {
    row.name: [0.0, row.values[1], row.values[1] / 2]
    for row in REGULARIZERS
    if row.name in PROXIMAL and row.name not in STRENGTHS
}


class Session:
    """Fits estimators in threads that meet where their nets are ready to train."""

    def __init__(self):
        self._train_alone, self._mine = train.train, threading.local()
        self._changed = threading.Condition()

    def fit(self, estimators, data, fit, options):
        """Fit together; a fit that raises leaves its error in `errors`.

        `rounds` are then the signatures of all nets that were trained at once, time by time.
        """
        self.rounds, self.errors, self._waiting, self._raised = [], {}, {}, {}
        self._options, self._n_running = options, len(estimators)
        jobs = enumerate(zip(estimators, data, strict=True))
        threads = [threading.Thread(target=self._fit, args=(i, *job, fit)) for i, job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _fit(self, number, estimator, data, fit):
        self._mine.number = number
        try:
            fit(estimator, *data)
        except Exception as error:
            self.errors[number] = error
        with self._changed:
            self._n_running -= 1
            self._train_if_all_wait()

    def train(self, fit, task=None):
        """In place of `skreg.engine.train.train`: in this session's threads all at once."""
        if not hasattr(self._mine, "number"):
            self._train_alone(fit, task)
            return
        number = self._mine.number
        with self._changed:
            self._waiting[number] = fit
            self._train_if_all_wait()
            assert self._changed.wait_for(lambda: number in self._raised, timeout=120)
            error = self._raised.pop(number)
        if error is not None:
            raise error
        fit.choose_weights()

    def _train_if_all_wait(self):
        if not self._waiting or len(self._waiting) < self._n_running:
            return
        numbers = sorted(self._waiting)
        fits = [self._waiting.pop(i) for i in numbers]
        self.rounds.append([grouping.signature(fit) for fit in fits])
        raised = grouping.train_nets(fits, **self._options)
        self._raised.update(zip(numbers, raised, strict=True))
        self._changed.notify_all()


def fit_weighted(estimator, *part):
    """A fit of an estimator as tests mostly want it."""
    estimator.fit(*part)


@contextmanager
def counted_stacks(monkeypatch):
    """Sizes of the stacks that are trained in the block."""
    sizes, run = [], stack.Stack.run

    def counting(self):
        sizes.append(len(self.fits))
        run(self)

    with monkeypatch.context() as patch:
        patch.setattr(stack.Stack, "run", counting)
        yield sizes


def parts(kind):
    """Four training sets of a kind: X, y and weights, with unlike numbers of rows."""
    X, y = targets(kind)
    weight = np.random.RandomState(0).uniform(0.5, 2, len(X))
    cuts = slice(None), slice(0, 118), slice(7, None), slice(2, 119)
    return [(X[cut], y[cut], weight[cut] if i else None) for i, cut in enumerate(cuts)]


def alone(estimators, data):
    return [net.fit(*part) for net, part in zip(estimators, data, strict=True)]


def check(together, make, data):
    """Estimators from `make()`, fitted alone and together, are the same; gives the session."""
    expected = alone(make(), data)
    nets = make()
    session = together(nets, data)
    for a, b in zip(expected, nets, strict=True):
        assert_same(a, b)
    return session


def estimator(kind, **params):
    cls = MLPRegressor if kind in ("regression", "counts", "multioutput") else MLPClassifier
    return cls(**{**TORCH, **params})


class ReadyError(Exception):
    """Carries a fit that is ready to run out of an estimator's."""


def ready(monkeypatch, net, X, y):
    """The fit of an estimator, its problem posed."""

    def stop(fit, task):
        raise ReadyError(fit)

    with monkeypatch.context() as patch:
        patch.setattr(train, "train", stop)
        with pytest.raises(ReadyError) as info:
            net.fit(X, y)
    return info.value.args[0]
