"""The job `predict`: what a kept pipeline says about the rows of a CSV file."""

import sys
import warnings

from sklearn.exceptions import InconsistentVersionWarning

from skreg import load
from skreg.cli.arguments import format_of
from skreg.cli.csv_file import missing_column
from skreg.cli.errors import UserError, need
from skreg.cli.files import read
from skreg.cli.numerals import as_numbers, is_gap, is_typed
from skreg.cli.places import check_file
from skreg.cli.reader import TableReader

_BROKEN = (ImportError, AttributeError, ValueError, TypeError, IndexError, KeyError, OSError)


def run(options):
    """Predict a CSV file with a kept pipeline; CSV to a file or to stdout.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse`.
    """
    need("pandas", "skrub")
    if options.output is not None:
        check_file(options.output)
    model = _load(options.model)
    rows = _rows(model, options)
    answers = _predict(model, rows, options)
    if options.output is None:
        answers.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    answers.to_csv(options.output, index=False)
    print(f"{len(answers)} predictions written to {options.output}")


def _load(path):
    kept = path.with_suffix(".skreg")
    if path.suffix == ".joblib" and not path.exists() and kept.exists():
        print(f"skreg: note: {path} is not there; {kept} beside it is read.", file=sys.stderr)
        path = kept
    if not path.exists():
        raise UserError(f"no such file: {path}")
    if path.is_dir():
        raise UserError(
            f"{path} is a directory; name the model in it, as {path / 'pipeline.skreg'}."
        )
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always", InconsistentVersionWarning)
            model = load(path)
    except _BROKEN as error:
        raise UserError(
            f"{path} is no model that can be loaded here ({type(error).__name__}: {error}). Name "
            "the pipeline.skreg that tune has written, and use the Python packages it was "
            "written with; in place of a pickle (pipeline.joblib), run tune again."
        ) from error
    if not (hasattr(model, "predict") and hasattr(model, "feature_names_in_")):
        raise UserError(
            f"{path} holds {type(model).__name__}, no pipeline fitted on columns with names. Name "
            "the pipeline.skreg that tune has written."
        )
    if any(issubclass(warning.category, InconsistentVersionWarning) for warning in found):
        print(
            f"skreg: note: {path} was written with another version of scikit-learn; if its "
            "predictions matter, run tune again.",
            file=sys.stderr,
        )
    return model


def _rows(model, options):
    """The columns that the model was fitted on; raises `UserError` where the file lacks one."""
    names = list(model.feature_names_in_)
    reader = model.steps[0][1] if hasattr(model, "steps") else None
    reads = isinstance(reader, TableReader)
    known = [name for name in names if reader.kinds[name] == "number"] if reads else None
    likely = (reader.decimal, reader.thousands) if reads else None
    frame, found = read(options.data, format_of(options), known, likely)
    if not found.is_plain:
        print(f"skreg: {options.data} read as {found.describe()}", file=sys.stderr)
    for name in names:
        if name not in frame.columns:
            raise missing_column(frame, name, options.data, found)
    if not len(frame):
        raise UserError(f"{options.data} has no rows below its header line.")
    rows = frame[names].copy()
    for name in names if known is None else known:
        rows[name] = _numbers(rows[name], found)
    return rows


def _numbers(texts, found):
    """A column of texts as numbers, or as it is where not all are."""
    if is_typed(texts):
        return texts
    numbers = as_numbers(texts, found.decimal, found.thousands)
    return numbers if numbers[~is_gap(texts)].notna().all() else texts


def _predict(model, rows, options):
    import pandas as pd

    try:
        answers = pd.DataFrame({"prediction": model.predict(rows)})
        if hasattr(model, "predict_proba"):
            p = model.predict_proba(rows)
            for label, column in zip(model.classes_, p.T, strict=True):
                answers[f"p({label})"] = column
    except (ValueError, TypeError) as error:
        raise UserError(f"{options.model} does not fit {options.data}: {error}") from error
    return answers
