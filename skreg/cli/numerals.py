"""Texts that are numbers: decimal marks, thousands, and what stands for a missing value."""

import re

GAPS = {
    *("", "?", "-", "--", ".", "..", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "null", "none"),
    *("nil", "missing", "<na>", "nd"),
}
"""Texts that are missing values where they stand among numbers, in lower case."""

_SAMPLE = 2000  # rows that the decimal mark is found in
_SPACES = "[\u00a0\u202f\u2009]"


def is_gap(texts):
    """Which texts of a column of numbers are missing values."""
    return texts.str.lower().isin(GAPS)


def is_typed(column):
    """Whether a column holds numbers, and no texts."""
    return column.dtype.kind in "iufb"


def as_numbers(texts, decimal=".", thousands=None):
    """Numbers that texts stand for, NaN where one stands for none: a Series of floats."""
    import pandas as pd

    if decimal == "." and thousands is None:
        return pd.to_numeric(texts, errors="coerce").astype(float)
    whole = r"\d+"
    if thousands is not None:
        texts = texts.str.replace(_SPACES, " ", regex=True) if thousands == " " else texts
        mark = re.escape(thousands)
        whole = rf"(?:[1-9]\d{{0,2}}(?:{mark}\d{{3}})+|\d+)"
    fits = texts.str.fullmatch(
        rf"[+-]?(?:{whole}(?:{re.escape(decimal)}\d*)?|{re.escape(decimal)}\d+)(?:[eE][+-]?\d+)?"
    )
    if thousands is not None:
        texts = texts.str.replace(thousands, "", regex=False)
    texts = texts.str.replace(decimal, ".", regex=False)
    return pd.to_numeric(texts.where(fits.astype(bool)), errors="coerce").astype(float)


def convention(frame, given, likely=None):
    """Decimal mark and thousands separator by which most columns of texts are numbers.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns to look at; those of numbers already are left aside.
    given : Format
        With `separator`, and `decimal` and `thousands` where the user says them.
    likely : tuple of (str, str or None), default=None
        The first of equals.

    Returns
    -------
    decimal : str
    thousands : str or None
    """
    candidates = [
        (decimal, thousands)
        for decimal, thousands in _candidates(given.separator, likely)
        if given.decimal in (None, decimal) and given.thousands in (None, thousands)
    ]
    candidates = candidates or [(given.decimal or ".", given.thousands)]
    columns = [frame.iloc[:_SAMPLE, j] for j in range(frame.shape[1])]
    columns = [texts[~is_gap(texts)] for texts in columns if not is_typed(texts)]
    columns = [t for t in columns if len(t) and t.str.match(r"[+-]?[.,]?\d").mean() > 0.5]
    scores = [_score(columns, *candidate) for candidate in candidates]
    return candidates[scores.index(max(scores))]


def _candidates(separator, likely):
    english, european = [(".", None), (".", ",")], [(",", None)]
    # where commas separate columns, one in a number most likely separates thousands
    first = [*english, *european] if separator == "," else [english[0], *european, english[1]]
    pairs = [*first, (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")]
    return pairs if likely is None else [tuple(likely), *(p for p in pairs if p != tuple(likely))]


def _score(columns, decimal, thousands):
    """Columns that are numbers throughout, then values that are."""
    found = [as_numbers(texts, decimal, thousands).notna() for texts in columns]
    return sum(f.all() for f in found), sum(f.sum() for f in found)
