"""Which candidates of a search predict together, by their scores out of fold.

Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble selection from libraries of models":
greedy, with replacement, from the best candidate on.
"""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.multiclass import type_of_target

from skreg.model_selection.fold_ensemble import FoldEnsembleClassifier, FoldEnsembleRegressor

_N_PICKS = 25


class _KnownRegressor(FoldEnsembleRegressor):
    """Predictions that are known already, for a scorer."""

    def __init__(self, known):
        super().__init__([None])
        self.known = known

    def predict(self, X):
        return self.known


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
    chosen = {c: float(n / best.sum()) for c, n in zip(candidates, best, strict=True) if n}
    members = [run.fitted for c in chosen for run in race.runs[c]]
    weights = np.repeat(list(chosen.values()), race.n_splits) / race.n_splits
    scores = np.array([fold.score(best / best.sum()) for fold in folds], dtype=float)
    return _ensemble(race, members, weights.tolist(), y), chosen, scores


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

    def score(self, weights):
        """Score of the candidates' weighted mean."""
        mean = np.tensordot(weights, self._known, 1)
        regresses = isinstance(self._ensemble, FoldEnsembleRegressor)
        known = _KnownRegressor(mean) if regresses else _KnownClassifier(mean, self._ensemble)
        split = self._split
        scores = self._race.task.scorer(known, split.X_test, split.y_test, **split.score_params)
        if isinstance(scores, dict):
            scores = scores[self._race.metric]
        return scores
