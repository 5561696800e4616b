"""`RacingSearchCV`: candidates train side by side, and the worse ones stop early."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import ParameterSampler, check_cv
from sklearn.utils import indexable

from skreg._typing import ArrayLike, Estimator, Seed, Splits
from skreg.compat.sklearn import Interval, StrOptions, _check_method_params, _fit_context
from skreg.estimators._callbacks import begin_fit, part_of
from skreg.model_selection._race import Race
from skreg.model_selection._run import Task
from skreg.model_selection._selection import ensemble_of
from skreg.model_selection._sklearn import (
    BaseSearchCV,
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)


class RacingSearchCV(BaseSearchCV):
    """Search over hyperparameters in which all candidates race, and only the best train to the end.

    All candidates train on all splits. At rungs, which are shares of each candidate's own
    `max_iter`, they are scored on the rows left out; the best ``1 / factor`` train on from where
    they stand, the others end with the score they have. No net is trained twice, and one that
    reaches the end is bit-equal to one that is fitted in one go. This is successive halving [1]_
    on the epochs of nets that are kept.

    scikit-learn's callbacks (`set_callbacks`, from scikit-learn 1.9 on) see a task for each rung,
    which names the candidates left and the best score, with one for each candidate on a split.

    Nets race bare, at the end of a `Pipeline`, and in a `TransformedTargetRegressor`. Whatever else
    is searched is fitted whole at the first rung; so are nets with ``solver="lbfgs"``,
    ``early_stopping="refit"``, `warm_start`, `max_time` or callbacks, and nets on a GPU.

    Parameters
    ----------
    estimator : estimator
        A net, or an estimator with nets in it.
    param_distributions : dict or list of dict
        As `sklearn.model_selection.RandomizedSearchCV` takes them; `skreg.search_space` makes them.
    n_candidates : int, default=30
        How many candidates race, those of `first` included.
    first : list of dict, default=None
        Candidates that race in any case, as `skreg.portfolio` gives them; the others are drawn.
    factor : float, default=3
        At a rung one in `factor` candidates goes on.
    rungs : tuple of float, default=None
        Shares of `max_iter` at which candidates are scored, rising to 1. None is
        ``(1/9, 1/3, 1)`` for nine candidates and more, and less rungs for less.
    scoring : str, callable, list, tuple or dict, default=None
        As in scikit-learn's searches.
    n_jobs : int, default=None
        Nets that train at a time, in threads. None is all cores, or what a
        `joblib.parallel_config` around says. The result does not depend on it.
    refit : bool, str or callable, default=True
        As in scikit-learn's searches; True fits the best candidate on all rows. ``"ensemble"``
        takes no more training: predictions are a weighted mean of the race's own nets, one for
        each split, of the candidates that reached the end. Candidates are chosen greedily with
        replacement by the score out of fold [2]_.
    cv : int, cross-validation generator or iterable, default=None
        As in scikit-learn's searches.
    max_time : float, default=None
        Seconds for the race, without the refit. Each rung has its share of them; candidates that
        cannot begin in time are left out (NaN in `cv_results_`). One candidate is trained at
        least, for an epoch.
    verbose : int, default=0
        Above 0 a line is printed at each rung.
    random_state : int, RandomState instance or None, default=None
        Seed of the candidates that are drawn.
    error_score : "raise" or float, default=nan
        Score of a candidate whose fit fails.
    return_train_score : bool, default=False
        Whether to score training rows, too.

    Attributes
    ----------
    cv_results_ : dict of arrays
        As of scikit-learn's searches, and ``rung``: the last one that a candidate was scored at,
        from 0, or -1. Scores are those of that rung.
    rungs_ : tuple of float
        Shares of `max_iter`.
    rung_scores_ : ndarray of shape (n_candidates, n_rungs)
        Mean test scores at the rungs; NaN after a candidate was dropped.
    n_epochs_ : ndarray of shape (n_candidates, n_splits)
        Epochs that each net was trained.
    ensemble_weights_ : dict
        Weights of candidates, by their index; there with ``refit="ensemble"``.
    ensemble_score_ : float
        Score of the ensemble out of fold, which candidates were chosen by: somewhat too good.
    ensemble_fold_scores_ : ndarray of shape (n_splits,)
        What `ensemble_score_` is the mean of.
    best_estimator_ : estimator
        The refitted one, a `FoldEnsembleRegressor` or a `FoldEnsembleClassifier`.
    best_params_, best_score_, best_index_, scorer_, n_splits_, multimetric_, refit_time_
        As of scikit-learn's searches. The best is one of those that reached the last rung.

    See Also
    --------
    TunedMLPRegressor : All of it in one estimator.
    sklearn.model_selection.HalvingRandomSearchCV : Halving that fits anew at each rung.

    References
    ----------
    .. [1] Jamieson & Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter
       optimization".
    .. [2] Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble selection from libraries of
       models".

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skreg import MLPRegressor, RacingSearchCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(max_iter=45, learning_rate="cosine", random_state=0)
    >>> space = {"mlpregressor__alpha": loguniform(1e-4, 10)}
    >>> race = RacingSearchCV(make_pipeline(StandardScaler(), net), space, n_candidates=9,
    ...                       refit="ensemble", random_state=0).fit(X, y)
    >>> race.n_epochs_.max(axis=1).tolist().count(45)  # candidates that reached the end
    1
    >>> race.predict(X[:3]).shape
    (3,)
    """

    _parameter_constraints = {
        **BaseSearchCV._parameter_constraints,
        "param_distributions": [dict, list],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "first": [list, None],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "rungs": [tuple, list, None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "error_score": [StrOptions({"raise"}), Real],
        "random_state": ["random_state"],
    }
    del _parameter_constraints["pre_dispatch"]

    def __init__(
        self,
        estimator: Estimator,
        param_distributions: dict[str, Any] | list[dict[str, Any]],
        *,
        n_candidates: int = 30,
        first: list[dict[str, Any]] | None = None,
        factor: float = 3,
        rungs: Sequence[float] | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[..., Any] = True,
        cv: Splits = None,
        max_time: float | None = None,
        verbose: int = 0,
        random_state: Seed = None,
        error_score: float | Literal["raise"] = np.nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_distributions, self.n_candidates, self.first = (
            param_distributions,
            n_candidates,
            first,
        )
        self.factor, self.rungs, self.max_time = factor, rungs, max_time
        self.random_state = random_state

    @classmethod
    def _get_param_names(cls):
        return [name for name in super()._get_param_names() if name != "pre_dispatch"]

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None, **params: Any) -> Self:
        """Race all candidates, and fit what predicts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets.
        **params : dict
            Arguments of the estimator's `fit`, of the scorer and the splitter, as
            scikit-learn's searches take them.

        Returns
        -------
        self : object
            The fitted search.
        """
        scorer, metric = self._get_scorers()
        X, y = indexable(X, y)
        told = self._task_for_callbacks(X, y, params.get("sample_weight"))
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(cv.split(X, y, **routed.splitter.split))
        candidates = self._candidates()
        self.rungs_ = self._checked_rungs(len(candidates))
        scoring = scorer, routed.estimator.fit, routed.scorer.score
        task = Task(self.estimator, X, y, *scoring, self.error_score, self.return_train_score)
        race = Race(
            task,
            candidates,
            splits,
            self.rungs_,
            self.factor,
            metric=metric if isinstance(metric, str) else None,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            max_time=self.max_time,
            told=told,
        ).run(keep=self._wants_ensemble())
        self._book(race, candidates, scorer)
        self._choose(race, metric, _what_splits_lack(self.estimator, y, splits))
        with part_of(told if self.refit else None, "refit", 0):
            self._refit(race, X, y, routed.estimator.fit)
        if told is not None:
            told.end()
        return self

    def _task_for_callbacks(self, X, y, sample_weight):
        """The task that a fit is for scikit-learn's callbacks; None where none is set."""
        if not getattr(self, "_skl_callbacks", None):
            return None
        return begin_fit(self, X, y, sample_weight, max_subtasks=None)

    def _wants_ensemble(self):
        return isinstance(self.refit, str) and self.refit == "ensemble"

    def _candidates(self):
        first = [dict(params) for params in self.first or []][: self.n_candidates]
        n_drawn = self.n_candidates - len(first)
        if not n_drawn:
            return first
        space, state = self.param_distributions, self.random_state
        return first + list(ParameterSampler(space, n_drawn, random_state=state))

    def _checked_rungs(self, n_candidates):
        if self.rungs is None:
            n_rungs = sum(n_candidates >= self.factor**i for i in range(3))
            return tuple(self.factor ** -float(i) for i in reversed(range(n_rungs)))
        rungs = tuple(float(rung) for rung in self.rungs)
        if not rungs or rungs[-1] != 1 or rungs[0] <= 0 or list(rungs) != sorted(set(rungs)):
            raise ValueError(
                f"rungs={self.rungs!r} must be shares of max_iter above 0 that rise to 1, such as "
                "(1/9, 1/3, 1)."
            )
        return rungs

    def _book(self, race, candidates, scorer):
        """`cv_results_` and what else is known of the race."""
        out = [run.result for runs in race.runs for run in runs]
        done = [result for result in out if result is not None]
        _warn_or_raise_about_fit_failures(done, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(done, np.nan if self.error_score == "raise" else self.error_score)
        blank = _blank(done[0])
        out = [blank if result is None else result for result in out]
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        self.n_splits_, self.scorer_ = race.n_splits, getattr(scorer, "_scorers", scorer)
        self.rung_scores_ = race.rung_scores
        self.n_epochs_ = np.array([[run.n_epochs for run in runs] for runs in race.runs])
        more = {"rung": race.reached}
        with warnings.catch_warnings():
            if self.max_time is not None:  # scores that are missing for want of time are no fault
                warnings.filterwarnings("ignore", "One or more of the t", UserWarning)
            self.cv_results_ = self._format_results(candidates, self.n_splits_, out, more)

    def _choose(self, race, metric, lack):
        """The best of those that got furthest."""
        results = self.cv_results_
        if self.multimetric_ and self._wants_ensemble():
            raise ValueError(
                "refit='ensemble' goes by one score, but scoring has several: give one, or set "
                "refit to the name of one to fit the best candidate on all rows."
            )
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(results_names(results))
            metric = self.refit
        if not self.refit and self.multimetric_:
            return
        if callable(self.refit):
            self.best_index_ = self._select_best_index(self.refit, metric, results)
        else:
            scores = results[f"mean_test_{metric}"]
            furthest = race.reached == race.reached.max()
            if self.refit and np.isnan(scores[furthest]).all():
                raise ValueError(
                    f"scoring={self.scoring!r} gave no candidate a score on all splits{lack}, so "
                    "none is the best: give a cv whose test rows have every class, or another "
                    "scoring."
                )
            ranked = np.where(furthest, np.nan_to_num(scores, nan=-np.inf), -np.inf)
            self.best_index_ = int(ranked.argmax())
            self.best_score_ = scores[self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _refit(self, race, X, y, fit_params):
        """What predicts: the best candidate on all rows, or the ensemble."""
        if not self.refit:
            return
        began = time.perf_counter()
        if self._wants_ensemble():
            found = ensemble_of(race, y)
            self.best_estimator_, self.ensemble_weights_, self.ensemble_fold_scores_ = found
            self.ensemble_score_ = float(np.mean(self.ensemble_fold_scores_))
        else:
            best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
            self.best_estimator_ = best.fit(X, *(() if y is None else (y,)), **fit_params)
        self.refit_time_ = time.perf_counter() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


def results_names(results):
    """Names of the scores in `cv_results_`."""
    return [key.removeprefix("mean_test_") for key in results if key.startswith("mean_test_")]


def _what_splits_lack(estimator, y, splits):
    """Which class a split's test rows lack, in words; empty where none does."""
    if not is_classifier(estimator) or np.ndim(y) != 1:
        return ""
    y = np.asarray(y)
    for number, (_, test) in enumerate(splits):
        lacking = np.setdiff1d(y, y[test]).tolist()
        if lacking:
            return f" (the test rows of split {number} have none of class {lacking[0]!r})"
    return ""


def _blank(result):
    """What stands for a candidate that never began."""
    empty = {"fit_time": np.nan, "score_time": np.nan}
    for name in ("test_scores", "train_scores"):
        if name in result:
            scores = result[name]
            several = isinstance(scores, dict)
            empty[name] = dict.fromkeys(scores, np.nan) if several else np.nan
    return {**result, **empty}
