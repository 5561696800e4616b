"""How honest is its uncertainty? ``TunedMLPRegressor(loss="gaussian")`` on the UCI splits.

`SKREG_DATA` names the folder with the four sets, their 20 standard splits (Hernandez-Lobato & Adams
2015) and ``published_uci.csv`` with the published columns. One recipe for all sets, the estimator's
defaults; its portfolio is made anew without the set that is judged, and nothing is chosen on test
rows. Every run is added to ``uncertainty.csv``, and one that is there is not made again, so parts
can be run by ``--tables`` and ``--splits``; without ``--run`` the file is summed up only.

Log-likelihood (nats per row) and RMSE of the test rows in units of y. Coverage is the share of
test rows in the central intervals, by the mixture's quantiles; the calibration error is the mean
distance of ``P(y <= quantile q)`` from q over the levels 0.05, 0.10, ..., 0.95.
"""

import argparse
import time
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._measure import machine, report
from benchmarks._tables import folder
from benchmarks.generalization import chosen_without
from skreg import TunedMLPRegressor
from skreg.metrics import coverage_score, log_density_score, neg_crps_score, neg_width_score

RUNS = Path(__file__).with_name("uncertainty.csv")
SETS = ("yacht", "energy", "concrete", "wine_quality_red")
COVERAGES = (0.5, 0.8, 0.9, 0.95)
LEVELS = np.arange(1, 20) / 20
HEADER = ["date", "machine", "table", "split", "log_likelihood", "rmse", "crps"]
HEADER += [f"covered_{c:g}" for c in COVERAGES] + ["width_0.9", "calibration_error", "seconds"]
DEEP_ENSEMBLES = {  # Lakshminarayanan et al. (2017), table 1: log-likelihood
    "concrete": "-3.06 +- 0.18",
    "energy": "-1.38 +- 0.22",
    "wine_quality_red": "-0.94 +- 0.12",
    "yacht": "-1.18 +- 0.21",
}


def split(name, number):
    """Rows to train and to test on, of a standard split."""
    with np.load(folder() / "uci_regression" / f"{name}.npz") as z:
        X, y = z["X"], z["y"].astype(float).ravel()
        test = z["test_idx"][slice(*z["test_offsets"][number : number + 2])]
    train = np.setdiff1d(np.arange(len(y)), test)
    return X[train], y[train], X[test], y[test]


def figures(model, X, y):
    """What is measured of a fitted model."""
    mixture = model.predict_quantiles(X, LEVELS)
    below = (y[:, None] <= mixture).mean(axis=0)
    return [
        log_density_score(model, X, y),
        float(np.sqrt(np.mean((model.predict(X) - y) ** 2))),
        -neg_crps_score(model, X, y),
        *(coverage_score(model, X, y, coverage=c) for c in COVERAGES),
        -neg_width_score(model, X, y, coverage=0.9),
        float(np.abs(below - LEVELS).mean()),
    ]


def run(name, number):
    """Make one run and add it to the file."""
    X, y, X_test, y_test = split(name, number)
    start = time.perf_counter()
    with chosen_without(name), warnings.catch_warnings(action="ignore"):
        model = TunedMLPRegressor(loss="gaussian", random_state=number).fit(X, y)
    seconds = time.perf_counter() - start
    row = [date.today(), machine(), name, number]
    row += [round(value, 5) for value in figures(model, X_test, y_test)] + [round(seconds, 1)]
    frame = pd.DataFrame([row], columns=HEADER)
    frame.to_csv(RUNS, mode="a", header=not RUNS.exists(), index=False)
    print(f"{name:17} {number:2} ll {row[4]:.3f} rmse {row[5]:.3f} {seconds:.0f} s", flush=True)
    return model


def summary():
    """Print what the file holds beside what was published."""
    runs, published = pd.read_csv(RUNS), pd.read_csv(folder() / "published_uci.csv")
    for ours, metric, title in (
        ("log_likelihood", "test_ll", "Test log-likelihood (higher is better)"),
        ("rmse", "test_MC_rmse", "Test RMSE (lower is better)"),
    ):
        settings = list(dict.fromkeys(published["setting"]))
        rows = []
        for name in SETS:
            own = runs.loc[runs["table"] == name, ours]
            theirs = published[(published["dataset"] == name) & (published["metric"] == metric)]
            theirs = theirs.set_index("setting")
            cells = [_cell(theirs["mean"].get(s), theirs["std_error"].get(s)) for s in settings]
            if ours == "log_likelihood":
                cells.append(DEEP_ENSEMBLES[name])
            rows.append((name, len(own), _cell(own.mean(), own.sem()), *cells))
        names = ("set", "splits", "Tuned", *(f"MC dropout {s}" for s in settings))
        names += ("Deep Ensembles 2017",) if ours == "log_likelihood" else ()
        report(title, names, rows)
    columns = [f"covered_{c:g}" for c in COVERAGES] + ["calibration_error", "crps", "seconds"]
    means = runs.groupby("table")[columns].mean().loc[[n for n in SETS if n in set(runs["table"])]]
    rows = [
        (name, *map(float, row)) for name, row in zip(means.index, means.to_numpy(), strict=True)
    ]
    report(
        "Coverage of the mixture's central intervals, means over splits", ("set", *columns), rows
    )


def _cell(mean, error):
    return "" if mean is None or np.isnan(mean) else f"{mean:.2f} +- {error:.2f}"


def main(argv=()):
    parser = argparse.ArgumentParser(prog="uncertainty", description=__doc__.split("\n")[0])
    parser.add_argument("--tables", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--splits", nargs="+", type=int, default=list(range(20)))
    parser.add_argument("--run", action="store_true")
    options = parser.parse_args(list(argv))
    if folder() is None:
        print("Set SKREG_DATA to the folder with the tables.")
        return
    if options.run:
        done = set()
        if RUNS.exists():
            kept = pd.read_csv(RUNS)
            done = set(zip(kept["table"], kept["split"], strict=True))
        for number in options.splits:
            for name in options.tables:
                if (name, number) not in done:
                    run(name, number)
    if RUNS.exists():
        summary()


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
