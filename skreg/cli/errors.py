"""Mistakes that a user can mend, and the packages that the command line needs."""

from importlib import import_module


class UserError(Exception):
    """A mistake of the user; its message names the thing, its value and the remedy."""


class MissingPackage(Exception):  # noqa: N818 - the installation's fault
    """A package that the command line needs is not there."""


def need(*modules):
    """Import modules of the command line's own; raises `MissingPackage` where one is missing."""
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            package = module.partition(".")[0]
            raise MissingPackage(
                f"{package} is needed and cannot be imported ({error}). "
                'Install it with: pip install "skreg[cli]"'
            ) from error
