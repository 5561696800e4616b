"""Many fits at once: a grid search and an ensemble against scikit-learn's own on all cores.

Everybody searches and bags the same: diabetes data, a pipeline with a scaler, 100 hidden units, 100
epochs, batches of 200. scikit-learn's MLP runs under loky with all cores, its workers warm; plain
skorch under the same search (its best: one process, as its fits are the same work anyhow).
"""

import numpy as np
import torch
from joblib import parallel_config
from sklearn.datasets import load_diabetes
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor as SklearnMLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor

from benchmarks._measure import interleaved, report
from benchmarks._peers import BATCH, RATE, fixed, module
from skreg import MLPRegressor

EPOCHS = 100
ALPHAS = np.logspace(-6, 1, 20)


def data():
    """The diabetes data with a standardized target, float64."""
    X, y = load_diabetes(return_X_y=True)
    return X, (y - y.mean()) / y.std()


def search(net, name, values=ALPHAS, **kwargs):
    """Search over the values, 5 folds, without the refit."""
    pipe = make_pipeline(StandardScaler(), net)
    return GridSearchCV(pipe, {name: values}, cv=5, refit=False, error_score="raise", **kwargs)


def under_skreg(fit):
    """The same call on all cores by skreg's backend."""

    def run():
        with parallel_config(backend="skreg"):
            return fit()

    return run


def skorch_net(X):
    """Plain skorch, for X and y as it wants them."""
    return NeuralNetRegressor(
        module(X.shape[1], (100,)),
        max_epochs=EPOCHS,
        lr=RATE,
        batch_size=BATCH,
        optimizer=torch.optim.Adam,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )


def searches():
    """Rows of the table: a grid of 20 strengths x 5 folds."""
    X, y = data()
    ours = search(MLPRegressor(**fixed(EPOCHS)), "mlpregressor__alpha")
    dropped = search(MLPRegressor(dropout=0.5, **fixed(EPOCHS)), "mlpregressor__alpha")
    theirs = search(SklearnMLPRegressor(**fixed(EPOCHS)), "mlpregressor__alpha", n_jobs=-1)
    seconds = interleaved(
        {
            "skreg, all cores": under_skreg(lambda: ours.fit(X, y)),
            "skreg, one after another": lambda: ours.fit(X, y),
            "skreg, all cores, dropout=0.5": under_skreg(lambda: dropped.fit(X, y)),
            "scikit-learn, loky, n_jobs=-1": lambda: theirs.fit(X, y),
        },
        rounds=5,
    )
    # a tenth of the search is enough to know what skorch takes
    x, t = X.astype(np.float32), y.astype(np.float32)[:, None]
    name = "neuralnetregressor__optimizer__weight_decay"
    few = search(skorch_net(x), name, ALPHAS[:2], n_jobs=-1)
    tenth = interleaved({"skorch": lambda: few.fit(x, t)}, rounds=3)["skorch"]
    seconds["plain skorch, loky, n_jobs=-1 (10 x a tenth)"] = 10 * tenth
    for who, taken in seconds.items():
        yield "search 20 x 5", who, taken, taken / seconds["skreg, all cores"]


def ensembles():
    """Rows of the table: bagging of 50."""
    X, y = data()
    net = MLPRegressor(**{**fixed(EPOCHS), "random_state": None})
    peer = SklearnMLPRegressor(**{**fixed(EPOCHS), "random_state": None})
    ours = BaggingRegressor(net, 50, random_state=0)
    theirs = BaggingRegressor(peer, 50, random_state=0, n_jobs=-1)
    seconds = interleaved(
        {
            "skreg, all cores": under_skreg(lambda: ours.fit(X, y)),
            "skreg, one after another": lambda: ours.fit(X, y),
            "scikit-learn, loky, n_jobs=-1": lambda: theirs.fit(X, y),
        },
        rounds=5,
    )
    for who, taken in seconds.items():
        yield "bagging of 50", who, taken, taken / seconds["skreg, all cores"]


def large_nets():
    """Rows of the table: where the net dominates."""
    rng = np.random.RandomState(0)
    X = rng.randn(10_000, 30).astype(np.float32)
    y = (X[:, :5].sum(axis=1) + rng.randn(10_000)).astype(np.float32)
    kwargs = {"hidden_layer_sizes": (256, 256), **fixed(3)}
    ours = search(MLPRegressor(**kwargs), "mlpregressor__alpha", ALPHAS[:2])
    theirs = search(SklearnMLPRegressor(**kwargs), "mlpregressor__alpha", ALPHAS[:2], n_jobs=-1)
    seconds = interleaved(
        {
            "skreg, all cores": under_skreg(lambda: ours.fit(X, y)),
            "skreg, one after another": lambda: ours.fit(X, y),
            "scikit-learn, loky, n_jobs=-1": lambda: theirs.fit(X, y),
        },
        rounds=3,
    )
    for who, taken in seconds.items():
        yield "10,000 x 30, (256, 256), 2 x 5", who, taken, taken / seconds["skreg, all cores"]


def candidates():
    """Rows of the table: fits per second from 10 to 1,000 candidates."""
    X, y = data()
    net = MLPRegressor(**fixed(20))
    for n in (10, 100, 1000):
        work = search(net, "mlpregressor__alpha", np.logspace(-6, 1, n))
        run = under_skreg(lambda work=work: work.fit(X, y))
        taken = interleaved({"skreg": run}, rounds=1 if n == 1000 else 3)["skreg"]
        yield f"{n} candidates x 5, 20 epochs", "skreg, all cores", taken, 5 * n / taken


def main():
    """Print the tables, each as soon as it is there."""
    columns = ("case", "who", "seconds", "x skreg, all cores")
    report("A search", columns, list(searches()))
    report("An ensemble", columns, list(ensembles()))
    report("Large nets", columns, list(large_nets()))
    columns = ("case", "who", "seconds", "fits per second")
    report("Fits per second by the length of the search", columns, list(candidates()))


if __name__ == "__main__":
    main()
