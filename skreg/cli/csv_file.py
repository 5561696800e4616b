"""A user's file for supervised learning: columns by kind, target and task; mistakes in one line."""

import difflib
from dataclasses import dataclass, field

from skreg.cli.columns import kind_given, kind_of
from skreg.cli.errors import UserError
from skreg.cli.files import read
from skreg.cli.numerals import as_numbers, is_gap, is_typed
from skreg.cli.reader import TableReader
from skreg.cli.target import Target, classes_called_missing, target_of, values_of

_MIN_ROWS = 20


@dataclass
class Table:
    """A file's usable rows: a DataFrame `X`, what reads its like, the target, and remarks."""

    X: object
    target: Target
    reader: TableReader
    format: object
    remarks: list = field(default_factory=list)

    @property
    def counts(self):
        """Columns of each kind."""
        kinds = list(self.reader.kinds.values())
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def load(path, target, task, given, kinds=None):
    """Read a file for supervised learning.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    target : str
        Name of the column to predict.
    task : {"auto", "regression", "classification"}
        What to do with it.
    given : Format
        What the user says of the file.
    kinds : dict, default=None
        What the user says that columns hold.

    Returns
    -------
    table : Table
        Rows that have a target, columns that are of use.

    Raises
    ------
    UserError
        Where the file or the target cannot serve.
    """
    frame, found = read(path, given)
    for name in (target, *(kinds or {})):
        if name not in frame.columns:
            raise missing_column(frame, name, path, found)
    remarks = []
    y = values_of(frame[target], found)
    frame, y = _rows_with_target(frame, y, target, remarks)
    if len(frame) < _MIN_ROWS:
        raise UserError(
            f"{path} has {len(frame)} rows with a value of {target!r}; at least {_MIN_ROWS} are "
            "needed."
        )
    remarks += classes_called_missing(y, target)
    X, text_y = frame.drop(columns=target), frame[target]
    reader = _reader(X, found, kinds or {}, remarks)
    if not reader.kinds:
        told = "".join(f" ({remark})" for remark in remarks)
        raise UserError(f"{path} has no column of use besides the target {target!r}{told}.")
    _check_copies(X[list(reader.kinds)], text_y, target, found)
    try:
        X = reader.fit(X).transform(X)
    except ValueError as error:
        raise UserError(str(error)) from error
    return Table(X, target_of(y, task), reader, found, remarks)


def missing_column(frame, wanted, path, found):
    """The error for a column that a file should have and has not."""
    names = [str(name) for name in frame.columns]
    if len(names) == 1:
        return UserError(
            f"{path} has no column {wanted!r}: its only column is {names[0]!r}. "
            f"It was read as {found.describe()}; if that is wrong, say --separator."
        )
    return UserError(f"{path} has no column {wanted!r}. {_closest(wanted, names)}")


def _closest(wanted, names):
    """A sentence with the names that `wanted` may have been meant for, or with the first ten."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wanted.lower(), by_lower, n=3, cutoff=0.5)
    shown = [by_lower[name] for name in close] or names[:10]
    rest = "" if close or len(names) <= 10 else f" and {len(names) - 10} more"
    what = "Closest" if close else "Its columns"
    return f"{what}: {', '.join(map(repr, shown))}{rest}."


def _rows_with_target(frame, y, target, remarks):
    has_value = y.notna()
    if not has_value.all():
        texts = sorted({str(v) for v in frame[target][~has_value]} - {"", "nan"})
        named = f" ({', '.join(map(repr, texts))} taken for a missing value)" if texts else ""
        remarks.append(f"left out {(~has_value).sum()} rows without a value of {target!r}{named}")
    return frame[has_value].reset_index(drop=True), y[has_value].reset_index(drop=True)


def _reader(X, found, given, remarks):
    """What reads the columns that are of use; remarks on what is not plain."""
    kinds, formats, told = {}, {}, {}
    for j, name in enumerate(X.columns):
        if not name or name.startswith("Unnamed: "):  # row numbers that DataFrame.to_csv writes
            told.setdefault(("out", "without a name in the header"), []).append(f"column {j + 1}")
            continue
        if name in given:
            kind = kind_given(X[name], name, given[name])
        else:
            kind = kind_of(X[name], name, found)
        if kind.why is not None or kind.name == "out":
            why = kind.why or "--column"
            why += f"; {kind.remedy.format(name=name)}" if kind.remedy else ""
            told.setdefault((kind.name, why), []).append(repr(name))
        if kind.name != "out":
            kinds[name] = kind.name
            formats.update({name: kind.date_format} if kind.date_format else {})
    remarks += [_remark(kind, why, names) for (kind, why), names in told.items()]
    forced = tuple(name for name, kind in given.items() if kind == "number")
    return TableReader(kinds, formats, found.decimal, found.thousands, forced)


def _remark(kind, why, names):
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    if kind == "out":
        return f"left out {listed}: {why}"
    plural = {"category": "categories", "boolean": "true and false"}.get(kind, f"{kind}s")
    return f"{listed} read as {plural}: {why}"


def _check_copies(X, target_texts, target, found):
    """Raise where a column is the target once more, which would tell the answer."""

    def values(column):
        numbers = (
            column.astype(float)
            if is_typed(column)
            else as_numbers(column, found.decimal, found.thousands)
        )
        gaps = column.isna() if is_typed(column) else is_gap(column)
        return numbers if numbers[~gaps].notna().all() else column.astype(str)

    y = values(target_texts)
    for name in X.columns:
        x = values(X[name])
        if x.dtype == y.dtype and x.equals(y):
            raise UserError(
                f"column {name!r} is a copy of the target {target!r}, which would tell the answer: "
                f"leave it out with --column {name}=out."
            )
