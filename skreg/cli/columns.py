"""What a column of texts holds: numbers, categories, texts, dates, or nothing of use."""

import re
from dataclasses import dataclass

from skreg.cli.errors import UserError
from skreg.cli.numerals import as_numbers, is_gap, is_typed

KINDS = ("number", "category", "text", "date", "out")
"""What the user may say that a column holds."""

MAX_CATEGORIES = 40  # texts with as many values or more are encoded by their parts of words
_ID_NAME = re.compile(
    r"(?:^|[^a-z])(?:id|ids|uuid|guid|key|index|no|num)$|(?:nr|nummer)[.]?$", re.IGNORECASE
)
_ID_CASE = re.compile(r"[a-z](?:Id|ID)$")
_MIN_IDS = 20  # values that tell an id from a text
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{2}[-/.]\d{2}[-/.]\d{2})"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_DAYS = tuple(
    form.replace("-", mark)
    for mark in "-./"
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y")
)
_TIMES = ("", " %H:%M", " %H:%M:%S")
_DAY = "%Y%m%d"
FORMATS = ("ISO8601", *(day + time for day in _DAYS for time in _TIMES), _DAY)


@dataclass(frozen=True)
class Kind:
    """What a column holds; `why` where that is not plain, `remedy` where it may be wrong.

    `name` is one of `KINDS` or "boolean"; `date_format` that of a date.
    """

    name: str
    why: str | None = None
    remedy: str | None = None
    date_format: str | None = None


def kind_of(column, name, found):
    """What a column holds.

    Parameters
    ----------
    column : pandas.Series
        Texts, or numbers.
    name : str
        The column's.
    found : Format
        Of the file.

    Returns
    -------
    kind : Kind
    """
    if is_typed(column):
        return _kind_of_numbers(column, None, name)
    values = column[~is_gap(column)]
    if not len(values):
        return Kind("out", "it has no values")
    numbers = as_numbers(values, found.decimal, found.thousands)
    if numbers.notna().all():
        return _kind_of_numbers(numbers, values, name, _markers(column))
    if set(values.str.lower()) <= {"true", "false"}:
        return Kind("boolean", _markers(column))
    if (form := date_format(values)) is not None:
        return Kind("date", f"as {form}", date_format=form)
    return _kind_of_texts(column[column != ""], numbers)


def kind_given(column, name, given):
    """What the user says that a column holds; raises `UserError` where it cannot be."""
    if given != "date":
        return Kind(given)
    form = date_format(column[~is_gap(column)])
    if form is None:
        raise UserError(f"--column {name}=date: {column.iloc[0]!r} is in no format of dates known.")
    return Kind("date", date_format=form)


def date_format(values):
    """The format by which all texts are dates, None where there is none."""
    if not values.str.fullmatch(_DATE).all():
        return None
    return next((form for form in FORMATS if as_dates(values, form).notna().all()), None)


def as_dates(texts, form):
    """Dates that texts stand for in a format, missing where one stands for none."""
    import pandas as pd

    dates = pd.to_datetime(texts, format=form, errors="coerce", utc=True)
    return dates.dt.tz_localize(None)


def _markers(column):
    """In words, which texts were taken for gaps."""
    found = column[is_gap(column) & (column != "")]
    if not len(found):
        return None
    texts = ", ".join(repr(text) for text in sorted(set(found)))
    return f"{texts} ({len(found)} rows) taken for missing values"


def _kind_of_numbers(numbers, texts, name, markers=None):
    if texts is not None:
        if texts.str.fullmatch(r"0\d+").any():
            return _code(texts, "codes with leading zeros")
        if texts.str.fullmatch(r"[+-]?\d{16,}").any():
            return _code(texts, "digits beyond those of a number")
        if texts.str.fullmatch(r"(?:19|20)\d{6}").all() and as_dates(texts, _DAY).notna().all():
            return Kind("date", f"as {_DAY}", date_format=_DAY)
    known = numbers[numbers.notna()]
    whole = len(known) >= _MIN_IDS and bool((known % 1 == 0).all()) and known.is_unique
    if whole and (_ID_NAME.search(name) or _ID_CASE.search(name)):
        return Kind("out", "an id: each row has a number of its own")
    return Kind("number", markers)


def _code(texts, why):
    if _is_id(texts):
        return Kind("out", "an id: each row has a text of its own")
    return Kind("category" if texts.nunique() < MAX_CATEGORIES else "text", why)


def _is_id(texts):
    return len(texts) >= _MIN_IDS and texts.is_unique and not texts.str.contains(" ").any()


def _kind_of_texts(texts, numbers):
    if _is_id(texts) and numbers.notna().mean() < 0.5:
        return Kind("out", "an id: each row has a text of its own")
    kind = "category" if texts.nunique() < MAX_CATEGORIES else "text"
    if numbers.notna().mean() > 0.5:
        odd = texts[texts.index.isin(numbers.index[numbers.isna()])]
        return Kind(
            kind,
            f"numbers beside texts, as {odd.iloc[0]!r} ({len(odd)} rows)",
            "mend these rows, or have them left empty by --column {name}=number",
        )
    return Kind(kind, "texts of many values" if kind == "text" else None)
