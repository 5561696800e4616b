"""The last row of `tune`: the tuned ensemble, which is what is kept."""

import time
from dataclasses import dataclass

from joblib import parallel_config
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline

from skreg import TunedMLPClassifier, TunedMLPRegressor
from skreg.cli.compare import Result, folds_of
from skreg.cli.methods import SCORES, Method

TUNED = "tuned"
_QUICK = 2  # settings that race for a rough look


@dataclass
class TunedSearch:
    """The fitted pipeline with what a search of scikit-learn's tells."""

    best_estimator_: Pipeline
    refit_time_: float

    def __post_init__(self):
        net = self.best_estimator_[-1]
        self.cv_results_ = net.cv_results_
        self.n_splits_ = net.n_splits_
        self.best_params_ = {}  # too many to print in a table
        self.best_index_ = net.best_index_


class TunedResult(Result):
    """What the ensemble reached."""

    @property
    def fold_scores(self):
        """Score of the ensemble on each fold: each row by the nets that have not seen it."""
        return self.search.best_estimator_[-1].fold_scores_

    @property
    def n_fits(self):
        """Nets that were begun."""
        return int((self.search.cv_results_["rung"] >= 0).sum()) * self.search.n_splits_


def tuned(split, task, effort, seed, max_time):
    """Let settings race on the folds of the comparison.

    Parameters
    ----------
    split, task, effort, seed
        As `skreg.cli.compare.compare` takes them.
    max_time : float or None
        Seconds for the race.

    Returns
    -------
    TunedResult
    """
    X_train, X_test, y_train, y_test = split
    cls = TunedMLPRegressor if task == "regression" else TunedMLPClassifier
    net = cls(
        n_candidates=_QUICK if effort.quick else None,
        max_time=max_time,
        cv=folds_of(X_train, y_train, task, effort.folds, seed),
        random_state=seed,
    )
    pipeline = Pipeline([("net", net)])  # which prepares the columns itself
    began = time.perf_counter()
    with parallel_config(backend="skreg", n_jobs=effort.jobs):
        pipeline.fit(X_train, y_train)
    seconds = time.perf_counter() - began
    scorer = get_scorer(SCORES[task][0])
    scores = scorer(pipeline, X_train, y_train), scorer(pipeline, X_test, y_test)
    return TunedResult(Method(TUNED, net), TunedSearch(pipeline, seconds), *scores, seconds)
