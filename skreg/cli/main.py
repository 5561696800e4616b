"""`main`: what the arguments ask for, and the exit code."""

import sys

from skreg.cli.arguments import parse
from skreg.cli.errors import UserError
from skreg.exceptions import DivergenceError


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        The arguments; those of the process where None.

    Returns
    -------
    code : int
        0, 2 after a mistake of the user (told in one line on stderr), 130 after Ctrl-C.
    """
    try:
        options = parse(argv)
        _job(options)(options)
    except SystemExit as stop:  # argparse's way to end --help and --version
        return stop.code
    except (UserError, DivergenceError) as error:
        print("skreg: error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("skreg: interrupted", file=sys.stderr)
        return 130
    return 0


def _job(options):
    if options.command == "tune":
        from skreg.cli.tune import run
    else:
        from skreg.cli.bundled import run
    return run
