"""Whatever a DataFrame holds: a model fits and predicts, or an error of one line names a column."""

import os

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sklearn.base import clone, is_classifier

from skreg import TunedMLPClassifier, TunedMLPRegressor
from skreg.tables import Preparation
from tests.tables._drawn import N, tables

TIMES = int(os.environ.get("TIMES", 1))
FEW = settings(
    deadline=None,
    derandomize=TIMES == 1,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    phases=[Phase.generate] if TIMES > 1 else list(Phase),
)


QUICK = {"n_candidates": 1, "cv": 2, "max_time": 0.05, "random_state": 0}
NETS = TunedMLPRegressor(**QUICK), TunedMLPClassifier(**QUICK)
Y = np.random.default_rng(0).normal(size=N)


def told(call, names):
    """What a call gives, or None where it raises one line that names one of some columns."""
    try:
        return call()
    except (ValueError, TypeError) as error:
        text = str(error)
        assert "\n" not in text
        assert any(repr(name) in text for name in names), text
        return None


@settings(FEW, max_examples=40 * TIMES)
@given(tables())
def test_preparation(table):
    preparation = Preparation()
    Z = told(lambda: preparation.fit_transform(table.frame), table.refused)
    assert (Z is None) == bool(table.refused)
    if Z is None:
        return
    assert np.isfinite(Z).all()
    assert len(preparation.get_feature_names_out()) == Z.shape[1]
    np.testing.assert_allclose(preparation.transform(table.frame), Z, atol=1e-6)
    W = told(lambda: preparation.transform(table.rows), table.faults)
    if W is None:
        return
    assert "absent" not in table.changes.values()
    assert np.isfinite(W).all()
    assert W.shape == (len(table.rows), Z.shape[1])
    np.testing.assert_allclose(preparation.transform(table.rows[:1]), W[:1], atol=1e-6)


@settings(FEW, max_examples=10 * TIMES)
@given(tables(), st.sampled_from(NETS))
def test_tuned_estimators(table, net):
    y = np.where(Y > 0, "yes", "no") if is_classifier(net) else Y
    net, names = clone(net), [column.name for column in table.columns]
    fitted = told(lambda: net.fit(table.frame, y), table.refused)
    assert (fitted is None) == bool(table.refused)
    if fitted is None:
        return
    assert net.feature_names_in_.tolist() == names
    rows, named = table.rows, table.faults
    if net.preparation_ is None:  # all numbers: taken as arrays are, in the order of fit
        rows, named = rows[[name for name in rows.columns if name in names]], names
        rows = rows[names] if len(rows.columns) == len(names) else rows
    answers = told(lambda: net.predict(rows), named)
    if answers is not None:
        assert answers.shape == (len(rows),)
        assert is_classifier(net) or np.isfinite(answers).all()
