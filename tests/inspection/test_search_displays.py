"""Displays of searches: what their artists hold is what the search says."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform, uniform
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPRegressor, TunedMLPRegressor
from skreg.inspection import (
    RaceDisplay,
    RegularizationPathDisplay,
    SearchDisplay,
    regularization_path,
)
from tests._data import targets

X, Y = targets("regression")
SHORT = {"max_iter": 20, "tol": 0.0, "n_iter_no_change": np.inf, "random_state": 0}
ALPHAS = [1e-3, 1.0, 1e-1]  # in no order
pytestmark = pytest.mark.usefixtures("figures")


def ridge_search(**params):
    grid = {"alpha": [100.0, 0.1, 10.0], "fit_intercept": [False, True]}
    return GridSearchCV(Ridge(), grid, cv=4, **{"return_train_score": True, **params}).fit(X, Y)


def rows_of_best(search, name):
    """By hand: the values of a hyperparameter in order, and the best candidate of each."""
    table = pd.DataFrame(search.cv_results_)
    best = table.loc[table.groupby(f"param_{name}")["mean_test_score"].idxmax()]
    return best.sort_values(f"param_{name}")


# --- the path


def test_a_path_from_a_search_shows_its_scores():
    search = ridge_search()
    display = RegularizationPathDisplay.from_search(search, param_name="alpha")
    best = rows_of_best(search, "alpha")
    for line, key in zip(display.lines_, ("train", "test"), strict=True):
        assert_array_equal(line.get_xdata(), best["param_alpha"])
        assert_allclose(line.get_ydata(), best[f"mean_{key}_score"])
    for band, key in zip(display.bands_, ("train", "test"), strict=True):
        corners = band.get_paths()[0].vertices
        for x, mean, std in best[["param_alpha", f"mean_{key}_score", f"std_{key}_score"]].values:
            heights = corners[corners[:, 0] == x, 1]
            assert_allclose([heights.min(), heights.max()], [mean - std, mean + std])
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_ylabel() == "R2"
    assert display.figure_ is display.ax_.figure


def test_the_choices_are_marked():
    scores = np.array([[0.5, 0.7], [0.7, 0.9], [0.74, 0.8], [0.1, 0.3]])
    display = RegularizationPathDisplay(
        param_name="alpha", param_range=[0.1, 1, 10, 100], train_scores=scores, test_scores=scores
    ).plot()
    assert (display.best_index_, display.one_standard_error_index_) == (1, 2)
    marks = {line.get_label(): line.get_xdata()[0] for line in display.ax_.lines[2:]}
    assert marks == {"best: 1": 1, "one standard error: 10": 10}
    smaller = RegularizationPathDisplay(
        param_name="alpha",
        param_range=[0.1, 1, 10, 100],
        train_scores=scores,
        test_scores=scores,
        stronger="smaller",
    ).plot()
    labels = [line.get_label() for line in smaller.ax_.lines[2:]]
    assert labels == ["best, one standard error: 1"]


def test_a_path_from_an_estimator_is_that_of_the_function():
    pipe = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8, 4), **SHORT))
    name = "mlpregressor__alpha"
    display = RegularizationPathDisplay.from_estimator(
        pipe, X, Y, param_name=name, param_range=ALPHAS, cv=3
    )
    path = regularization_path(pipe, X, Y, param_name=name, param_range=sorted(ALPHAS), cv=3)
    expected = [
        path.train_scores,
        path.test_scores,
        np.linalg.norm(path.weight_norms, axis=2),
        path.active_units.sum(axis=2),
    ]
    for line, values in zip(display.lines_, expected, strict=True):
        assert_array_equal(line.get_xdata(), sorted(ALPHAS))
        assert_allclose(line.get_ydata(), values.mean(axis=1))
    assert [ax.get_ylabel() for ax in display.ax_] == ["R2", "weight norm", "active units"]
    assert [line.axes for line in display.lines_] == [display.ax_[i] for i in (0, 0, 1, 2)]


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0, 1e-4, 1e-2], "symlog"), ([1e-4, 1e-2], "log"), ([0.1, 0.5], "linear"), ([0], "linear")],
)
def test_the_scale_suits_the_values(values, scale):
    scores = np.arange(2.0 * len(values)).reshape(-1, 2)
    display = RegularizationPathDisplay(
        param_name="l1", param_range=values, train_scores=scores, test_scores=scores
    ).plot()
    assert display.ax_.get_xscale() == scale


def test_candidates_that_leave_a_hyperparameter_alone_are_left_out():
    grid = [{"alpha": [0.1, 1.0]}, {"fit_intercept": [False]}]
    search = GridSearchCV(Ridge(), grid, return_train_score=True).fit(X, Y)
    display = RegularizationPathDisplay.from_search(search, param_name="alpha")
    assert display.param_range.tolist() == [0.1, 1.0]


def test_a_halving_search_counts_by_its_last_looks():
    search = HalvingGridSearchCV(
        Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]}, factor=2, random_state=0, min_resources=30
    ).fit(X, Y)
    display = RegularizationPathDisplay.from_search(search, param_name="alpha")
    table = pd.DataFrame(search.cv_results_).drop_duplicates("param_alpha", keep="last")
    assert len(search.cv_results_["params"]) > len(table) == 4
    expected = table.sort_values("param_alpha")["mean_test_score"]
    assert_allclose(display.test_scores.mean(axis=1), expected)


def test_several_metrics_are_shown_by_the_one_that_chose():
    search = ridge_search(scoring=["neg_mean_absolute_error", "r2"], refit="r2")
    display = RegularizationPathDisplay.from_search(search, param_name="alpha")
    found = display.test_scores.mean(axis=1).max()
    assert_allclose(found, search.cv_results_["mean_test_r2"].max())
    assert display.score_name == "r2"


# --- a search


def test_a_grid_is_a_map():
    search = ridge_search()
    display = SearchDisplay.from_search(search, x="alpha", y="fit_intercept")
    table = pd.DataFrame(search.cv_results_).pivot_table(
        index="param_fit_intercept", columns="param_alpha", values="mean_test_score"
    )
    assert display.is_grid_
    assert_allclose(display.artist_.get_array(), table)
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == ["0.1", "10", "100"]
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == ["False", "True"]
    best = np.unravel_index(table.values.argmax(), table.shape)
    ring = display.best_artist_
    assert (ring.get_ydata()[0], ring.get_xdata()[0]) == (best[0] + 0.5, best[1] + 0.5)


def test_random_draws_are_dots():
    space = {"alpha": loguniform(1e-3, 1e3), "tol": uniform(0, 1)}
    search = RandomizedSearchCV(Ridge(), space, n_iter=12, random_state=0).fit(X, Y)
    display = SearchDisplay.from_search(search, x="alpha", y="tol")
    results = search.cv_results_
    order = results["mean_test_score"].argsort()
    assert not display.is_grid_
    drawn = np.column_stack([display.artist_.get_offsets(), display.artist_.get_array()])
    columns = [results["param_alpha"], results["param_tol"], results["mean_test_score"]]
    assert_allclose(drawn, np.column_stack(columns).astype(float)[order])
    assert display.best_artist_.get_xdata()[0] == search.best_params_["alpha"]
    assert (display.ax_.get_xscale(), display.ax_.get_yscale()) == ("log", "linear")


def test_of_candidates_alike_in_two_hyperparameters_the_best_is_shown():
    grid = {"alpha": [0.1, 1e3], "fit_intercept": [True], "solver": ["svd", "lsqr"]}
    search = GridSearchCV(Ridge(), grid).fit(X, Y)
    display = SearchDisplay.from_search(search, x="alpha", y="fit_intercept")
    best = rows_of_best(search, "alpha")["mean_test_score"]
    assert_allclose(sorted(display.scores), sorted(best))


# --- the race


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_the_race_of_a_tuned_estimator_is_drawn(in_pipeline):
    tuned = TunedMLPRegressor(n_candidates=3, cv=2, random_state=0)
    with pytest.raises(NotFittedError):
        RaceDisplay.from_search(tuned)
    search = make_pipeline(StandardScaler(), tuned) if in_pipeline else tuned
    display = RaceDisplay.from_search(search.fit(X, Y))
    drawn = {tuple(line.get_ydata()) for line in display.lines_}
    assert drawn == {tuple(row[np.isfinite(row)]) for row in tuned.rung_scores_}
    assert_array_equal(display.best_line_.get_xdata(), tuned.rungs_)
    best = tuned.rung_scores_[tuned.best_index_]
    assert_array_equal(display.best_line_.get_ydata(), best)
    assert f"together: {tuned.score_:.3f}" in display.ax_.get_legend_handles_labels()[1]
