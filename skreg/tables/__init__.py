"""DataFrames on their way to a net: what each column holds, and what becomes of it."""

from skreg.tables.frames import is_frame
from skreg.tables.preparation import Preparation
from skreg.tables.refusal import explained

__all__ = ["Preparation", "explained", "is_frame"]
