"""How long do the import, the first compilation and a cached load take? Each in fresh processes."""

import os
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks._measure import report, verdict

LOAD = "from skreg.engine import compiled"
RUN = "compiled.run_block('float32')"
PIECES = {
    "import skreg": ("", "import skreg", 0.3, False),
    "import numba (beside numpy)": ("import numpy", "import numba", None, False),
    "import torch": ("import numpy", "import torch", None, False),
    "import skorch (beside torch)": ("import torch", "import skorch", None, False),
    "first compilation, float32": (LOAD, RUN, 10.0, True),
    "cached load, float32": (LOAD, RUN, 0.5, False),
}


def seconds(before, what, fresh_cache):
    """Seconds of `what` in a fresh process after `before`."""
    code = f"{before}\nimport time; t = time.perf_counter()\n{what}\nprint(time.perf_counter() - t)"
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, **({"NUMBA_CACHE_DIR": folder} if fresh_cache else {})}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def main():
    """Print the table."""
    rows = []
    for name, (before, what, bar, fresh) in PIECES.items():
        times = [seconds(before, what, fresh) for _ in range(3 if fresh else 6)]
        median = float(np.median(times if fresh else times[1:]))
        rows.append((name, median, verdict(median, bar) if bar else ""))
    report("Start-up", ("what", "seconds", "bar"), rows)


if __name__ == "__main__":
    main()
