"""Settings of the whole suite: one thread a process, as the suite itself runs in several."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # so that check_estimator skips nothing; before scipy's import

import pytest
import torch
from threadpoolctl import threadpool_limits


def pytest_collection_modifyitems(config, items):
    if torch.cuda.is_available():
        return
    on_gpu = [item for item in items if item.get_closest_marker("cuda")]
    if on_gpu:
        config.hook.pytest_deselected(items=on_gpu)
        items[:] = [item for item in items if not item.get_closest_marker("cuda")]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


@pytest.fixture
def figures():
    """Figures without a window, closed after the test."""
    from matplotlib import pyplot as plt
    from matplotlib import rc_context

    with rc_context({"backend": "agg"}):
        yield
        plt.close("all")
