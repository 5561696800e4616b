"""The rows of the table of scores: what each method reached, over splits or over folds."""

from dataclasses import dataclass

import numpy as np

from skreg.cli.methods import PLAIN


@dataclass(frozen=True)
class Row:
    """One method's scores; every `_se` is the standard error of the entry before it."""

    method: str
    is_ours: bool
    chosen: str
    train: float
    cv: float
    cv_se: float
    gain: float
    gain_se: float
    test: float
    test_se: float
    fits: int
    seconds: float
    one_fit_seconds: float


def rows_of(results_by_split):
    """Rows of the table.

    Parameters
    ----------
    results_by_split : list of list of Result
        For each split the results of all methods, in the same order.

    Returns
    -------
    rows : list of Row
        Means over the splits. `gain` is the gain over no regularization, paired: of the test
        scores of each split, or of the validation scores of each fold where there is one split.
    """
    by_method = list(zip(*results_by_split, strict=True))
    plain = next(runs for runs in by_method if runs[0].method.name == PLAIN)
    return [_row(runs, plain) for runs in by_method]


def _row(runs, plain):
    test, cv = _test_scores(runs), _fold_scores(runs)
    paired = _test_scores if len(runs) > 1 else _fold_scores
    gain = paired(runs) - paired(plain)
    return Row(
        method=runs[0].method.name,
        is_ours=runs[0].method.is_ours,
        chosen=_chosen([run.chosen for run in runs]),
        train=np.mean([run.train for run in runs]),
        cv=cv.mean(),
        cv_se=_standard_error(cv),
        gain=gain.mean(),
        gain_se=_standard_error(gain),
        test=test.mean(),
        test_se=_standard_error(test),
        fits=runs[0].n_fits,
        seconds=np.mean([run.seconds for run in runs]),
        one_fit_seconds=np.mean([run.search.refit_time_ for run in runs]),
    )


def _test_scores(runs):
    return np.array([run.test for run in runs])


def _fold_scores(runs):
    return np.mean([run.fold_scores for run in runs], axis=0)


def _standard_error(samples):
    return samples.std(ddof=1) / np.sqrt(len(samples)) if len(samples) > 1 else np.nan


def _chosen(choices):
    """As "0.1" where all splits chose the same, else as "0.1 to 0.3"."""
    texts = []
    for name in choices[0]:
        values = [choice[name] for choice in choices]
        low, high = min(values), max(values)
        texts.append(f"{low:g}" if low == high else f"{low:g} to {high:g}")
    return ", ".join(texts)
