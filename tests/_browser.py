"""The headless browser that tests open pages in."""

import os
import shutil

_NAMES = "chromium", "chromium-browser", "google-chrome", "chrome"


def browser():
    """Path of a Chromium, or None where there is none."""
    named = os.environ.get("SKREG_BROWSER")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)
