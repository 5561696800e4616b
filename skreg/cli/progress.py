"""Progress on stderr."""

import shutil
import sys


class Progress:
    """One line updated in place where stderr is a terminal, else one plain line per stage.

    A context manager: the line is cleared at the end, before anything else is printed.
    """

    def __enter__(self):
        self._terminal = sys.stderr.isatty()
        return self

    def __exit__(self, *exception):
        if self._terminal:
            self._show("")

    def stage(self, text):
        """Begin a stage: shown everywhere."""
        if self._terminal:
            self._show(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def step(self, text):
        """Begin a step within a stage: shown in a terminal only."""
        if self._terminal:
            self._show(text)

    def _show(self, text):
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{text[:width]}", end="", file=sys.stderr, flush=True)
