"""The race: rungs at which candidates are scored, and the best share of them trains on."""

import threading
import time
from itertools import product

import numpy as np

from skreg.compat.sklearn import _num_samples
from skreg.ensemble._cores import on_all_cores
from skreg.estimators._callbacks import part_of
from skreg.model_selection._run import Run, Split
from skreg.model_selection._sklearn import Parallel, delayed

_LEAST_SECONDS = 0.02  # that a net may train whose time is up: an epoch it has in any case


class Race:
    """Candidates on splits of the rows, from rung to rung.

    Parameters
    ----------
    task : skreg.model_selection._run.Task
    candidates : list of dict
    splits : list of tuple (train, test)
    rungs : tuple of float
        Shares of each candidate's epochs, rising to 1.
    factor : float
        At a rung one in so many goes on.
    metric : str or None
        By which of several scores candidates are chosen.
    n_jobs : int or None
    verbose : int
    max_time : float or None
        Seconds from now on.
    told : skreg.estimators._callbacks.Task or None
        The task that the race is for scikit-learn's callbacks.

    Attributes
    ----------
    runs : list of list of Run
        Of each candidate, one for each split.
    n_splits : int
    rung_scores : ndarray of shape (n_candidates, n_rungs)
        Mean test scores, NaN where a candidate was not trained so far.
    reached : ndarray of shape (n_candidates,)
        Number of the last rung that a candidate was scored at, -1 for those not begun.
    """

    def __init__(
        self,
        task,
        candidates,
        splits,
        rungs,
        factor,
        *,
        metric=None,
        n_jobs=None,
        verbose=0,
        max_time=None,
        told=None,
    ):
        self.task, self.rungs, self.factor, self.metric = task, rungs, factor, metric
        self.n_jobs, self.verbose, self.max_time, self.told = n_jobs, verbose, max_time, told
        splits = [Split(task, train, test) for train, test in splits]
        self.runs = [[Run(task, split, params) for split in splits] for params in candidates]
        self.rung_scores = np.full((len(candidates), len(rungs)), np.nan)
        self.reached = np.full(len(candidates), -1)
        self.n_splits, self.n_rows = len(splits), _num_samples(task.X)
        self._lock, self._began = threading.Lock(), time.perf_counter()
        self._missing = {}  # of each candidate, its splits that have not finished the rung

    def run(self, keep=True):
        """Race to the last rung; without `keep` the nets are let go at the end."""
        alive = list(range(len(self.runs)))
        everybody = set(alive)
        for rung, until in enumerate(self._times_of_rungs()):
            if rung and self._seconds_left() <= 0:
                break
            last = rung == len(self.rungs) - 1
            n_left = len(alive) if last else self._n_left(len(alive))
            self._admitted, self._until = {}, until
            with on_all_cores(), self._told_of(rung, alive) as part:
                Parallel(n_jobs=self.n_jobs, require="sharedmem")(
                    delayed(self._advance)(c, k, rung, n_left, part)
                    for c, k in product(alive, range(self.n_splits))
                )
            alive = [c for c in alive if self._admitted[c]]
            if self._judged_none(alive, rung):
                break
            if not last:
                alive = self._best(alive, rung, self._n_left(len(alive)))
            self._let_go(everybody - set(alive))
            self._say(rung, alive)
        if not keep:
            self._let_go(everybody)
        for c in self.finalists():
            for run in self.runs[c]:
                run.ready()
        return self

    def _judged_none(self, candidates, rung):
        """Whether no candidate has a score at a rung, so that none is the one to train on."""
        several = isinstance(self.runs[candidates[0]][0].result["test_scores"], dict)
        return not several and np.isnan(self.rung_scores[candidates, rung]).all()

    def finalists(self):
        """Candidates that were trained to the last rung that any reached, without a failure."""
        last = self.reached.max()
        ends = np.flatnonzero(self.reached == last).tolist()
        return [c for c in ends if all(run.fitted is not None for run in self.runs[c])]

    def _told_of(self, rung, alive):
        """A rung as a part of the task that callbacks see, where there are any."""
        best = np.nanmax(self.rung_scores[:, rung - 1], initial=-np.inf) if rung else None
        left = "1 candidate" if len(alive) == 1 else f"{len(alive)} candidates"
        name = f"rung {rung + 1} of {len(self.rungs)}, {left}"
        name += "" if best is None else f", best score {best:.4f}"
        return part_of(self.told, name, len(alive) * self.n_splits)

    def _advance(self, c, k, rung, n_left, part):
        if not self._is_admitted(c):
            return
        with self._lock:
            leaf = None if part is None else part.part("candidate on a split").begin()
        seconds = None
        if self.max_time is not None:
            seconds = max(self._seconds_left(), _LEAST_SECONDS)
        self.runs[c][k].advance(self.rungs[rung], seconds)
        self.runs[c][k].park()
        with self._lock:
            self._note(c, rung, n_left)
            if leaf is not None:
                leaf.end()

    def _seconds_left(self):
        if self.max_time is None:
            return np.inf
        return self._began + self.max_time - time.perf_counter()

    def _is_admitted(self, c):
        """Whether a split of a candidate begins: some candidate's all do, the others' in time."""
        with self._lock:
            if c not in self._admitted:
                self._admitted[c] = not self._admitted or time.perf_counter() < self._until
                self._missing[c] = len(self.runs[c])
            elif c != next(iter(self._admitted)):
                self._admitted[c] = self._admitted[c] and self._seconds_left() > 0
            return self._admitted[c]

    def _note(self, c, rung, n_left):
        """Book a candidate once all of its splits are done; one that is beaten is let go."""
        self._missing[c] -= 1
        if self._missing[c]:
            return
        scores = [self._score_of(run) for run in self.runs[c]]
        self.rung_scores[c, rung] = np.mean(scores)
        self.reached[c] = rung
        if rung == len(self.rungs) - 1:
            return
        done = [i for i, admitted in self._admitted.items() if admitted and not self._missing[i]]
        self._let_go(set(done) - set(self._best(done, rung, n_left)))

    def _score_of(self, run):
        scores = run.result["test_scores"]
        if isinstance(scores, dict):
            scores = scores[self.metric if self.metric in scores else next(iter(scores))]
        return scores

    def _n_left(self, n):
        """How many of `n` candidates go on."""
        return max(1, round(n / self.factor))

    def _best(self, candidates, rung, n):
        """The `n` best of some candidates at a rung, in the order of the candidates."""
        scores = np.nan_to_num(self.rung_scores[candidates, rung], nan=-np.inf)
        order = np.argsort(-scores, kind="stable")[:n]
        return sorted(np.asarray(candidates)[order].tolist())

    def _let_go(self, candidates):
        for c in candidates:
            for run in self.runs[c]:
                run.let_go()

    def _times_of_rungs(self):
        """When each rung may begin no more candidates: time goes by the steps that rungs take."""
        if self.max_time is None:
            return [np.inf] * len(self.rungs)
        n, before, steps = len(self.runs), 0.0, []
        for share in self.rungs:
            steps.append(n * (share - before))
            n, before = self._n_left(n), share
        return self._began + self.max_time * np.cumsum(steps) / np.sum(steps)

    def _say(self, rung, alive):
        if not self.verbose:
            return
        scores = self.rung_scores[:, rung]
        n, best = np.isfinite(scores).sum(), np.nanmax(scores, initial=-np.inf)
        left = "" if rung == len(self.rungs) - 1 else f", {len(alive)} go on"
        print(
            f"Rung {rung + 1} of {len(self.rungs)} ({self.rungs[rung]:.0%} of the epochs): "
            f"{n} candidates, best score {best:.4f}{left}"
        )
