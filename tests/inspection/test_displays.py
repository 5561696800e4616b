"""The displays: what their artists hold is what the nets and searches say."""

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import BaggingClassifier, BaggingRegressor, MLPClassifier, MLPRegressor
from skreg.inspection import (
    EnsembleDisplay,
    FittedFunctionDisplay,
    LossCurveDisplay,
    RegularizationPathDisplay,
    SearchDisplay,
)
from tests._data import targets

X, Y = targets("regression")
LABELS = targets("multiclass")[1]
SHORT = {"max_iter": 20, "tol": 0.0, "n_iter_no_change": np.inf, "random_state": 0}


pytestmark = pytest.mark.usefixtures("figures")


def ridge_search(**params):
    grid = {"alpha": [100.0, 0.1, 10.0], "fit_intercept": [False, True]}
    return GridSearchCV(Ridge(), grid, cv=4, **{"return_train_score": True, **params}).fit(X, Y)


# --- curves of a fit


def test_loss_curves_and_the_best_epoch():
    net = MLPRegressor(early_stopping=True, learning_rate_init=0.01, random_state=0).fit(X, Y)
    pipe = make_pipeline(StandardScaler(), net)
    pipe.steps[0][1].fit(X)
    for fitted in (net, pipe):
        display = LossCurveDisplay.from_estimator(fitted)
        train, validation = display.lines_
        assert_array_equal(train.get_ydata(), net.loss_curve_)
        assert_array_equal(validation.get_ydata(), -np.array(net.validation_scores_))
        assert train.get_xdata()[0] == validation.get_xdata()[0] == 1
        assert display.best_epoch == np.argmin(validation.get_ydata()) + 1
        (mark,) = display.ax_.lines[2:]
        assert mark.get_xdata()[0] == net.best_epoch_


def test_a_score_has_a_panel_of_its_own():
    net = MLPClassifier(early_stopping=True, scoring="accuracy", random_state=0).fit(X, LABELS)
    display = LossCurveDisplay.from_estimator(net)
    assert_array_equal(display.lines_[1].get_ydata(), net.validation_scores_)
    assert display.lines_[1].axes is display.ax_[1]
    assert display.ax_[1].get_ylabel() == "accuracy"


def test_the_best_epoch_of_a_second_fit_stands_in_the_whole_curve():
    net = MLPRegressor(early_stopping=True, warm_start=True, learning_rate_init=0.01)
    net.set_params(random_state=0, n_iter_no_change=3).fit(X, Y)
    first = net.n_iter_
    display = LossCurveDisplay.from_estimator(net.fit(X, Y))
    assert display.best_epoch == first + net.best_epoch_
    assert display.validation[display.best_epoch - 1] == display.validation[first:].min()


def test_without_validation_there_is_one_curve():
    display = LossCurveDisplay.from_estimator(MLPRegressor(**SHORT).fit(X, Y))
    assert len(display.ax_.lines) == 1


# --- the function


def test_a_line_with_its_spread():
    x = X[:, :1]
    ensemble = BaggingRegressor(MLPRegressor(**SHORT), n_estimators=3, random_state=0)
    pipe = make_pipeline(StandardScaler(), ensemble).fit(x, Y)
    display = FittedFunctionDisplay.from_estimator(pipe, x, Y, return_std=True, grid_resolution=50)
    (line,) = display.lines_
    grid = line.get_xdata()[:, None]
    assert_allclose(grid.min(), x.min() - 0.1 * np.ptp(x))
    assert_allclose(line.get_ydata(), pipe.predict(grid))
    members = ensemble.predict_members(pipe[:-1].transform(grid))
    assert_allclose(display.std, members.std(axis=0))
    corners = display.band_.get_paths()[0].vertices
    assert_allclose(corners[:, 1].max(), (line.get_ydata() + 2 * display.std).max())
    data = next(a for a in display.ax_.lines if a.get_label() == "data")
    assert_array_equal(data.get_xydata(), np.column_stack([x[:, 0], Y]))


def test_dropouts_spread():
    net = MLPRegressor(dropout=0.3, **SHORT).fit(X[:, :1], Y)
    display = FittedFunctionDisplay.from_estimator(net, X[:, :1], return_std=True)
    expected = net.predict(display.grid[0][:, None], return_std=True)
    assert_array_equal(display.std, expected[1])
    assert [line.get_label() for line in display.ax_.lines] == ["fit"]


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_a_classifiers_lines_are_probabilities(kind):
    y = targets(kind)[1]
    net = MLPClassifier(**SHORT).fit(X[:, :1], y)
    display = FittedFunctionDisplay.from_estimator(net, X[:, :1], y, grid_resolution=20)
    p = net.predict_proba(display.grid[0][:, None])
    shown = p[:, 1:] if kind == "binary" else p
    assert_allclose(np.column_stack([line.get_ydata() for line in display.lines_]), shown)


def test_a_surface_of_a_regressor():
    frame = pd.DataFrame(X[:, :2], columns=["age", "sex"])
    net = MLPRegressor(**SHORT).fit(frame, Y)
    display = FittedFunctionDisplay.from_estimator(net, frame, Y, grid_resolution=12)
    x1, x2 = display.grid
    at = pd.DataFrame({"age": [x1[3]], "sex": [x2[7]]})
    assert_allclose(display.prediction[7, 3], net.predict(at)[0])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("age", "sex")


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_a_surface_of_a_classifier(kind):
    y = targets(kind)[1]
    net = MLPClassifier(**SHORT).fit(X[:, :2], y)
    display = FittedFunctionDisplay.from_estimator(net, X[:, :2], y, grid_resolution=12)
    image, corner = display.surface_.get_array(), [display.grid[0][2], display.grid[1][9]]
    assert_allclose(display.prediction[9, 2], net.predict_proba([corner])[0], rtol=1e-6)
    assert image.shape == (12, 12, 3)
    flat = display.prediction.reshape(144, -1)
    apart = np.abs(flat[:, None] - flat[None]).max(axis=2)
    colours = np.abs(image.reshape(144, 1, 3) - image.reshape(1, 144, 3)).max(axis=2)
    assert np.corrcoef(apart.ravel(), colours.ravel())[0, 1] > 0.9
    groups = [c for c in display.ax_.collections if c.get_label() in set(y)]
    assert [len(c.get_offsets()) for c in groups] == [(y == c).sum() for c in net.classes_]


# --- the ensemble


def test_scores_of_more_and_more_members():
    ensemble = BaggingRegressor(MLPRegressor(**SHORT), n_estimators=4, random_state=0)
    pipe = make_pipeline(StandardScaler(), ensemble).fit(X[:80], Y[:80])
    display = EnsembleDisplay.from_estimator(pipe, X[80:], Y[80:], n_orders=30)
    members = ensemble.predict_members(pipe[:-1].transform(X[80:]))
    alone = [r2_score(Y[80:], member) for member in members]
    assert set(np.round(display.scores[0], 9)) == set(np.round(alone, 9))
    assert_allclose(display.scores[-1], pipe.score(X[80:], Y[80:]))
    assert_allclose(display.line_.get_ydata(), display.scores.mean(axis=1))
    assert display.line_.get_xdata().tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_scores_of_classifiers(scoring):
    ensemble = BaggingClassifier(MLPClassifier(**SHORT), n_estimators=3, random_state=0)
    ensemble.fit(X[:80], LABELS[:80])
    display = EnsembleDisplay.from_estimator(ensemble, X[80:], LABELS[80:], scoring=scoring)
    p = ensemble.predict_proba(X[80:])
    whole = accuracy_score(LABELS[80:], ensemble.predict(X[80:]))
    if scoring:
        whole = -log_loss(LABELS[80:], p / p.sum(axis=1, keepdims=True), labels=ensemble.classes_)
    assert_allclose(display.scores[-1], whole, rtol=1e-5)


def test_snapshots_are_members_and_so_are_those_of_many_labels():
    y = targets("multilabel")[1]
    net = MLPClassifier(learning_rate="cosine", n_snapshots=3, **SHORT).fit(X, y)
    display = EnsembleDisplay.from_estimator(net, X, y)
    assert_allclose(display.scores[-1], net.score(X, y))


# --- all of them


def unfitted():
    net = MLPRegressor()
    grid = GridSearchCV(net, {"alpha": [1.0]})
    return {
        "path": lambda: RegularizationPathDisplay.from_search(grid, param_name="alpha"),
        "search": lambda: SearchDisplay.from_search(grid, x="alpha", y="alpha"),
        "loss": lambda: LossCurveDisplay.from_estimator(net),
        "function": lambda: FittedFunctionDisplay.from_estimator(net, X[:, :1]),
        "ensemble": lambda: EnsembleDisplay.from_estimator(BaggingRegressor(), X, Y),
    }


@pytest.mark.parametrize("name", list(unfitted()))
def test_what_is_not_fitted_says_so(name):
    with pytest.raises(NotFittedError):
        unfitted()[name]()


def drawn():
    scores = np.array([[0.1, 0.2], [0.3, 0.4]])
    path = {"param_range": [1, 2], "train_scores": scores, "test_scores": scores}
    units = {"weight_norm": scores, "active_units": scores}
    search = {"x_values": [1, 2], "y_values": [1, 2], "scores": [0.1, 0.2]}
    return [
        (RegularizationPathDisplay(param_name="alpha", **path), 1),
        (RegularizationPathDisplay(param_name="alpha", **path, **units), 3),
        (SearchDisplay(x_name="a", y_name="b", **search), 1),
        (LossCurveDisplay(train=[2.0, 1.0]), 1),
        (LossCurveDisplay(train=[2.0, 1.0], validation=[0.1, 0.2], score_name="r2"), 2),
        (FittedFunctionDisplay(grid=[np.arange(3.0)], prediction=np.arange(3.0)), 1),
        (EnsembleDisplay(n_members=np.array([1, 2]), scores=scores), 1),
    ]


@pytest.mark.parametrize(("display", "n"), drawn())
def test_axes_of_ones_own(display, n):
    _, axes = plt.subplots(n)
    assert display.plot(ax=axes) is display
    assert list(np.ravel(display.ax_)) == list(np.ravel(axes))
    assert display.figure_ is np.ravel(axes)[0].figure
    _, more = plt.subplots(n + 1)
    with pytest.raises(ValueError, match=f"draws in {n} axes, but ax has {n + 1}"):
        display.plot(ax=more)


@pytest.mark.parametrize(("display", "n"), drawn())
def test_without_matplotlib_the_remedy_is_named(display, n, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    name = type(display).__name__
    with pytest.raises(ImportError, match=rf"{name} needs matplotlib.*skreg\[plot\]"):
        display.plot()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda: RegularizationPathDisplay.from_search(ridge_search(), param_name="l1"),
            r"param_name='l1' was not searched; the search has \['alpha', 'fit_intercept'\]",
        ),
        (
            lambda: RegularizationPathDisplay.from_search(
                ridge_search(return_train_score=False), param_name="alpha"
            ),
            "no training scores.*return_train_score=True",
        ),
        (
            lambda: RegularizationPathDisplay.from_search(
                GridSearchCV(Ridge(), {"solver": ["svd", "lsqr"]}, return_train_score=True).fit(
                    X, Y
                ),
                param_name="solver",
            ),
            "param_name='solver' has values that are not numbers.*SearchDisplay",
        ),
        (
            lambda: SearchDisplay.from_search(ridge_search(), x="alpha", y="tol"),
            "param_name='tol' was not searched",
        ),
        (
            lambda: SearchDisplay.from_search(
                GridSearchCV(Ridge(), [{"alpha": [1.0]}, {"tol": [0.1]}]).fit(X, Y),
                x="alpha",
                y="tol",
            ),
            "no candidate that sets both 'alpha' and 'tol'",
        ),
        (
            lambda: FittedFunctionDisplay.from_estimator(Ridge().fit(X, Y), X),
            r"one or two columns, got an array of shape \(120, 10\)",
        ),
        (
            lambda: FittedFunctionDisplay.from_estimator(
                LogisticRegression().fit(X[:, :1], LABELS), X[:, :1], return_std=True
            ),
            "return_std=True needs a regressor of one input",
        ),
        (
            lambda: FittedFunctionDisplay.from_estimator(Ridge().fit(X[:, :1], X[:, :3]), X[:, :1]),
            "predicts 3 outputs",
        ),
        (
            lambda: FittedFunctionDisplay.from_estimator(
                Ridge().fit(X[:, :1], Y), X[:, :1], X[:, :3]
            ),
            r"y must have one dimension, got an array of shape \(120, 3\)",
        ),
    ],
)
def test_wrong_values(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_wrong_estimators():
    ridge = Ridge().fit(X, Y)
    with pytest.raises(TypeError, match="must keep a loss_curve_.*Ridge"):
        LossCurveDisplay.from_estimator(ridge)
    with pytest.raises(TypeError, match="must have members.*Ridge"):
        EnsembleDisplay.from_estimator(ridge, X, Y)
