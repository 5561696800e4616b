"""What a second fit of an ensemble leaves of the first."""

import numpy as np
import pytest
from sklearn.base import clone

from skreg import BaggingClassifier, BaggingRegressor, MLPClassifier, MLPRegressor
from tests._data import targets

QUICK = {"max_iter": 2, "n_iter_no_change": 2}
ENSEMBLES = [
    (BaggingRegressor(MLPRegressor(**QUICK), 6, oob_score=True, random_state=0), "regression"),
    (BaggingClassifier(MLPClassifier(**QUICK), 6, oob_score=True, random_state=0), "multiclass"),
]


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize(("ensemble", "kind"), ENSEMBLES)
def test_no_score_of_other_members_stays(ensemble, kind, warm_start):
    X, y = targets(kind)
    ensemble = clone(ensemble)
    assert np.isfinite(ensemble.set_params(oob_score=True, warm_start=False).fit(X, y).oob_score_)
    assert {name for name in vars(ensemble) if name.startswith("oob_") and name.endswith("_")}
    ensemble.set_params(oob_score=False, warm_start=warm_start, n_estimators=6 + warm_start)
    ensemble.fit(X, y)
    assert not {name for name in vars(ensemble) if name.startswith("oob_") and name.endswith("_")}
