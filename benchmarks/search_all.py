"""Every regularizer at once: a random search of 100 candidates on 5 folds, on real data.

`SKREG_DATA` names the folder with ``tabular/abalone.csv.gz``; without it the script says so.
"""

import os
import time
from pathlib import Path

import pandas as pd
from joblib import parallel_config
from scipy.stats import loguniform, uniform
from sklearn.compose import make_column_transformer
from sklearn.model_selection import KFold, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks._measure import report
from skreg import MLPRegressor, OffOr

SPACE = {
    "alpha": loguniform(1e-6, 1e-1),
    "l1": OffOr(loguniform(1e-6, 1e-3)),
    "anchor_alpha": OffOr(loguniform(1e-6, 1e-2)),
    "max_norm": [None, None, 1.0, 3.0],
    "clip_grad_norm": [None, None, 0.3, 1.0],
    "normalization": [None, "layer", "batch"],
    "dropout": OffOr(uniform(0, 0.5)),
    "input_dropout": OffOr(uniform(0, 0.2)),
    "noise_std": OffOr(loguniform(0.01, 0.5)),
    "weight_noise_std": OffOr(loguniform(0.003, 0.1)),
    "target_noise_std": OffOr(loguniform(0.03, 0.5)),
    "mixup_alpha": OffOr(uniform(0, 0.5)),
    "sam_rho": OffOr(loguniform(0.01, 0.1), 0.7),
    "averaging": [None, "ema", "swa"],
    "learning_rate_init": loguniform(5e-4, 2e-2),
}


def abalone():
    """Frame of the abalone data and its target, or None."""
    path = Path(os.environ.get("SKREG_DATA", "")) / "tabular" / "abalone.csv.gz"
    if not path.is_file():
        return None
    frame = pd.read_csv(path)
    return frame.drop(columns="target"), frame["target"].to_numpy(float)


def main():
    """Print the table."""
    data = abalone()
    if data is None:
        print("search_all needs SKREG_DATA, a folder with tabular/abalone.csv.gz: left out.")
        return
    X, y = data
    columns = make_column_transformer(
        (OneHotEncoder(drop="if_binary"), ["sex"]), remainder=StandardScaler()
    )
    net = MLPRegressor(
        hidden_layer_sizes=(64,),
        learning_rate="cosine",
        max_iter=60,
        n_iter_no_change=60,
        random_state=0,
    )
    pipe = make_pipeline(columns, net)
    space = {f"mlpregressor__{name}": values for name, values in SPACE.items()}
    search = RandomizedSearchCV(
        pipe, space, n_iter=100, cv=KFold(5, shuffle=True, random_state=0), random_state=0
    )
    pipe.fit(X, y)
    start = time.perf_counter()
    pipe.fit(X, y)
    one = time.perf_counter() - start
    start = time.perf_counter()
    with parallel_config(backend="skreg"):
        search.fit(X, y)
    taken = time.perf_counter() - start
    other = KFold(5, shuffle=True, random_state=1)  # not those that chose
    with parallel_config(backend="skreg"):
        before, after = (cross_val_score(e, X, y, cv=other) for e in (pipe, search.best_estimator_))
    gap = after - before
    rows = [
        ("one default fit, s", f"{one:.3g}"),
        ("the search of 500 fits and the refit, s", f"{taken:.3g}"),
        ("in default fits", f"{taken / one:.3g}"),
        ("R2 of the default, other 5 folds", f"{before.mean():.4f}"),
        ("R2 of the chosen, other 5 folds", f"{after.mean():.4f}"),
        ("gain and its standard error", f"{gap.mean():+.4f} +- {gap.std(ddof=1) / 5**0.5:.4f}"),
    ]
    report("Every regularizer at once, abalone (4,177 x 8)", ("what", "value"), rows)
    best = {k.split("__")[1]: v for k, v in search.best_params_.items()}
    print("\nchosen:", {k: round(v, 5) if isinstance(v, float) else v for k, v in best.items()})


if __name__ == "__main__":
    main()
