"""The rows of scores as text, and what they amount to."""

from skreg.cli.methods import PLAIN


def table_over_splits(rows, score):
    """The table where scores come from several splits: test scores with standard errors."""
    return _aligned(
        [
            {
                **_method(row),
                f"test {score}": _with_error(row.test, row.test_se),
                "gain": _gain(row),
                **_times(row),
            }
            for row in rows
        ]
    )


def table_over_folds(rows, score):
    """The table of one split, as text."""
    return _aligned(cells_over_folds(rows, score))


def cells_over_folds(rows, score):
    """The table of one split: validation scores with standard errors, and the one test score.

    Returns
    -------
    list of dict
        A row each: text by heading.
    """
    return [
        {
            **_method(row),
            f"folds {score}": _with_error(row.cv, row.cv_se),
            "gain": _gain(row),
            "test": f"{row.test:.3f}",
            **_times(row),
        }
        for row in rows
    ]


def verdict(rows):
    """What gained, lost, or did neither, by two standard errors; a line per outcome.

    Parameters
    ----------
    rows : list of Row
        From `rows_of`.

    Returns
    -------
    text : str
        A heading and one to three lines.
    """
    outcomes = {"better": [], "worse": [], "no clear difference": []}
    for row in rows:
        if row.is_ours and row.method != PLAIN:
            clear = abs(row.gain) > 2 * row.gain_se
            sign = "better" if row.gain > 0 else "worse"
            outcomes[sign if clear else "no clear difference"].append(row.method)
    lines = [f"  {what}: {', '.join(names)}" for what, names in outcomes.items() if names]
    return "\n".join(["Against no regularization, by more than 2 standard errors:", *lines])


def _method(row):
    return {"": row.method, "chosen": row.chosen, "train": f"{row.train:.3f}"}


def _times(row):
    return {
        "fits": str(row.fits),
        "seconds": f"{row.seconds:.2f}",
        "one fit": f"{row.one_fit_seconds:.3f}",
    }


def _gain(row):
    return "" if row.method == PLAIN else _with_error(row.gain, row.gain_se, "+")


def _with_error(mean, se, sign=""):
    return f"{mean:{sign}.3f} +- {se:.3f}"


def _aligned(lines):
    """Lines of cells under their headings; the first two columns flush left, the others right."""
    table = [list(lines[0]), *(list(line.values()) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(_line(cells, widths) for cells in table)


def _line(cells, widths):
    left = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(left + right)
