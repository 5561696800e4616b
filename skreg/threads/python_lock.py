"""The Python lock: tasks beside each other in threads run their Python parts one at a time.

A task of `skreg.parallel.backend` holds the lock but while its net trains, so transformers,
scorers and estimators that are not thread-safe are safe, and so are the process's warning filters,
which scikit-learn changes for every task: each holder sees its own, everybody else those from
outside.

A holder that has come to a standstill - it waits for a lock, a process, a disk - is overtaken, so
that a task may wait for what another task holds.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

_STANDSTILL = 1.0  # seconds without work after which a holder is overtaken
_POLL = 0.25  # seconds between looks at it

Handling: TypeAlias = tuple[Any, ...]
"""How a thread handles warnings: the values of `_HANDLING`."""


class Task(Protocol):
    """What a task lends to the fits that are a part of it."""

    cancelled: bool
    """Whether nobody waits for its result any more."""

    def note_bytes(self, n_bytes: int) -> None:
        """Take note of what a net holds in memory."""

    def meet(self, fit: Any) -> None:
        """Train a fit on a GPU together with those of other tasks."""


class Cancelled(BaseException):
    """Ends a task whose result nobody waits for any more; no business of `except Exception`."""


class PythonLock:
    """A lock for the Python parts of tasks, handed on in the order of asking.

    A thread that holds it has a `Task`, or None.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[_Turn] = deque()
        self._holder: _Turn | None = None
        self._mine = threading.local()

    @property
    def task(self) -> Task | None:
        """The task that this thread works on, or None."""
        return getattr(self._mine, "task", None)

    def is_held(self) -> bool:
        """Whether this thread holds the lock (or did until it was overtaken)."""
        return getattr(self._mine, "turn", None) is not None

    def check(self) -> None:
        """Raise `Cancelled` where this thread's task is."""
        if self.task is not None and self.task.cancelled:
            raise Cancelled

    def start_task(self, task: Task) -> None:
        """Begin a task with the lock, taken where this thread has not kept it from the last one.

        Raises
        ------
        Cancelled
            Where the task is cancelled.
        """
        self._mine.task = task
        turn = getattr(self._mine, "turn", None)
        if turn is None or turn is not self._holder:
            self.release()
            self.acquire()
        self.check()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Put the lock down for the length of the block, where this thread holds it.

        Raises
        ------
        Cancelled
            At the end of the block, where the thread's task is cancelled by then.
        """
        if not self.is_held():
            yield
            return
        handling = self.release()
        try:
            yield
        finally:
            self.acquire(handling)

    def acquire(self, handling: Handling | None = None) -> None:
        """Wait for the lock, and handle warnings as `release` gave it, or as is found."""
        turn = _Turn()
        try:
            with self._lock:
                if self._holder is None:
                    self._holder = turn
                else:
                    turn.gate.acquire()
                    self._waiting.append(turn)
            while turn is not self._holder:
                if not turn.gate.acquire(timeout=_POLL):
                    self.check()
                    self._overtake_a_standstill()
            self.check()
        except BaseException:
            self._give_up(turn)
            raise
        turn.begin(handling)
        self._mine.turn = turn

    def release(self) -> Handling | None:
        """Hand the lock on, where this thread holds it. Gives how it handled warnings."""
        turn, self._mine.turn = getattr(self._mine, "turn", None), None
        if turn is None:
            return None
        handling = turn.end(restore=turn is self._holder)
        with self._lock:
            if turn is self._holder:
                self._pass_on()
        return handling

    def after_fork(self) -> None:
        """Begin anew in a forked child, where only the thread that forked goes on."""
        self._lock, self._waiting = threading.Lock(), deque()
        self._holder = getattr(self._mine, "turn", None)

    def _pass_on(self) -> None:
        self._holder = self._waiting.popleft() if self._waiting else None
        if self._holder is not None:
            self._holder.gate.release()

    def _give_up(self, turn: _Turn) -> None:
        with self._lock:
            if turn is self._holder:
                self._pass_on()
            elif turn in self._waiting:
                self._waiting.remove(turn)

    def _overtake_a_standstill(self) -> None:
        with self._lock:
            if self._holder is not None and self._holder.stands_still():
                self._pass_on()


class _Turn:
    """A thread's time with the lock."""

    def __init__(self) -> None:
        self.gate = threading.Lock()
        self._thread = threading.get_ident()
        self._seen: tuple[float, Any] | None = None

    def begin(self, handling: Handling | None) -> None:
        """Install how this thread handles warnings, if it has its own way."""
        self._found = _warning_handling()
        if handling is not None:
            _handle_warnings(handling)

    def end(self, restore: bool) -> Handling:
        """How the thread handles warnings; what was found is put back."""
        handling = _warning_handling()
        if restore:
            _handle_warnings(self._found)
        return handling

    def stands_still(self) -> bool:
        """Whether the thread has done nothing since this was asked last, some time ago."""
        now, work = time.monotonic(), self._work_done()
        if self._seen is None or self._seen[1] != work:
            self._seen = now, work
            return False
        return now - self._seen[0] >= _STANDSTILL

    def _work_done(self) -> float | tuple[int, int | None]:
        """Seconds of processor time of the thread; where that cannot be had, where it stands."""
        if hasattr(time, "pthread_getcpuclockid"):
            return time.clock_gettime(time.pthread_getcpuclockid(self._thread))
        frame = sys._current_frames().get(self._thread)
        return id(frame), getattr(frame, "f_lasti", None)


_HANDLING = "filters", "showwarning", "_showwarnmsg_impl"  # what `catch_warnings` changes


def _warning_handling() -> Handling:
    return tuple(getattr(warnings, name, None) for name in _HANDLING)


def _handle_warnings(handling: Handling) -> None:
    if all(a is b for a, b in zip(handling, _warning_handling(), strict=True)):
        return
    for name, value in zip(_HANDLING, handling, strict=True):
        if value is not None:
            setattr(warnings, name, value)
    with warnings.catch_warnings():
        pass  # tells modules that remember what they warned of


python_lock = PythonLock()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=python_lock.after_fork)
