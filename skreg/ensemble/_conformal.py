"""Intervals and sets that cover, from members that have not seen some of the training rows.

Each training row is predicted by the members that were fitted without it, as a new row will be.
How far off they were there says how far off they will be (Vovk, Gammerman & Shafer 2005):

- jackknife+-after-bootstrap, where members drew rows (Kim, Xu & Barber 2020, "Predictive inference
  is free with the jackknife+-after-bootstrap");
- CV+, where members are the nets of folds (Barber, Candes, Ramdas & Tibshirani 2021, "Predictive
  inference with the jackknife+");
- the same for classes (Romano, Sesia & Candes 2020, "Classification with valid and adaptive
  coverage", section 2.3), with one minus the probability of a class as its score (Sadinle, Lei &
  Wasserman 2019, "Least ambiguous set-valued classifiers with bounded error levels").

With i a training row, A_i the members without it, m_i their mean at a row x and r_i what they were
off at row i, the interval goes from a lower quantile of ``m_i(x) - r_i`` over i to an upper one of
``m_i(x) + r_i``. Where members predict a spread, r_i is counted in that of A_i (Romano, Patterson &
Candes 2019, "Conformalized quantile regression", section 5, on scaled residuals). Rows that are
exchangeable are covered with a probability of at least ``1 - 2 (1 - coverage)`` (for CV+ less
about the square root of the number of rows' inverse), and about `coverage` as a rule.
"""

import numpy as np

from skreg.estimators._predictive import check_coverage

_VALUES_AT_ONCE = 2**23
_ROUNDING = 1e-9  # of coverage times a number of rows


def seen_by(parts, n_members, n_rows):
    """Means over the members that have not seen a row, and which those are.

    Parameters
    ----------
    parts : iterable of tuples (members, weights, rows, answers, variances)
        Numbers of members and their weights; numbers of rows that they have not seen; answers
        (n_members, n_rows, n_columns) there, and variances of the same shape or None.
    n_members, n_rows : int

    Returns
    -------
    rows : ndarray of int
        Those that any member has not seen.
    out : ndarray of shape (n_members, len(rows))
        Weights, which sum to 1.
    mean, std : ndarray of shape (len(rows), n_columns)
        Of the mixture over these members; `std` is None without variances.
    """
    out, mean, square = np.zeros((n_members, n_rows)), None, None
    kept = []
    for members, weights, rows, answers, variances in parts:
        out[np.ix_(members, rows)] += np.asarray(weights)[:, None]
        kept.append((members, rows, answers, variances))
    mass = out.sum(axis=0)
    out /= np.where(mass > 0, mass, 1)
    for members, rows, answers, _ in kept:
        if mean is None:
            mean = np.zeros((n_rows, answers.shape[-1]))
        np.add.at(mean, rows, np.einsum("mr,mrc->rc", out[np.ix_(members, rows)], answers))
    if all(variances is not None for *_, variances in kept):
        square = np.zeros_like(mean)
        for members, rows, answers, variances in kept:
            off = variances + (answers - mean[rows]) ** 2
            np.add.at(square, rows, np.einsum("mr,mrc->rc", out[np.ix_(members, rows)], off))
    rows = np.flatnonzero(mass)
    return rows, out[:, rows], mean[rows], None if square is None else np.sqrt(square[rows])


def calibration(out, score, weight, scaled=False):
    """What `intervals` and `class_sets` need of the training rows, as a dict of plain data.

    Its ``out`` (n_members, n_groups) are the weights of the members that have not seen the rows of
    a group; ``group``, ``score`` and ``weight`` belong to the rows.

    Parameters
    ----------
    out : ndarray of shape (n_members, n_rows)
    score : ndarray of shape (n_rows, n_columns)
        How far off the members without a row were there.
    weight : ndarray of shape (n_rows,)
        A row counts as so many.
    scaled : bool
    """
    groups, group = np.unique(out, axis=1, return_inverse=True)
    return {
        "out": groups,
        "group": group.ravel(),
        "score": score,
        "weight": np.asarray(weight, np.float64),
        "scaled": scaled,
    }


def _check_promise(coverage, seen):
    """Raise where a coverage cannot be promised by so few rows."""
    check_coverage(coverage)
    n = seen["weight"].sum()
    if coverage * (n + 1) - _ROUNDING > n:
        raise ValueError(
            f"coverage={coverage:g} needs {np.ceil(coverage / (1 - coverage) - _ROUNDING):.0f} "
            f"training rows that a member has not seen, and there are {n:.0f}: the interval would "
            "be infinite. Lower coverage, or fit more rows."
        )


def intervals(seen, coverage, means, variances):
    """Lower and upper ends, (n_rows, n_targets, 2).

    Parameters
    ----------
    seen : dict
        As `calibration` gives it.
    coverage : float
    means, variances : ndarray of shape (n_members, n_rows, n_targets)
        Of the members' predictions for new rows; `variances` are read where scores are scaled.
    """
    _check_promise(coverage, seen)
    ends = np.empty((*means.shape[1:], 2))
    step = max(1, _VALUES_AT_ONCE // len(seen["group"]))
    for j in range(means.shape[2]):
        for start in range(0, means.shape[1], step):
            rows = slice(start, start + step)
            centre, spread = _of_groups(seen, means[:, rows, j], variances, rows, j)
            off = spread[:, seen["group"]] * seen["score"][:, j]
            centre = centre[:, seen["group"]]
            ends[rows, j, 0] = -_upper(off - centre, seen["weight"], coverage)
            ends[rows, j, 1] = _upper(centre + off, seen["weight"], coverage)
    return ends


def _of_groups(seen, means, variances, rows, j):
    """Means and spreads of new rows by the members of each group, (n_rows, n_groups)."""
    origin = means.mean(axis=0)
    gap = means - origin
    centre = gap.T @ seen["out"]
    if not seen["scaled"]:
        return origin[:, None] + centre, np.ones_like(centre)
    square = (variances[:, rows, j] + gap**2).T @ seen["out"]
    return origin[:, None] + centre, np.sqrt(np.maximum(square - centre**2, 0))


def _upper(values, weight, coverage):
    """Of each line of values the smallest that reaches ``coverage * (n + 1)`` of n rows."""
    reach = coverage * (weight.sum() + 1) - _ROUNDING
    if (weight == 1).all():
        k = int(np.ceil(reach)) - 1
        return np.partition(values, k, axis=1)[:, k]
    order = np.argsort(values, axis=1)
    at = (np.cumsum(weight[order], axis=1) < reach).sum(axis=1)
    return np.take_along_axis(values, np.take_along_axis(order, at[:, None], 1), 1)[:, 0]


def class_sets(seen, coverage, p):
    """Which classes are in the set of each row, a bool array (n_rows, n_classes).

    Parameters
    ----------
    seen : dict
        As `calibration` gives it, with one minus the probability of its class as a row's score.
    coverage : float
    p : ndarray of shape (n_members, n_rows, n_classes)
        Probabilities by the members.
    """
    _check_promise(coverage, seen)
    reach, score = coverage * (seen["weight"].sum() + 1) - _ROUNDING, seen["score"][:, 0]
    inside = np.empty(p.shape[1:], bool)
    step = max(1, _VALUES_AT_ONCE // len(score))
    for k in range(p.shape[2]):
        for start in range(0, p.shape[1], step):
            rows = slice(start, start + step)
            own = 1 - p[:, rows, k].T @ seen["out"]
            below = score < own[:, seen["group"]]
            inside[rows, k] = below @ seen["weight"] < reach
    return inside
