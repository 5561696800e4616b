"""Pretrainers in both engines: every parameter, all noises, blocks of any length."""

import inspect

import numpy as np
import pytest

from skreg import ContrastivePretrainer, MaskedPretrainer
from skreg.augmentation import ImageAugment, TabularAugment
from tests import _table
from tests._data import learnt
from tests._pretrainers import CLASSES, FIXED, SETTINGS, Jitter, X
from tests.engine.test_engines import assert_same

TABLE_VIEWS = TabularAugment(swap_rate=0.2, gaussian_std=0.1)
IMAGE_VIEWS = ImageAugment(input_shape=(1, 2, 5))
OWN = [
    (MaskedPretrainer, _table.Row("corruption", ("swap", "zero"))),
    (MaskedPretrainer, _table.Row("corruption", ("zero", "gaussian"))),
    (MaskedPretrainer, _table.Row("corruption_rate", (0.3, 1.0))),
    (MaskedPretrainer, _table.Row("reconstruct", ("all", "corrupted"))),
    (MaskedPretrainer, _table.Row("mask_loss_weight", (0.0, 2.0))),
    (ContrastivePretrainer, _table.Row("views", ("swap", "zero"))),
    (ContrastivePretrainer, _table.Row("views", ("zero", "gaussian"))),
    (ContrastivePretrainer, _table.Row("views", (Jitter(0.3), Jitter(0.6)))),
    (ContrastivePretrainer, _table.Row("views", (TABLE_VIEWS, IMAGE_VIEWS))),
    (ContrastivePretrainer, _table.Row("corruption_rate", (0.6, 0.2))),
    (ContrastivePretrainer, _table.Row("temperature", (0.5, 0.1))),
    (ContrastivePretrainer, _table.Row("projection_dim", (32, 3))),
    (ContrastivePretrainer, _table.Row("projection_hidden", (None, 5))),
]


def rows_of_the_table():
    """Pairs of class and row: what pretrainers share with the MLPs, and what is their own."""
    own = {row.name for _, row in OWN}
    for cls in CLASSES:
        names = set(inspect.signature(cls).parameters) - own - _table.NOT_SHAPING
        for row in _table.REGULARIZERS + _table.TRAINING:
            serves = all(_serves(row.name, value) for value in row.values)
            serves &= row.name != "averaging" or not row.base  # both stop at the same best epoch
            if row.name in names and row.only is None and serves and set(row.base) <= names:
                yield cls, row
    base = {"n_iter_no_change": 8, "max_iter": 14, "learning_rate_init": 0.01}
    yield from ((cls, _table.Row("tol", (0.0, 100.0), base)) for cls in CLASSES)
    yield from ((cls, _table.Row("averaging", ("ema", "swa"))) for cls in CLASSES)
    yield from OWN


def _serves(name, value):
    """Whether pretrainers take this value of an MLP's parameter."""
    if name == "tol":
        return False  # noise stops what is told to stop late: rows of their own
    if name in ("alpha", "l1", "dropout", "validation_fraction"):
        return isinstance(value, float)
    return value not in ((), "refit", "lbfgs")


TABLE = [
    pytest.param(cls, row, id=f"{cls.__name__[:-10]}-{row.name}-{str(row.values)[:24]}")
    for cls, row in rows_of_the_table()
]


def fitted(cls, row, value, **params):
    params = {"hidden_layer_sizes": (8,), "max_iter": 8, "random_state": 0, **row.base, **params}
    return cls(**{**params, row.name: value}).fit(X[:90])


# --- both engines, every parameter


@pytest.mark.parametrize("cls", CLASSES)
def test_the_table_names_every_parameter(cls):
    in_table = {row.name for of, row in rows_of_the_table() if of is cls}
    assert set(inspect.signature(cls).parameters) <= in_table | _table.NOT_SHAPING


@pytest.mark.parametrize(("cls", "row"), TABLE)
def test_every_parameter_changes_the_fit_alike_in_both_engines(cls, row):
    nets = []
    for value in row.values:
        engines = row.engines[0], "torch"
        one, again = (fitted(cls, row, value, engine=e, dtype="float64") for e in engines)
        assert_same(one, again)
        nets.append(one)
    pairs = zip(*map(learnt, nets), strict=False)
    assert any(a.shape != b.shape or not np.array_equal(a, b) for a, b in pairs)


NOISES = {"dropout": 0.2, "input_dropout": 0.1, "noise_std": 0.2, "weight_noise_std": 0.05}


@pytest.mark.parametrize("make", SETTINGS, ids=str)
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_engines_agree_under_all_noises_and_early_stopping(make, normalization):
    params = {**FIXED, **NOISES, "hidden_layer_sizes": (8, 8), "residual": True, "drop_path": 0.2}
    params.update(normalization=normalization, early_stopping=True, sam_rho=0.05)
    params.update(validation_fraction=0.6, averaging="ema")  # more held out than a batch
    assert_same(*(make(engine=engine, **params).fit(X) for engine in ("compiled", "torch")))


@pytest.mark.parametrize("make", SETTINGS, ids=str)
def test_float32_fits_are_close(make):
    params = {**FIXED, "dtype": "float32", "activation": "tanh"}
    nets = [make(engine=engine, **params).fit(X) for engine in ("compiled", "torch")]
    assert_same(*nets, rtol=2e-3)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("make", SETTINGS, ids=str)
def test_blocks_may_end_anywhere(make, engine, monkeypatch):
    from skreg.engine.block_length import Pacing

    params = {**FIXED, "early_stopping": True, "engine": engine}
    whole = make(**params).fit(X)
    monkeypatch.setattr(Pacing, "steps", lambda self: 1)
    assert_same(whole, make(**params).fit(X), rtol=1e-12)
