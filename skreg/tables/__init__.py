"""DataFrames on their way to a net: what each column holds, and what becomes of it."""

from skreg.tables.frames import check_names, is_frame, is_plain
from skreg.tables.preparation import Preparation
from skreg.tables.refusal import explained, validate_data

__all__ = ["Preparation", "check_names", "explained", "is_frame", "is_plain", "validate_data"]
