"""How much memory does a search take, against scikit-learn's under loky on all cores?

Each search runs in a process of its own; the peak is of proportional set sizes (Linux's Pss, in
which shared pages count once) of it and all its children.
"""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks._measure import report

SEARCH = """
import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
import skreg
from {module} import MLPRegressor
X = np.random.RandomState(0).randn({rows}, 50).astype(np.float32)
net = MLPRegressor(max_iter=5, n_iter_no_change=5, random_state=0)
search = GridSearchCV(net, {{"alpha": np.logspace(-6, 1, {candidates})}}, cv=5, refit=False)
with parallel_config(backend="{backend}", n_jobs=-1):
    search.fit(X, X[:, 0])
"""
WHO = {
    "skreg, all cores": {"module": "skreg", "backend": "skreg"},
    "skreg, loky": {"module": "skreg", "backend": "loky"},
    "scikit-learn, loky": {"module": "sklearn.neural_network", "backend": "loky"},
}
CASES = {
    "1,000 x 50, 20 candidates": {"rows": 1000, "candidates": 20},
    "1,000 x 50, 1,000 candidates": {"rows": 1000, "candidates": 1000},
    "200,000 x 50 (40 MB), 2 candidates": {"rows": 200_000, "candidates": 2},
}


def family(pid):
    """A process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(p for child in children for p in family(int(child)))]


def megabytes(pid):
    """Proportional set size of a process and its descendants."""
    total = 0
    for member in family(pid):
        lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def peak(code):
    """Peak of a program's memory, in megabytes."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code])
    most = 0.0
    while process.poll() is None:
        with suppress(OSError, StopIteration):  # one of them has just ended
            most = max(most, megabytes(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit("the search failed")
    return most


def main():
    """Print the table."""
    rows = []
    for case, size in CASES.items():
        peaks = {who: peak(SEARCH.format(**size, **how)) for who, how in WHO.items()}
        for who, value in peaks.items():
            rows.append((case, who, value, value / peaks["skreg, all cores"]))
    report("Peak memory of a search", ("case", "who", "MB", "x skreg, all cores"), rows)


if __name__ == "__main__":
    main()
