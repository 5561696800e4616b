"""How long does one fit take, against scikit-learn's MLP, a plain torch loop and plain skorch?

Same epochs, batches of 200, Adam, relu, one thread for everybody. scikit-learn in float64, its
default, and float32; the others in float32.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

from benchmarks._measure import interleaved, one_thread, report, verdict
from benchmarks._peers import BATCH, fixed, sklearn_fit, skorch_fit, standardized, torch_fit
from skreg import MLPRegressor

# epochs, hidden layers, and the bars: share of the peer's time that skreg may take
CASES = {
    "442 x 10, (100,)": (200, (100,), {"scikit-learn": 1 / 5, "torch": 1 / 5, "skorch": 1 / 15}),
    "1,000 x 20, (128, 128)": (40, (128, 128), {"scikit-learn": 2 / 5, "torch": 2 / 3}),
    "1,000 x 20, 6 x (64,)": (40, (64,) * 6, {"scikit-learn": 2 / 5, "torch": 2 / 3}),
    "20,000 x 30, (256, 256)": (2, (256, 256), {"scikit-learn": 1 / 2, "torch": 1.0}),
}


def data(case):
    """X and y of a case, float32."""
    if case.startswith("442"):
        X, y = load_diabetes(return_X_y=True)
        return scale(X).astype(np.float32), scale(y).astype(np.float32)
    n, d = (int(part.replace(",", "")) for part in case.split(", ")[0].split(" x ")[:2])
    return standardized(n, d)


def measure(case):
    """Rows of the table for a case."""
    epochs, hidden, bars = CASES[case]
    X, y = data(case)
    losses = {}

    def keep(name, function, *args):
        return lambda: losses.__setitem__(name, function(*args))

    def skreg_fit(X, y, hidden, epochs):
        net = MLPRegressor(hidden_layer_sizes=hidden, alpha=1e-4 / BATCH, **fixed(epochs))
        return net.fit(X, y).loss_curve_[-1]

    peers = {
        "skreg": (skreg_fit, X, y),
        "scikit-learn": (sklearn_fit, X.astype(np.float64), y.astype(np.float64)),
        "scikit-learn, float32": (sklearn_fit, X, y),
        "torch": (torch_fit, X, y),
        "skorch": (skorch_fit, X, y),
    }
    if "skorch" not in bars:
        del peers["skorch"]
    functions = {name: keep(name, f, *xy, hidden, epochs) for name, (f, *xy) in peers.items()}
    seconds = interleaved(functions, rounds=5)
    steps = epochs * -(-len(X) // BATCH)
    for name, value in seconds.items():
        ratio = seconds["skreg"] / value
        bar = verdict(ratio, bars[name]) if name in bars else ""
        yield case, name, value * 1e3, value / steps * 1e6, ratio, bar, losses[name]


def main():
    """Print the table."""
    with one_thread():
        rows = [row for case in CASES for row in measure(case)]
    columns = ("case", "who", "ms", "us per step", "skreg / who", "bar", "final loss")
    report("One fit, one thread", columns, rows)


if __name__ == "__main__":
    main()
