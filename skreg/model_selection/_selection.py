"""Which candidates of a search predict together, by their scores out of fold.

Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble selection from libraries of models":
greedy, with replacement, from the best candidate on.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.base import is_classifier
from sklearn.utils.multiclass import type_of_target

from skreg.blocks.activations import LOGISTIC, SOFTMAX
from skreg.ensemble._classes import over_classes
from skreg.ensemble._conformal import calibration, seen_by
from skreg.ensemble._intervals import moments_of, scores_of
from skreg.estimators._predictive import pooled
from skreg.model_selection.fold_ensemble import (
    FoldEnsembleClassifier,
    FoldEnsembleRegressor,
    _gives_probabilities,
)

_N_PICKS = 25
_LOG_FACTORS = -3.0, 5.0  # bounds of the logarithm of a noise factor


class _KnownRegressor(FoldEnsembleRegressor):
    """Predictions that are known already, for a scorer."""

    def __init__(self, known, mixture, of):
        super().__init__(of.estimators)
        self.known, self.mixture = known, mixture

    def predict(self, X):
        return self.known

    def _mixture(self, X):
        return self.mixture


class _KnownClassifier(FoldEnsembleClassifier):
    """Probabilities that are known already, for a scorer."""

    def __init__(self, known, of):
        super().__init__(of.estimators, None, of.multilabel)
        self.known = known

    def _mean(self, X):
        return self.known


def ensemble_of(race, y):
    """The ensemble of a race's fold nets that has the best mean score out of fold.

    Parameters
    ----------
    race : skreg.model_selection._race.Race
    y : array-like

    Returns
    -------
    ensemble : FoldEnsembleRegressor or FoldEnsembleClassifier
    weights : dict
        Of the candidates by their number.
    scores : ndarray of shape (n_splits,)
        Of the ensemble on the test rows of each split: each row by the nets that have not seen it.
    """
    candidates = race.finalists()
    folds = [_Fold(race, [race.runs[c][k] for c in candidates], y) for k in range(race.n_splits)]
    scores = [folds_score(folds, np.eye(len(candidates))[i]) for i in range(len(candidates))]
    picks = np.zeros(len(candidates))
    picks[np.nanargmax(scores)] = 1
    best, score = picks.copy(), np.nanmax(scores)
    for _ in range(_N_PICKS if len(candidates) > 1 else 0):
        options = [picks + one for one in np.eye(len(candidates))]
        scores = [folds_score(folds, option) for option in options]
        picks = options[int(np.nanargmax(scores))]
        if np.nanmax(scores) >= score:  # of equals the one with more nets
            best, score = picks.copy(), np.nanmax(scores)
    shares = best / best.sum()
    chosen = {c: float(n) for c, n in zip(candidates, shares, strict=True) if n}
    members = [run.fitted for c in chosen for run in race.runs[c]]
    weights = np.repeat(list(chosen.values()), race.n_splits) / race.n_splits
    ensemble = _ensemble(race, members, weights.tolist(), y)
    if isinstance(ensemble, FoldEnsembleRegressor):
        ensemble.noise_factor = _noise_factor(folds, shares)
    elif _gives_probabilities(ensemble):
        ensemble.temperature = _temperature(race, folds, shares, ensemble)
    if not getattr(ensemble, "multilabel", False):
        picked = [candidates.index(c) for c in chosen]
        ensemble._seen = _seen_out_of_fold(race, folds, picked, weights, ensemble)
    scores = np.array([fold.score(shares) for fold in folds], dtype=float)
    return ensemble, chosen, scores


def _seen_out_of_fold(race, folds, picked, weights, ensemble):
    """What fold nets said of rows that they had not seen, for intervals and sets that cover.

    Parameters
    ----------
    race : Race
    folds : list of _Fold
    picked : list of int
        Places of the ensemble's candidates among the folds' members.
    weights : ndarray of shape (n_picked * n_splits,)
        Of the ensemble's estimators, candidate by candidate.
    ensemble : FoldEnsembleRegressor or FoldEnsembleClassifier
    """
    n_splits, n_rows = race.n_splits, race.n_rows
    parts = []
    for k, fold in enumerate(folds):
        members = [i * n_splits + k for i in range(len(picked))]
        answers, variances = fold.moments(picked, getattr(ensemble, "noise_factor", 1.0))
        if is_classifier(ensemble):
            answers = fold.over_classes(answers, ensemble.classes_)
        parts.append((members, weights[members], fold.test, answers, variances))
    rows, out, mean, std = seen_by(parts, len(weights), n_rows)
    y = np.asarray(race.task.y)[rows]
    weight = race.task.weights(n_rows)[rows]
    if not is_classifier(ensemble):
        score = scores_of(y, mean, std)
    else:
        score = 1 - mean[np.arange(len(y)), np.searchsorted(ensemble.classes_, y)][:, None]
    kept = weight > 0
    return calibration(out[:, kept], score[kept], weight[kept], std is not None)


def _temperature(race, folds, weights, ensemble):
    """The temperature of the smallest log loss out of fold, 1 at least (Guo et al. 2017)."""
    p = [fold.mean(weights) for fold in folds]
    if not ensemble.multilabel:
        pairs = zip(folds, p, strict=True)
        p = [fold.over_classes(values, ensemble.classes_) for fold, values in pairs]
    p, rows = np.concatenate(p), np.concatenate([fold.test for fold in folds])
    y = race.task.y.toarray() if hasattr(race.task.y, "toarray") else np.asarray(race.task.y)
    y, weight = y[rows], race.task.weights(race.n_rows)[rows]
    if ensemble.multilabel:
        truth, raw = y, LOGISTIC.raw(p)
        loss_of = _log_loss_of_labels
    else:
        truth, raw = np.searchsorted(ensemble.classes_, y)[:, None], SOFTMAX.raw(p)
        loss_of = _log_loss_of_classes

    def loss(log_temperature):
        return weight @ loss_of(raw / np.exp(log_temperature), truth)

    return float(np.exp(minimize_scalar(loss, bounds=(0.0, _LOG_FACTORS[1]), method="bounded").x))


def _log_loss_of_classes(raw, places):
    return logsumexp(raw, axis=1) - np.take_along_axis(raw, places, 1)[:, 0]


def _log_loss_of_labels(raw, y):
    return (np.logaddexp(raw, 0) - y * raw).sum(axis=1)


def _noise_factor(folds, weights):
    """What predicted noise is to be multiplied by, for the largest likelihood out of fold.

    Levi, Gispan, Giladi & Fetaya (2022), "Evaluating and calibrating uncertainty prediction in
    regression tasks": nets are surer of training rows than of others.
    """
    parts = [fold.mixture_and_targets(weights) for fold in folds]
    if any(mixture is None for mixture, _, _ in parts):
        return 1.0

    def loss(log_factor):
        factor = np.exp(log_factor)
        return -sum(w @ mixture.widened(factor).log_density(y) for mixture, y, w in parts)

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_FACTORS, method="bounded").x))


def folds_score(folds, weights):
    """Mean score over the folds of the candidates' weighted mean."""
    return np.mean([fold.score(weights / weights.sum()) for fold in folds])


def _ensemble(race, members, weights, y):
    if not is_classifier(race.task.estimator):
        return FoldEnsembleRegressor(members, weights)
    return FoldEnsembleClassifier(members, weights, type_of_target(y) == "multilabel-indicator")


class _Fold:
    """The test rows of a split, and what each candidate predicts for them."""

    def __init__(self, race, runs, y):
        self._race, self._split = race, runs[0].split
        self._ensemble = _ensemble(race, [run.fitted for run in runs], None, y)
        self._known = self._ensemble.predict_members(self._split.X_test)
        self._mixtures = None
        regresses = isinstance(self._ensemble, FoldEnsembleRegressor)
        if regresses and self._ensemble._lacks_distribution() is None:
            self._mixtures = self._ensemble._mixtures(self._split.X_test)

    @property
    def test(self):
        """Numbers of the rows."""
        return self._split.test

    def mean(self, weights):
        """Weighted mean of the candidates' answers."""
        return np.tensordot(weights, self._known, 1)

    def moments(self, picked, noise_factor):
        """Answers of some members (n_members, n_rows, n_columns), and variances or None."""
        if self._mixtures is not None:
            return moments_of([self._mixtures[i].widened(noise_factor) for i in picked])
        known = self._known[picked]
        return known.reshape(*known.shape[:2], -1), None

    def over_classes(self, values, classes):
        """Columns of this fold's classes (..., n) among all classes; 0 for those that it lacks."""
        places = np.searchsorted(classes, self._ensemble.classes_)
        return over_classes(values, places, len(classes))

    def score(self, weights):
        """Score of the candidates' weighted mean."""
        mean = self.mean(weights)
        known = self._known_ensemble(mean, weights)
        split = self._split
        scores = self._race.task.scorer(known, split.X_test, split.y_test, **split.score_params)
        if isinstance(scores, dict):
            scores = scores[self._race.metric]
        return scores

    def mixture(self, weights):
        """What the candidates say of the rows together; None where they say points."""
        if self._mixtures is None:
            return None
        pairs = [(m, w) for m, w in zip(self._mixtures, weights, strict=True) if w > 0]
        return pooled(*zip(*pairs, strict=True))

    def mixture_and_targets(self, weights):
        """The same, the rows' targets (n_rows, n_targets) and their weights."""
        y = np.asarray(self._split.y_test, np.float64)
        weight = self._race.task.weights(self._race.n_rows)[self.test]
        return self.mixture(weights), y.reshape(len(y), -1), weight

    def _known_ensemble(self, mean, weights):
        if isinstance(self._ensemble, FoldEnsembleRegressor):
            return _KnownRegressor(mean, self.mixture(weights), self._ensemble)
        return _KnownClassifier(mean, self._ensemble)
