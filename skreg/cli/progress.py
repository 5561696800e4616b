"""Progress on stderr."""

import shutil
import sys
import time

_WIDTH = 24  # of the bar
_PAUSE = 0.1  # seconds between two pictures of it


class Progress:
    """A bar updated in place where stderr is a terminal, else one plain line per stage.

    A context manager: the line is cleared at the end, before anything else is printed.

    Parameters
    ----------
    total : int, default=0
        Calls of `advance` until the end; 0 shows no bar.
    """

    def __init__(self, total=0):
        self.total, self.done, self._text = total, 0, ""

    def __enter__(self):
        self._terminal = sys.stderr.isatty()
        self._start = self._shown = time.monotonic()
        return self

    def __exit__(self, *exception):
        if self._terminal:
            self._print("")

    def stage(self, text):
        """Begin a stage: shown everywhere."""
        self.step(text)
        if not self._terminal:
            print(text, file=sys.stderr, flush=True)

    def step(self, text):
        """Begin a step within a stage: shown in a terminal only."""
        self._text = text
        if self._terminal:
            self._print(self._line(time.monotonic()))

    def advance(self):
        """A piece of the work is done."""
        self.done += 1
        now = time.monotonic()
        if self._terminal and now - self._shown >= _PAUSE:
            self._shown = now
            self._print(self._line(now))

    def _line(self, now):
        if not self.total:
            return self._text
        share = min(self.done / self.total, 1.0)
        full = int(share * _WIDTH)
        left = ""
        if self.done:  # the time that is left, if the rest goes as the work so far
            seconds = int((now - self._start) * (1 - share) / share)
            left = f"  about {seconds // 60}:{seconds % 60:02d} left"
        bar = "#" * full + "-" * (_WIDTH - full)
        return f"[{bar}] {share:4.0%}{left}  {self._text}"

    def _print(self, text):
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{text[:width]}", end="", file=sys.stderr, flush=True)
