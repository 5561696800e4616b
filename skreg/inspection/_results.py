"""The table of a fitted search, cut down to some of its hyperparameters."""

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted


def searched(search, names):
    """Candidates of a search and the row of `cv_results_` that stands for each.

    Of candidates alike in `names`, which differ in other hyperparameters, the one with the best
    mean test score; of a candidate that a halving search came back to, its last row.

    Parameters
    ----------
    search : fitted search of scikit-learn's kind
        With `cv_results_`.
    names : list of str
        The hyperparameters to look at.

    Returns
    -------
    settings : list of tuple
        Their values, candidate by candidate.
    rows : ndarray of int of shape (n_candidates,)
        Into the arrays of `cv_results_`.

    Raises
    ------
    NotFittedError
        For a search that is not fitted.
    ValueError
        For a hyperparameter that was not searched.
    """
    check_is_fitted(search, "cv_results_")
    results = search.cv_results_
    known = [key.removeprefix("param_") for key in results if key.startswith("param_")]
    for name in names:
        if name not in known:
            raise ValueError(f"param_name={name!r} was not searched; the search has {known}.")
    last, mean = {}, results[f"mean_test_{metric_of(search)}"]
    for row, candidate in enumerate(results["params"]):
        last[repr(sorted(candidate.items(), key=lambda item: item[0]))] = row
    best = {}
    for row in last.values():
        candidate = results["params"][row]
        if any(name not in candidate for name in names):
            continue  # of a grid that leaves it alone
        setting = tuple(candidate[name] for name in names)
        key = tuple(repr(value) for value in setting)
        score = -np.inf if np.isnan(mean[row]) else mean[row]
        if key not in best or score > best[key][0]:
            best[key] = score, setting, row
    return [setting for _, setting, _ in best.values()], np.array([r for *_, r in best.values()])


def metric_of(search):
    """Name of the metric that the search chose by: "score" where there is one only."""
    if "mean_test_score" in search.cv_results_:
        return "score"
    if isinstance(search.refit, str):
        return search.refit
    ends = "mean_test_"
    return next(key.removeprefix(ends) for key in search.cv_results_ if key.startswith(ends))


def split_scores(search, side, rows):
    """Scores of each split, an array of shape (len(rows), n_splits).

    Parameters
    ----------
    search : fitted search
    side : {"train", "test"}
    rows : ndarray of int

    Raises
    ------
    ValueError
        For training scores that the search has not kept.
    """
    results, metric = search.cv_results_, metric_of(search)
    keys = [f"split{i}_{side}_{metric}" for i in range(len(results))]
    keys = [key for key in keys if key in results]
    if not keys:
        raise ValueError(
            "The search has no training scores (return_train_score=False): fit it again with "
            "return_train_score=True."
        )
    return np.column_stack([np.asarray(results[key], dtype=float)[rows] for key in keys])


def score_name(estimator, scoring):
    """What a score is called: of a search, or of an estimator and its `scoring`."""
    if isinstance(scoring, str):
        return scoring.replace("_", " ")
    if scoring is None:
        return "R2" if is_regressor(estimator) else "accuracy"
    return "score"


def searched_score(search):
    """What the score of a search is called."""
    metric = metric_of(search)
    if metric != "score":
        return metric.replace("_", " ")
    return score_name(search.estimator, search.scoring)
