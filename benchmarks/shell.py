"""What does the shell around the kernel cost in a default fit of 442 x 10?

Validation of arrays, history: all that is not the compiled loop.
"""

import time

from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

from benchmarks._measure import interleaved, one_thread, report
from benchmarks._peers import fixed
from skreg import MLPRegressor
from skreg.engine import loop
from skreg.engine.compiled import engine
from skreg.estimators._base import BaseNet

PIECES = {
    "compiled loop, permutations in it": (engine.CompiledEngine, "run"),
    "history": (loop.Fit, "book"),
    "arrays checked": (BaseNet, "_check_data"),
}


def timed(owner, name, spent):
    """Wrap a function so that its time is added to `spent`; returns what undoes it."""
    original = getattr(owner, name)

    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - start

    setattr(owner, name, wrapper)
    return lambda: setattr(owner, name, original)


def main():
    """Print the table."""
    X, y = load_diabetes(return_X_y=True)
    X, fits = scale(X), 20
    with one_thread():
        whole = interleaved({"fit": lambda: MLPRegressor(**fixed(200)).fit(X, y)}, 20)["fit"]
        spent = {}
        undo = [timed(owner, name, spent) for owner, name in PIECES.values()]
        for _ in range(fits):
            MLPRegressor(**fixed(200)).fit(X, y)
        for restore in undo:
            restore()
    rows = [(piece, spent[name] / fits * 1e3) for piece, (_, name) in PIECES.items()]
    rows.append(("the rest", whole * 1e3 - sum(ms for _, ms in rows)))
    rows.append(("a fit", whole * 1e3))
    rows = [(piece, ms, ms / (whole * 1e3)) for piece, ms in rows]
    report("A default fit of 442 x 10, 200 epochs", ("piece", "ms", "share"), rows)


if __name__ == "__main__":
    main()
