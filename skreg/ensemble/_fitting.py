"""How the members of an ensemble get their rows and columns, and are fitted."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import has_fit_parameter

from skreg.compat.sklearn import _check_method_params, _routing_enabled
from skreg.estimators._callbacks import begin_fit

_FEW = 200  # rows that the default batch of a member holds
_MOST = 10_000  # mean weight up to which weights may stand for repeated rows


def canonical_order(X, y, weight):
    """Rows of positive weight in an order of their own, where at most 200 differ; else as they lie.

    So the draws from few rows depend on the weighted set of rows alone, as a member's fit does:
    an integer weight is the same as repeated rows.

    Returns
    -------
    ndarray of shape (n_rows of positive weight,)
    """
    rows = np.arange(X.shape[0]) if weight is None else np.flatnonzero(weight > 0)
    X, y = _numbers(X), _numbers(y)
    if X.dtype.kind not in "fiub" or y.dtype.kind not in "fiub":
        return rows
    for some in (rows[: 4 * _FEW], rows):  # most tables are told by their first rows
        block = X[some].toarray() if issparse(X) else X[some]
        keys = np.hstack([block, y[some].reshape(len(some), -1)], dtype=np.float64)
        distinct, group = np.unique(keys, axis=0, return_inverse=True)
        if len(distinct) > _FEW:
            return rows
    return rows[np.argsort(group.ravel(), kind="stable")]


def _numbers(X):
    """An array of objects that are all numbers as such; another as it is."""
    if X.dtype.kind != "O":
        return X
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError):
        return X


def n_drawn(ensemble, n_rows, weight):
    """Rows that each member draws, of `n_rows` of positive weight.

    Raises
    ------
    ValueError
        Where there are too few rows, or `max_samples` is a share of weights that sum to less than
        a few rows.
    """
    share = ensemble.max_samples
    if share is None:
        return n_rows
    if isinstance(share, (int, np.integer)):
        if not ensemble.bootstrap and share > n_rows:
            raise ValueError(
                f"max_samples={share} is more than the {n_rows} rows of positive weight, and "
                "bootstrap=False draws each once: lower max_samples, or set bootstrap=True."
            )
        return int(share)
    if weight is None or not ensemble.bootstrap:
        return max(1, int(share * n_rows))
    with np.errstate(over="ignore"):
        drawn = np.floor(share * weight.sum())
    if not min(10, int(share * n_rows)) <= drawn <= _MOST * n_rows:
        raise ValueError(
            f"max_samples={share:g} is a share of the sum of sample_weight, {drawn / share:g}, "
            f"which would draw {drawn:g} of {n_rows} rows for each member: give weights with a "
            "mean of 1, or max_samples as an int."
        )
    return max(1, int(drawn))


def check_same_classes(kept, classes):
    """Raise where the members that a warm start keeps know other classes; `kept` None for none."""
    if kept is None or np.array_equal(kept, classes):
        return
    raise ValueError(
        f"warm_start=True keeps members that were fitted to the classes {kept}, but y has "
        f"{classes}: set warm_start=False to begin anew."
    )


def n_columns(ensemble):
    """Columns that each member takes."""
    n_features, share = ensemble.n_features_in_, ensemble.max_features
    if not isinstance(share, (int, np.integer)):
        return max(1, int(share * n_features))
    if share > n_features:
        raise ValueError(
            f"max_features={share} is more than the {n_features} columns of X: max_features must "
            "be <= n_features."
        )
    return int(share)


def draw(seed, ensemble):
    """Columns and rows of a member: two index arrays, from its seed, as scikit-learn draws them."""
    random_state = check_random_state(seed)
    n_features, n_columns = ensemble.n_features_in_, ensemble._max_features
    if ensemble.bootstrap_features:
        columns = random_state.randint(0, n_features, n_columns)
    elif n_columns == n_features:
        columns = np.arange(n_features)
    else:
        columns = sample_without_replacement(n_features, n_columns, random_state=random_state)
    order, size = ensemble._order, ensemble._max_samples
    if not ensemble.bootstrap:
        whole = size == len(order)
        places = sample_without_replacement(len(order), size, random_state=random_state)
        return columns, order if whole else order[places]
    weight = ensemble._weight
    mass = np.cumsum(np.ones(len(order)) if weight is None else weight[order])
    places = np.searchsorted(mass / mass[-1], random_state.random_sample(size), side="right")
    return columns, order[places]


def fit_task(ensemble, X, y, sample_weight):
    """The ensemble's fit as a task of scikit-learn's callbacks, begun; None where there are none.

    Its parts are the members, which may be fitted in any order.
    """
    if not getattr(ensemble, "_skl_callbacks", None):
        return None
    n_members = ensemble.n_estimators
    if ensemble.warm_start:
        n_members -= len(getattr(ensemble, "estimators_", ()))
    return begin_fit(
        ensemble, X, y, sample_weight, max_subtasks=max(0, n_members), sequential_subtasks=False
    )


def takes_weight(member):
    """Whether a member's `fit` is to be given `sample_weight`."""
    if _routing_enabled():
        return get_routing_for_object(member).consumes("fit", ("sample_weight",))
    return has_fit_parameter(member, "sample_weight")


def fit_member(member, X, y, columns, rows, weight, fit_params, task):
    """Fit a member on its columns and rows.

    Parameters
    ----------
    member : estimator
    X, y : arrays
        Of all rows.
    columns : ndarray of int, or None for all
    rows : ndarray of int
        Those drawn, repeated as often as they were.
    weight : ndarray of shape (n_rows,), or None
        Weights of all rows, by which the number of their draws is multiplied.
    fit_params : dict
        More arguments of its `fit`.
    task : Task or None
        What scikit-learn's callbacks are told.
    """
    if task is None:
        return _fit_member(member, X, y, columns, rows, weight, fit_params)
    with task.context.propagate_callback_context(member):
        task.begin()
        _fit_member(member, X, y, columns, rows, weight, fit_params)
    task.end()
    return member


def _fit_member(member, X, y, columns, rows, weight, fit_params):
    X = X if columns is None else X[:, columns]
    if takes_weight(member):
        counts = np.bincount(rows, minlength=X.shape[0])
        weight = counts if weight is None else counts * weight
        return member.fit(X, y, sample_weight=weight, **fit_params)
    fit_params = _check_method_params(X, params=fit_params, indices=rows)
    return member.fit(_safe_indexing(X, rows), _safe_indexing(y, rows), **fit_params)
