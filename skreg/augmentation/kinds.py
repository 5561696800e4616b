"""What an estimator's `augment` is: off, served by the compiled engine, or somebody's own."""

from skreg.augmentation._base import Augmentation
from skreg.augmentation.compose import Compose
from skreg.augmentation.signals import SignalAugment
from skreg.augmentation.tables import TabularAugment


def active(augment):
    """The augmentation, or None where it is off."""
    return None if getattr(augment, "is_identity", augment is None) else augment


def has_compiled_form(augment):
    """Whether the compiled engine serves it: a subclass may do something else."""
    return type(augment) in (SignalAugment, TabularAugment)


def is_users_own(augment):
    """Whether it runs code that is not skreg's."""
    if type(augment) is Compose:
        return any(is_users_own(part) for part in augment.transforms)
    own = isinstance(augment, Augmentation) and type(augment).__module__.startswith("skreg.")
    return augment is not None and not own


def check_augment(augment, shape):
    """Raise where an augmentation cannot be used on rows of a shape.

    Raises
    ------
    ValueError
        As the augmentation's own method ``check(shape)`` has it, if there is one.
    """
    if augment is not None and hasattr(augment, "check"):
        augment.check(shape)
