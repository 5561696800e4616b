"""`portfolio`: settings to try first."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier

from skreg._typing import Estimator
from skreg.hyperparameters.presets import settings_for_tables
from skreg.model_selection.nets import nets_of
from skreg.model_selection.space import part_for


def portfolio(estimator: Estimator, *, n_samples: int | None = None) -> list[dict[str, Any]]:
    """Fixed settings for the nets in an estimator, the best single one first.

    Each further one is that which helps most where those before it fail. They were chosen on
    tables, greedily, from the runs of ``benchmarks/search_space.py``.

    Parameters
    ----------
    estimator : estimator
        As for `search_space`. Nets other than `MLPRegressor` and `MLPClassifier` take of each
        setting what they have and search; those that are then equal are given once.
    n_samples : int, default=None
        Rows to train on: the settings are those chosen on tables of the nearest size, with epochs
        and batches for so many rows. None is some 1,600.

    Returns
    -------
    settings : list of dict
        Sixteen, or fewer for nets that take few of the parameters. Parameters by name, as
        ``estimator.set_params(**setting)`` takes them. ``[{name: [value] for name, value in
        setting.items()} for setting in settings]`` is a `param_grid` of `GridSearchCV`.

    Raises
    ------
    ValueError
        Where there is no net in it.

    See Also
    --------
    search_space : What to draw from after these.
    MLPRegressor.from_preset : The first of these as an estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skreg import MLPRegressor, portfolio
    >>> X, y = load_diabetes(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), MLPRegressor(random_state=0))
    >>> settings = portfolio(pipe, n_samples=len(X))
    >>> len(settings)
    16
    >>> grid = [{name: [value] for name, value in setting.items()} for setting in settings[:2]]
    >>> search = GridSearchCV(pipe, grid, cv=2).fit(X, y)
    >>> bool(search.best_score_ > 0.3)
    True
    """
    settings = []
    for place in range(len(settings_for_tables("regressor"))):
        setting = {}
        for prefix, net in nets_of(estimator).items():
            kind = "classifier" if is_classifier(net) else "regressor"
            own = part_for(net, settings_for_tables(kind, n_samples)[place])
            setting.update({prefix + name: value for name, value in own.items()})
        if setting not in settings:
            settings.append(setting)
    return settings
