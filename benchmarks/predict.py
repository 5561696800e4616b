"""How long does predicting take, of a net and of an ensemble, against scikit-learn's MLP?

A net: one row and a million. An ensemble of 50: one row and 100,000; scikit-learn's in one process
(with loky its nets would be sent to the workers for each call).
"""

import numpy as np
from sklearn.ensemble import BaggingRegressor as SklearnBaggingRegressor
from sklearn.neural_network import MLPRegressor as SklearnMLPRegressor

from benchmarks._measure import interleaved, one_thread, report, verdict
from benchmarks._peers import standardized
from skreg import BaggingRegressor, MLPRegressor


def milliseconds(nets, X):
    """Milliseconds of a call of each net's `predict`."""
    calls = 100 if len(X) == 1 else 1

    def repeated(net):
        return lambda: [net.predict(X) for _ in range(calls)]

    seconds = interleaved({who: repeated(net) for who, net in nets.items()}, rounds=9)
    return {who: value / calls * 1e3 for who, value in seconds.items()}


def ensembles(X, y, many):
    """Rows of the table of ensembles of 50."""
    kwargs = {"max_iter": 2, "n_iter_no_change": 2}
    ensembles = {
        "skreg": BaggingRegressor(MLPRegressor(**kwargs), 50, random_state=0),
        "scikit-learn": SklearnBaggingRegressor(SklearnMLPRegressor(**kwargs), 50, random_state=0),
    }
    for ensemble in ensembles.values():
        ensemble.fit(X, y)
    for Z in (many[:1], many[:100_000]):
        ms = milliseconds(ensembles, Z)
        ratio = ms["skreg"] / ms["scikit-learn"]
        yield f"{len(Z):,}", *ms.values(), ratio, verdict(ratio, 1.0)


def main():
    """Print the tables."""
    X, y = standardized(442, 10)
    many = np.random.RandomState(0).randn(1_000_000, 10).astype(np.float32)
    rows = []
    with one_thread():
        for dtype in (np.float64, np.float32):
            nets = {
                "skreg": MLPRegressor(max_iter=2, n_iter_no_change=2).fit(X.astype(dtype), y),
                "scikit-learn": SklearnMLPRegressor(max_iter=200).fit(X.astype(dtype), y),
            }
            for Z in (many[:1].astype(dtype), many.astype(dtype)):
                ms = milliseconds(nets, Z)
                ratio = ms["skreg"] / ms["scikit-learn"]
                rows.append((f"{len(Z):,}", Z.dtype.name, *ms.values(), ratio, verdict(ratio, 1.0)))
    columns = ("rows", "X", "skreg, ms", "scikit-learn, ms", "ratio", "bar")
    report("Prediction of a regressor with (100,) hidden units", columns, rows)
    with one_thread():
        rows = list(ensembles(X.astype(np.float64), y, many.astype(np.float64)))
    columns = ("rows", "skreg, ms", "scikit-learn, ms", "ratio", "bar")
    report("Prediction of an ensemble of 50 such nets, one thread", columns, rows)


if __name__ == "__main__":
    main()
