"""Settings that are known to be good: those for tables, which `benchmarks.search_space` chooses."""

import json
from functools import cache
from pathlib import Path

from skreg.hyperparameters.by_size import USUAL_ROWS, few_rows, usual_epochs

PRESETS = ("tabular",)


def settings_for_tables(kind, n_samples=None):
    """The settings chosen for tables, the best single one first.

    Parameters
    ----------
    kind : {"regressor", "classifier"}
    n_samples : int, optional
        Rows to train on, which say how many epochs and how small a batch it takes.

    Returns
    -------
    list of dict
        Parameters of `MLPRegressor` or `MLPClassifier`.
    """
    longer = usual_epochs(n_samples) / usual_epochs(USUAL_ROWS)
    settings = []
    for chosen in _chosen()[kind]:
        own = {**chosen, "hidden_layer_sizes": tuple(chosen["hidden_layer_sizes"])}
        own["n_iter_no_change"] = float(own["n_iter_no_change"])  # JSON has no infinity
        own["max_iter"] = round(own["max_iter"] * longer)
        if few_rows(n_samples):
            own["batch_size"] = own["batch_size"] // 4
        settings.append(own)
    return settings


def preset(name, kind, n_samples=None):
    """Parameters of a preset; raises for a name that is none's."""
    if name not in PRESETS:
        raise ValueError(f"name must be one of the presets {list(PRESETS)}, got {name!r}.")
    return settings_for_tables(kind, n_samples)[0]


@cache
def _chosen():
    return json.loads(Path(__file__).with_name("tabular.json").read_text(encoding="utf-8"))
