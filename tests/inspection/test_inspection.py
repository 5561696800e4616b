"""The numbers of skreg.inspection against closed forms, scipy's flows and scikit-learn."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import ConvNetRegressor, MLPClassifier, MLPRegressor, NetRegressor, inspection
from tests._data import regression, targets

X, Y = targets("regression")
Y = (Y - Y.mean()) / Y.std()
FIXED = {"tol": 0.0, "n_iter_no_change": np.inf}
LINEAR = {"hidden_layer_sizes": (), "dtype": "float64", "random_state": 0, "scale_target": False}


def linear(**params):
    return MLPRegressor(**{**LINEAR, "max_iter": 30, **params}).fit(X, Y)


def linear_gradient(net, rows, alpha):
    """Of half the mean squared error plus L2, by weights and bias."""
    w, b = net.coefs_[0][:, 0], net.intercepts_[0][0]
    rest = X[rows] @ w + b - Y[rows]
    return np.append(X[rows].T @ rest / len(rows) + alpha * w, rest.mean())


def test_a_linear_nets_numbers_have_closed_forms():
    net = linear()
    w = net.coefs_[0][:, 0]
    assert_allclose(inspection.weight_norms(net), [np.linalg.norm(w)])
    assert_allclose(inspection.mean_squared_input_gradient(net, X), (w**2).sum())
    assert inspection.active_units(net, X).shape == (0,)
    gap = inspection.generalization_gap(net, X[:80], Y[:80], X[80:], Y[80:])
    losses = [((net.predict(X[s]) - Y[s]) ** 2).mean() / 2 for s in (slice(80), slice(80, None))]
    assert_allclose([gap.train_loss, gap.validation_loss], losses)
    assert gap.gap == gap.validation_loss - gap.train_loss
    std = 0.05
    found = inspection.sharpness(net, X, Y, std=std, n_draws=4000)
    expected = std**2 / 2 * (X**2).sum(axis=1).mean()
    # a draw is (std^2 / 2) n' A n with trace 10 and, over the eigenvalues of A, this spread
    spread = std**2 / 2 * np.sqrt(2 * (np.linalg.eigvalsh(X.T @ X / len(X)) ** 2).sum())
    assert abs(found - expected) < 4 * spread / np.sqrt(4000)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_input_gradient_by_differences(activation):
    net = MLPClassifier(activation=activation, dtype="float64", random_state=0, max_iter=20)
    net.fit(*targets("multiclass"))
    total, h = 0.0, 1e-6
    for j in range(10):
        shift = h * (np.arange(10) == j)
        slope = (net.decision_function(X + shift) - net.decision_function(X - shift)) / (2 * h)
        total += (slope**2).sum()
    assert_allclose(inspection.mean_squared_input_gradient(net, X), total / len(X), rtol=1e-5)


def test_units_that_never_fire_are_off():
    net = MLPRegressor(hidden_layer_sizes=(8, 6), random_state=0, max_iter=5).fit(X, Y)
    assert inspection.active_units(net, X).max() <= 8
    net.intercepts_[0][:3] = -1e3  # these never fire
    net.coefs_[0][:, 3], net.intercepts_[0][3] = 0, 1.0  # this one always does, alike
    net._net = None
    assert inspection.active_units(net, X)[0] <= 4
    net.coefs_[1][:] = 0
    net._net = None
    assert inspection.active_units(net, X)[1] == 0
    assert inspection.zero_weights(net)[1] == 1


def test_implicit_regularization_of_a_linear_net():
    alpha, h = 0.3, 0.02
    net = linear(alpha=alpha, batch_size=50, solver="sgd", learning_rate_init=h, max_iter=3)
    terms = inspection.implicit_regularization(net, X, Y, random_state=3)
    order = np.random.RandomState(3).permutation(120)
    whole = linear_gradient(net, np.arange(120), alpha)
    parts = [linear_gradient(net, rows, alpha) for rows in (order[:50], order[50:100], order[100:])]
    gradient_term = h / 4 * (whole**2).sum()
    variance_term = h / 12 * sum(((part - whole) ** 2).sum() for part in parts)
    loss = ((net.predict(X) - Y) ** 2).mean() / 2 + alpha / 2 * (net.coefs_[0] ** 2).sum()
    expected = [loss, gradient_term, variance_term, loss + gradient_term + variance_term]
    names = ["loss", "gradient_term", "variance_term", "modified_loss"]
    assert_allclose([terms[name] for name in names], expected, rtol=1e-10)
    assert_allclose(terms.variance_share, variance_term / expected[-1])
    assert terms.n_batches == 3
    twice = inspection.implicit_regularization(net, X, Y, learning_rate=2 * h)
    assert_allclose(twice.gradient_term, 2 * gradient_term)
    net.set_params(batch_size=500)
    assert inspection.implicit_regularization(net, X, Y).variance_term == 0


C, H, START = 2.0, 0.05, (1.5, -1.4)


def flow(penalty):
    """Where gradient flow on (a b - C)^2 / 2 + penalty / 4 * |its gradient|^2 ends, from START."""

    def slope(_, w):
        a, b = w
        r = a * b - C
        g, hessian = r * np.array([b, a]), np.array([[b * b, r + a * b], [r + a * b, a * a]])
        return -(g + penalty / 2 * hessian @ g)

    end = solve_ivp(slope, (0, 200), START, rtol=1e-10, atol=1e-12, method="LSODA").y[:, -1]
    assert abs(end[0] * end[1] - C) < 1e-6
    return end


def descent(**params):
    """Where a net of one linear hidden unit ends: the loss is (a b - C)^2 / 2, biases stay 0."""
    x = np.array([[-1.0], [1.0]])
    net = MLPRegressor(hidden_layer_sizes=(1,), activation="identity", solver="sgd", momentum=0.0)
    net.set_params(alpha=0.0, dtype="float64", scale_target=False, warm_start=True, max_iter=1)
    net.set_params(learning_rate_init=1e-300, random_state=0, **FIXED).fit(x, C * x[:, 0])
    for coef, value in zip(net.coefs_, START, strict=True):
        coef[:] = value
    for intercept in net.intercepts_:
        intercept[:] = 0
    net.set_params(**params).fit(x, C * x[:, 0])
    assert_allclose(np.ravel(net.intercepts_), 0, atol=1e-9)
    end = np.ravel(net.coefs_)
    assert abs(end[0] * end[1] - C) < 1e-6
    return end


def test_a_large_step_ends_where_the_flow_on_the_modified_loss_ends():
    """The textbook's experiment: Prince (2023), "Understanding Deep Learning", figure 9.3."""
    plain, modified = flow(0.0), flow(H)
    large = descent(learning_rate_init=H, max_iter=2000)
    small = descent(learning_rate_init=H / 200, max_iter=40_000)
    explicit = {"gradient_penalty": H, "gradient_penalty_rho": 1e-4}
    penalised = descent(learning_rate_init=H / 200, max_iter=40_000, **explicit)
    apart = np.linalg.norm(modified - plain)
    assert np.linalg.norm(large - modified) < 0.1 * apart
    assert np.linalg.norm(large - plain) > 0.9 * apart
    assert np.linalg.norm(small - plain) < 0.02 * apart
    assert np.linalg.norm(penalised - modified) < 0.02 * apart


@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
def test_a_path_has_the_scores_of_a_validation_curve(cls):
    kind = "regression" if cls is MLPRegressor else "multiclass"
    X, y = targets(kind)
    pipe = make_pipeline(StandardScaler(), cls(random_state=0, max_iter=100))
    name, values = f"{cls.__name__.lower()}__alpha", [1e-3, 0.1, 1.0]
    path = inspection.regularization_path(pipe, X, y, param_name=name, param_range=values, cv=4)
    train, test = validation_curve(pipe, X, y, param_name=name, param_range=values, cv=4)
    assert_array_equal(path.train_scores, train)
    assert_array_equal(path.test_scores, test)
    assert path.weight_norms.shape == path.zero_weights.shape == (3, 4, 2)
    assert path.active_units.shape == (3, 4, 1)
    for name in ("gap", "input_gradient", "sharpness", "train_loss", "validation_loss"):
        assert path[name].shape == (3, 4)
    assert (np.diff(path.weight_norms.sum(axis=2), axis=0) < 0).all()


def test_the_estimator_stays_as_it_was():
    net = MLPRegressor(random_state=0, max_iter=5).fit(X, Y)
    before, prediction = [c.copy() for c in net.coefs_], net.predict(X)
    inspection.sharpness(net, X, Y, std=1.0)
    inspection.implicit_regularization(net, X, Y)
    inspection.mean_squared_input_gradient(net, X)
    assert_array_equal(before[0], net.coefs_[0])
    assert_array_equal(net.predict(X), prediction)
    module = net.net_.module_
    assert all(p.grad is None or not p.grad.isnan().any() for p in module.parameters())
    assert_array_equal(module.layers[0].weight.detach().numpy(), before[0].T)


def test_mistakes():
    with pytest.raises(TypeError, match="estimator must be an estimator of skreg.*Ridge"):
        inspection.weight_norms(Ridge().fit(X, Y))
    with pytest.raises(NotFittedError):
        inspection.weight_norms(MLPRegressor())
    net = linear()
    with pytest.raises(ValueError, match="X has 120 rows, but y has 5"):
        inspection.sharpness(net, X, Y[:5])
    with pytest.raises(ValueError, match="3 features"):
        inspection.mean_squared_input_gradient(net, X[:, :3])
    with pytest.raises(ValueError, match="nothing"):
        inspection.regularization_path(net, X, Y, param_name="nothing", param_range=[1])


ALPHAS = np.logspace(-3, 0, 4)


@pytest.mark.slow
def test_growing_alpha_shrinks_weights_slopes_and_units_in_use():
    """On 442 patients, 6 seeds: every step down, within 2 standard errors of the paired change."""
    X, y = regression(442)
    found = np.empty((6, len(ALPHAS), 3))
    base = MLPRegressor(hidden_layer_sizes=50, max_iter=1000, learning_rate="cosine", **FIXED)
    base.set_params(learning_rate_init=0.003)
    for seed in range(6):
        for i, alpha in enumerate(ALPHAS):
            net = clone(base).set_params(alpha=alpha, random_state=seed).fit(X, y)
            found[seed, i] = (
                np.linalg.norm(inspection.weight_norms(net)),
                inspection.mean_squared_input_gradient(net, X),
                inspection.active_units(net, X)[0],
            )
    steps = np.diff(found, axis=1)
    error = steps.std(axis=0, ddof=1) / np.sqrt(6)
    assert (steps.mean(axis=0) <= 2 * error).all()
    whole = found[:, -1] - found[:, 0]
    assert (whole.mean(axis=0) < -4 * whole.std(axis=0, ddof=1) / np.sqrt(6)).all()


LOOKS = {
    "active_units": lambda net, X, y: inspection.active_units(net, X),
    "input_gradient": lambda net, X, y: inspection.mean_squared_input_gradient(net, X),
    "sharpness": lambda net, X, y: inspection.sharpness(net, X, y, std=0.1, random_state=0),
    "gap": lambda net, X, y: tuple(inspection.generalization_gap(net, X, y, X[:9], y[:9])),
    "implicit": lambda net, X, y: list(inspection.implicit_regularization(net, X, y).values()),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_rows_with_a_shape_and_users_modules(look):
    rows = np.random.default_rng(0).normal(size=(20, 1, 4, 4))
    flat, y = rows.reshape(20, -1), rows[:, 0, 0, 0]
    conv = ConvNetRegressor(channels=(2,), max_iter=1, n_iter_no_change=1).fit(rows, y)
    np.testing.assert_array_equal(look(conv, rows, y), look(conv, flat, y))
    shape = {"module__in_features": 16, "module__out_features": 1}
    net = NetRegressor(torch.nn.Linear, **shape, max_iter=1, n_iter_no_change=1).fit(flat, y)
    weight = net.state_dict_["weight"]
    np.testing.assert_allclose(inspection.weight_norms(net), [np.linalg.norm(weight)], rtol=1e-6)
    assert inspection.zero_weights(net) == [0.0]
    with pytest.raises(TypeError, match="(?s)an MLP or a conv net of skreg.*`weight_norms`"):
        look(net, flat, y)
