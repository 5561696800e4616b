"""The arguments of the command line and the help that teaches them."""

import argparse
import codecs
import sys
from pathlib import Path

from skreg import __version__
from skreg.cli.columns import KINDS
from skreg.cli.errors import UserError
from skreg.cli.files import Format

_ABOUT = """\
What does each regularizer do to a neural net?

Without a command: fits scikit-learn's diabetes (regression) and digits (classification) without
regularization, with each regularizer alone and with all together, prints the test scores beside
those of scikit-learn's own MLP, and draws train and validation score against lambda (alpha).
Two commands do the work on your own data: tune, then predict.
"""

_EXAMPLES = """\
examples:
  python -m skreg
      both bundled data sets; the figure goes to skreg-output/lambda.png
  python -m skreg --output plots/lambda.pdf --seed 1
      other random splits and nets; the figure as a PDF
  python -m skreg tune houses.csv --target price --output houses
      the same for your own CSV file; the report is houses/report.html, the best pipeline
      houses/pipeline.skreg
  python -m skreg predict houses/pipeline.skreg new.csv --output prices.csv
      prices of houses that have none yet
  python -m skreg tune --help
  python -m skreg predict --help
      everything about your own data

exit codes: 0; 1 where the program fails; 2 for a mistake in the command, the data, a model or a
directory; 130 after Ctrl-C. Mistakes are told in one line on stderr.
"""

_TUNE_ABOUT = """\
Which regularizer serves your data? Reads a CSV file with a header line (or Excel, or Parquet),
holds out a test part, chooses the strength of every regularizer on the rest by cross-validation,
and prints the scores.
Then settings of all regularizers race (TunedMLP*), and the nets of the best predict together.

Separator, decimal mark and encoding are found out, and so is what each column holds: numbers,
categories, texts, dates, or an id, which is left out. It is told where it is not plain, and kept:
predict reads another file by it. Rows without a target are left out.
The nets of a search train on all cores at once; the scores do not depend on how many there are.

Into the output directory go
  report.html       everything on one page that needs no other file: open it in a browser
  pipeline.skreg    what is best on the folds, most often the tuned ensemble, with its preparation
  scores.csv        the printed table
  cv_results.csv    every candidate of every search, fold by fold
  lambda.png        train and validation score against lambda (alpha)
"""

_TUNE_EXAMPLES = """\
examples:
  python -m skreg tune houses.csv --target price --output houses
  python -m skreg tune patients.csv --target outcome --task classification --folds 10
  python -m skreg tune export.csv --target "net weight" --column code=category --epochs 500
  python -m skreg tune large.csv --target y --quick
      a rough look first

and then:
  python -m skreg predict houses/pipeline.skreg new.csv
or in Python:
  import skreg
  skreg.load("houses/pipeline.skreg").predict(rows)   # rows: pd.read_csv("new.csv", dtype=str)
"""

_PREDICT_ABOUT = """\
Predict the rows of a CSV file with a pipeline that the command tune has kept.

Writes CSV with one line for each row of the file, in its order: a column "prediction" and, for
classes, a column "p(CLASS)" with the probability of each. The file needs the columns that the
pipeline was fitted on, in any order; others, as the target, are not looked at.

A model file is plain data (`skreg.save`): reading one runs no code that stands in it.
"""

_PREDICT_EXAMPLES = """\
examples:
  python -m skreg predict houses/pipeline.skreg new.csv
      predictions to the terminal
  python -m skreg predict houses/pipeline.skreg new.csv --output prices.csv
  python -m skreg predict patients/pipeline.skreg export.csv --encoding cp1252 | head
"""


class _Parser(argparse.ArgumentParser):
    """argparse, but its errors are `UserError`, one line."""

    def error(self, message):
        raise UserError(f"{message} (see {self.prog} --help)")


def parse(argv):
    """Parse arguments; raises `UserError` where they are wrong."""
    argv = sys.argv[1:] if argv is None else argv
    for command in ("tune", "predict"):
        if command in argv[1:] and argv[0].startswith("-"):
            line = " ".join(argv)
            raise UserError(f"the command {command} comes before its options, got {line!r}")
    parser = _Parser(
        prog="python -m skreg",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skreg {__version__}")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        default=Path("skreg-output/lambda.png"),
        help="figure to write (default: %(default)s)",
    )
    _add_common(parser, folds=3, epochs=300)
    commands = parser.add_subparsers(dest="command", metavar="command")
    _add_tune(commands)
    _add_predict(commands)
    return parser.parse_args(argv)


def _add_tune(commands):
    tune = commands.add_parser(
        "tune",
        help="the same for your own CSV file",
        description=_TUNE_ABOUT,
        epilog=_TUNE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tune.add_argument("data", type=Path, metavar="data.csv", help="CSV file with a header line")
    tune.add_argument("--target", required=True, metavar="NAME", help="column to predict")
    tune.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        default=Path("skreg-output"),
        help="directory to write to (default: %(default)s)",
    )
    tune.add_argument(
        "--task",
        choices=["auto", "regression", "classification"],
        default="auto",
        help="auto: classification where the target is not numeric or has few distinct whole "
        "numbers, else regression (default: %(default)s)",
    )
    tune.add_argument(
        "--test-size",
        type=_number(float, 0.01, 0.9),
        default=0.2,
        metavar="SHARE",
        help="share of the rows held out for the test score (default: %(default)s)",
    )
    tune.add_argument(
        "--jobs",
        type=_number(int, 1, 1024),
        default=-1,
        metavar="N",
        help="nets of a search under way at a time (default: as many as keep all cores busy)",
    )
    tune.add_argument(
        "--max-time",
        type=_number(float, 0.1, 10**6),
        metavar="SECONDS",
        help="time for the race of the tuned ensemble (default: no limit)",
    )
    _add_columns(tune)
    _add_format(tune)
    _add_common(tune, folds=5, epochs=200)


def _add_columns(tune):
    tune.add_argument(
        "--column",
        type=_column,
        action="append",
        default=[],
        metavar="NAME=KIND",
        help=f"what a column holds, where tune takes it for something else: {', '.join(KINDS)} "
        "(it is left out); may be given several times",
    )


def _add_predict(commands):
    predict = commands.add_parser(
        "predict",
        help="predictions of a kept pipeline for a CSV file",
        description=_PREDICT_ABOUT,
        epilog=_PREDICT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument(
        "model", type=Path, metavar="MODEL", help="pipeline.skreg, as tune has written it"
    )
    predict.add_argument("data", type=Path, metavar="data.csv", help="CSV file with a header line")
    predict.add_argument(
        "--output", type=Path, metavar="FILE", help="CSV file to write (default: the terminal)"
    )
    _add_format(predict)


def _add_format(parser):
    found = "(default: found out, and told)"
    parser.add_argument(
        "--separator",
        "--sep",
        type=_separator,
        help=f'what separates columns, as ";" or tab {found}',
    )
    parser.add_argument(
        "--decimal", choices=[".", ","], help=f"decimal mark of the numbers {found}"
    )
    parser.add_argument(
        "--thousands", type=_separator, help=f'what separates thousands, as "," or " " {found}'
    )
    parser.add_argument(
        "--encoding", type=_encoding, help=f"encoding of the text, as utf-8 or cp1252 {found}"
    )


def format_of(options):
    """What the options say of the file."""
    return Format(options.encoding, options.separator, options.decimal, options.thousands)


def _add_common(parser, folds, epochs):
    parser.add_argument(
        "--seed",
        type=_number(int, 0, 2**31),
        default=0,
        metavar="N",
        help="seed of splits and nets (default: %(default)s)",
    )
    parser.add_argument(
        "--folds",
        type=_number(int, 2, 100),
        default=folds,
        metavar="N",
        help="folds of the cross-validation that chooses strengths (default: %(default)s)",
    )
    parser.add_argument(
        "--epochs",
        type=_number(int, 1, 10**6),
        metavar="N",
        help=f"epochs (max_iter) of every net (default: {epochs})",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a rough look: 10 epochs, three alphas, one other strength, two splits at most",
    )


def _number(kind, low, high):
    """Argument type: an int or float in [low, high]."""

    def convert(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"must be {what} from {low} to {high}, got {text!r}")
        return value

    return convert


def _encoding(text):
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise argparse.ArgumentTypeError(f"must be an encoding of Python's, got {text!r}") from None


def _column(text):
    name, _, kind = text.rpartition("=")
    if not name or kind not in KINDS:
        raise argparse.ArgumentTypeError(
            f"must be NAME=KIND with a kind of {', '.join(KINDS)}, got {text!r}"
        )
    return name, kind


def _separator(text):
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"must be one character or 'tab', got {text!r}")
    return text
