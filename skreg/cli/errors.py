"""Mistakes that a user can mend, and the packages that the command line needs."""

from importlib import import_module


class UserError(Exception):
    """A mistake of the user; its message names the thing, its value and the remedy."""

    code = 1


class UsageError(UserError):
    """A mistake in the command itself."""

    code = 2


def need(*modules):
    """Import modules that only the command line needs; raises `UserError` where one is missing."""
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            package = module.partition(".")[0]
            raise UserError(
                f"{package} is needed and cannot be imported ({error}). "
                'Install it with: pip install "skreg[cli]"'
            ) from error
