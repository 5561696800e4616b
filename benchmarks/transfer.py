"""Does a net pretrained on a related task help where labels are few?

Digits: from which pair of digits (0 or 1, 2 or 3, ...), all rows but the test's, to the ten digits
with few labels. Housing: from inland districts to 100 coastal ones. The settings were chosen on
seeds 0 to 7; the seeds here are others. `SKREG_DATA` names the folder with
``tabular/california_housing.csv.gz``; without it the second table is left out.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import one_thread, report
from skreg import MLPClassifier, MLPRegressor

SEEDS = range(100, 116)
N_LABELS = (50, 100, 200)
NET = {"hidden_layer_sizes": (100, 100), "max_iter": 200, "n_iter_no_change": 200}
PLAIN, NOISY = "plain", "plain with noise"  # that of the pretraining
NOISE = {"dropout": 0.2, "input_dropout": 0.1}  # of the pretraining
TUNED = {"learning_rate_init": 0.005}  # of all nets that are compared
PROBE = {"n_frozen_layers": "all"}
THAWED = {**PROBE, "freeze_epochs": 100, "pretrained_lr_mult": 0.1}


def untrained(cls, X, y, seed):
    """A net with the weights that it began with."""
    still = {**NET, "max_iter": 1, "learning_rate_init": 1e-30, "random_state": seed}
    return FrozenEstimator(cls(**still).fit(X, y))


def candidates(cls, X, y, seed):
    """What is compared with the plain net: parameters by name. X and y are the source's."""
    source = FrozenEstimator(cls(**NET, **NOISE, random_state=seed).fit(X, y))
    return {
        PLAIN: {},
        NOISY: NOISE,
        "pretrained, all trained": {"pretrained": source},
        "pretrained, frozen": {"pretrained": source, **PROBE},
        "pretrained, frozen, then all": {"pretrained": source, **THAWED},
        "random, frozen": {"pretrained": untrained(cls, X, y, seed), **PROBE},
    }


def digits(seed):
    """Accuracy by number of labels and candidate."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X / 16, y, test_size=500, stratify=y, random_state=seed)
    kinds, scores = candidates(MLPClassifier, X, y // 2, seed), {}
    for n in N_LABELS:
        few = train_test_split(np.arange(len(y)), train_size=n, stratify=y, random_state=seed)[0]
        for name, params in kinds.items():
            net = MLPClassifier(**{**NET, **TUNED, **params}, random_state=seed)
            scores[n, name] = 100 * net.fit(X[few], y[few]).score(X_test, y_test)
    return scores


def housing(seed, frame):
    """R2 on coastal districts by number of labels (100) and candidate."""
    columns = frame.drop(columns=["ocean_proximity", "target"])
    X, y = columns.to_numpy(float), frame["target"].to_numpy(float)
    inland = (frame["ocean_proximity"] == "INLAND").to_numpy()
    scaler = StandardScaler().fit(X[inland])
    X = scaler.transform(X)
    few, test = train_test_split(np.flatnonzero(~inland), train_size=100, random_state=seed)
    scores = {}
    for name, params in candidates(MLPRegressor, X[inland], y[inland], seed).items():
        net = MLPRegressor(**{**NET, **TUNED, **params}, random_state=seed)
        scores[100, name] = net.fit(X[few], y[few]).score(X[test], y[test])
    return scores


def print_table(title, unit, scores):
    """Print means, and paired differences to both plain nets with their standard errors."""
    rows = []
    for n, name in scores[0]:
        values = np.array([s[n, name] for s in scores])
        gains = [values - [s[n, other] for s in scores] for other in (PLAIN, NOISY)]
        errors = [gain.std(ddof=1) / np.sqrt(len(gain)) for gain in gains]
        pairs = zip(gains, errors, strict=True)
        texts = [f"{gain.mean():+.2g} +- {error:.2g}" if error else "" for gain, error in pairs]
        rows.append((n, name, f"{values.mean():.3g}", *texts))
    report(title, ("labels", "net", unit, f"against {PLAIN}", f"against {NOISY}"), rows)


def main():
    """Print the tables."""
    with one_thread():
        scores = [digits(seed) for seed in SEEDS]
        print_table(f"From pairs of digits to digits, {len(SEEDS)} seeds", "accuracy, %", scores)
        path = Path(os.environ.get("SKREG_DATA", "")) / "tabular" / "california_housing.csv.gz"
        if not path.is_file():
            print("transfer needs SKREG_DATA for california_housing: second table left out.")
            return
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""]).dropna()
        scores = [housing(seed, frame) for seed in list(SEEDS)[:8]]
        print_table("From inland to coastal housing, 8 seeds", "R2", scores)


if __name__ == "__main__":
    main()
