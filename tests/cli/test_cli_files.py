"""Files as the world writes them: what is found out, what columns are taken for, what is kept."""

import gzip
import io
import lzma
import os
import re
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import skreg
from skreg.cli.columns import kind_of
from skreg.cli.csv_file import load
from skreg.cli.files import Format, read
from skreg.cli.main import main
from skreg.cli.reader import TableReader
from tests.cli.test_cli import assert_one_line

FRAME = pd.DataFrame(
    {
        "Größe": [1.5, -0.25, 1234.5, 12.0] * 6,
        "Art": ["größer", "klein", 'a "b"\nc', "x;y,z|"] * 6,
        "n": [1, 2, 3, 4] * 6,
    }
)


def text(separator=",", decimal=".", end="\n", **kwargs):
    stream = io.StringIO(newline="")
    FRAME.to_csv(stream, index=False, sep=separator, decimal=decimal, lineterminator=end, **kwargs)
    return stream.getvalue()


def excel():
    stream = io.BytesIO()
    FRAME.to_excel(stream, index=False)
    return stream.getvalue()


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data.csv", text())
    return stream.getvalue()


def parquet():
    stream = io.BytesIO()
    FRAME.to_parquet(stream)
    return stream.getvalue()


def thousands(decimal, mark, separator):
    written = FRAME.assign(
        Größe=[f"{v:,}".translate({44: mark, 46: decimal}) for v in FRAME["Größe"]]
    )
    return written.to_csv(index=False, sep=separator)


FILES = {
    "plain": (text().encode(), "utf-8: separator ',', decimal '.'"),
    "semicolons": (text(";", ",").encode("cp1252"), "latin-1: separator ';', decimal ','"),
    "tabs": (text("\t").encode("utf-8-sig"), "utf-8: separator tab, decimal '.'"),
    "pipes": (text("|", ",").encode("utf-16"), "utf-16: separator '|', decimal ','"),
    "no mark": (text(";").encode("utf-16-le"), "utf-16-le: separator ';', decimal '.'"),
    "commas for both": (text(",", ",").encode(), "utf-8: separator ',', decimal ','"),
    "CRLF": (text(";", ",", "\r\n").encode(), "utf-8: separator ';', decimal ','"),
    "all quoted": (text(";", quoting=1).encode(), "utf-8: separator ';', decimal '.'"),
    "gzip": (gzip.compress(text(";").encode()), "utf-8: separator ';', decimal '.'"),
    "xz": (lzma.compress(text().encode()), "utf-8: separator ',', decimal '.'"),
    "Excel's hint": (("sep=;\r\n" + text(";")).encode(), "utf-8: separator ';', decimal '.'"),
    "separators at the ends": (
        re.sub(";([1-4])\n", r";\1;\n", text(";")).encode(),
        "utf-8: separator ';', decimal '.'",
    ),
    "thousands": (
        thousands(".", ",", ",").encode(),
        "utf-8: separator ',', decimal '.', thousands ','",
    ),
    "European thousands": (
        thousands(",", ".", ";").encode(),
        "utf-8: separator ';', decimal ',', thousands '.'",
    ),
    "French thousands": (
        thousands(",", "\u00a0", ";").encode("cp1252"),
        "latin-1: separator ';', decimal ',', thousands ' '",
    ),
    "Excel": (excel(), "excel: decimal '.'"),
    "Parquet": (parquet(), "parquet: decimal '.'"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_it_is_written(name, tmp_path):
    content, told = FILES[name]
    path = tmp_path / "data"
    path.write_bytes(content)
    frame, found = read(path, Format())
    assert found.describe() == told
    assert list(frame) == list(FRAME)
    kinds = dict.fromkeys(FRAME, "number") | {"Art": "category"}
    typed = TableReader(kinds, None, found.decimal, found.thousands).fit(frame).transform(frame)
    assert typed["Art"].astype(str).str.replace("\r", "").tolist() == FRAME["Art"].tolist()
    np.testing.assert_array_equal(typed[["Größe", "n"]], FRAME[["Größe", "n"]])


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"separator": "|"}, "a;b"),
        ({"encoding": "utf-16-le"}, None),
        ({"decimal": "."}, "a"),
        ({"thousands": ","}, "a"),
    ],
    ids=str,
)
def test_what_the_user_says_is_taken(options, name, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a;b\n" + "1,500;2,500\n" * 9)
    if name is None:
        path.write_bytes(path.read_text().encode("utf-16-le"))
    frame, found = read(path, Format(**options))
    assert all(getattr(found, key) == value for key, value in options.items())
    assert name is None or name in frame


def rows(values, n=40):
    return [values[i % len(values)] for i in range(n)]


KINDS = [
    ("x", rows(["1.5", "2", "-3e2"]), "number", None),
    ("x", [str(i) for i in range(40)], "number", None),
    ("x", rows(["1", "2", "?", "N/A", ""]), "number", "'?', 'N/A' (16 rows)"),
    ("id", [str(7 * i) for i in range(40)], "out", "an id"),
    ("customerId", [str(7 * i) for i in range(40)], "out", "an id"),
    ("Kundennummer", [str(7 * i) for i in range(40)], "out", "an id"),
    ("paid", [str(7 * i) for i in range(40)], "number", None),
    ("code", [f"K-{i:05}" for i in range(40)], "out", "an id"),
    ("zip", rows(["01234", "10115", "99999"]), "category", "leading zeros"),
    ("card", rows(["1234567890123456", "6543210987654321"]), "category", "beyond"),
    ("code", rows(["1", "2", "A"]), "category", "numbers beside texts, as 'A' (13 rows)"),
    ("kind", rows(["NA", "EU", ""]), "category", None),
    ("flag", rows(["True", "FALSE", ""]), "boolean", None),
    ("flag", rows(["1", "0"]), "number", None),
    ("when", rows(["2020-01-31", "2020-02-01"]), "date", "ISO8601"),
    ("when", rows(["31.01.2020", "1.2.2020", ""]), "date", "%d.%m.%Y"),
    ("when", rows(["01/31/2020 12:30", "02/01/2020 9:00"]), "date", "%m/%d/%Y %H:%M"),
    ("when", rows(["20200131", "20200201"]), "date", "%Y%m%d"),
    ("when", rows(["2020-01-31", "tomorrow"]), "category", None),
    ("version", rows(["1.2.3", "1.10.2"]), "category", None),
    ("notes", [f"some words {i}" for i in range(40)], "text", "many values"),
    ("notes", rows([""]), "out", "no values"),
    ("notes", rows(["NA", "?"]), "out", "no values"),
]


@pytest.mark.parametrize(("name", "values", "expected", "why"), KINDS)
def test_what_a_column_holds(name, values, expected, why):
    kind = kind_of(pd.Series(values, dtype=str), name, Format("utf-8", ",", ".", None))
    assert kind.name == expected
    assert kind.why is None if why is None else why in kind.why


AGAIN = [  # what a column was, and values of it that mean the same
    ("category", ["1", "2", "A"], ["1", "2", "A"]),
    ("category", ["1", "2", "A"], pd.Series([1.0, 2.0, np.nan])),
    ("category", ["1", "2", "A"], pd.Series([1, 2, 1])),
    ("category", ["1", "2", "A"], ["1.0", "2.0", ""]),
    ("category", ["007", "012", "A"], ["007", "012", "A"]),
    ("category", ["007", "012", "A"], pd.Series([7, 12, 7])),
    ("category", ["True", "False", ""], ["1", "0", ""]),
    ("category", ["yes", "no"], pd.Series([True, False])),
    ("category", ["a", "b"], pd.Series(["a", "b"], dtype="category")),
    ("boolean", ["True", "False", ""], ["1", "0", "NA"]),
    ("boolean", ["True", "False", ""], pd.Series([True, False, None])),
    ("boolean", ["true", "false"], ["yes", "no"]),
    ("boolean", ["true", "false"], pd.Series([True, False])),
    ("number", ["1", "0", "?"], ["True", "False", ""]),
    ("number", ["1", "0"], pd.Series([True, False])),
    ("number", ["1.5", "2"], pd.Series([1.5, 2.0])),
    ("number", ["1.5", "2"], pd.Series([1.5, 2.0], dtype=object)),
    ("number", ["1.5", "2"], pd.Series([1.5, 2.0], dtype="Float64")),
    ("date", ["2020-01-31", ""], ["2020-01-31", ""]),
    ("date", ["2020-01-31", ""], ["31.01.2020", ""]),
    ("date", ["2020-01-31", ""], pd.Series(pd.to_datetime(["2020-01-31", None]))),
    ("text", ["a b", "c d"], ["a b", "c d"]),
]


@pytest.mark.parametrize(("kind", "values", "again"), AGAIN, ids=str)
def test_a_column_is_read_by_what_it_was(kind, values, again, tmp_path):
    first = pd.DataFrame({"c": pd.Series(values, dtype=str)})
    reader = TableReader({"c": kind}, {"c": "ISO8601"}).fit(first)
    skreg.save(make_pipeline(reader, skreg.MLPRegressor()), tmp_path / "m")
    reader = skreg.load(tmp_path / "m")[0]
    expected = reader.transform(first)["c"]
    found = reader.transform(pd.DataFrame({"other": 0, "c": again}))["c"]
    filled = found.notna().to_numpy()
    assert filled[0]
    expected, found = expected.to_numpy()[: len(found)], found.to_numpy()
    assert (found[filled] == expected[filled]).all() or kind == "category"
    if kind == "category":
        assert set(found[filled]) <= set(expected)


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("number", ["1", "many"], ["'c'", "'many'", "row 2", "numbers"]),
        ("boolean", ["true", "maybe"], ["'c'", "'maybe'", "row 2", "true and false"]),
        ("date", ["", "tomorrow"], ["'c'", "'tomorrow'", "row 2", "dates"]),
        ("number", ["1", "-inf"], ["'c'", "infinite"]),
    ],
)
def test_a_value_of_another_kind_is_named(kind, values, words):
    good = pd.DataFrame({"c": ["1", "1"]})
    reader = TableReader({"c": kind}, {"c": "%d.%m.%Y"}).fit(good)
    with pytest.raises(ValueError, match="column") as error:
        reader.transform(pd.DataFrame({"c": values}))
    assert all(word in str(error.value) for word in words)
    with pytest.raises(ValueError, match="no column 'c'"):
        clone(reader).fit(good).transform(pd.DataFrame({"d": values}))


TARGETS = [
    (["NA", "EU", "AS"], "classification", ["AS", "EU", "NA"], "'NA' taken for a class"),
    (["None", "some"], "classification", ["None", "some"], "'None' taken for a class"),
    (["1", "0"], "classification", [0, 1], None),
    (["1", "0", "NA"], "classification", [0, 1], "'NA' taken for a missing value"),
    (["True", "FALSE"], "classification", [False, True], None),
    (["01", "02", "10"], "classification", ["01", "02", "10"], None),
    (["yes", "no", ""], "classification", ["no", "yes"], "left out 13 rows"),
]


@pytest.mark.parametrize(("values", "task", "classes", "told"), TARGETS, ids=str)
def test_the_target_s_values(values, task, classes, told, tmp_path):
    path = tmp_path / "data.csv"
    frame = pd.DataFrame({"x": np.arange(40) % 7, "y": rows(values)})
    frame.to_csv(path, index=False)
    table = load(path, "y", "auto", Format())
    assert table.target.task == task
    assert np.unique(table.target.y).tolist() == classes
    assert any(told in remark for remark in table.remarks) if told else not table.remarks


def csv_of(**columns):
    return pd.DataFrame(columns).to_csv(index=False)


X, Y = [f"{i % 7}.5" for i in range(40)], [f"{i % 13}.25" for i in range(40)]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (csv_of(y=Y, x=X, z=Y).replace("y,x,z", "y,x,y"), [], ["'y'", "columns 1 and 3"]),
        (csv_of(y=Y, x=X, z=X).replace("y,x,z", "y,x,x"), [], ["'x'", "columns 2 and 3"]),
        (csv_of(y=Y, x=X, z=Y), [], ["'z'", "copy of the target 'y'", "--column z=out"]),
        (csv_of(y=Y, x=X), ["--column", "x=date"], ["--column x=date", "'0.5'"]),
        (csv_of(y=Y, x=X), ["--column", "w=date"], ["no column 'w'", "'x'"]),
        (csv_of(y=Y, x=X), ["--column", "x=out"], ["no column of use", "'x'"]),
        (csv_of(y=Y, x=X), ["--column", "x"], ["--column", "NAME=KIND", "'x'"]),
        (csv_of(y=Y, x=X), ["--encoding", "klingon"], ["--encoding", "'klingon'"]),
        (csv_of(y=Y, x=X), ["--encoding", "utf-32"], ["data.csv", "utf-32"]),
        (csv_of(y=Y, x=[f"key{i}" for i in range(40)]), [], ["no column of use", "an id"]),
        (b"PK\x03\x04" + bytes(90), [], ["data.csv", "ZIP"]),
        (zipped(), [], ["data.csv", "ZIP", "unpack"]),
        (b"PAR1" + bytes(90), [], ["data.csv", "Parquet"]),
        (b"\x1f\x8b\x08" + bytes(90), [], ["data.csv", "cannot be read"]),
    ],
)
def test_what_cannot_serve_is_one_line(content, options, words, tmp_path, capsys):
    path = tmp_path / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    arguments = ["tune", str(path), "--target", "y", "--output", str(tmp_path / "out"), *options]
    assert_one_line(main(arguments), capsys, words)


def test_what_the_user_says_of_columns(tmp_path):
    path = tmp_path / "data.csv"
    values = [*map(str, range(36)), "?!", "?!", "?!", "?!"]
    path.write_text(csv_of(y=Y, n=values, c=X, when=rows(["1/2/2020"]), id=range(40)))
    kinds = {"n": "number", "c": "category", "when": "date", "id": "number"}
    table = load(path, "y", "auto", Format(), kinds)
    assert table.X.dtypes.astype(str).to_dict() == {
        "n": "float64",
        "c": "category",
        "when": str(table.X["when"].dtype),
        "id": "float64",
    }
    assert table.X["n"].isna().sum() == 4


def test_a_european_export_without_an_option(tmp_path, capsys):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "Kundennr": rng.permutation(90) + 1000,
            "Größe": rng.normal(size=90).round(3),
            "PLZ": rng.choice(["01067", "10115"], 90),
            "seit": pd.date_range("2020-01-01", periods=90).strftime("%d.%m.%Y"),
            "neu": rng.choice([True, False], 90),
        }
    )
    frame["Región"] = np.select([frame["Größe"] > 0.4, frame["Größe"] < -0.4], ["NA", "ÅS"], "EU")
    path, new = tmp_path / "export.csv", tmp_path / "new.csv"
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="cp1252")
    arguments = ["tune", str(path), "--target", "Región", "--output", str(tmp_path), "--quick"]
    assert main([*arguments, "--folds", "2"]) == 0
    out = capsys.readouterr().out
    for words in (
        "export.csv, read as latin-1: separator ';', decimal ','",
        "1 number, 1 category, 1 date, 1 boolean",
        "left out 'Kundennr': an id",
        "'PLZ' read as categories: codes with leading zeros",
        "'seit' read as dates: as %d.%m.%Y",
        "'NA' taken for a class of 'Región'",
    ):
        assert words in out

    def predictions(**written):
        frame.drop(columns="Región").assign(neu=frame["neu"].astype(int)).to_csv(
            new, index=False, **written
        )
        model, output = str(tmp_path / "pipeline.skreg"), str(tmp_path / "p.csv")
        assert main(["predict", model, str(new), "--output", output]) == 0
        return pd.read_csv(output, keep_default_na=False)

    first = predictions(sep=";", decimal=",", encoding="cp1252")
    assert set(first["prediction"]) <= {"NA", "EU", "ÅS"}
    pd.testing.assert_frame_equal(predictions(sep="\t", encoding="utf-16"), first)
    pd.testing.assert_frame_equal(predictions(), first)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = skreg.load(tmp_path / "pipeline.skreg")
        assert model.predict(frame).tolist() == first["prediction"].tolist()
        assert model.predict(pd.read_csv(new, dtype=str)).tolist() == model.predict(frame).tolist()

    done = subprocess.run(
        [sys.executable, "-m", "skreg", "predict", tmp_path / "pipeline.skreg", new],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    )
    assert rb"p(\xc5S)" in done.stdout
