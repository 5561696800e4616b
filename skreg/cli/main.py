"""`main`: what the arguments ask for, and the exit code."""

import os
import sys

from skreg.cli.arguments import parse
from skreg.cli.errors import MissingPackage, UserError
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
        0; 2 for a mistake of the user: a wrong command, or data, a model or a place to write to
        that cannot serve; 1 where a package is missing or training diverges (all told in one line
        on stderr); 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names that its encoding has not are escaped
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parse(argv)
        _job(options)(options)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse's way to end --help and --version
        return stop.code
    except (UserError, MissingPackage, DivergenceError) as error:
        print("skreg: error:", " ".join(str(error).split()), file=sys.stderr)
        return 2 if isinstance(error, UserError) else 1
    except BrokenPipeError:  # the reader of stdout has seen enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("skreg: interrupted", file=sys.stderr)
        return 130
    return 0


def _job(options):
    if options.command == "tune":
        from skreg.cli.tune import run
    elif options.command == "predict":
        from skreg.cli.predict import run
    else:
        from skreg.cli.bundled import run
    return run
