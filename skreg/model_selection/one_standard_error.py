"""Choosing from a search: the one-standard-error rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from skreg._typing import Stronger


def one_standard_error(
    param: str, *, stronger: Stronger = "larger", metric: str = "score"
) -> Callable[..., Any]:
    """Choose the strongest regularization within one standard error of the best score.

    The rule of Breiman et al. (1984), "Classification and regression trees", section 3.4.3: of all
    candidates whose mean test score is at least the best one less its standard error
    (``std_test_score / sqrt(n_splits)``), take the one that regularizes most. Give it as `refit` to
    any search of scikit-learn.

    Parameters
    ----------
    param : str
        The parameter to go by, as the search names it: ``"mlpregressor__alpha"``.
    stronger : {"larger", "smaller"}, default="larger"
        Which values regularize more. Of equal values the better score is taken.
    metric : str, default="score"
        With several metrics in the search, the one to judge by.

    Returns
    -------
    callable
        Takes `cv_results_` and returns the index of the candidate; it can be pickled.

    Raises
    ------
    ValueError
        For another `stronger`; when called, for a parameter or metric that the search has not, for
        values that have no order, or when no candidate has a finite score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skreg import one_standard_error
    >>> X, y = load_diabetes(return_X_y=True)
    >>> rule = one_standard_error("alpha")
    >>> search = GridSearchCV(Ridge(), {"alpha": np.logspace(-3, 2, 6)}, refit=rule).fit(X, y)
    >>> float(search.best_params_["alpha"])
    0.1
    """
    if stronger not in ("larger", "smaller"):
        raise ValueError(f"stronger must be 'larger' or 'smaller', got {stronger!r}.")
    return partial(_choose, param=param, stronger=stronger, metric=metric)


def _choose(cv_results, *, param, stronger, metric):
    mean, error = _scores(cv_results, metric)
    strength = _strengths(cv_results, param)
    best = np.nanargmax(mean)
    near = np.flatnonzero((mean >= mean[best] - error[best]) & ~np.isnan(strength))
    if not near.size:
        return int(best)  # of those near the best none sets the parameter
    if stronger == "smaller":
        strength = -strength
    return int(max(near, key=lambda i: (strength[i], mean[i])))


def _scores(cv_results, metric):
    """Mean test score and its standard error, candidate by candidate."""
    name = f"mean_test_{metric}"
    if name not in cv_results:
        known = [key for key in cv_results if key.startswith("mean_test_")]
        raise ValueError(f"metric={metric!r} is not in the search, which has {known}.")
    mean = np.asarray(cv_results[name], dtype=float)
    if not np.isfinite(mean).any():
        raise ValueError(f"No candidate has a finite {name}: there is nothing to choose from.")
    ends = f"_test_{metric}"
    n_splits = sum(key.startswith("split") and key.endswith(ends) for key in cv_results)
    return mean, np.asarray(cv_results[f"std_test_{metric}"], dtype=float) / np.sqrt(n_splits)


def _strengths(cv_results, param):
    """The parameter's values as numbers."""
    if f"param_{param}" not in cv_results:
        known = [key.removeprefix("param_") for key in cv_results if key.startswith("param_")]
        raise ValueError(f"param={param!r} is not searched; the search has {known}.")
    values = np.ma.filled(np.ma.asarray(cv_results[f"param_{param}"], dtype=object), np.nan)
    try:
        return np.array([np.nan if v is None else float(v) for v in values])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"param={param!r} has values that are not numbers, {list(values)[:3]}: the rule needs "
            "an order of strengths."
        ) from error
