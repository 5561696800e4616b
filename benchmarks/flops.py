"""How near is training to the machine's limit: its FLOP/s against a large matrix product's?

A step of B rows is counted as 6 B times the weights: forward, and both products of the backward.
"""

import numpy as np

from benchmarks._measure import interleaved, one_thread, report
from benchmarks._peers import fixed, standardized
from skreg import MLPRegressor

SHAPES = [(353, 10, (100,), 300), (1000, 20, (128, 128), 40), (20000, 30, (256, 256), 2)]


def main():
    """Print the table."""
    a = np.random.RandomState(0).randn(2000, 2000).astype(np.float32)
    rows = []
    with one_thread():
        for n, d, hidden, epochs in SHAPES:
            X, y = standardized(n, d)
            net = MLPRegressor(hidden_layer_sizes=hidden, **fixed(epochs))
            seconds = interleaved(
                {"fit": lambda net=net, X=X, y=y: net.fit(X, y), "product": lambda: a @ a}, 5
            )
            weights = sum(coef.size for coef in net.coefs_)
            achieved = 6 * weights * n * epochs / seconds["fit"] / 1e9
            limit = 2 * 2000**3 / seconds["product"] / 1e9
            rows.append((f"{n:,} x {d}, {hidden}", achieved, limit, achieved / limit))
    columns = ("case", "GFLOP/s of a fit", "of a 2000^3 product", "share")
    report("Distance to the machine's limit, one thread, float32", columns, rows)


if __name__ == "__main__":
    main()
