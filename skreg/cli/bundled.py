"""The job without a command: two data sets that scikit-learn bundles."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn.base import TransformerMixin
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skreg import __version__
from skreg.cli.compare import compare, compile_kernels
from skreg.cli.errors import need
from skreg.cli.figure import Panel, draw
from skreg.cli.methods import SCORES, effort_of, footnotes
from skreg.cli.places import check_figure_path
from skreg.cli.progress import Progress
from skreg.cli.rows import rows_of
from skreg.cli.table import table_over_splits, verdict


@dataclass(frozen=True)
class _Bundled:
    name: str
    task: str
    load: Callable
    scaler: TransformerMixin
    n_train: int


# Few rows and many epochs, so that a net without regularization can overfit.
_DATA_SETS = (
    _Bundled("diabetes", "regression", load_diabetes, StandardScaler(), 331),
    _Bundled("digits", "classification", load_digits, MinMaxScaler(), 250),
)
_EPOCHS, _N_SPLITS = 300, 5


def run(options):
    """Compare all methods on the bundled data sets, print the tables and draw the figure.

    Parameters
    ----------
    options : argparse.Namespace
        From `parse`.
    """
    need("matplotlib.figure")
    check_figure_path(options.output)
    effort = effort_of(options, _EPOCHS, _N_SPLITS)
    print(_introduction(effort, options.seed), flush=True)
    panels = []
    for data in _DATA_SETS:
        X, y = data.load(return_X_y=True)
        with Progress() as progress:
            results = _results(data, X, y, effort, options.seed, progress)
        print(f"\n{_heading(data, X, effort)}\n", flush=True)
        rows = rows_of(results)
        print(table_over_splits(rows, SCORES[data.task][1]))
        print(f"\n{verdict(rows)}", flush=True)
        alpha = next(r for r in results[0] if r.method.name == "alpha")
        title = f"{data.name}: split 1, mean and std of {effort.folds} folds"
        panels.append(Panel(title, data.task, alpha.search))
    draw(panels, options.output)
    print(f"\nFigure, score against lambda: {options.output}")


def _results(data, X, y, effort, seed, progress):
    progress.stage(f"{data.name}: compiling")
    compile_kernels(data.task)
    kind = StratifiedShuffleSplit if data.task == "classification" else ShuffleSplit
    splitter = kind(effort.splits, train_size=data.n_train, random_state=seed)
    results = []
    for i, (train, test) in enumerate(splitter.split(X, y)):
        stage = f"{data.name}: split {i + 1} of {effort.splits}"
        progress.stage(stage)
        split = X[train], X[test], y[train], y[test]

        def report(method, stage=stage):
            progress.step(f"{stage}: {method}")

        results.append(compare(split, data.task, data.scaler, effort, seed + i, report))
    return results


def _introduction(effort, seed):
    return f"""\
skreg {__version__}: nets with 100 hidden relu units, {effort.epochs} epochs each; one process, \
one thread.
Strengths are chosen among the training rows by {effort.folds}-fold cross-validation.
Scores are mean +- standard error over {effort.splits} random splits (seed {seed}); gain is that \
over no
regularization, paired by split. seconds: search and refit of one split; one fit: the refit."""


def _heading(data, X, effort):
    return f"""\
{data.name}: {data.task}, {X.shape[1]} features, {type(data.scaler).__name__}, {data.n_train} \
training rows, {len(X) - data.n_train} test rows
{footnotes(effort, data.task)}"""
