"""The job `tune`: the comparison on the user's own CSV file, and the best pipeline kept."""

import shlex
import textwrap
from collections import Counter

import numpy as np
import sklearn
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import __version__
from skreg.cli.arguments import format_of
from skreg.cli.compare import compare, compile_kernels, n_scores
from skreg.cli.csv_file import load
from skreg.cli.errors import UserError, need
from skreg.cli.methods import SCORES, effort_of, footnotes
from skreg.cli.places import make_directory
from skreg.cli.progress import Progress
from skreg.cli.report import Facts
from skreg.cli.results import FIGURE, PIPELINE, REPORT, SCORES_CSV, SEARCHES, write
from skreg.cli.rows import rows_of
from skreg.cli.table import table_over_folds, verdict
from skreg.cli.tuned import TUNED, tuned
from skreg.tables import Preparation

_EPOCHS = 200
_PLURALS = {"category": "categories", "boolean": "true and false"}


def run(options):
    """Compare all methods on a CSV file, print the table, write report, pipeline and scores.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse`.
    """
    need("pandas", "skrub", "matplotlib.figure")
    given = format_of(options)
    table = load(options.data, options.target, options.task, given, dict(options.column))
    task = table.target.task
    effort = effort_of(options, _EPOCHS, jobs=options.jobs)
    split = _hold_out(table, options.test_size, options.seed)
    _check_folds(split, effort.folds)
    make_directory(options.output)
    about, notes = _about(options, table, split, effort), _notes(effort, task)
    print(_heading(about, notes), flush=True)
    with Progress(n_scores(effort, task)) as progress:
        progress.stage("compiling")
        compile_kernels(task)
        results = compare(
            split,
            task,
            make_pipeline(Preparation(), StandardScaler()),
            effort,
            options.seed,
            progress.stage,
            progress.advance,
        )
        progress.stage(TUNED)
        race = tuned(split, task, effort, options.seed, options.max_time)
    results.append(race)
    best = _best(results)
    score = SCORES[task][1]
    rows = rows_of([results])
    print(f"\n{table_over_folds(rows, score)}\n\n{verdict(rows)}\n", flush=True)
    kept = _kept(best, race, score, len(split[0]))
    commands = _commands(options, table.format)
    facts = Facts(
        title=f"{table.target.name} in {options.data.name}: which regularizer serves it?",
        about=about,
        kept=kept,
        verdict=verdict(rows),
        notes=notes,
        score=score,
        commands=commands,
    )
    pipeline = Pipeline([("reader", table.reader), *best.search.best_estimator_.steps])
    write(options.output, options.data.name, task, results, rows, best.method.name, pipeline, facts)
    print(_farewell(options, kept, commands))


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


def _about(options, table, split, effort):
    """Names and values: the data, and how it was searched."""
    target = table.target
    cores = "all cores" if effort.jobs == -1 else f"{effort.jobs} at a time"
    return [
        ("data", f"{options.data}, read as {table.format.describe()}"),
        ("target", f"{target.task} of {target.name!r} ({target.reason})"),
        ("columns", _counted(table.counts)),
        ("rows", f"{len(split[0])} training, {len(split[1])} test (seed {options.seed})"),
        *(("note", remark) for remark in table.remarks),
        ("nets", f"100 hidden relu units, {effort.epochs} epochs each"),
        ("search", f"{effort.folds}-fold cross-validation among the training rows; {cores}"),
        ("versions", f"skreg {__version__}, scikit-learn {sklearn.__version__}"),
    ]


def _counted(counts):
    """As "3 numbers, 1 category"."""
    several = [
        f"{n} {kind}" if n == 1 else f"{n} {_PLURALS.get(kind, f'{kind}s')}"
        for kind, n in counts.items()
    ]
    return ", ".join(several)


def _notes(effort, task):
    """How to read the table."""
    together, *others = footnotes(effort, task).split("\n  ")
    together, *others = " ".join([together, *others]).split("\n")
    return [
        together,
        *others,
        "folds: mean +- standard error over them; gain: over no regularization, paired by fold. "
        "Both flatter a strength a little, as it was chosen on these folds; test does not.",
        "seconds: search and refit (scikit-learn's nets train one at a time); one fit: the refit.",
        f"{TUNED}: settings of all regularizers race, the nets of the best predict together "
        "(TunedMLP*); folds: each row by the nets that have not seen it.",
    ]


def _heading(about, notes):
    width = max(len(name) for name, _ in about) + 1
    lines = [f"{name + ':':{width}} {value}" for name, value in about]
    for note in notes:
        lines += textwrap.wrap(note, 100, subsequent_indent="  ")
    return "\n".join(lines)


def _best(results):
    """Of what skreg fitted, the best by its mean score over the folds; of equals the tuned one."""
    ours = [result for result in reversed(results) if result.method.is_ours]
    return max(ours, key=lambda result: result.fold_scores.mean())


def _kept(best, race, score, n_train):
    net = race.search.best_estimator_[-1]
    board = net.leaderboard_
    n_raced, n_kept = (
        sum(row["rung"] >= 0 for row in board),
        sum(row["weight"] > 0 for row in board),
    )
    text = (
        f"{n_raced} settings of all regularizers raced on the folds of the {n_train} training rows "
        f"(the best alone: {score} {net.best_score_:.3f}); the nets of {n_kept} predict together "
        f"({score} {net.score_:.3f} out of fold). "
    )
    if best is not race:
        chosen = ", ".join(f"{name}={value:g}" for name, value in best.chosen.items())
        text += (
            f"On the same folds {best.method.name}{f' ({chosen})' if chosen else ''} reached "
            f"{best.fold_scores.mean():.3f}, and so it is what is kept. "
        )
    return (
        f"Kept: {best.method.name}. {text}On the test rows, which chose nothing: {score} "
        f"{best.test:.3f}."
    )


def _commands(options, found):
    """What to do with the pipeline: headings and lines to copy."""
    model = options.output / PIPELINE
    python = [
        "import pandas as pd",
        "import skreg",
        "",
        f"model = skreg.load({str(model)!r})",
        f"rows = {_reading(found)}  # texts as they stand: the model reads them",
        "model.predict(rows)",
    ]
    shell = f"python -m skreg predict {shlex.quote(str(model))} new.csv"
    about = f"new.csv has the columns of {options.data.name}; the target is not needed"
    return [(f"In Python ({about})", "\n".join(python)), ("On the command line", shell)]


def _reading(found):
    """The call of pandas that reads a file of a format."""
    if found.separator is None:
        file = {"excel": "new.xlsx", "parquet": "new.parquet"}[found.encoding]
        return f"pd.read_{found.encoding}({file!r})"
    others = "" if found.separator == "," else f", sep={found.separator!r}"
    others += "" if found.encoding == "utf-8" else f", encoding={found.encoding!r}"
    return f"pd.read_csv('new.csv', dtype=str, keep_default_na=False{others})"


def _farewell(options, kept, commands):
    lines = [
        *textwrap.wrap(kept, 100),
        "",
        f"Written to {options.output}: {REPORT}, {PIPELINE}, {SCORES_CSV}, {SEARCHES}, {FIGURE}",
    ]
    for heading, text in commands:
        lines += [f"{heading}:", *(f"  {line}" if line else "" for line in text.splitlines())]
    return "\n".join(lines)
