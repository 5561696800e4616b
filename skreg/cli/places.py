"""Where results are written: checked before the work begins."""

import tempfile

from skreg.cli.errors import UserError

_FORMATS = (".png", ".pdf", ".svg")


def check_figure_path(path):
    """Make the directory of a figure; raises `UserError` where it cannot be written."""
    if path.suffix.lower() not in _FORMATS:
        raise UserError(
            f"--output {path} must name a figure that ends in one of {', '.join(_FORMATS)}."
        )
    if path.is_dir():
        raise UserError(f"--output {path} is a directory; name a file, as {path / 'lambda.png'}.")
    make_directory(path.parent)


def check_file(path):
    """Make the directory of a file; raises `UserError` where it cannot be written."""
    if path.is_dir():
        raise UserError(f"--output {path} is a directory; name a file, as {path / 'out.csv'}.")
    make_directory(path.parent)


def make_directory(path):
    """Make a directory; raises `UserError` where nothing can be written into it."""
    if path.exists() and not path.is_dir():
        raise UserError(f"--output {path} is a file; name a directory to write to.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(f"--output: cannot write into {path}: {error.strerror}.") from error
