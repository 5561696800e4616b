"""A user's code, for the type checker: what it must take, and what it must find fault with.

Each ``type: ignore`` is a fault that mypy has to find; one it does not find is an error itself
(`warn_unused_ignores`). Nothing here runs.
"""

from collections.abc import Sequence
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import skreg
from skreg import MLPClassifier, MLPRegressor, NetRegressor, TunedMLPRegressor, search_space


def use() -> None:
    X, y = np.zeros((8, 3)), np.zeros(8)

    net = MLPRegressor(
        "huber", (50, 50), alpha=0.1, dropout=[0.1, 0.2], max_norm=None, random_state=0
    )
    assert_type(net.alpha, float | Sequence[float] | NDArray[Any])
    assert_type(net.fit(X, y), MLPRegressor)
    assert_type(net.predict(X), NDArray[Any])
    assert_type(net.predict(X, return_std=True), tuple[NDArray[Any], NDArray[Any]])
    assert_type(MLPClassifier.from_preset("tabular", n_samples=8), MLPClassifier)
    assert_type(TunedMLPRegressor(max_time=1.0).fit(X, y), TunedMLPRegressor)
    assert_type(search_space(net), dict[str, Any])

    MLPRegressor(alpa=0.1)  # type: ignore[call-arg]
    MLPRegressor(alpha="much")  # type: ignore[arg-type]
    MLPRegressor(solver="newton")  # type: ignore[arg-type]
    MLPClassifier((50,), "relu", "adam")  # type: ignore[call-arg]
    NetRegressor(module__n_units=3, channels=3)
    net.fit(X)  # type: ignore[call-arg]
    net.predict(X, return_sd=True)  # type: ignore[call-overload]
    skreg.MLPRegresor()  # type: ignore[attr-defined]
