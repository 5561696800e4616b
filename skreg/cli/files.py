"""A user's file as a table of texts: encoding, compression and separator are found out and told."""

import bz2
import csv
import gzip
import io
import lzma
import warnings
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace

from skreg.cli.errors import MissingPackage, UserError
from skreg.cli.numerals import convention

_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_MARKS = (  # byte order marks, the longer ones first
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATORS = "\t;|,"  # of equals the first: a comma stands in numbers and texts as well
_SAMPLE = 100_000  # characters that the separator is found in
_BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error)


@dataclass(frozen=True)
class Format:
    """How a file is written; None is what is to be found out."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None

    @property
    def is_plain(self):
        """Whether it is written as Python writes."""
        return self == Format("utf-8", ",", ".")

    def describe(self):
        """In words, as "latin-1: separator ';', decimal ','"."""
        names = {"\t": "tab"}
        parts = [f"decimal {self.decimal!r}"]
        if self.separator is not None:
            shown = names.get(self.separator, repr(self.separator))
            parts.insert(0, f"separator {shown}")
        if self.thousands is not None:
            parts.append(f"thousands {self.thousands!r}")
        return f"{self.encoding}: {', '.join(parts)}"


def read(path, given, numbers=None, likely=None):
    """A table as it stands in a file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, compressed or not, Excel or Parquet.
    given : Format
        What the user says of it.
    numbers : list of str, default=None
        Columns that are known to hold numbers; None is not known.
    likely : tuple of (str, str or None), default=None
        Decimal mark and thousands separator where several can be meant.

    Returns
    -------
    frame : pandas.DataFrame
        Texts without white space around; numbers and bools where the file has them as such.
    found : Format

    Raises
    ------
    UserError
        Where it is no such file.
    """
    if not path.exists():
        raise UserError(f"no such file: {path}")
    if path.is_dir():
        raise UserError(f"{path} is a directory; name a CSV file.")
    content = _content(path)
    if content[:4] == b"PAR1":
        frame, found = _parquet(content, path), replace(given, encoding="parquet", separator=None)
    elif content[:4] == b"PK\x03\x04":
        frame, found = _excel(content, path), replace(given, encoding="excel", separator=None)
    else:
        frame, found = _text_table(content, path, given)
    _check_names(frame, path)
    known = frame if numbers is None else frame[[n for n in numbers if n in frame.columns]]
    decimal, thousands = convention(known, found, likely)
    return frame, replace(found, decimal=decimal, thousands=thousands)


def _content(path):
    try:
        with open(path, "rb") as file:
            head = file.read(8)
        for magic, opener in _OPENERS.items():
            if head.startswith(magic):
                with opener(path, "rb") as file:
                    return file.read()
        return path.read_bytes()
    except _BROKEN as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def _text_table(content, path, given):
    text, encoding = _decoded(content, path, given.encoding)
    if not text.strip():
        raise UserError(f"{path} is empty; a header line and rows are needed.")
    first = text[:6].rstrip("\r\n")
    if given.separator is None and len(first) == 5 and first.startswith("sep="):  # Excel's hint
        given, text = replace(given, separator=first[4]), text[5:].lstrip("\r\n")
    rows = {sep: _sample_rows(text, sep) for sep in given.separator or _SEPARATORS}
    separator = given.separator or _separator(rows)
    found = replace(given, encoding=encoding, separator=separator)
    return _parsed(text, path, found, rows[separator]), found


def _decoded(content, path, encoding):
    """Text and the name of its encoding."""
    tried = [encoding] if encoding else _encodings(content)
    for name in tried:
        try:
            text = content.decode(name)
        except (UnicodeDecodeError, UnicodeError, LookupError) as error:
            reason = error
            continue
        if "\0" in text:
            reason = "it holds bytes that no text has"
            continue
        plain = name == "cp1252" and not any(0x80 <= byte < 0xA0 for byte in content)
        return text, {"utf-8-sig": "utf-8"}.get(name, "latin-1" if plain else name)
    raise UserError(
        f"{path} cannot be read as CSV ({', '.join(tried)}): {reason}. If it is a CSV file, name "
        "its encoding by --encoding."
    )


def _encodings(content):
    for mark, name in _MARKS:
        if content.startswith(mark):
            return [name]
    start = content[:4096]
    if start.count(0) > len(start) // 4:  # every other byte of Latin letters in UTF-16
        return ["utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"]
    return ["utf-8", "cp1252", "latin-1"]


def _sample_rows(text, separator):
    """Fields of the first rows, the header's among them."""
    sample = io.StringIO(text[:_SAMPLE], newline="")
    rows = []
    with suppress(csv.Error):
        rows.extend(csv.reader(sample, delimiter=separator))
    rows = rows[:-1] if len(text) > _SAMPLE else rows  # the last one is cut off
    return [row for row in rows if row]


def _separator(rows_by_separator):
    """The separator by which most rows have as many fields as the header, and more than one."""
    shares = {}
    for separator, rows in rows_by_separator.items():
        width = len(rows[0]) if rows else 0
        alike = [len(row) in (width, width + (row[-1] == "")) for row in rows]
        shares[separator] = sum(alike) / len(alike) if width > 1 else 0
    best = max(shares, key=shares.get)
    return best if shares[best] > 0 else ","


def _parsed(text, path, found, rows):
    import pandas as pd

    trailing = len(rows) > 1 and all(len(r) == len(rows[0]) + 1 and not r[-1] for r in rows[1:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text, newline=""),
                sep=found.separator,
                header=None,
                names=range(len(rows[0]) + 1) if trailing else None,
                dtype=str,
                na_filter=False,
                low_memory=False,
            )
    except (ValueError, EOFError, pd.errors.ParserWarning) as error:
        raise UserError(
            f"{path} cannot be read as CSV ({found.encoding}, --separator "
            f"{found.separator!r}): {error}"
        ) from error
    return _under_header(frame.iloc[:, : len(rows[0])] if trailing else frame)


def _under_header(frame):
    """The rows under the first one, whose values are the names."""
    import pandas as pd

    frame = frame.fillna("").astype(str)
    names = [str(name).strip() for name in frame.iloc[0]]
    columns = [frame.iloc[1:, j].str.strip() for j in range(frame.shape[1])]
    frame = pd.concat(columns, axis=1) if columns else frame.iloc[1:]
    frame.columns = names
    return frame.reset_index(drop=True)


def _excel(content, path):
    import pandas as pd

    archive = io.BytesIO(content)
    if not zipfile.is_zipfile(archive):
        raise UserError(f"{path} is neither a CSV file nor a whole Excel or ZIP file.")
    if "xl/workbook.xml" not in zipfile.ZipFile(archive).namelist():
        raise UserError(f"{path} is a ZIP file; unpack it, and name the CSV file.")
    try:
        frame = pd.read_excel(io.BytesIO(content), header=None, dtype=str, na_filter=False)
    except ImportError as error:
        raise _needs("openpyxl", path, error) from error
    if frame.empty:
        raise UserError(f"{path} is empty; a header line and rows are needed.")
    return _under_header(frame)


def _parquet(content, path):
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(content)).reset_index(drop=True)
    except ImportError as error:
        raise _needs("pyarrow", path, error) from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path} cannot be read as Parquet: {error}") from error
    frame.columns = [str(name) for name in frame.columns]
    return frame.apply(_as_texts)


def _as_texts(column):
    """A column as it is where it has numbers or bools, else its values as texts."""
    from pandas.api import types

    if types.is_bool_dtype(column.dtype):
        return column.astype(object).where(column.notna(), "").astype(str)
    if types.is_numeric_dtype(column.dtype):
        return column.astype(float) if column.isna().any() else column
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _needs(package, path, error):
    return MissingPackage(
        f"{package} is needed to read {path} and cannot be imported ({error}). "
        f"Install it with: pip install {package}"
    )


def _check_names(frame, path):
    names = list(frame.columns)
    for name in names:
        if name and names.count(name) > 1:
            places = " and ".join(str(i) for i, other in enumerate(names, 1) if other == name)
            raise UserError(
                f"{path} names several columns {name!r} (columns {places}): rename or remove all "
                "but one."
            )
