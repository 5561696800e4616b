"""The table of scores: what each method reached, over splits or over folds."""

from dataclasses import dataclass

import numpy as np

from skreg.cli.methods import PLAIN


@dataclass(frozen=True)
class Row:
    """A method's line of the table; `se` is the standard error of the entry before it."""

    method: str
    chosen: str
    train: float
    cv: float
    cv_se: float
    test: float
    test_se: float
    gain: float
    gain_se: float
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
        Means over the splits. `gain` is paired: of the test scores over the splits, or of the
        validation scores over the folds where there is one split only.
    """
    plain = next(runs for runs in zip(*results_by_split, strict=True) if _name(runs) == PLAIN)
    return [_row(runs, plain) for runs in zip(*results_by_split, strict=True)]


def _name(runs):
    return runs[0].method.name


def _row(runs, plain):
    cv = _samples(runs, "cv")
    test = np.array([run.test for run in runs])
    unit = "test" if len(runs) > 1 else "cv"
    gain = _samples(runs, unit) - _samples(plain, unit)
    return Row(
        method=_name(runs),
        chosen=_chosen([run.chosen for run in runs]),
        train=np.mean([run.train for run in runs]),
        cv=cv.mean(),
        cv_se=_standard_error(cv),
        test=test.mean(),
        test_se=_standard_error(test),
        gain=gain.mean(),
        gain_se=_standard_error(gain),
        fits=runs[0].n_fits,
        seconds=np.mean([run.seconds for run in runs]),
        one_fit_seconds=np.mean([run.search.refit_time_ for run in runs]),
    )


def _samples(runs, unit):
    if unit == "test":
        return np.array([run.test for run in runs])
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


def text_of(rows, score):
    """The table as text; scores over splits, or over folds where there is one split only.

    Parameters
    ----------
    rows : list of Row
        From `rows_of`.
    score : str
        Name of the score.

    Returns
    -------
    text : str
        A line of headings and a line per row.
    """
    many = np.isfinite(rows[0].test_se)
    scores = _scores_over_splits if many else _scores_over_folds
    lines = [
        [row.method, row.chosen, f"{row.train:.3f}", *scores(row).values(), *_times(row).values()]
        for row in rows
    ]
    heads = ["", "chosen", "train", *scores(rows[0]), *_times(rows[0])]
    heads = [head.replace("test", f"test {score}") if many else head for head in heads]
    return _aligned([heads, *lines])


def _scores_over_splits(row):
    return {"test": _pm(row.test, row.test_se), "gain": _gain(row)}


def _scores_over_folds(row):
    return {"folds": _pm(row.cv, row.cv_se), "gain": _gain(row), "test": f"{row.test:.3f}"}


def _times(row):
    return {
        "fits": str(row.fits),
        "seconds": f"{row.seconds:.2f}",
        "one fit": f"{row.one_fit_seconds:.3f}",
    }


def _gain(row):
    return "" if row.method == PLAIN else _pm(row.gain, row.gain_se, "+")


def _pm(mean, se, sign=""):
    return f"{mean:{sign}.3f} +- {se:.3f}"


def _aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(cells)]
        ).rstrip()
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    )


def verdict(rows):
    """Which of skreg's rows gained over no regularization by more than two standard errors."""
    ours = [row for row in rows if row.method != PLAIN and "scikit" not in row.method]
    return ours
