"""The job `tune`: the comparison on the user's own CSV file, and the best pipeline kept."""

from collections import Counter

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skreg import __version__
from skreg.cli.compare import compare, compile_kernels
from skreg.cli.csv_file import load
from skreg.cli.errors import UserError, need
from skreg.cli.methods import SCORES, effort_of, footnotes
from skreg.cli.places import make_directory
from skreg.cli.progress import Progress
from skreg.cli.results import FIGURE, PIPELINE, SCORES_CSV, SEARCHES, write
from skreg.cli.rows import rows_of
from skreg.cli.table import table_over_folds, verdict

_EPOCHS = 200
_MAX_CATEGORIES = 30


def run(options):
    """Compare all methods on a CSV file, print the table, keep pipeline, scores and figure.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse`.
    """
    need("pandas", "matplotlib.figure")
    table = load(options.data, options.target, options.task, options.sep)
    effort = effort_of(options, _EPOCHS)
    split = _hold_out(table, options.test_size, options.seed)
    _check_folds(split, effort.folds)
    make_directory(options.output)
    print(_heading(options, table, split, effort), flush=True)
    with Progress() as progress:
        progress.stage("compiling")
        compile_kernels(table.target.task)
        results = compare(
            split, table.target.task, _preprocessing(table), effort, options.seed, progress.stage
        )
    score = SCORES[table.target.task][1]
    rows = rows_of([results])
    print(f"\n{table_over_folds(rows, score)}\n\n{verdict(rows)}\n", flush=True)
    best = max((r for r in results if r.method.is_ours), key=lambda r: r.fold_scores.mean())
    write(options.output, options.data.name, table.target.task, results, rows, best)
    print(_farewell(options, best, score, len(split[0])))


def _preprocessing(table):
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    categories = OneHotEncoder(
        handle_unknown="ignore", max_categories=_MAX_CATEGORIES, sparse_output=False
    )
    parts = [(numbers, table.numeric), (categories, table.categorical)]
    return make_column_transformer(*((part, names) for part, names in parts if names))


def _hold_out(table, test_size, seed):
    """``X_train, X_test, y_train, y_test``; stratified by class where classes allow it."""
    y = table.target.y
    strata = _strata(y, test_size) if table.target.task == "classification" else None
    return train_test_split(table.X, y, test_size=test_size, random_state=seed, stratify=strata)


def _strata(y, test_size):
    """Classes, those of one row put to the largest; None where a part has fewer rows than these."""
    counts = Counter(y.tolist())
    largest = counts.most_common(1)[0][0]
    strata = np.array([label if counts[label] > 1 else largest for label in y.tolist()])
    smaller_part = len(y) * min(test_size, 1 - test_size)
    return strata if len(np.unique(strata)) <= int(smaller_part) else None


def _check_folds(split, n_folds):
    n_train, n_test = len(split[0]), len(split[1])
    if n_train < 2 * n_folds or n_test < 2:
        raise UserError(
            f"{n_train} training rows in --folds {n_folds} and {n_test} test rows are too few: "
            "2 per fold and 2 test rows are needed. Choose fewer folds or another --test-size."
        )


def _heading(options, table, split, effort):
    target = table.target
    lines = [
        f"skreg {__version__}: nets with 100 hidden relu units, {effort.epochs} epochs each; one "
        "process, one thread.",
        f"{options.data}: {target.task} of {target.name!r} ({target.reason})",
        f"columns: {len(table.numeric)} numeric, {len(table.categorical)} categorical; rows: "
        f"{len(split[0])} training, {len(split[1])} test (seed {options.seed})",
        *table.remarks,
        footnotes(effort, target.task),
        f"Strengths are chosen among the training rows by {effort.folds}-fold cross-validation.",
        "folds: mean +- standard error over them; gain: over no regularization, paired by fold.",
        "Both flatter a strength a little, as it was chosen on these folds; test does not.",
        "seconds: search and refit; one fit: the refit.",
    ]
    return "\n".join(lines)


def _farewell(options, best, score, n_train):
    chosen = ", ".join(f"{name}={value:g}" for name, value in best.chosen.items())
    name = f"{best.method.name} ({chosen})" if chosen else best.method.name
    return f"""\
Kept: {name}, the best over the folds ({score} {best.fold_scores.mean():.3f}), fitted on the \
{n_train} training rows.
On the test rows, which chose nothing: {score} {best.test:.3f}.

Written to {options.output}: {PIPELINE}, {SCORES_CSV}, {SEARCHES}, {FIGURE}
In Python, with the columns of {options.data.name} in a DataFrame `rows`:
  import joblib
  joblib.load({str(options.output / PIPELINE)!r}).predict(rows)"""
