"""Interleaved timing, and tables that say where they were measured."""

import platform
import time
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

import numpy as np

PACKAGES = ("skreg", "scikit-learn", "torch", "skorch", "numba", "numpy")


@contextmanager
def one_thread():
    """One thread for everybody."""
    import scipy.linalg  # noqa: F401 - its BLAS must be loaded to be limited
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


def interleaved(functions, rounds=7):
    """Median seconds of each function, called in turn, round after round, after a warm-up.

    Parameters
    ----------
    functions : dict of callables by name
    rounds : int

    Returns
    -------
    dict of float by name
    """
    times = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def machine():
    """CPU model and number of cores."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {cpu_count()} cores"


def report(title, columns, rows):
    """Print a table in markdown under a line that names date, machine and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"\n### {title}\n\n{date.today()}, {machine()}; {versions}\n")
    cells = [[str(c) for c in columns]] + [[_text(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    for i, row in enumerate(cells):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |")
        if i == 0:
            print("| " + " | ".join("-" * w for w in widths) + " |", flush=True)


def _text(cell):
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def verdict(ratio, bar):
    """Whether a ratio meets its bar."""
    return f"{bar:.3g}: {'met' if ratio <= bar else 'MISSED'}"
