"""Settings of the whole suite: one thread a process, as the suite itself runs in several."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # so that check_estimator skips nothing; before scipy's import

from importlib.util import find_spec

import pytest
import torch
from threadpoolctl import threadpool_limits

from tests._browser import browser

# scikit-learn has callbacks from 1.9 on
collect_ignore = [] if find_spec("sklearn.callback") else ["estimators/test_callbacks.py"]


def pytest_collection_modifyitems(config, items):
    there = {"cuda": torch.cuda.is_available(), "browser": bool(browser())}
    missing = [name for name, is_there in there.items() if not is_there]
    out = [item for item in items if any(map(item.get_closest_marker, missing))]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


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


@pytest.fixture
def together(monkeypatch):
    """A function as `Session.fit`, whose errors are raised."""
    from skreg.engine import train
    from tests._stacks import Session, fit_weighted

    session = Session()
    monkeypatch.setattr(train, "train", session.train)

    def fit(estimators, data, fit=None, **options):
        session.fit(estimators, data, fit or fit_weighted, options)
        for error in session.errors.values():
            raise error
        return session

    return fit
