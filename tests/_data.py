"""Small data sets for tests, by kind of target; all of them are scikit-learn's or made here."""

from functools import cache

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.preprocessing import StandardScaler


@cache
def regression(n=120):
    """Rows of the diabetes data, standardized, and their target."""
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X)[:n], y[:n]


@cache
def targets(kind, n=120):
    """X and y of a kind: regression, counts, multioutput, binary, multiclass or multilabel."""
    X, y = regression(n)
    thirds = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    return X, {
        "regression": y,
        "counts": np.floor(y / 20),
        "multioutput": np.column_stack([y, X[:, 0] - 3 * X[:, 2]]),
        "binary": np.array(["no", "yes"])[(y > np.median(y)).astype(int)],
        "multiclass": np.array(["high", "low", "middle"])[thirds],
        "multilabel": np.column_stack([y > np.median(y), X[:, 0] > 0, X[:, 1] > 0]).astype(int),
    }[kind]


@cache
def digits(n=400):
    """Rows of the digits data scaled to [0, 1], and their labels."""
    X, y = load_digits(return_X_y=True)
    return X[:n] / 16, y[:n]


def learnt(net):
    """All arrays that a fit has learnt."""
    return [*net.coefs_, *net.intercepts_, *net.norms_]
