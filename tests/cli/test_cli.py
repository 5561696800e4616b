"""The command line: its tables, its files, and every mistake of a user in one line."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import skreg
from skreg import __version__
from skreg.cli.csv_file import load
from skreg.cli.files import Format
from skreg.cli.main import main

METHODS = [
    "no regularization",
    "alpha",
    "dropout",
    "input_dropout",
    "noise_std",
    "weight_noise_std",
    "early_stopping",
    "all together",
    "scikit-learn's MLP",
]
REGRESSION_METHODS = [*METHODS, "target_noise_std", "scikit-learn, y scaled"]
CLASSIFICATION_METHODS = [*METHODS, "label_smoothing"]


def mixed_frame(n_rows=60):
    """Numbers, text, booleans, row numbers and an empty column, with holes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "Unnamed: 0": np.arange(n_rows),
            "size": rng.normal(size=n_rows),
            "rooms": rng.integers(1, 5, n_rows),
            "kind": rng.choice(["flat", "house", "hut"], n_rows),
            "new": rng.choice([True, False], n_rows),
            "notes": np.nan,
        }
    )
    frame["price"] = frame["size"] + (frame["kind"] == "house") + 0.1 * rng.normal(size=n_rows)
    frame["sold"] = np.where(frame["price"] > frame["price"].median(), "yes", "no")
    for name in ("size", "rooms", "kind", "new"):
        frame[name] = frame[name].astype(object).where(rng.random(n_rows) > 0.1)
    return frame.rename(columns={"Unnamed: 0": ""})


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "houses.csv"
    mixed_frame().to_csv(path, index=False)
    return path


def write(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def first_cells(text):
    """The first cell of every line."""
    return {line.split("  ")[0] for line in text.splitlines()}


def first_scores(out):
    """The lines of the first method, one per data set, without their times."""
    return [line[:75] for line in out.splitlines() if line.startswith("no regularization")]


def test_the_default_job_prints_a_table_per_data_set_writes_the_figure_and_repeats(
    tmp_path, capsys
):
    figure = tmp_path / "new" / "lambda.png"
    assert main(["--quick", "--seed", "3", "--output", str(figure)]) == 0
    first, err = capsys.readouterr()
    regression, classification = first.split("\ndigits: ")
    assert first_cells(regression) >= set(REGRESSION_METHODS)
    assert first_cells(classification) >= set(CLASSIFICATION_METHODS)
    assert "R2" in regression
    assert "accuracy" in classification
    assert str(figure) in first
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "diabetes: split 1 of 2" in err.splitlines()

    for seed, same in (("3", True), ("4", False)):
        main(["--quick", "--seed", seed, "--output", str(figure)])
        assert (first_scores(capsys.readouterr().out) == first_scores(first)) == same


@pytest.mark.slow
def test_the_full_default_job_prints_all_rows(tmp_path, capsys):
    assert main(["--epochs", "20", "--output", str(tmp_path / "lambda.svg")]) == 0
    rows = first_cells(capsys.readouterr().out)
    assert rows >= {*REGRESSION_METHODS, *CLASSIFICATION_METHODS}


@pytest.mark.parametrize(
    ("target", "task", "methods"),
    [
        ("price", "regression", REGRESSION_METHODS),
        ("sold", "classification", CLASSIFICATION_METHODS),
    ],
)
def test_tune_writes_scores_and_a_pipeline_for_raw_rows(
    csv, tmp_path, capsys, target, task, methods
):
    output = tmp_path / "deep" / "er"
    assert main(["tune", str(csv), "--target", target, "--output", str(output), "--quick"]) == 0
    out, err = capsys.readouterr()
    assert f"{task} of {target!r}" in out
    assert str(output / "pipeline.skreg") in out
    assert "dropout" in err.splitlines()

    scores = pd.read_csv(output / "scores.csv")
    assert set(scores["method"]) == {*methods, "tuned"} <= first_cells(out)
    ours = scores[~scores["method"].str.startswith("scikit-learn")]
    assert scores.loc[scores["kept"], "cv"].item() == ours["cv"].max()
    searches = pd.read_csv(output / "cv_results.csv")
    assert (searches["method"] == "alpha").sum() == 3
    assert (output / "lambda.png").read_bytes().startswith(b"\x89PNG")

    pipeline = skreg.load(output / "pipeline.skreg")
    rows = pd.read_csv(csv)
    rows.loc[0, "kind"] = "castle"  # never seen
    predictions = pipeline.predict(rows)
    assert predictions.shape == (len(rows),)
    if task == "classification":
        assert set(predictions) <= {"yes", "no"}
    else:
        assert np.all(np.isfinite(predictions))


def test_tune_learns_what_the_columns_tell(csv, tmp_path, capsys):
    arguments = ["tune", str(csv), "--target", "price", "--output", str(tmp_path), "--quick"]
    main([*arguments, "--epochs", "150", "--max-time", "10", "--folds", "2"])
    capsys.readouterr()
    rows = pd.read_csv(csv)
    assert skreg.load(tmp_path / "pipeline.skreg").score(rows, rows["price"]) > 0.6


def test_tune_says_which_rows_and_columns_it_leaves_out(tmp_path, capsys):
    frame = mixed_frame()
    frame.loc[:4, "price"] = np.nan
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    arguments = ["tune", str(path), "--target", "price", "--output", str(tmp_path), "--quick"]
    assert main([*arguments, "--folds", "2"]) == 0
    out = capsys.readouterr().out
    assert "left out 5 rows without a value of 'price'" in out
    assert "left out column 1: without a name in the header" in out
    assert "left out 'notes': it has no values" in out
    assert "44 training, 11 test" in out


@pytest.mark.parametrize(
    ("values", "task", "expected"),
    [
        ([1, 2, 3] * 10, "auto", "classification"),
        ([1, 2, 3] * 10, "regression", "regression"),
        (range(30), "auto", "regression"),
        ([True, False] * 15, "auto", "classification"),
        ([0.5, 1.5, 2.5] * 10, "auto", "regression"),
    ],
)
def test_tune_infers_the_task(tmp_path, values, task, expected):
    path = tmp_path / "data.csv"
    pd.DataFrame({"x": np.arange(30) % 9, "y": list(values)}).to_csv(path, index=False)
    assert load(path, "y", task, Format()).target.task == expected


@pytest.mark.parametrize(
    ("values", "folds"), [(["a"] * 15 + ["b"] * 14 + ["only"], "5"), (list("abcdef") * 5, "10")]
)
def test_tune_serves_classes_of_fewer_rows_than_folds(tmp_path, capsys, values, folds):
    path = tmp_path / "data.csv"
    pd.DataFrame({"x": np.arange(30) % 9, "y": values}).to_csv(path, index=False)
    arguments = ["tune", str(path), "--target", "y", "--output", str(tmp_path), "--quick"]
    assert main([*arguments, "--folds", folds]) == 0
    assert "classification of 'y'" in capsys.readouterr().out


def test_tune_as_a_module(csv, tmp_path):
    command = [sys.executable, "-m", "skreg", "tune", csv, "--target", "sold"]
    done = subprocess.run(
        [*command, "--output", tmp_path / "out", "--quick"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "no regularization" in done.stdout
    assert (tmp_path / "out" / "pipeline.skreg").exists()


TUNE = ["tune", "data.csv", "--target", "y"]
NUMBERS = "".join(f"{i},{i % 7}.5\n" for i in range(30))
TEXTS = "".join(f"{i},name{i}\n" for i in range(30))


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", [], ["data.csv", "empty"]),
        ("x,y\n", [], ["0 rows", "at least 20"]),
        ("x,y\n" + "1,2\n" * 19, [], ["19 rows", "'y'"]),
        ("x,y\n1,2,3\n" * 30, [], ["data.csv", "cannot be read as CSV"]),
        ("x,y\n1,2\n1,2,3,4\n", [], ["data.csv", "cannot be read as CSV", "line 3"]),
        ("x,y\n" + "1,2\n" * 30, [], ["'y'", "constant"]),
        ("x,price\n" + NUMBERS, ["--target", "prise"], ["'prise'", "Closest", "'price'"]),
        ("x,price\n" + NUMBERS, ["--target", "Price"], ["'Price'", "Closest", "'price'"]),
        ("x,price\n" + NUMBERS, ["--target", "qqq"], ["'qqq'", "'x', 'price'"]),
        ("x;y\n" + NUMBERS.replace(",", ";"), ["--sep", "|"], ["'y'", "'x;y'", "--separator"]),
        ("x,y\n" + NUMBERS, ["--task", "classification"], ["'y'", "not whole", "--task"]),
        ("x,y\n" + TEXTS, ["--task", "regression"], ["'y'", "'name0'", "--task"]),
        ("x,y\n" + TEXTS, [], ["'y'", "30 classes", "at least 4"]),
        ("y\n" + "1.5\n2.5\n" * 20, [], ["no column", "'y'"]),
        ("x,y\ninf,1\n" + NUMBERS, [], ["'x'", "infinite"]),
        ("x,y\n1,inf\n" + NUMBERS, [], ["'y'", "infinite"]),
        ("x,y\n" + NUMBERS, ["--folds", "20"], ["24 training rows", "--folds 20"]),
    ],
)
def test_a_mistake_about_the_data_is_one_line(tmp_path, capsys, text, options, words):
    path = write(tmp_path, text)
    arguments = ["tune", str(path), "--target", "y", "--output", str(tmp_path / "out"), *options]
    assert_one_line(main(arguments), capsys, words)
    assert not (tmp_path / "out").exists()


def test_a_mistake_about_paths_is_one_line(csv, tmp_path, capsys):
    tune = ["tune", str(csv), "--target", "price"]
    missing = ["tune", str(tmp_path / "none.csv"), "--target", "price"]
    assert_one_line(main(missing), capsys, ["no such file", "none.csv"])
    assert_one_line(main(["tune", str(tmp_path), "--target", "y"]), capsys, ["is a directory"])
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(256)))
    assert_one_line(main(["tune", str(binary), "--target", "y"]), capsys, ["binary.csv"])
    assert_one_line(main([*tune, "--output", str(csv)]), capsys, ["houses.csv", "is a file"])
    below = csv / "below"
    assert_one_line(main([*tune, "--output", str(below)]), capsys, ["cannot write", "below"])
    assert_one_line(main(["--output", str(csv / "f.png")]), capsys, ["houses.csv", "is a file"])
    assert_one_line(main(["--output", "figure.txt"]), capsys, ["figure.txt", ".png"])
    directory = tmp_path / "plots.png"
    directory.mkdir()
    assert_one_line(main(["--output", str(directory)]), capsys, ["plots.png", "is a directory"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tone"], ["tone"]),
        (["tune"], ["data.csv", "--target"]),
        (["--seed", "1", "tune", "data.csv"], ["tune comes before its options"]),
        (["--folds", "0"], ["--folds", "'0'"]),
        (["predict", "model.skreg"], ["data.csv"]),
        (["--sep", ";", "predict", "m", "d"], ["predict comes before its options"]),
        ([*TUNE, "--folds", "1"], ["--folds", "'1'"]),
        ([*TUNE, "--seed", "one"], ["--seed", "'one'"]),
        ([*TUNE, "--test-size", "2"], ["--test-size", "'2'"]),
        ([*TUNE, "--task", "guess"], ["--task", "'guess'"]),
        ([*TUNE, "--sep", ";;"], ["--sep", "';;'"]),
        ([*TUNE, "--jobs", "0"], ["--jobs", "'0'"]),
        ([*TUNE, "--lambda", "1"], ["--lambda"]),
    ],
)
def test_a_mistake_about_the_command_is_one_line(capsys, arguments, words):
    assert_one_line(main(arguments), capsys, words)


@pytest.mark.parametrize("package", ["matplotlib", "pandas"])
def test_a_missing_package_is_one_line(csv, capsys, monkeypatch, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    words = [package, 'pip install "skreg[cli]"']
    assert_one_line(main(["tune", str(csv), "--target", "price"]), capsys, words, expected=1)


def assert_one_line(code, capsys, words, expected=2):
    out, err = capsys.readouterr()
    assert (code, out) == (expected, "")
    assert err.startswith("skreg: error: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_an_interrupt_is_one_line(capsys, monkeypatch, tmp_path):
    def interrupt(task):
        raise KeyboardInterrupt

    monkeypatch.setattr("skreg.cli.bundled.compile_kernels", interrupt)
    assert main(["--output", str(tmp_path / "lambda.png")]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "skreg: interrupted"


def test_help_teaches_by_examples(capsys):
    assert main(["--help"]) == 0
    assert "python -m skreg tune houses.csv --target price" in capsys.readouterr().out
    assert main(["tune", "--help"]) == 0
    assert "pipeline.skreg" in capsys.readouterr().out
    assert main(["predict", "--help"]) == 0
    assert "python -m skreg predict houses/pipeline.skreg new.csv" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"skreg {__version__}"
