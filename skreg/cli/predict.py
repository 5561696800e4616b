"""The job `predict`: what a kept pipeline says about the rows of a CSV file."""

import sys
import warnings

from sklearn.exceptions import InconsistentVersionWarning

from skreg import load
from skreg.cli.csv_file import check_finite, is_number, missing_column, read
from skreg.cli.errors import UserError, need
from skreg.cli.places import check_file

_BROKEN = (ImportError, AttributeError, ValueError, TypeError, IndexError, KeyError, OSError)


def run(options):
    """Predict a CSV file with a kept pipeline; CSV to a file or to stdout.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse`.
    """
    need("pandas")
    if options.output is not None:
        check_file(options.output)
    model = _load(options.model)
    rows = _columns(model, read(options.data, options.sep), options)
    answers = _predict(model, rows, options)
    if options.output is None:
        answers.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    answers.to_csv(options.output, index=False)
    print(f"{len(answers)} predictions written to {options.output}")


def _load(path):
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


def _columns(model, frame, options):
    """The columns that the model was fitted on; raises `UserError` where they do not fit it."""
    for name in model.feature_names_in_:
        if name not in frame.columns:
            raise missing_column(frame, name, options.data)
    if not len(frame):
        raise UserError(f"{options.data} has no rows below its header line.")
    rows = frame[list(model.feature_names_in_)].copy()
    numeric, categorical = _kinds(model)
    for name in categorical:
        if is_number(rows[name]):  # numbers, or nothing, where categories were
            gaps, values = rows[name].isna(), rows[name].astype(object)
            rows[name] = values.where(gaps, rows[name].astype(str))
    for name in numeric:
        if rows[name].isna().all():
            rows[name] = rows[name].astype(float)
        elif not is_number(rows[name]):
            raise UserError(
                f"column {name!r} of {options.data} holds {_not_a_number(rows[name])!r}, but "
                f"{options.model} was fitted on numbers there. Mend these rows, or leave the "
                "values empty."
            )
        check_finite(rows[name], name)
    return rows


def _kinds(model):
    """Columns that a pipeline of `tune` treats as numbers, and as categories: two lists."""
    numeric, categorical = [], []
    steps = getattr(model, "steps", [(None, None)])
    for _, part, names in getattr(steps[0][1], "transformers_", []):
        if hasattr(part, "categories_"):
            categorical += list(names)
        elif hasattr(part, "steps"):  # an imputer first
            numeric += list(names)
    return numeric, categorical


def _not_a_number(column):
    """The first value of a column that is no number."""
    import pandas as pd

    filled = column[column.notna()]
    return next(
        (v for v in filled if pd.isna(pd.to_numeric(str(v), errors="coerce"))), filled.iloc[0]
    )


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
