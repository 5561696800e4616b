"""Normalisation, residual layers and drop path, against torch.nn.functional."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional

from skreg import MLPClassifier, MLPRegressor, inspection
from skreg.blocks.normalization import torch_normalize
from tests._data import learnt, targets

X, Y = targets("regression")
Y = (Y - Y.mean()) / Y.std()
RATE = 0.1
HIDDEN = (7, 7, 5, 5)
STEP = {
    "hidden_layer_sizes": HIDDEN,
    "dtype": "float64",
    "random_state": 0,
    "scale_target": False,
    "solver": "sgd",
    "momentum": 0.0,
    "learning_rate_init": RATE,
    "alpha": 0.0,
    "max_iter": 1,
    "tol": 0.0,
    "n_iter_no_change": 10**6,
}
STILL = {**STEP, "learning_rate_init": 1e-300}  # trains, but for the running statistics, nothing
ENGINES = pytest.mark.parametrize("engine", ["compiled", "torch"])
KINDS = pytest.mark.parametrize("kind", ["layer", "batch"])


def tensors(net):
    """Copies of coefs, intercepts, gains and shifts that autograd follows."""
    gains = [rows[0] for rows in net.norms_], [rows[1] for rows in net.norms_]
    lists = net.coefs_, net.intercepts_, *gains
    return [[torch.tensor(a, requires_grad=True) for a in arrays] for arrays in lists]


def output(coefs, intercepts, gains, shifts, x, kind, activation, residual):
    """The net by torch's own functions, in training."""
    h = x
    for i, (coef, intercept) in enumerate(zip(coefs[:-1], intercepts, strict=False)):
        z = h @ coef + intercept
        if kind == "layer":
            z = functional.layer_norm(z, z.shape[1:], gains[i], shifts[i])
        elif kind == "batch":
            z = functional.batch_norm(z, None, None, gains[i], shifts[i], training=True)
        branch = activation(z)
        h = h + branch if residual and i and h.shape == branch.shape else branch
    return (h @ coefs[-1] + intercepts[-1])[:, 0]


@ENGINES
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh"])
@pytest.mark.parametrize("kind", [None, "layer", "batch"])
def test_a_step_is_that_of_torchs_functions_on_repeated_rows(kind, activation, residual, engine):
    weight = np.random.RandomState(0).randint(0, 4, len(X))
    params = {"normalization": kind, "activation": activation, "residual": residual}
    params["engine"] = engine
    start = MLPRegressor(**{**STILL, **params}).fit(X, Y, sample_weight=weight)
    after = MLPRegressor(**{**STEP, **params}).fit(X, Y, sample_weight=weight)
    parts = tensors(start)
    x, y = (torch.from_numpy(np.repeat(a, weight, axis=0)) for a in (X, Y))
    function = getattr(torch, activation, lambda z: z)
    loss = ((output(*parts, x, kind, function, residual) - y) ** 2).mean() / 2
    loss.backward()
    assert_allclose(after.loss_, loss.item(), rtol=1e-12)
    for before, now in zip(parts, tensors(after), strict=True):
        for a, b in zip(before, now, strict=True):
            expected = (a - RATE * a.grad).detach()
            assert_allclose(b.detach(), expected, rtol=1e-9, atol=1e-13)


@KINDS
def test_the_torch_form_is_torchs(kind):
    rng = np.random.RandomState(0)
    z, gain, shift = (torch.from_numpy(rng.randn(*s)) for s in ((30, 6), (6,), (6,)))
    statistics = torch.from_numpy(rng.rand(2, 6)) if kind == "batch" else None
    value, batch = torch_normalize(z, gain, shift, statistics, torch.ones(30, dtype=z.dtype))
    if kind == "layer":
        assert batch is None
        assert_allclose(value, functional.layer_norm(z, (6,), gain, shift), rtol=1e-10)
        return
    assert_allclose(value, functional.batch_norm(z, None, None, gain, shift, True), rtol=1e-10)
    assert_allclose(batch, np.stack([z.numpy().mean(axis=0), z.numpy().var(axis=0)]))
    fixed, none = torch_normalize(z, gain, shift, statistics)
    assert none is None
    assert_allclose(fixed, functional.batch_norm(z, *statistics, gain, shift), rtol=1e-10)


@ENGINES
def test_running_statistics_are_torchs_but_for_the_biased_variance(engine):
    params = {**STILL, "hidden_layer_sizes": 7, "batch_size": 30, "max_iter": 5, "shuffle": False}
    net = MLPRegressor(normalization="batch", engine=engine, **params).fit(X, Y)
    z, oracle, step = X @ net.coefs_[0] + net.intercepts_[0], torch.nn.BatchNorm1d(7), 0
    oracle.double()
    for _ in range(5):
        for start in range(0, len(X), 30):
            step += 1
            oracle.momentum = max(0.1, 1 / step)
            oracle(torch.from_numpy(z[start : start + 30]))
    assert_allclose(net.norms_[0][2], oracle.running_mean, rtol=1e-10)
    assert_allclose(net.norms_[0][3], oracle.running_var * 29 / 30, rtol=1e-10)


@ENGINES
@pytest.mark.parametrize(
    "params",
    [{"sam_rho": 0.5}, {"gradient_penalty": 0.5}, {"alpha": 0.5, "clip_grad_norm": 0.1}],
    ids=str,
)
def test_statistics_are_those_at_the_weights_and_taken_once(params, engine):
    still = {**STILL, "normalization": "batch", "engine": engine, "batch_size": 50}
    still.update(max_iter=3)
    plain = MLPRegressor(**still).fit(X, Y)
    other = MLPRegressor(**{**still, **params}).fit(X, Y)
    for a, b in zip(plain.norms_, other.norms_, strict=True):
        assert_array_equal(a[2:], b[2:])
        assert (a[2] != 0).all()


@ENGINES
@KINDS
@pytest.mark.parametrize(
    "params", [{"alpha": 5.0}, {"l1": 0.5}, {"max_norm": 0.1}, {"anchor_alpha": 5.0}], ids=str
)
def test_no_penalty_touches_gain_and_shift(params, kind, engine):
    anchor = [np.ones(s) for s in pairwise((10, *HIDDEN, 1))]
    step = {**STEP, "normalization": kind, "engine": engine, "anchor": anchor}
    start = MLPRegressor(**{**step, "learning_rate_init": 1e-300}).fit(X, Y)
    plain, other = (MLPRegressor(**{**step, **p}).fit(X, Y) for p in ({}, params))
    for a, b, c in zip(plain.norms_, other.norms_, start.norms_, strict=True):
        assert_array_equal(a[:2], b[:2])
        assert (a[:2] != c[:2]).any(axis=1).all()
    assert not np.array_equal(plain.coefs_[0], other.coefs_[0])


@ENGINES
def test_under_batch_the_bias_has_no_effect_and_stays(engine):
    params = {**STEP, "normalization": "batch", "engine": engine, "solver": "adam"}
    start, after = (MLPRegressor(**{**params, "max_iter": n}).fit(X, Y) for n in (1, 30))
    for a, b in zip(start.intercepts_[:-1], after.intercepts_[:-1], strict=True):
        assert_array_equal(a, b)
    assert start.intercepts_[-1] != after.intercepts_[-1]


# --- rows


@ENGINES
def test_a_batch_of_one_row_leaves_the_statistics_as_they_are(engine):
    params = {**STEP, "normalization": "batch", "engine": engine, "learning_rate_init": 0.01}
    net = MLPRegressor(**params).partial_fit(X, Y)
    before = [a.copy() for a in learnt(net)]
    net.partial_fit(X[:1], Y[:1])
    for rows, old in zip(net.norms_, before[-len(HIDDEN) :], strict=True):
        assert_array_equal(rows[2:], old[2:])
        assert not np.array_equal(rows[:2], old[:2])
    assert not np.array_equal(net.coefs_[0], before[0])
    alone = MLPRegressor(**params)
    for i in range(20):
        alone.partial_fit(X[i : i + 1], Y[i : i + 1])
    assert np.isfinite(alone.predict(X)).all()
    for rows in alone.norms_:
        assert_array_equal(rows[2:], [[0.0] * rows.shape[1], [1.0] * rows.shape[1]])


@pytest.mark.parametrize("residual", [False, True])
def test_both_engines_agree_where_the_last_batch_has_one_row(residual):
    params = {**STEP, "normalization": "batch", "residual": residual, "max_iter": 5}
    params.update(batch_size=len(X) - 1, solver="adam", learning_rate_init=0.01)
    nets = [MLPRegressor(engine=engine, **params).fit(X, Y) for engine in ("compiled", "torch")]
    for a, b in zip(*map(learnt, nets), strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-10)


# --- what comes out


@ENGINES
@pytest.mark.parametrize("cls", [MLPRegressor, MLPClassifier])
@pytest.mark.parametrize("kind", [None, "layer", "batch"])
def test_predictions_are_the_modules(cls, kind, engine):
    x, y = targets("regression" if cls is MLPRegressor else "multiclass")
    params = {"hidden_layer_sizes": HIDDEN, "dtype": "float64", "random_state": 0, "max_iter": 9}
    params.update(normalization=kind, residual=True, drop_path=0.3, dropout=0.1, engine=engine)
    net = cls(batch_size=40, **params).fit(x, y)
    again = pickle.loads(pickle.dumps(net))
    predict = net.predict if cls is MLPRegressor else net.predict_proba
    for fitted in (net, again):  # the second builds its skorch net anew
        raw = fitted.net_.predict_proba(x)
        if cls is MLPRegressor:
            raw = (raw * fitted.target_scale_ + fitted.target_mean_)[:, 0]
        assert_allclose(raw, predict(x))
    assert [rows.shape for rows in net.norms_] == [
        ({"layer": 2, "batch": 4}[kind], n) for n in HIDDEN if kind
    ]
    assert_allclose(predict(x[:3]), predict(x)[:3])


@ENGINES
@KINDS
def test_a_scorer_and_early_stopping_see_the_norms(kind, engine):
    params = {"random_state": 0, "max_iter": 40, "learning_rate_init": 0.05, "engine": engine}
    net = MLPRegressor(normalization=kind, early_stopping=True, scoring="r2", **params)
    net.fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    assert_allclose(net.score(X[80:], Y[80:]), net.best_validation_score_, rtol=1e-5)


@KINDS
def test_inspection_looks_at_the_net_that_predicts(kind):
    params = {"normalization": kind, "residual": True, "hidden_layer_sizes": (9, 9)}
    net = MLPRegressor(**{**STEP, **params, "solver": "adam", "max_iter": 20}).fit(X, Y)
    total, h = 0.0, 1e-6
    for j in range(10):
        shift = h * (np.arange(10) == j)
        total += (((net.predict(X + shift) - net.predict(X - shift)) / (2 * h)) ** 2).sum()
    slope = inspection.mean_squared_input_gradient(net, X)
    assert_allclose(slope, total / len(X), rtol=0.01)  # relu has kinks
    loss = ((net.predict(X) - Y) ** 2).mean() / 2
    terms = inspection.implicit_regularization(net, X, Y)
    assert_allclose(terms.loss, loss, rtol=1e-9)
    assert terms.gradient_share > 0
    assert inspection.active_units(net, X).shape == (2,)
    before = net.predict(X)
    assert inspection.sharpness(net, X, Y, std=0.1) > 0
    assert_array_equal(net.predict(X), before)


@KINDS
def test_lbfgs_serves_layer_normalisation_and_residual_layers(kind):
    net = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(9, 9), residual=True, random_state=0)
    net.set_params(normalization=kind, max_iter=40)
    if kind == "batch":
        with pytest.raises(ValueError, match="lbfgs.*normalization='batch'.*'layer'"):
            net.fit(X, Y)
        return
    fits = [net.set_params(engine=engine).fit(X, Y).loss_curve_ for engine in ("compiled", "torch")]
    assert_allclose(fits[0][:20], fits[1][:20], rtol=1e-6)
    assert fits[0][-1] < 0.3 * fits[0][0]


# --- residual layers and drop path


@ENGINES
def test_drop_path_is_right_in_the_mean_and_off_below_its_resolution(engine):
    """At still weights a step's loss is a draw: its mean is that of a net of a linear branch."""
    params = {**STILL, "hidden_layer_sizes": (6, 6), "activation": "identity", "residual": True}
    params.update(engine=engine, max_iter=400 if engine == "compiled" else 100)
    plain = MLPRegressor(**params).fit(X, Y)
    off = MLPRegressor(drop_path=1e-6, **params).fit(X, Y)
    assert_array_equal(off.loss_curve_, plain.loss_curve_)
    p = 0.25
    losses = MLPRegressor(drop_path=p, **params).fit(X, Y).loss_curve_
    first = X @ plain.coefs_[0] + plain.intercepts_[0]
    branch = (first @ plain.coefs_[1] + plain.intercepts_[1]) @ plain.coefs_[2]
    expected = plain.loss_ + p / (1 - p) * (branch**2).mean() / 2  # the variance that it adds
    error = np.std(losses) / np.sqrt(len(losses))
    assert abs(np.mean(losses) - expected) < 4.5 * error
    assert expected - plain.loss_ > 9 * error


# --- going on, and mistakes


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"normalization": "layer"}, "normalization='batch'.*now 'layer'.*warm_start=False"),
        ({"normalization": None}, "normalization='batch'.*now None.*warm_start=False"),
        ({"residual": False}, "residual=True.*now False.*warm_start=False"),
    ],
    ids=str,
)
def test_a_warm_start_under_another_architecture_is_refused(change, match):
    params = {"hidden_layer_sizes": (6, 6), "residual": True, "normalization": "batch"}
    net = MLPRegressor(max_iter=2, warm_start=True, **params).fit(X, Y)
    before = net.predict(X)
    with pytest.raises(ValueError, match=match):
        net.set_params(**change).fit(X, Y)
    assert_array_equal(net.predict(X), before)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"normalization": "group"}, "'normalization' parameter.*Got 'group'"),
        ({"normalization": "layer", "hidden_layer_sizes": (8, 1)}, r"\(8, 1\).*at least 2 units"),
        ({"residual": True}, r"residual=True.*hidden_layer_sizes=\(100,\).*\(64, 64\)"),
        ({"residual": True, "hidden_layer_sizes": (8, 4, 8)}, r"\(8, 4, 8\) has none: use"),
        ({"residual": True, "hidden_layer_sizes": ()}, r"hidden_layer_sizes=\(\)"),
        ({"drop_path": 0.1}, "drop_path=0.1.*residual=True"),
        ({"drop_path": 1.0}, "'drop_path' parameter.*Got 1.0"),
        (
            {"drop_path": 0.1, "residual": True, "hidden_layer_sizes": (8, 8), "solver": "lbfgs"},
            "solver='lbfgs'.*drop_path=0.1",
        ),
    ],
    ids=str,
)
def test_mistakes(params, match):
    with pytest.raises(ValueError, match=match):
        MLPRegressor(**params).fit(X, Y)
