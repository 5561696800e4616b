"""Fitted estimators as files of plain data, which run no code when they are loaded."""

from skreg.saving.file import load, save

__all__ = ["load", "save"]
