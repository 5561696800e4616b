"""`python -m skreg predict`: its answers are the model's, its errors one line."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import skreg
from skreg.cli.main import main
from skreg.cli.progress import Progress
from tests.cli.test_cli import assert_one_line, mixed_frame

BARS = []


class Watched(Progress):
    """A bar that tells where it ended."""

    def __exit__(self, *exception):
        BARS.append((self.done, self.total))
        super().__exit__(*exception)


@pytest.fixture(scope="module", params=["price", "sold"])
def tuned(request, tmp_path_factory):
    """Paths of the data and of the model for a target."""
    directory = tmp_path_factory.mktemp(request.param)
    data = directory / "houses.csv"
    mixed_frame().to_csv(data, index=False)
    arguments = ["tune", str(data), "--target", request.param, "--output", str(directory)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skreg.cli.tune.Progress", Watched)
        assert main([*arguments, "--quick", "--jobs", "2"]) == 0
    return data, directory / "pipeline.skreg"


def test_predictions_are_the_model_s(tuned, tmp_path, capsys):
    data, path = tuned
    model, rows = skreg.load(path), pd.read_csv(data)
    capsys.readouterr()
    assert main(["predict", str(path), str(data)]) == 0
    shown = pd.read_csv(io.StringIO(capsys.readouterr().out))
    new = tmp_path / "new" / "rows.csv"
    assert main(["predict", str(path), str(data), "--output", str(new)]) == 0
    assert "60 predictions" in capsys.readouterr().out
    pd.testing.assert_frame_equal(shown, pd.read_csv(new))
    if hasattr(model, "classes_"):
        assert shown["prediction"].tolist() == model.predict(rows).tolist()
        columns = [f"p({label})" for label in model.classes_]
        np.testing.assert_allclose(shown[columns], model.predict_proba(rows), rtol=1e-6)
    else:
        np.testing.assert_allclose(shown["prediction"], model.predict(rows), rtol=1e-12)
        assert list(shown) == ["prediction"]


def test_the_name_that_tune_gave_its_model_before(tuned, capsys):
    data, path = tuned
    capsys.readouterr()
    assert main(["predict", str(path), str(data)]) == 0
    answers = capsys.readouterr().out
    assert main(["predict", str(path.with_suffix(".joblib")), str(data)]) == 0
    out, err = capsys.readouterr()
    assert out == answers
    assert f"{path} beside it is read" in err


def test_columns_in_any_order_others_left_alone_values_missing(tuned, tmp_path, capsys):
    data, path = tuned
    model = skreg.load(path)
    rows = pd.read_csv(data)[model.feature_names_in_][::-1]
    rows["size"] = np.nan
    rows["kind"] = 7  # never seen, and of another type
    rows["colour"] = "red"
    new = tmp_path / "new.csv"
    rows[sorted(rows)].to_csv(new, sep=";", index=False)
    capsys.readouterr()
    assert main(["predict", str(path), str(new), "--sep", ";"]) == 0
    shown = pd.read_csv(io.StringIO(capsys.readouterr().out))
    rows["kind"] = "castle"
    expected = pd.DataFrame({"prediction": model.predict(rows)})
    pd.testing.assert_frame_equal(shown[["prediction"]], expected, check_dtype=False)


def test_mistakes_are_one_line(tuned, tmp_path, capsys):
    data, path = tuned
    rows = pd.read_csv(data)
    new, broken = tmp_path / "new.csv", tmp_path / "broken.skreg"

    def told(words, model=path, frame=None, data=new, options=()):
        if frame is not None:
            frame.to_csv(new, index=False)
        capsys.readouterr()
        assert_one_line(main(["predict", str(model), str(data), *options]), capsys, words)

    told(["no such file", "none.csv"], data=tmp_path / "none.csv")
    told(["no such file", "none.skreg"], model=tmp_path / "none.skreg", frame=rows)
    told(["is a directory", "pipeline.skreg"], model=tmp_path)
    told(["houses.csv", "no model"], model=data)
    broken.write_bytes(path.read_bytes()[:500])
    told(["broken.skreg", "no model"], model=broken)
    broken.write_bytes(pickle.dumps({"a": 1}))
    told(["broken.skreg", "no model", "pickle", "run tune again"], model=broken)
    skreg.save(skreg.MLPRegressor(max_iter=1, tol=1).fit([[1.0], [2.0]], [1.0, 2.0]), broken)
    told(["broken.skreg", "MLPRegressor"], model=broken)
    told(["no column 'size'", "Closest", "'Size'"], frame=rows.rename(columns={"size": "Size"}))
    told(["has no rows"], frame=rows[:0])
    words = ["'rooms'", "'many'", "fitted on numbers"]
    told(words, frame=rows.assign(rooms=rows["rooms"].astype(object).where(rows.index > 0, "many")))
    told(["'size'", "infinite"], frame=rows.assign(size=np.inf))
    told(["is a directory"], frame=rows, options=["--output", str(tmp_path)])


def test_a_reader_that_has_seen_enough(tuned):
    data, path = tuned
    command = f"'{sys.executable}' -m skreg predict '{path}' '{data}' | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("prediction")
    assert done.stderr == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("skreg.cli.progress._PAUSE", 0)
    with Progress(total=4) as progress:
        progress.stage("dropout")
        for _ in range(4):
            progress.advance()
    pictures = [line.strip() for line in sys.stderr.getvalue().split("\r\x1b[K") if line]
    assert [picture.split("]")[1].split()[0] for picture in pictures] == [
        "0%",
        "25%",
        "50%",
        "75%",
        "100%",
    ]
    assert pictures[2].startswith("[############------------]")
    assert sys.stderr.getvalue().endswith("\r\x1b[K")


def test_the_bar_of_a_search_ends_at_its_end(tuned):
    assert BARS
    for done, total in BARS:
        assert done == total > 100
