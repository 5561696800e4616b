"""How well does it predict? skreg's preset, search, race and Tuned* against others, on 18 tables.

`SKREG_DATA` names the folder with the tables. Every run is added to ``generalization.csv`` with its
date, and one that is there is not made again, so parts can be run by ``--tables``, ``--methods``
and ``--splits``; without ``--run`` the file is summed up only. Test score (R2 or accuracy) and
seconds of the fit. ``realmlp`` and ``lgbm`` are the tuned defaults of `pytabkit`, which has to be
there for them to be run (``pip install 'skreg[benchmarks]'``). What skreg chose on the tables of
``search_space.py`` is made anew without the table that is judged.
"""

import argparse
import time
import warnings
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path

import pandas as pd
from joblib import parallel_config
from scipy.stats import loguniform
from sklearn import neural_network
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skreg
from benchmarks._measure import machine, report
from benchmarks._tables import REGRESSION, TABLES, columns, folder, table
from benchmarks.search_space import portfolio_without
from skreg.hyperparameters import presets

RUNS = Path(__file__).with_name("generalization.csv")
HEADER = ["date", "machine", "table", "split", "method", "score", "seconds"]
N_DRAWS, N_FOLDS, MOST_TEST = 30, 3, 10_000
OURS, CHOSEN = "tuned", ("preset", "tuned")  # the latter are what tables had a part in


def of_task(name, regressor, classifier):
    """One of two, by the table's task."""
    return regressor if name in REGRESSION else classifier


def boosting(name, X, y, seed):
    """scikit-learn's gradient boosting, which takes classes and missing values as they are."""
    cls = of_task(name, HistGradientBoostingRegressor, HistGradientBoostingClassifier)
    return cls(categorical_features="from_dtype", random_state=seed)


def sklearn_mlp(name, X, y, seed):
    """scikit-learn's MLP, the target standardized."""
    cls = of_task(name, neural_network.MLPRegressor, neural_network.MLPClassifier)
    net = cls(random_state=seed)
    if name in REGRESSION:
        net = TransformedTargetRegressor(net, transformer=StandardScaler())
    return make_pipeline(columns(), net)


def sklearn_search(name, X, y, seed):
    """A search over what it has: L2, rate, sizes, early stopping."""
    prefix = of_task(name, "transformedtargetregressor__regressor__", "mlpclassifier__")
    space = {
        "alpha": loguniform(1e-6, 1),
        "learning_rate_init": loguniform(5e-4, 1e-2),
        "hidden_layer_sizes": [(100,), (256,), (64, 64), (128, 128, 128)],
        "early_stopping": [False, True],
    }
    space = {prefix + parameter: values for parameter, values in space.items()}
    return _search(sklearn_mlp(name, X, y, seed), space, seed, n_jobs=-1)


def default(name, X, y, seed):
    """skreg's net at the constructor's defaults."""
    return make_pipeline(columns(), _net(name)(random_state=seed))


def preset(name, X, y, seed):
    """The preset for tables, one fit."""
    net = _net(name).from_preset("tabular", n_samples=len(y), random_state=seed)
    return make_pipeline(columns(), net)


def search(name, X, y, seed):
    """A random search of the ready space."""
    pipe = default(name, X, y, seed)
    return _search(pipe, skreg.search_space(pipe, **_sizes(X, y)), seed)


def race(name, X, y, seed, refit=True):
    """As many candidates of the space, which race."""
    pipe = default(name, X, y, seed)
    return skreg.RacingSearchCV(
        pipe,
        skreg.search_space(pipe, **_sizes(X, y)),
        n_candidates=N_DRAWS,
        cv=N_FOLDS,
        refit=refit,
        random_state=seed,
    )


def ensemble(name, X, y, seed):
    """The race's own nets, no refit."""
    return race(name, X, y, seed, refit="ensemble")


def tuned(name, X, y, seed):
    """All of it, in one estimator."""
    cls = of_task(name, "TunedMLPRegressor", "TunedMLPClassifier")
    return make_pipeline(columns(), getattr(skreg, cls)(random_state=seed))


def realmlp(name, X, y, seed):
    """RealMLP with tuned defaults."""
    return _of_pytabkit(name, "RealMLP_TD_", seed, device="cpu")


def lgbm(name, X, y, seed):
    """LightGBM with tuned defaults."""
    return _of_pytabkit(name, "LGBM_TD_", seed)


METHODS = {
    f.__name__: f
    for f in (boosting, sklearn_mlp, sklearn_search, realmlp, lgbm)
    + (default, preset, search, race, ensemble, tuned)
}


def _net(name):
    return of_task(name, skreg.MLPRegressor, skreg.MLPClassifier)


def _sizes(X, y):
    """What a fold's net sees."""
    n_features = columns().fit(X).transform(X[:2]).shape[1]
    return {"n_samples": len(y) * (N_FOLDS - 1) // N_FOLDS, "n_features": n_features}


def _search(model, space, seed, n_jobs=None):
    return RandomizedSearchCV(
        model, space, n_iter=N_DRAWS, cv=N_FOLDS, random_state=seed, n_jobs=n_jobs
    )


def _of_pytabkit(name, prefix, seed, **params):
    import pytabkit

    cls = getattr(pytabkit, prefix + of_task(name, "Regressor", "Classifier"))
    filled = make_column_transformer(  # pytabkit takes no missing numbers
        (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    return make_pipeline(filled.set_output(transform="pandas"), cls(random_state=seed, **params))


def split(name, seed, most_train):
    """Rows to train and to test on: a fifth is left out, a table's largest part is cut."""
    X, y = table(name)
    X = X.astype(dict.fromkeys(X.select_dtypes(exclude="number"), "category"))
    strata = of_task(name, None, y)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=seed, stratify=strata)
    if len(y) > most_train:
        strata = of_task(name, None, y)
        X, _, y, _ = train_test_split(X, y, train_size=most_train, random_state=0, stratify=strata)
    return X, y, X_test[:MOST_TEST], y_test[:MOST_TEST]


@contextmanager
def chosen_without(name):
    """Within it skreg's portfolio and preset are those chosen without a table."""
    before = presets._chosen
    own = _net(name)._hyperparameters
    by_size = {
        rows: [{k: v for k, v in s.items() if k in own} for s in settings]
        for rows, settings in portfolio_without(name).items()
    }
    presets._chosen = lambda: dict.fromkeys(("regressor", "classifier"), by_size)
    try:
        yield
    finally:
        presets._chosen = before


def run(name, method, seed, most_train):
    """Make one run and add it to the file."""
    X, y, X_test, y_test = split(name, seed, most_train)
    with (
        chosen_without(name) if method in CHOSEN else nullcontext(),
        warnings.catch_warnings(action="ignore"),
        parallel_config(backend="loky" if method.startswith("sklearn") else "skreg"),
    ):
        model = METHODS[method](name, X, y, seed)
        start = time.perf_counter()
        prediction = model.fit(X, y).predict(X_test)
        taken = time.perf_counter() - start
    score = of_task(name, r2_score, accuracy_score)(y_test, prediction)
    row = (date.today(), machine(), name, seed, method, round(score, 5), round(taken, 2))
    pd.DataFrame([row], columns=HEADER).to_csv(
        RUNS, mode="a", header=not RUNS.exists(), index=False
    )
    print(f"{name:20} {seed} {method:15} {score:.4f} {taken:.1f} s", flush=True)


def summary(n_splits):
    """Print scores of the first splits, mean ranks, and how far `tuned` lies ahead of others."""
    runs = pd.read_csv(RUNS).drop_duplicates(["table", "split", "method"], keep="last")
    runs = runs[runs["split"] < n_splits]
    scores = runs.pivot_table(index="table", columns="method", values="score")
    methods = [method for method in METHODS if method in scores]
    cells = scores.reindex(columns=methods, index=[t for t in TABLES if t in scores.index])
    rows = [(name, *(f"{v:.4f}" for v in row)) for name, *row in cells.itertuples()]
    report("Test score, mean over splits", ("table", *methods), rows)
    ranks = cells.dropna(axis=1).rank(axis=1, ascending=False).mean().reindex(methods)
    seconds = runs.groupby("method")["seconds"].median()
    ranks = ranks.map("{:.2f}".format).where(ranks.notna(), "")
    rows = [(m, ranks[m], float(seconds[m]), *_ahead(runs, m)) for m in methods]
    names = ("method", "mean rank", "seconds, median", f"{OURS} ahead", "behind", "by > 1 s.e.")
    report(f"Ranks among methods that were run on all {len(cells)} tables", names, rows)


def _ahead(runs, method):
    """Tables on which `tuned` is ahead, behind, and behind by more than a standard error."""
    table = runs[runs.method.isin([OURS, method])]
    table = table.pivot_table(index=["table", "split"], columns="method", values="score")
    if method == OURS or OURS not in table:
        return "", "", ""
    gaps = (table[OURS] - table[method]).dropna().groupby("table").agg(["mean", "sem"])
    far = gaps[gaps["mean"] < -gaps["sem"]]
    unknown = int(gaps["sem"].isna().sum())  # one split has no standard error
    told = [f"{name} {row['mean']:.4f} +- {row['sem']:.4f}" for name, row in far.iterrows()]
    told += [f"unknown on {unknown}"] if unknown else []
    behind = int((gaps["mean"] < 0).sum())
    return int((gaps["mean"] > 0).sum()), behind, ", ".join(told) or "none"


def main(arguments=()):
    """Make the runs that are missing where asked to, and sum up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks generalization")
    parser.add_argument("--run", action="store_true", help="make the runs that are missing")
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--splits", type=int, default=5, help="how many")
    parser.add_argument("--rows", type=int, default=4000, help="most training rows")
    options = parser.parse_args(arguments)
    if options.run and folder() is None:
        print("generalization needs SKREG_DATA, a folder with tabular/ and uci_regression/.")
        return
    done = pd.read_csv(RUNS)[["table", "split", "method"]] if RUNS.exists() else None
    done = set() if done is None else set(done.itertuples(index=False, name=None))
    for seed in range(options.splits if options.run else 0):
        for name in options.tables:
            for method in options.methods:
                if (name, seed, method) not in done:
                    run(name, method, seed, options.rows)
    if RUNS.exists():
        summary(options.splits)


if __name__ == "__main__":
    main()
