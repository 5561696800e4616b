"""`search_space`: what to draw every hyperparameter from that is worth a search."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import loguniform

from skreg._typing import Estimator
from skreg.hyperparameters.training import TRAINING
from skreg.model_selection.nets import nets_of

OF_PRETRAINED = {"anchor_alpha", "n_frozen_layers", "freeze_epochs", "pretrained_lr_mult"}
GIVEN_BY_PRETRAINED = {"hidden_layer_sizes", "activation", "normalization"}
OF_SOLVER = {
    "adamw": {"alpha": loguniform(1e-3, 1)},
    "sgd": {"learning_rate_init": loguniform(3e-3, 0.3)},
}
NOT_WITH_LBFGS = {"normalization", "freeze_epochs", "pretrained_lr_mult"} | {
    declared.name for declared in TRAINING
}


def search_space(
    estimator: Estimator, *, n_samples: int | None = None, n_features: int | None = None
) -> dict[str, Any]:
    """Distributions of all hyperparameters that are worth a search, for the nets in an estimator.

    For `RandomizedSearchCV`, `HalvingRandomSearchCV` and others that draw at random. Regularizers
    are off in half of the draws and more, and nets are trained to the end of a cosine schedule.
    Ranges were chosen on tables, by ``benchmarks/search_space.py``; those of conv nets, of modules
    and of what becomes of pretrained layers are the literature's. Columns are to be standardized.

    Parameters
    ----------
    estimator : estimator
        A regressor or classifier of skreg, or anything of scikit-learn's around one: a `Pipeline`,
        `TransformedTargetRegressor`, `BaggingRegressor`, one in the other. Those parameters that
        do not go with what it has set are left out: with ``solver="lbfgs"`` dropout, with
        `pretrained` the sizes of layers.
    n_samples : int, default=None
        Rows to train on: few take more epochs and smaller batches. None is some 1,600.
    n_features : int, default=None
        Columns, as the net has them. None is many.

    Returns
    -------
    space : dict
        Distributions and lists by name of parameter, as `estimator` takes it. It may be changed.

    Raises
    ------
    ValueError
        Where there is no net in it.

    See Also
    --------
    portfolio : Fixed settings to try first.
    OffOr : A distribution with a chance of being off.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skreg import MLPRegressor, search_space
    >>> X, y = load_diabetes(return_X_y=True)
    >>> pipe = make_pipeline(StandardScaler(), MLPRegressor(random_state=0))
    >>> space = search_space(pipe, n_samples=len(X))
    >>> space["mlpregressor__learning_rate"]
    ['cosine']
    >>> space["mlpregressor__hidden_layer_sizes"] = [(16,), (16, 16)]
    >>> search = RandomizedSearchCV(pipe, space, n_iter=3, cv=2, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.3)
    True
    """
    size = {"n_samples": n_samples, "n_features": n_features}
    return {
        prefix + name: searched(**size) if callable(searched) else searched
        for prefix, net in nets_of(estimator).items()
        for name, searched in _declared(net).items()
    }


def _declared(net):
    """What hyperparameters are drawn from: those that go with what the net has set."""
    left_out = _left_out(net)
    space = {
        name: OF_SOLVER.get(net.solver, {}).get(name, h.search)
        for name, h in net._hyperparameters.items()
        if h.search is not None and name not in left_out
    }
    if "hidden_layer_sizes" in space and net.residual:
        space["hidden_layer_sizes"] = [s for s in space["hidden_layer_sizes"] if len(s) > 1]
    return space


def part_for(net, setting):
    """The part of a setting chosen for tables and adam that a net can take."""
    searched = _declared(net).keys() - OF_SOLVER.get(net.solver, {}).keys()
    if net._hyperparameters.get("residual") and net.residual:
        searched -= {"hidden_layer_sizes"}
    return {name: value for name, value in setting.items() if name in searched}


def _left_out(net):
    """Names of hyperparameters that do not go with what the net has set."""
    names = set()
    if net.solver == "lbfgs":
        names |= NOT_WITH_LBFGS | {name for name, h in net._hyperparameters.items() if not h.smooth}
    if net.solver == "sgd":
        names |= {"beta_2"}
    names |= OF_PRETRAINED if getattr(net, "pretrained", None) is None else GIVEN_BY_PRETRAINED
    if net.anchor is not None:
        names |= {"hidden_layer_sizes"}
    if net.n_snapshots > 1:
        names |= {"averaging"}
    if np.any(net.gradient_penalty):
        names |= {"sam_rho"}
    return names
