"""The compiled shuffle against numpy's, whose numbers it has to have."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skreg import MLPRegressor
from skreg.random.shuffling import Shuffling
from skreg.regularizers import stopping
from tests._data import targets
from tests._stacks import ready
from tests.engine.test_engines import PARAMS


def identity(n):
    rows = np.arange(n, dtype=np.int32)
    rows.flags.writeable = False
    return rows


@pytest.fixture
def drawn(monkeypatch):
    """A function that gives the order of a draft, drawn by a training loop that takes no step."""
    fit = ready(monkeypatch, MLPRegressor(**PARAMS), *targets("regression"))
    engine = fit.make_engine()

    def draw(row_order):
        engine.run(np.zeros(0, stopping.CURVES), row_order, 0)
        return row_order.order

    return draw


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
@pytest.mark.parametrize("n", [2, 3, 17, 64, 65, 353])
def test_row_orders_are_numpys_permutations(drawn, n, seed):
    """Over several blocks, so that the generator's words are renewed between and within them."""
    numpys, ours = (np.random.RandomState(seed) for _ in range(2))
    for random_state in (numpys, ours):
        random_state.normal(size=5)
    shuffling, line = Shuffling(ours, identity(n), True, seen_after=False), identity(n)
    for n_epochs in (1, 3, 8):
        order = drawn(shuffling.row_order(n_epochs))
        assert not order.flags.writeable
        for found in order:
            line = line.copy()
            numpys.shuffle(line)
            assert_array_equal(found, line)


def test_what_others_see_is_drawn_by_numpy():
    random_state, same = (np.random.RandomState(3) for _ in range(2))
    shuffling = Shuffling(random_state, identity(20), True, seen_after=True)
    order = shuffling.row_order(2).order
    expected = Shuffling(same, identity(20), True).draw(2)
    assert_array_equal(order, expected)
    assert random_state.uniform() == same.uniform()


def test_other_generators_are_drawn_by_numpy():
    def generator():
        return np.random.RandomState(np.random.PCG64(5))

    shuffling = Shuffling(generator(), identity(20), True, seen_after=False)
    row_order = shuffling.row_order(2)
    assert row_order.draw[1] == 0
    assert_array_equal(row_order.order, Shuffling(generator(), identity(20), True).draw(2))


def test_without_shuffling_rows_are_used_as_they_lie():
    row_order = Shuffling(np.random.RandomState(0), identity(9), False, seen_after=False).row_order(
        4
    )
    assert_array_equal(row_order.order, identity(9)[None])


def test_a_fit_by_another_generator():
    X, y = targets("regression")
    nets = [
        MLPRegressor(**{**PARAMS, "random_state": np.random.RandomState(np.random.PCG64(seed))})
        for seed in (5, 5, 6)
    ]
    first, again, other = (net.fit(X, y).coefs_[0] for net in nets)
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
