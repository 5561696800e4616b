"""Rows before training: a weighted set where one batch holds them, and the early-stopping split."""

import math

import numpy as np
from scipy.sparse import issparse
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import _check_sample_weight, _num_samples


def check_weights(sample_weight, X, name="sample_weight"):
    """Sample weights as float64, ones for None; errors name the array.

    Raises
    ------
    ValueError
        For negative or non-finite weights, weights of another length than X, or none above zero.
    """
    if sample_weight is None:
        return np.ones(_num_samples(X))
    check_no_grad(**{name: sample_weight})
    sample_weight = np.asarray(sample_weight)
    if sample_weight.ndim == 0:
        sample_weight = np.full(_num_samples(X), sample_weight)
    if sample_weight.size and not sample_weight.any():
        raise ValueError(
            f"All weights in `{name}` are zero: sample weights must contain at least one non-zero "
            "number."
        )
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, copy=True)
    if (weight < 0).any():
        raise ValueError(
            f"Negative values in data passed to `{name}`: the smallest is {weight.min():g}. "
            "Weights must be at least 0."
        )
    # only ratios count; a power of two keeps them to the last bit, and sums finite
    return np.ldexp(weight, -np.frexp(weight.max())[1])


def drop_weightless(X, y, weight):
    """Rows with a positive weight."""
    keep = weight > 0
    return (X, y, weight) if keep.all() else (X[keep], y[keep], weight[keep])


def as_weighted_set(X, y, weight, limit):
    """Merge equal rows and put them in an order of their own, if at most `limit` differ.

    So a fit whose rows fit in one batch depends on the weighted set of rows alone: an integer
    weight is the same as repeated rows, to the last bit, and so is any order.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
    y : ndarray of shape (n_rows, n_columns)
    weight : ndarray of shape (n_rows,)
    limit : int
        Rows of a batch.

    Returns
    -------
    X, y, weight
        As given where more than `limit` rows differ, else merged (X dense).
    """
    groups = {}
    for start in range(0, len(weight), limit + 1):
        stop = start + limit + 1
        block = X[start:stop].toarray() if issparse(X) else X[start:stop]
        keys = np.hstack([block, y[start:stop]], dtype=np.float64) + 0.0  # -0.0 becomes 0.0
        keys = keys.view(f"V{keys.itemsize * keys.shape[1]}").ravel()
        if start == 0 and len(np.unique(keys)) > limit:
            return X, y, weight  # the common case, quickly seen
        for i, key in enumerate(keys, start):
            groups.setdefault(key.tobytes(), []).append(i)
        if len(groups) > limit:
            return X, y, weight
    members = [groups[key] for key in sorted(groups)]
    first = [rows[0] for rows in members]
    X = X[first].toarray() if issparse(X) else X[first]
    merged = np.array([math.fsum(weight[i] for i in sorted(rows)) for rows in members])
    return X, y[first], merged


def split(X, y, fraction, stratify, random_state):
    """Training and validation rows (index arrays) for early stopping.

    Copies of a row never stand on both sides. Without copies this is
    `sklearn.model_selection.train_test_split`.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_rows, n_features)
    y : ndarray of shape (n_rows, n_columns)
    fraction : float
        Of the distinct rows, for validation: two at the least.
    stratify : ndarray of shape (n_rows,) or None
        Classes; left aside where a class has one row or the validation rows are fewer than the
        classes.
    random_state : RandomState
    """
    group, first = groups_of_copies(X, y)
    n_distinct = len(first)
    n_validation = max(math.ceil(fraction * n_distinct), 2)  # one has no R2
    if n_distinct <= n_validation:
        side = "validation" if n_distinct <= 2 else "training"
        raise ValueError(
            f"The {side} set is too small: early_stopping with validation_fraction={fraction:g} "
            f"cannot split n_samples = {n_distinct} distinct rows into two or more to validate "
            "with and one or more to train on. Give more rows, change validation_fraction, or pass "
            "X_val and y_val to fit."
        )
    splitter = ShuffleSplit
    if stratify is not None:
        counts = np.unique(stratify[first], return_counts=True)[1]
        if counts.min() >= 2 and min(n_validation, n_distinct - n_validation) >= len(counts):
            splitter = StratifiedShuffleSplit
    splitter = splitter(test_size=n_validation, n_splits=1, random_state=random_state)
    labels = None if stratify is None else stratify[first]
    train, validation = next(splitter.split(np.zeros((n_distinct, 1)), labels))
    if n_distinct == len(group):
        return train, validation
    side = np.zeros(n_distinct, dtype=bool)
    side[validation] = True
    return np.flatnonzero(~side[group]), np.flatnonzero(side[group])


def groups_of_copies(X, y):
    """Group number of every row and the first row of every group; equal rows form a group.

    Rows are told apart by a 64-bit hash of their values, so that two rows that differ may by a
    chance of one in 10^19 fall on the same side, which does no harm.
    """
    multipliers = np.random.RandomState(0).randint(1, 2**62, size=X.shape[1] + y.shape[1])
    multipliers = multipliers.astype(np.uint64) * np.uint64(2) + np.uint64(1)
    if issparse(X):
        hashed = X.copy()
        hashed.data = _scrambled(hashed.data) * multipliers[hashed.indices]
        sums = np.add.reduceat(np.append(hashed.data, np.uint64(0)), hashed.indptr[:-1])
        code = np.where(np.diff(hashed.indptr) > 0, sums, np.uint64(0))
    else:
        code = np.zeros(X.shape[0], np.uint64)
        for j in range(X.shape[1]):
            code += _scrambled(X[:, j]) * multipliers[j]
    for j in range(y.shape[1]):
        code += _scrambled(y[:, j]) * multipliers[X.shape[1] + j]
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))  # groups in the order of their first rows
    return order[group], np.sort(first)


def _scrambled(values):
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.uint64)
    return bits ^ (bits >> np.uint64(29))


def needs_no_check(estimator, X, dtype):
    """Whether `validate_data` would return X as it is; it takes longer than a small net."""
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float32, np.float64)
        and X.ndim == 2
        and len(X) > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
        and sums_up(X, dtype)
    )


def sums_up(X, dtype):
    """Whether all values are finite, by their sum; False also where only the sum is not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(X.sum(dtype=dtype)))
