"""DataFrames that hypothesis draws: columns of all dtypes, and rows of the same columns later."""

import datetime
import decimal
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

N = 48
ZONE = "Europe/Berlin"
NAMES = "size", "Größe in m²", "a b", "0", "x__y", 'say "so"', "line\nbreak", "$x_1$"


def integers(rng, n):
    return rng.integers(0, 6, n).tolist()


def floats(rng, n):
    return rng.normal(size=n).tolist()


def bools(rng, n):
    return [bool(i) for i in rng.integers(0, 2, n)]


def decimals(rng, n):
    return [decimal.Decimal(int(i)).scaleb(-2) for i in rng.integers(0, 10**6, n)]


def words(rng, n):
    return rng.choice(["u", "Ärger", "NA", "x y", "1"], n).tolist()


def sentences(rng, n):
    return [f"house {i} by the lake, \n {j}" for i, j in rng.integers(0, 10**6, (n, 2))]


def moments(rng, n):
    start = datetime.datetime(1999, 12, 31, 22, 30)
    return [start + datetime.timedelta(minutes=int(i)) for i in rng.integers(0, 10**7, n)]


def days(rng, n):
    return [moment.date() for moment in moments(rng, n)]


def times(rng, n):
    return [moment.time() for moment in moments(rng, n)]


def spans(rng, n):
    return [datetime.timedelta(seconds=int(i)) for i in rng.integers(0, 10**6, n)]


def written_days(rng, n):
    return [day.isoformat() for day in days(rng, n)]


def written_numbers(rng, n):
    return [repr(number) for number in floats(rng, n)]


def written_codes(rng, n):
    return [f"00{i}" for i in integers(rng, n)]


def objects(rng, n):
    return [[1, "a", 2.5, True][i] for i in rng.integers(0, 4, n)]


def lists(rng, n):
    return [[i] for i in integers(rng, n)]


def raw_bytes(rng, n):
    return [b"a"] * n


def beyond(rng, n):
    return [np.inf, *floats(rng, n - 1)]


ARROW = {
    "text": pd.ArrowDtype(pa.string()),
    "words": pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())),
    "aware": pd.ArrowDtype(pa.timestamp("us", ZONE)),
    "decimal": pd.ArrowDtype(pa.decimal128(10, 2)),
    "lists": pd.ArrowDtype(pa.list_(pa.int64())),
    "bytes": pd.ArrowDtype(pa.binary()),
}
TEXT = ["str", object, "string[python]", "string[pyarrow]", ARROW["text"]]
TEXT_OF_POLARS = [pl.String, pl.Object]
DTYPES = {  # of each kind of values: those of pandas, those of polars
    integers: (
        ["int64", "int8", "uint64", "float32", "Int16", "Float64", object, "int64[pyarrow]"],
        [pl.Int64, pl.Int8, pl.UInt32, pl.Float32, pl.Int128, pl.Object],
    ),
    floats: (
        ["float64", "float16", "Float32", object, "double[pyarrow]", "Sparse[float]"],
        [pl.Float64, pl.Float32, pl.Object],
    ),
    bools: (["bool", "boolean", object, "bool[pyarrow]"], [pl.Boolean, pl.Object]),
    decimals: ([object, ARROW["decimal"]], [pl.Decimal(12, 2)]),
    words: (
        [*TEXT, "category", ARROW["words"]],
        [*TEXT_OF_POLARS, pl.Categorical, pl.Enum(["new", "u", "Ärger", "NA", "x y", "1"])],
    ),
    sentences: ([*TEXT, "category"], [*TEXT_OF_POLARS, pl.Categorical]),
    written_days: (TEXT, TEXT_OF_POLARS),
    written_numbers: (TEXT, TEXT_OF_POLARS),
    written_codes: ([*TEXT, "category"], [*TEXT_OF_POLARS, pl.Categorical]),
    objects: ([object, "category"], [pl.Object]),
    moments: (
        ["datetime64[ns]", "datetime64[s]", f"datetime64[ns, {ZONE}]", object, ARROW["aware"]],
        [pl.Datetime("us"), pl.Datetime("ns", "UTC"), pl.Datetime("ms", ZONE), pl.Object],
    ),
    days: (["datetime64[us]", "date32[day][pyarrow]", object, "period[D]"], [pl.Date, pl.Object]),
    times: ([object, "time64[us][pyarrow]"], [pl.Time]),
    spans: (["timedelta64[ns]", object, "duration[ns][pyarrow]"], [pl.Duration]),
    lists: ([object, ARROW["lists"]], [pl.List(pl.Int64), pl.Object]),
    raw_bytes: ([object, ARROW["bytes"]], [pl.Binary]),
    beyond: (["float64", object, "double[pyarrow]"], [pl.Float64, pl.Object]),
}
REFUSED = lists, raw_bytes, beyond
TAKEN = [kind for kind in DTYPES if kind not in REFUSED]
TEXTS = words, sentences, objects  # whose values may be others later
CHANGES = "same", "gaps", "no values", "None", "NaN", "other dtype", "unseen"
FAULTS = "other kind", "absent"
INDICES = {
    "range": lambda n: pd.RangeIndex(n),
    "far": lambda n: pd.Index(range(10**6, 10**6 + 3 * n, 3)),
    "equal": lambda n: pd.Index([7] * n),
    "texts": lambda n: pd.Index([f"row {i}" for i in range(n)]),
    "dates": lambda n: pd.date_range("2020-01-01", periods=n),
    "levels": lambda n: pd.MultiIndex.from_product([["a"], range(n)]),
}


@dataclass
class Column:
    """A column of a table: which values it holds, and in which dtype."""

    name: str
    values: object
    dtype: object
    gaps: float

    def series(self, library, rng, n):
        """Values of it."""
        found = self.values(rng, n)
        gaps = rng.random(n) < self.gaps
        found = [None if gap else value for gap, value in zip(gaps, found, strict=True)]
        return series(library, self.name, found, self.dtype)

    def later(self, library, rng, n, change, other):
        """Values of it in other rows, with a change; None where it is not there."""
        if change == "absent":
            return None
        if change in ("other kind", "other dtype"):
            return Column(self.name, other.values, other.dtype, 0.0).series(library, rng, n)
        if change == "None":
            return series(library, self.name, [None] * n, object if library == "pandas" else None)
        if change == "NaN":
            empty = "float64" if library == "pandas" else pl.Float64
            return series(library, self.name, [np.nan] * n, empty)
        if change == "no values":
            return series(library, self.name, [None] * n, self.dtype)
        if change == "unseen" and self.values in TEXTS:
            return series(library, self.name, ["new"] * n, self.dtype)
        gaps = 0.5 if change == "gaps" else 0.0
        return Column(self.name, self.values, self.dtype, gaps).series(library, rng, n)


@dataclass
class Table:
    """A table of training rows, and rows for the model that is fitted on it."""

    library: str
    columns: list
    frame: object
    rows: object
    changes: dict

    @property
    def refused(self):
        """Names of columns that no model takes."""
        return [column.name for column in self.columns if column.values in REFUSED]

    @property
    def faults(self):
        """Names of columns that are something else in the other rows."""
        return [name for name, change in self.changes.items() if change in FAULTS]


def series(library, name, values, dtype):
    """A column; where its dtype takes no gaps, as its library has it then."""
    if library == "polars":
        return pl.Series(name, values, dtype=dtype, strict=False)
    try:
        return pd.Series(values, dtype=dtype, name=name)
    except (TypeError, ValueError):
        return pd.Series(values, name=name)


def frame_of(library, columns, index):
    """Columns side by side."""
    if library == "polars":
        return pl.DataFrame(columns)
    frame = pd.DataFrame(dict(enumerate(columns))).set_axis([c.name for c in columns], axis=1)
    return frame.set_axis(INDICES[index](len(frame)), axis=0)


@st.composite
def tables(draw, libraries=("pandas", "polars"), kinds=tuple(DTYPES), changes=CHANGES + FAULTS):
    """Tables of one to four columns."""
    library = draw(st.sampled_from(libraries))
    place = ("pandas", "polars").index(library)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    columns, others = [], []
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    for name in names:
        values = draw(st.sampled_from(kinds))
        dtype = draw(st.sampled_from(DTYPES[values][place]))
        gaps = 0.0 if values in REFUSED else draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))
        columns.append(Column(name, values, dtype, gaps))
    if all(column.gaps == 1 for column in columns):
        columns[0].gaps = 0.3
    told = {name: draw(st.sampled_from(changes)) for name in names}
    for column in columns:
        kind = draw(st.sampled_from(kinds)) if told[column.name] == "other kind" else column.values
        others.append(Column(column.name, kind, draw(st.sampled_from(DTYPES[kind][place])), 0.0))
    n = draw(st.sampled_from([1, 2, 7]))
    later = [
        column.later(library, rng, n, told[column.name], other)
        for column, other in zip(columns, others, strict=True)
    ]
    later = [column for column in later if column is not None]
    if draw(st.booleans()) or not later:
        later.append(series(library, "more", list(range(n)), None))
    index = st.sampled_from(list(INDICES))
    frame = frame_of(library, [c.series(library, rng, N) for c in columns], draw(index))
    rows = frame_of(library, draw(st.permutations(later)), draw(index))
    return Table(library, columns, frame, rows, told)
