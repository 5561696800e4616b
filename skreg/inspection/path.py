"""What a hyperparameter does to the net, value by value, under cross-validation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, indexable
from sklearn.utils.parallel import Parallel, delayed

from skreg._typing import ArrayLike, Estimator, MatrixLike, Scoring, Splits
from skreg.compat.sklearn import _safe_split
from skreg.inspection import measures


def regularization_path(
    estimator: Estimator,
    X: MatrixLike,
    y: ArrayLike,
    *,
    param_name: str,
    param_range: Iterable[Any],
    cv: Splits = None,
    scoring: Scoring = None,
    n_jobs: int | None = None,
) -> Bunch:
    """Scores, weights and smoothness against the values of a hyperparameter.

    Parameters
    ----------
    estimator : skreg estimator, or Pipeline that ends in one
        Is cloned for every fit.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    param_name : str
        Name of the hyperparameter, "mlpregressor__alpha" in a pipeline.
    param_range : array-like of shape (n_values,)
        Its values.
    cv : int, splitter or iterable, default=None
        As in `sklearn.model_selection.validation_curve`.
    scoring : str or callable, default=None
        As there; None is the estimator's `score`.
    n_jobs : int, default=None
        As there.

    Returns
    -------
    path : Bunch
        `param_range` as given, and arrays that begin with (n_values, n_splits): `train_scores`,
        `test_scores`, `train_loss`, `validation_loss`, `gap`, `input_gradient` and `sharpness`;
        `weight_norms` and `zero_weights` with a last axis of layers, `active_units` with one of
        hidden layers. Input gradient, sharpness and units are those on the training rows.

    Raises
    ------
    TypeError
        For an estimator that is none of skreg's.
    ValueError
        For a `param_name` that the estimator does not have, or rows, targets or values that its
        `fit` does not take.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import MLPRegressor
    >>> from skreg.inspection import regularization_path
    >>> net = MLPRegressor(random_state=0, max_iter=20)
    >>> X, y = load_diabetes(return_X_y=True)
    >>> path = regularization_path(net, X, y, param_name="alpha", param_range=[0.01, 1.0], cv=3)
    >>> path.test_scores.shape, path.weight_norms.shape
    ((2, 3), (2, 3, 2))
    """
    X, y = indexable(X, y)
    splits = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y))
    scorer = check_scoring(estimator, scoring=scoring)
    rows = Parallel(n_jobs=n_jobs)(
        delayed(_look)(
            clone(estimator), {param_name: clone(value, safe=False)}, X, y, split, scorer
        )
        for value in param_range
        for split in splits
    )
    shape = len(rows) // len(splits), len(splits)
    arrays = {
        name: np.array([row[name] for row in rows]).reshape(*shape, *np.shape(rows[0][name]))
        for name in rows[0]
    }
    return Bunch(param_range=param_range, **arrays)


def _look(estimator, setting, X, y, split, scorer):
    """Fit on one side of a split and measure."""
    train, test = split
    X_train, y_train = _safe_split(estimator, X, y, train)
    X_test, y_test = _safe_split(estimator, X, y, test, train)
    estimator.set_params(**setting).fit(X_train, y_train)
    gap = measures.generalization_gap(estimator, X_train, y_train, X_test, y_test)
    return {
        "train_scores": scorer(estimator, X_train, y_train),
        "test_scores": scorer(estimator, X_test, y_test),
        **gap,
        "input_gradient": measures.mean_squared_input_gradient(estimator, X_train),
        "sharpness": measures.sharpness(estimator, X_train, y_train),
        "weight_norms": measures.weight_norms(estimator),
        "zero_weights": measures.zero_weights(estimator),
        "active_units": measures.active_units(estimator, X_train),
    }
