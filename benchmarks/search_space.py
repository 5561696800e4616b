"""What `search_space` and `portfolio` are chosen by: random settings on all tables.

`SKREG_DATA` names the folder with the tables. ``--minutes 25`` adds runs to those in
``search_space_runs.csv``. Each setting is fitted on at most ``--rows`` 200, 800 or 3,000 rows of
every table, and judged on up to 2,000 others: with 800 rows settings drawn from the space as it is,
with 200 from one with stronger regularizers and less epochs, with 3,000 the best that were drawn
already. A portfolio for each size is chosen greedily, and judged on tables that had no part in
choosing it. The space, which draws follow, and the measure were settled with all tables in view.
``--write`` puts them into `skreg`.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import loguniform, uniform
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import ParameterSampler, train_test_split

from benchmarks._measure import one_thread, report
from benchmarks._tables import CLASSIFICATION, REGRESSION, TABLES, columns, folder, table
from skreg import DivergenceError, MLPClassifier, MLPRegressor, OffOr, search_space
from skreg.hyperparameters import presets

RUNS = Path(__file__).with_name("search_space_runs.csv")
SETTINGS = Path(__file__).with_name("search_space_settings.json")
CHOSEN = Path(presets.__file__).with_name("tabular.json")
HEADER = ["rows", "setting", "table", "split", "score", "seconds"]
SIZES = {200: 0.5, 800: 0.5, 3000: 0.8}  # most rows to train on, and the share of a table
N_SETTINGS, N_TEST, N_CHOSEN = 1000, 2000, 16
FIRST = {
    "hidden_layer_sizes": (256, 256, 256),
    "activation": "tanh",
    "alpha": 1e-4,
    "batch_size": 64,
    "learning_rate": "cosine",
    "learning_rate_init": 2e-3,
    "max_iter": 100,
    "beta_2": 0.95,
    "n_iter_no_change": np.inf,
    "label_smoothing": 0.1,
}
BY_HAND = [
    FIRST,
    {**FIRST, "activation": "relu"},
    {**FIRST, "alpha": 1e-2},
    {**FIRST, "normalization": "layer", "activation": "relu"},
    {**FIRST, "averaging": "ema", "alpha": 1e-3, "label_smoothing": 0.0},
]


STRONG = {  # for 200 rows, in place of the space's
    "alpha": loguniform(1e-5, 1),
    "max_iter": [16, 40, 100],
    "dropout": OffOr(uniform(0, 0.7)),
    "noise_std": OffOr(loguniform(0.03, 1), 0.6),
    "l1": OffOr(loguniform(1e-5, 3e-2), 0.7),
    "input_dropout": OffOr(uniform(0, 0.4), 0.7),
    "target_noise_std": OffOr(loguniform(0.03, 1), 0.8),
    "weight_noise_std": OffOr(loguniform(0.01, 0.2), 0.8),
    "hidden_layer_sizes": [(256,) * 2, (128,) * 2, (256,), (128,) * 3, (64,)],
}


def draws(n_before, rows):
    """Settings to try after so many, for 1,600 rows; each table's net takes those that it has."""
    spaces = {**search_space(MLPClassifier()), **search_space(MLPRegressor())}
    spaces |= STRONG if rows == min(SIZES) else {}
    by_hand = BY_HAND[n_before:]
    random = ParameterSampler(spaces, N_SETTINGS - len(by_hand), random_state=n_before)
    return [_plain(setting) for setting in [*by_hand, *random]]


def _plain(setting):
    """A setting in Python's numbers, in four digits, without what is off."""
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in setting.items()}
    plain = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in plain.items()}
    return {k: v for k, v in plain.items() if v not in (0.0, None)}


def splits(name, rows):
    """Standardized rows and targets to train and to test on, of each split of a table."""
    X, y = table(name)
    strata = y if name in CLASSIFICATION else None
    few = rows == min(SIZES) or (rows == 800 and len(y) <= 3000)
    for seed in range(2 if few else 1):
        n_train = min(rows, int(len(y) * SIZES[rows]))
        parts = train_test_split(X, y, train_size=n_train, random_state=seed, stratify=strata)
        X_train, X_test, y_train, y_test = parts
        transformer = columns().fit(X_train)
        X_test, y_test = X_test[:N_TEST], y_test[:N_TEST]
        yield transformer.transform(X_train), y_train, transformer.transform(X_test), y_test


def fitted_score(name, setting, X, y, X_test, y_test):
    """R2, or the mean of accuracy and area under the curve: less noisy than either."""
    cls = MLPRegressor if name in REGRESSION else MLPClassifier
    own = presets.for_rows(setting, len(y))
    own = {k: v for k, v in own.items() if k in cls._hyperparameters}
    try:
        net = cls(random_state=0, **own).fit(X, y)
    except DivergenceError:
        return -1.0 if name in REGRESSION else 0.0
    if name in REGRESSION:
        return max(r2_score(y_test, net.predict(X_test)), -1.0)
    p = net.predict_proba(X_test)
    accuracy = accuracy_score(y_test, p.argmax(axis=1))
    area = roc_auc_score(y_test, p[:, 1] if p.shape[1] == 2 else p, multi_class="ovr")
    return (accuracy + area) / 2


def run(minutes, rows):
    """Add runs, one setting after another on all tables, until time is out; keep whole rounds."""
    data = [(name, i, *parts) for name in TABLES for i, parts in enumerate(splits(name, rows))]
    settings, end = kept(), time.monotonic() + 60 * minutes
    for number, setting in _to_try(settings, rows):
        new = []
        for name, split, *parts in data:
            start = time.perf_counter()
            score = fitted_score(name, setting, *parts)
            taken = time.perf_counter() - start
            new.append((rows, number, name, split, round(score, 5), round(taken, 2)))
        if number == len(settings):
            settings.append(setting)
        before = pd.read_csv(RUNS) if RUNS.exists() else None
        pd.concat([before, pd.DataFrame(new, columns=HEADER)]).to_csv(RUNS, index=False)
        SETTINGS.write_text("[\n" + ",\n".join(json.dumps(s) for s in settings) + "\n]\n")
        print(f"setting {number}: {sum(row[-1] for row in new):.0f} s", flush=True)
        if time.monotonic() > end:
            break


def _to_try(settings, rows):
    """Numbers and settings: with most rows the best that there are, otherwise new draws."""
    if rows < max(SIZES):
        return enumerate(draws(len(settings), rows), len(settings))
    regret, there = regrets(800), set(regrets(rows).index)
    places = [regret[list(task)].mean(axis=1).rank() for task in (REGRESSION, CLASSIFICATION)]
    best = np.minimum(*places).sort_values().index
    return ((number, settings[number]) for number in best if number not in there)


def kept():
    """Settings that there are runs of."""
    return json.loads(SETTINGS.read_text()) if SETTINGS.exists() else []


def regrets(rows):
    """How far a setting lies behind the best on a table, in the lower quartile's distance."""
    runs = pd.read_csv(RUNS)
    scores = runs[runs["rows"] == rows].pivot_table(
        index="setting", columns="table", values="score"
    )
    best, poor = scores.max(), scores.quantile(0.25)
    return ((best - scores) / (best - poor)).clip(upper=3)


def greedy(regret, n=N_CHOSEN):
    """Settings, in the order in which each lowers the mean square of the best regret most.

    Squares, as failing on a table is worse than being second on several. Where nothing is left to
    gain it begins anew with the others.
    """
    values = regret.to_numpy() ** 2
    left, chosen = np.full(values.shape[1], np.inf), []
    for _ in range(n):
        means = np.minimum(values, left).mean(axis=1)
        means[chosen] = np.inf
        chosen.append(int(means.argmin()))
        left = np.minimum(left, values[chosen[-1]])
        if not left.any():
            left[:] = np.inf
    return [int(regret.index[i]) for i in chosen]


def task_of(name):
    """All tables of a table's task."""
    return list(REGRESSION if name in REGRESSION else CLASSIFICATION)


def chosen_for(task, rows, without=None):
    """Numbers of the settings chosen for a task and a size, on its own tables."""
    return greedy(regrets(rows)[[name for name in task if name != without]])


def portfolio_without(name):
    """Of each size the settings chosen without one table: what may be judged on it."""
    settings, task = kept(), task_of(name)
    return {rows: [settings[number] for number in chosen_for(task, rows, name)] for rows in SIZES}


def judge(size):
    """Print how well choices do on tables that had no part in them, and what draws are good."""
    regret, rows = regrets(size), []
    for label, task in (("regression", REGRESSION), ("classification", CLASSIFICATION)):
        lists = {name: chosen_for(task, size, name) for name in task}
        for_all = chosen_for(task, size)
        for k in (1, 2, 4, 8, 16):
            out = [regret.loc[numbers[:k], name].min() for name, numbers in lists.items()]
            random = [_best_of_random(regret[name].to_numpy(), k) for name in task]
            within = regret.loc[for_all[:k], list(task)].min().mean()
            rows.append((label, k, np.mean(out), within, np.mean(random)))
    names = ("task", "settings", "a table left out", "all had a part", "random settings")
    title = f"Regret of the best of k, {len(regret)} settings on 18 tables of {size} rows"
    report(title, names, rows)
    _print_parameters(regret)


def _best_of_random(regret, k):
    """Mean over draws of the least regret of k settings."""
    rng = np.random.RandomState(0)
    return np.mean([rng.choice(regret, k, replace=False).min() for _ in range(500)])


def _print_parameters(regret):
    settings = [kept()[i] for i in regret.index]
    rows = []
    for name in sorted({name for setting in settings for name in setting}):
        kinds = [_kind(setting.get(name, "off")) for setting in settings]
        for kind in dict.fromkeys(sorted(kinds)):
            of = regret[np.array(kinds) == kind]
            means = (of[list(REGRESSION)].mean(axis=1), of[list(CLASSIFICATION)].mean(axis=1))
            error = [m.std(ddof=1) / len(of) ** 0.5 if len(of) > 1 else np.nan for m in means]
            cells = [f"{m.mean():.2f} +- {e:.2f}" for m, e in zip(means, error, strict=True)]
            rows.append((name, kind, len(of), *cells))
    report("Mean regret", ("parameter", "value", "draws", "regression", "classification"), rows)


def _kind(value):
    """A value as a word: numbers by their half decade."""
    if isinstance(value, float) and np.isfinite(value):
        return f"{10 ** (np.floor(2 * np.log10(value)) / 2):.1g} and more"
    return str(value)


def write():
    """Put the portfolios into skreg."""
    settings, parts = kept(), []
    for kind, task, cls in (
        ("regressor", REGRESSION, MLPRegressor),
        ("classifier", CLASSIFICATION, MLPClassifier),
    ):
        sizes = []
        for rows in SIZES:
            lines = []
            for number in chosen_for(task, rows):
                own = {k: v for k, v in settings[number].items() if k in cls._hyperparameters}
                lines.append(json.dumps(own).replace("Infinity", '"inf"'))
            sizes.append(f'"{rows}": [\n' + ",\n".join(lines) + "\n]")
        parts.append(f'"{kind}": {{\n' + ",\n".join(sizes) + "\n}")
    CHOSEN.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main(arguments=()):
    """Make runs where asked to, judge, and write where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks search_space")
    parser.add_argument("--minutes", type=float, help="add runs for so long")
    parser.add_argument("--rows", type=int, default=800, choices=SIZES, help="of the runs to add")
    parser.add_argument("--write", action="store_true", help="put the portfolios into skreg")
    options = parser.parse_args(arguments)
    if options.minutes:
        if folder() is None:
            print("search_space needs SKREG_DATA, a folder with tabular/ and uci_regression/.")
            return
        with one_thread(), warnings.catch_warnings(action="ignore"):
            run(options.minutes, options.rows)
    if not RUNS.exists():
        print("search_space has no runs yet: make them with --minutes.")
        return
    for rows in SIZES:
        judge(rows)
    if options.write:
        write()
