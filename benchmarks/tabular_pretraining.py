"""Pretraining on the training rows themselves, four tabular sets: does it help the fit?

`SKREG_DATA` names the folder with ``tabular/*.csv.gz``; without it the script says so. Of each set
300 rows train and up to 2,000 test, 16 seeds; the encoder is pretrained on the training rows alone.
The settings were chosen on seeds 100 to 107; the seeds here are others.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import LabelEncoder, StandardScaler

from benchmarks._measure import one_thread, report
from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier

SETS, SEEDS, N_TRAIN, N_TEST = ("phoneme", "satimage", "segment", "vehicle"), range(16), 300, 2000
HIDDEN = (256,)
SCHEDULE = {
    "learning_rate": "cosine",
    "learning_rate_init": 0.01,
    "batch_size": 50,
    "n_iter_no_change": np.inf,
}
UNTRAINED = {**SCHEDULE, "max_iter": 1, "learning_rate_init": 1e-30}
PRETRAINERS = {
    "random weights": MaskedPretrainer(HIDDEN, **UNTRAINED),
    "masked": MaskedPretrainer(HIDDEN, max_iter=100, **SCHEDULE),
    "contrastive": ContrastivePretrainer(HIDDEN, corruption_rate=0.3, max_iter=60, **SCHEDULE),
}
PROBE = {"n_frozen_layers": "all"}
LONGER = {"learning_rate_init": 0.005, "n_iter_no_change": np.inf}
THAWED = {"freeze_epochs": 100, "pretrained_lr_mult": 0.1, **LONGER}
USES = {
    "frozen (linear probe)": {**PROBE, "solver": "lbfgs", "alpha": 1 / N_TRAIN, "max_iter": 1000},
    "frozen, then all": {**PROBE, **THAWED},
    "all trained": {},
}


def rows_of(name):
    """Columns and labels of a set, or None where it is not there."""
    path = Path(os.environ.get("SKREG_DATA", "")) / "tabular" / f"{name}.csv.gz"
    if not path.is_file():
        return None
    frame = pd.read_csv(path)
    X = frame.drop(columns="target").to_numpy(np.float32)
    return X, LabelEncoder().fit_transform(frame["target"])


def gains(X, labels, seed):
    """Accuracy of the plain MLP, and by (pretrainer, use) what is gained over it."""
    order = np.random.RandomState(seed).permutation(len(labels))
    train, test = order[:N_TRAIN], order[N_TRAIN : N_TRAIN + N_TEST]
    scaler = StandardScaler().fit(X[train])
    train, test = ((scaler.transform(X[rows]), labels[rows]) for rows in (train, test))
    plain = MLPClassifier(HIDDEN, random_state=seed).fit(*train).score(*test)
    longer = MLPClassifier(HIDDEN, random_state=seed, **LONGER).fit(*train)
    found = {("none", "plain, trained longer"): longer.score(*test) - plain}
    for name, pretrainer in PRETRAINERS.items():
        ready = FrozenEstimator(pretrainer.set_params(random_state=seed).fit(train[0]))
        for use, params in USES.items():
            net = MLPClassifier(HIDDEN, pretrained=ready, random_state=seed, **params)
            found[name, use] = net.fit(*train).score(*test) - plain
    return plain, found


def main():
    """Print the table."""
    sets = {name: rows_of(name) for name in SETS}
    if None in sets.values():
        print("tabular_pretraining needs SKREG_DATA, a folder with tabular/*.csv.gz: left out.")
        return
    rows = []
    with one_thread():
        for name, (X, labels) in sets.items():
            plains, found = zip(*(gains(X, labels, seed) for seed in SEEDS), strict=True)
            for key in found[0]:
                gain = 100 * np.array([of[key] for of in found])
                text = f"{gain.mean():+.1f} +- {gain.std(ddof=1) / len(gain) ** 0.5:.1f}"
                rows.append((name, f"{100 * np.mean(plains):.1f}", *key, text))
    columns = "set", "plain MLP, %", "pretrainer", "the net", "gain, points"
    report(f"Pretraining on the same {N_TRAIN} rows, {len(SEEDS)} seeds", columns, rows)


if __name__ == "__main__":
    main()
