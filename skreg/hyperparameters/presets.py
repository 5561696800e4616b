"""Settings that are known to be good: those for tables, which `benchmarks.search_space` chooses."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from skreg.hyperparameters.by_size import USUAL_ROWS, few_rows, usual_epochs

PRESETS = ("tabular",)


def settings_for_tables(kind: str, n_samples: int | None = None) -> list[dict[str, Any]]:
    """The settings chosen for tables, the best single one first.

    Parameters
    ----------
    kind : {"regressor", "classifier"}
    n_samples : int, optional
        Rows to train on: the settings are those chosen on tables of the nearest size, and it says
        how many epochs and how small a batch they take.

    Returns
    -------
    list of dict
        Parameters of `MLPRegressor` or `MLPClassifier`.
    """
    by_size = _chosen()[kind]
    n = n_samples or USUAL_ROWS
    nearest = min(by_size, key=lambda rows: abs(math.log(int(rows) / n)))
    return [for_rows(setting, n_samples) for setting in by_size[nearest]]


def for_rows(setting: dict[str, Any], n_samples: int | None) -> dict[str, Any]:
    """A setting for some 1,600 rows as it is for `n_samples`."""
    own = {**setting, "hidden_layer_sizes": tuple(setting["hidden_layer_sizes"])}
    own["n_iter_no_change"] = float(own["n_iter_no_change"])  # JSON has no infinity
    own["max_iter"] = round(own["max_iter"] * usual_epochs(n_samples) / usual_epochs())
    if few_rows(n_samples):
        own["batch_size"] = own["batch_size"] // 4
    return own


def preset(name: str, kind: str, n_samples: int | None = None) -> dict[str, Any]:
    """Parameters of a preset; raises for a name that is none's."""
    if name not in PRESETS:
        raise ValueError(f"name must be one of the presets {list(PRESETS)}, got {name!r}.")
    return settings_for_tables(kind, n_samples)[0]


@cache
def _chosen() -> dict[str, dict[str, list[dict[str, Any]]]]:
    return json.loads(Path(__file__).with_name("tabular.json").read_text(encoding="utf-8"))
