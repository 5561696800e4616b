"""Data that is larger than memory: nothing is copied, and rows are shuffled block by block."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skreg import MLPClassifier, MLPRegressor
from skreg.random import shuffling
from tests._data import targets
from tests._processes import run


def rows_of(n):
    return np.arange(n, dtype=np.int32)


@pytest.mark.parametrize("n_rows", [1, 7, 1000, 4096])
def test_every_epoch_has_every_row_once_and_blocks_stay_together(n_rows):
    ways = shuffling.BlockShuffling(
        np.random.RandomState(0), rows_of(n_rows), True, row_bytes=2**16
    )
    lines = ways.draw(3)
    assert ways.block == 16
    for line in lines:
        assert_array_equal(np.sort(line), np.arange(n_rows))
        blocks = line // ways.block
        for start in range(0, n_rows, 1024):  # 64 blocks of 16 rows are mixed at a time
            assert len(set(blocks[start : start + 1024])) <= 64
    assert n_rows < 100 or not np.array_equal(lines[0], lines[1])


def test_epochs_given_back_are_drawn_again():
    first = shuffling.BlockShuffling(np.random.RandomState(0), rows_of(500), True, row_bytes=2**18)
    second = shuffling.BlockShuffling(np.random.RandomState(0), rows_of(500), True, row_bytes=2**18)
    first.draw(5)
    first.give_back(2)
    second.draw(2)
    assert_array_equal(first.draw(1), second.draw(1))


def test_only_large_arrays_are_shuffled_in_blocks(monkeypatch):
    X = np.zeros((1000, 8), np.float32)
    assert type(shuffling.shuffling_of(X, rows_of(1000), None, True, True)) is shuffling.Shuffling
    monkeypatch.setattr(shuffling, "LARGE", X.nbytes)
    assert (
        type(shuffling.shuffling_of(X, rows_of(1000), None, True, True)) is shuffling.BlockShuffling
    )


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_a_net_trained_in_blocks_learns_and_engines_agree(engine, monkeypatch):
    monkeypatch.setattr(shuffling, "LARGE", 1)
    monkeypatch.setattr(shuffling, "_BLOCK", 512)
    X, y = targets("regression")
    kwargs = {"batch_size": 20, "max_iter": 20, "random_state": 0, "dtype": "float64"}
    net = MLPRegressor(engine=engine, **kwargs).fit(X, y)
    assert net.loss_ < 0.5 * net.loss_curve_[0]
    other = MLPRegressor(engine="torch", **kwargs).fit(X, y)
    assert_allclose(net.coefs_[0], other.coefs_[0], rtol=1e-8, atol=1e-10)


def test_a_fit_on_a_file_takes_no_copy_of_it():
    # 1.2 GB in a file of holes; anonymous memory holds what is per row, and no X
    run(
        """
import tempfile
import numpy as np
from skreg import MLPRegressor

def anonymous():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

class Peak:
    value = 0
    def __call__(self, weights):
        Peak.value = max(Peak.value, anonymous())
        return 0.0 * sum(w.sum() for w in weights)

n, d = 300_000, 1000
small = np.random.RandomState(0).randn(300, d).astype(np.float32)
kwargs = dict(hidden_layer_sizes=(2,), batch_size=30_000, max_iter=1, penalty=Peak())
MLPRegressor(**kwargs).fit(small, small[:, 0])
with tempfile.NamedTemporaryFile() as file:
    X = np.memmap(file, np.float32, "w+", shape=(n, d))
    X[:300], y = small, np.random.RandomState(0).randn(n).astype(np.float32)
    before, Peak.value = anonymous(), 0
    net = MLPRegressor(**kwargs).fit(X, y)
    assert 0 < Peak.value - before < 0.4 * X.nbytes, (before, Peak.value)
    before = anonymous()
    net.predict(X)
    assert anonymous() - before < 0.1 * X.nbytes
print("all well")
""",
        timeout=300,
    )


@pytest.mark.parametrize(("size", "passes"), [(1, 4), (7, 30), (500, 200)])
def test_a_stream_of_chunks_of_any_size(size, passes):
    X, y = targets("multiclass")
    net = MLPClassifier(learning_rate_init=0.01, random_state=0)
    for _ in range(passes):
        for start in range(0, len(X), size):
            rows = slice(start, start + size)
            net.partial_fit(X[rows], y[rows], classes=np.unique(y))
    assert net.score(X, y) > 0.7
    assert net.t_ == passes * len(X)
