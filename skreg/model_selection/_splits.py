"""Splits of rows for a race: stratified, repeated for few rows, rare classes always in training."""

import numpy as np
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold


def splits_of(n_rows, strata, n_splits, n_repeats, seed):
    """Training and test rows.

    Parameters
    ----------
    n_rows : int
    strata : ndarray of shape (n_rows,) of int, or None
        Classes. The rows of those with fewer than `n_splits` are in all training rows.
    n_splits, n_repeats, seed : int

    Returns
    -------
    list of tuple (train, test)
        Of fewer than four rows, or classes with one row each, that is all of them on both sides.
    """
    if strata is None:
        n_splits = min(n_splits, n_rows // 2)  # R2 takes two rows
        if n_splits < 2:
            return [(np.arange(n_rows), np.arange(n_rows))]
        return list(
            RepeatedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed).split(
                np.zeros((n_rows, 1))
            )
        )
    counts = np.bincount(strata)
    n_splits = min(n_splits, int(counts.max()))
    if n_splits < 2:
        return [(np.arange(n_rows), np.arange(n_rows))]
    dealt = np.flatnonzero(counts[strata] >= n_splits)
    rare = np.flatnonzero(counts[strata] < n_splits)
    folds = RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)
    return [
        (np.sort(np.concatenate([dealt[train], rare])), dealt[test])
        for train, test in folds.split(np.zeros((len(dealt), 1)), strata[dealt])
    ]
