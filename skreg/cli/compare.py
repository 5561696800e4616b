"""Fit and score every method on one split into training and test rows."""

import math
import time
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from joblib import parallel_config
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from skreg.cli.methods import SCORES, Effort, Method, methods

_ABOUT_RARE_CLASSES = ("The least populated class", "The number of unique classes is greater")


@dataclass(frozen=True)
class Result:
    """What one method reached on one split; `seconds` are those of the whole search and refit."""

    method: Method
    search: GridSearchCV
    train: float
    test: float
    seconds: float

    @property
    def chosen(self):
        """Strengths that cross-validation chose, by parameter."""
        return {name.removeprefix("mlp__"): v for name, v in self.search.best_params_.items()}

    @property
    def fold_scores(self):
        """Validation score of the chosen candidate on each fold."""
        table, best = self.search.cv_results_, self.search.best_index_
        return np.array([table[f"split{i}_test_score"][best] for i in range(self.search.n_splits_)])

    @property
    def n_fits(self):
        """Fits of the whole search, the refit included."""
        return len(self.search.cv_results_["params"]) * self.search.n_splits_ + 1


def compare(split, task, preprocessing, effort, seed, report, advance=None):
    """Fit and score every method on one split.

    Parameters
    ----------
    split : tuple
        ``X_train, X_test, y_train, y_test``.
    task : {"regression", "classification"}
        What the target asks for.
    preprocessing : transformer
        First step of every pipeline.
    effort : Effort
        Epochs, folds, strengths, and nets at a time.
    seed : int
        Seed of folds and nets.
    report : callable
        Called with the name of each method before it is fitted.
    advance : callable, default=None
        Called `n_scores` times: with every score.

    Returns
    -------
    results : list of Result
        In the order of `methods`.
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        for message in _ABOUT_RARE_CLASSES:
            warnings.filterwarnings("ignore", message)
        folds = folds_of(split[0], split[2], task, effort.folds, seed)
        scorer = _counting(SCORES[task][0], advance)
        results = []
        for method in methods(effort, task, seed):
            report(method.name)
            with _cores(effort.jobs):
                result = _fit_and_score(method, split, scorer, preprocessing, folds)
            results.append(result)
    return results


def n_scores(effort, task):
    """How many scores `compare` takes: of both parts of each fold, and of both of the split."""
    n_candidates = [
        math.prod(len(values) for values in method.grid.values())
        for method in methods(effort, task, seed=0)
    ]
    return sum(2 * n * effort.folds + 2 for n in n_candidates)


def _counting(name, advance):
    """A scorer by its name that calls `advance` after each score."""
    if advance is None:
        return name
    scorer = get_scorer(name)

    def score(estimator, X, y):
        value = scorer(estimator, X, y)
        advance()
        return value

    return score


def _cores(jobs):
    return nullcontext() if jobs == 1 else parallel_config(backend="skreg", n_jobs=jobs)


def _fit_and_score(method, split, scorer, preprocessing, folds):
    X_train, X_test, y_train, y_test = split
    search = GridSearchCV(
        Pipeline([("preprocessing", clone(preprocessing)), ("mlp", method.net)]),
        {f"mlp__{name}": values for name, values in method.grid.items()},
        scoring=scorer,
        cv=folds,
        return_train_score=True,
        error_score="raise",
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        if not method.is_ours:  # scikit-learn's MLP warns wherever it trains for max_iter epochs
            warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    train, test = search.score(X_train, y_train), search.score(X_test, y_test)
    return Result(method, search, train, test, seconds)


def folds_of(X, y, task, n_folds, seed):
    """The same folds for every method; stratified where a class has a row for every fold."""
    stratify = task == "classification" and np.unique(y, return_counts=True)[1].max() >= n_folds
    kind = StratifiedKFold if stratify else KFold
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        return list(kind(n_folds, shuffle=True, random_state=seed).split(X, y))


def compile_kernels(task):
    """Fit a tiny net, so that compilation is in nobody's time."""
    net = methods(Effort(epochs=1, folds=2), task, seed=0)[0].net
    net.fit(np.eye(4), np.arange(4) % 2)
