"""scikit-learn's own tests of its MLPs, run on skreg's."""

from importlib.util import module_from_spec
from itertools import product
from unittest.mock import patch

import pytest
import sklearn.neural_network.tests.test_mlp as original

import skreg

PRIVATE = "reads private attributes; what they hold is compared in "
DEPARTURES = {
    # test: (why it does not hold here, how it ends)
    "test_fit": (f"{PRIVATE}test_oracles.py, step by step", "no attribute 'classes_'"),
    "test_gradient": (f"{PRIVATE}test_engines.py, with autograd", "'_loss_grad_lbfgs'"),
    "test_learning_rate_warmstart": (f"{PRIVATE}test_oracles.py, of schedules", "'_optimizer'"),
    "test_adaptive_learning_rate": (f"{PRIVATE}test_oracles.py, of schedules", "'_optimizer'"),
    "test_n_iter_no_change": (f"{PRIVATE}test_training.py", "'_no_improvement_count'"),
    "test_n_iter_no_change_inf": (f"{PRIVATE}test_training.py", "'_no_improvement_count'"),
    "test_nonfinite_params": (
        "docs/migrating.md: X beyond the numbers of dtype is refused by name, before training",
        "Input X contains infinity or a value too large for dtype",
    ),
    "test_mlp_diverging_loss": (
        "docs/migrating.md: training that diverges is an error, under early stopping too",
        "Training diverged in epoch",
    ),
    "test_early_stopping_stratified": (
        "docs/regularizers/early_stopping.md: rows are split at random where a class has one row",
        "DID NOT RAISE",
    ),
    "test_mlp_param_dtypes": (
        "docs/migrating.md: weights have dtype, not X's; docs/design.md: predictions are float64",
        "assert",
    ),
    "test_mlp_partial_fit_after_fit": (
        "docs/training.md: under early stopping there is no partial_fit, for hasattr to see",
        "no attribute 'partial_fit'",
    ),
}


def with_our_classes():
    """The tests, from a copy of their module in which the names of the MLPs stand for skreg's."""
    module = module_from_spec(original.__spec__)
    classes = {name: getattr(skreg, name) for name in ("MLPClassifier", "MLPRegressor")}
    with patch.multiple("sklearn.neural_network", **classes):
        original.__spec__.loader.exec_module(module)
    assert module.MLPClassifier is skreg.MLPClassifier
    return {name: test for name, test in vars(module).items() if name.startswith("test_")}


TESTS = with_our_classes()
globals().update({name: test for name, test in TESTS.items() if name not in DEPARTURES})


@pytest.fixture
def global_random_seed():
    return 42


def cases(test):
    """The arguments of a parametrized test, a dict for each case."""
    marks = [mark.args for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    for values in product(*(values for _, values in marks)):
        yield dict(zip((name for name, _ in marks), values, strict=True))


@pytest.mark.parametrize("name", DEPARTURES)
def test_departures_end_as_the_list_says(name):
    endings = []
    for case in cases(TESTS[name]):
        try:
            TESTS[name](**case)
        except (Exception, pytest.fail.Exception) as error:
            endings.append(str(error))
    assert endings
    assert all(DEPARTURES[name][1] in ending for ending in endings)
