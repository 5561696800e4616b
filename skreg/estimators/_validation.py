"""The rows that early stopping watches: given, split off, or chosen by a splitter."""

from numbers import Real

import numpy as np
from scipy.sparse import issparse, vstack
from sklearn.utils import check_array

from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import _check_feature_names
from skreg.estimators import _rows

FIT_REQUESTS = {
    "groups": False,
    "X_val": True,
    "y_val": True,
    "sample_weight_val": True,
    "X_unlabeled": True,
}
"""Metadata routing by default: `groups` are the outer splitter's, the rest are a net's alone."""


def check_fit_arguments(estimator, X_val, y_val, sample_weight_val, groups):
    """The validation set given to `fit` as a tuple, or None; raises where its parts do not fit."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was passed to fit without {missing}: pass both or neither.")
    if X_val is None and sample_weight_val is not None:
        raise ValueError("sample_weight_val was passed to fit without X_val and y_val.")
    if X_val is not None and estimator.early_stopping == "refit":
        raise ValueError(
            "early_stopping='refit' holds rows out of X and then trains on all of them: pass no "
            "X_val, or set early_stopping=True."
        )
    if groups is not None and not takes_splitter(estimator):
        raise ValueError(
            "groups are for a splitter: set early_stopping=True and validation_fraction to one "
            f"(GroupShuffleSplit(1)); it is {estimator.validation_fraction!r}."
        )
    return None if X_val is None else (X_val, y_val, sample_weight_val)


def takes_splitter(estimator):
    """Whether a splitter chooses the rows that are held out."""
    return bool(estimator.early_stopping) and not isinstance(estimator.validation_fraction, Real)


def given_rows(estimator, validation, target):
    """The validation set given to `fit`, checked: X, codes and weight."""
    X, y, sample_weight = validation
    X = columns_of(estimator, X, "X_val")
    y = estimator._check_y(y, "y_val")
    if len(y) != X.shape[0]:
        raise ValueError(f"X_val has {X.shape[0]} rows, but y_val has {len(y)}.")
    weight = _rows.check_weights(sample_weight, X, "sample_weight_val")
    X, y, weight = _rows.drop_weightless(X, y, weight)
    return X, target.codes(y, "y_val"), weight


def columns_of(estimator, X, name, **settings):
    """Rows given to `fit` beside X, checked to have its columns."""
    check_no_grad(**{name: X})
    X = estimator._as_rows(X, name)
    _check_feature_names(estimator, X, reset=False)
    kind = {"dtype": estimator._compute_dtype(), "order": "C", "accept_sparse": "csr"}
    with np.errstate(over="ignore"):  # what overflows in the cast is refused right after
        X = check_array(X, **kind, input_name=name, **settings)
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"{name} has {X.shape[1]} features, but X has {estimator.n_features_in_}: give both "
            "the same columns."
        )
    return X


def unlabeled_rows(estimator, X_unlabeled, n_rows):
    """The unlabelled rows given to `fit`, checked, as one array or CSR matrix; None for none.

    Parameters
    ----------
    estimator : estimator that has seen X
    X_unlabeled : {array-like, sparse matrix}, tuple of such, or None
    n_rows : int
        Rows of X. An array with as many may have been cut along with X by a search.

    Raises
    ------
    ValueError
        For an array with as many rows as X that stands in no tuple, or with other columns.
    """
    if X_unlabeled is None:
        return None
    parts = X_unlabeled if isinstance(X_unlabeled, tuple) else (X_unlabeled,)
    parts = [columns_of(estimator, X, "X_unlabeled", ensure_min_samples=0) for X in parts]
    if not isinstance(X_unlabeled, tuple) and parts[0].shape[0] == n_rows:
        raise ValueError(
            f"X_unlabeled has {n_rows} rows, exactly as many as X: a search or an ensemble of "
            "scikit-learn's takes it for an array that goes with X and cuts it into the same "
            "folds, as may have happened here. Give it as a tuple, X_unlabeled=(X_unlabeled,), "
            "which is never cut."
        )
    parts = [X for X in parts if X.shape[0]]
    if not parts:
        return None
    return vstack(parts, format="csr") if any(map(issparse, parts)) else np.concatenate(parts)


def split_off(rows, fraction, target, random_state):
    """Training and validation rows, each X, codes and weight: a share of the distinct rows."""
    X, codes, weight = rows
    sides = _rows.split(X, codes, fraction, target.strata(codes), random_state)
    return tuple((X[i], codes[i], weight[i]) for i in sides)


def split_by(splitter, X, y, weight, groups):
    """Training and validation rows, each X, y and weight: the splitter's last split.

    Raises
    ------
    ValueError
        Where a side has no rows, or the splitter no split.
    """
    if groups is None and _needs_groups(splitter):
        raise ValueError(
            f"validation_fraction={splitter!r} splits by groups, but fit was given none: pass "
            "groups=, under metadata routing with set_fit_request(groups=True) of the net."
        )
    sides = None
    for sides in splitter.split(X, y, groups):  # noqa: B007 - the last one is wanted
        pass
    if sides is None or not all(weight[side].any() for side in sides):
        raise ValueError(
            f"validation_fraction={splitter!r} leaves no rows to train on or to validate with, of "
            f"{X.shape[0]}."
        )
    train, validation = ((X[side], y[side], weight[side]) for side in sides)
    return train, _rows.drop_weightless(*validation)


def _needs_groups(splitter):
    """Whether a splitter of scikit-learn's cannot do without groups."""
    if not hasattr(splitter, "get_metadata_routing"):
        return False
    return splitter.get_metadata_routing().split.requests.get("groups") is True
