"""Pretrainers: what they learn, scikit-learn's ways, bad input."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import ContrastivePretrainer, DivergenceError, MaskedPretrainer
from tests._data import digits
from tests._pretrainers import CLASSES, FIXED, PARAMS, Jitter, Shrinking, X

# --- what is learnt


def test_a_linear_masked_net_finds_the_principal_subspace():
    # of a row with nothing hidden worth a column, the best linear net is PCA (Baldi & Hornik 1989)
    rng = np.random.RandomState(0)
    rows = StandardScaler().fit_transform(rng.normal(size=(300, 2)) @ rng.normal(size=(2, 8)))
    params = {"corruption": "gaussian", "corruption_rate": 1e-4, "alpha": 0.0, "max_iter": 400}
    net = MaskedPretrainer(
        (2,), "identity", learning_rate_init=0.01, n_iter_no_change=400, random_state=0, **params
    ).fit(rows)
    found, _ = np.linalg.qr(net.coefs_[-1].T)
    expected = PCA(2).fit(rows).components_.T
    assert_allclose(np.linalg.svd(found.T @ expected)[1], 1, atol=1e-3)


def test_the_mask_head_finds_swapped_entries():
    rng = np.random.RandomState(0)
    factor = rng.normal(size=(400, 1))
    rows = factor + 0.1 * rng.normal(size=(400, 6))
    net = MaskedPretrainer((50,), mask_loss_weight=1.0, corruption_rate=0.2, max_iter=300)
    net.set_params(random_state=0, learning_rate_init=0.01, n_iter_no_change=300).fit(rows)
    corrupted = rows.copy()
    corrupted[:200, 2] = rows[200:, 2]
    far = np.abs(corrupted[:200, 2] - rows[:200, 2]) > 1
    logits = (
        net.net_.module_(torch.from_numpy(corrupted.astype(np.float32))).detach().numpy()[:, 6:]
    )
    assert (logits[:200, 2][far] > 0).mean() > 0.8
    assert (logits[200:] < 0).mean() > 0.9


@pytest.mark.parametrize("cls", CLASSES)
def test_unlabelled_rows_help_where_labels_are_few(cls):
    rows, labels = digits(1797)
    rows = StandardScaler().fit_transform(rows)
    few, test = slice(0, 50), slice(1297, None)
    params = {"learning_rate_init": 0.01, "batch_size": 100, "learning_rate": "cosine"}
    net = cls((256,), max_iter=25, n_iter_no_change=25, random_state=0, **params)
    net.fit(rows[few], X_unlabeled=rows[50:1297])
    probe = LogisticRegression(max_iter=1000)
    plain = probe.fit(rows[few], labels[few]).score(rows[test], labels[test])
    after = probe.fit(net.transform(rows[few]), labels[few])
    assert after.score(net.transform(rows[test]), labels[test]) > plain + 0.02


def test_groups_draw_rows_together():
    rng = np.random.RandomState(0)
    rows, groups = rng.normal(size=(200, 10)), rng.randint(0, 2, 200)
    rows[:, 3] += groups

    def gap(**given):
        net = ContrastivePretrainer(batch_size=50, max_iter=60, n_iter_no_change=60, random_state=0)
        raw = net.fit(rows, **given).net_.module_(torch.from_numpy(rows.astype(np.float32)))
        z = torch.nn.functional.normalize(raw, dim=1).detach().numpy()
        similarity, same = z @ z.T, groups[:, None] == groups
        return similarity[same].mean() - similarity[~same].mean()

    assert gap(groups=np.array(["a", "b"])[groups]) > 2 * gap()


def test_equal_rows_are_no_strangers():
    twice = np.repeat(X[:40], 2, axis=0)
    named = ContrastivePretrainer(**FIXED).fit(twice, groups=np.repeat(np.arange(40), 2))
    assert_array_equal(named.coefs_[0], ContrastivePretrainer(**FIXED).fit(twice).coefs_[0])


# --- scikit-learn's ways


@pytest.mark.parametrize("cls", CLASSES)
def test_all_rows_are_one_set(cls):
    together = cls(**PARAMS).fit(X)
    for rest in (X[40:], csr_matrix(X[40:])):
        apart = cls(**PARAMS).fit(csr_matrix(X[:40]), X_unlabeled=rest)
        assert_array_equal(apart.coefs_[0], together.coefs_[0])
    none = cls(**PARAMS).fit(X, X_unlabeled=X[:0])
    assert_array_equal(none.coefs_[0], together.coefs_[0])
    one = cls(**PARAMS).fit(X[:1], X_unlabeled=X[1:])
    assert_array_equal(one.coefs_[0], together.coefs_[0])


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("residual", [False, True])
def test_transform_is_the_last_hidden_layer(cls, residual):
    params = {**FIXED, "hidden_layer_sizes": (8, 8), "normalization": "batch"}
    net = cls(**params, residual=residual).fit(X)
    coefs, intercepts, norms = net._encoder()
    assert [coef.shape for coef in coefs] == [(10, 8), (8, 8)]
    assert len(intercepts) == len(norms) == 2
    module, seen = net.net_.module_.eval(), []
    module.layers[2].register_forward_hook(lambda layer, args, output: seen.append(args[0]))
    module(torch.from_numpy(X))
    assert_allclose(net.transform(X), seen[0].detach().numpy(), rtol=1e-10, atol=1e-12)
    assert net.set_params(dtype="float32").fit(X).transform(X).dtype == np.float32
    assert_array_equal(net.transform(csr_matrix(X)), net.transform(X))


@pytest.mark.parametrize("cls", CLASSES)
def test_names_frames_clone_and_pickle(cls):
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(10)])
    net = cls(**PARAMS).set_output(transform="pandas")
    out = net.fit_transform(frame)
    assert out.columns.tolist() == [f"{cls.__name__.lower()}{i}" for i in range(8)]
    assert out.columns.tolist() == net.get_feature_names_out().tolist()
    assert_array_equal(pickle.loads(pickle.dumps(net)).transform(frame), out)
    assert not hasattr(clone(net), "coefs_")
    assert len(net.loss_curve_) == net.n_iter_ == 12


@pytest.mark.parametrize("cls", CLASSES)
def test_warm_start_goes_on(cls):
    whole = cls(**{**FIXED, "max_iter": 6, "batch_size": 200}).fit(X)
    parts = cls(**{**FIXED, "max_iter": 3, "batch_size": 200, "warm_start": True}).fit(X).fit(X)
    assert_allclose(parts.coefs_[0], whole.coefs_[0], rtol=1e-12)
    assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-12)


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("cls", CLASSES)
def test_global_generators_are_left_alone(cls, engine):
    np_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    views = {"views": Jitter()} if (cls, engine) == (ContrastivePretrainer, "torch") else {}
    for seed in (None, 0, np.random.RandomState(0)):
        cls(**{**PARAMS, "random_state": seed, "early_stopping": True, **views}).fit(X)
    assert np.array_equal(np_state, np.random.get_state()[1])
    assert torch.equal(torch_state, torch.get_rng_state())


@pytest.mark.parametrize("cls", CLASSES)
def test_a_search_over_a_pretrainer(cls):
    rows, labels = digits(200)
    pipe = make_pipeline(cls(**PARAMS), LogisticRegression(max_iter=2000))
    grid = {"corruption_rate": [0.1, 0.5], "hidden_layer_sizes": [(5,), (20,)]}
    grid = {f"{cls.__name__.lower()}__{name}": values for name, values in grid.items()}
    alone = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(rows, labels)
    with parallel_config(backend="skreg", n_jobs=2):
        beside = GridSearchCV(pipe, grid, cv=2, error_score="raise").fit(rows, labels)
    scores = "mean_test_score"
    assert_array_equal(alone.cv_results_[scores], beside.cv_results_[scores])
    assert len(set(alone.cv_results_[scores])) > 2


def test_views_of_a_users_are_repeatable_and_new_at_every_step():
    nets = [ContrastivePretrainer(**FIXED, views=Jitter()).fit(X) for _ in range(2)]
    assert_array_equal(nets[0].coefs_[0], nets[1].coefs_[0])
    still = ContrastivePretrainer(**{**FIXED, "learning_rate_init": 1e-14}, views=Jitter()).fit(X)
    assert len(set(np.round(still.loss_curve_, 9))) == 12


# --- bad input


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X": X[:1]}, r"at least 2.*n_samples = 1 in X and X_unlabeled"),
        ({"X": X[:0]}, r"0 sample"),
        ({"X": np.where(X > 2, np.nan, X)}, r"Input X contains NaN"),
        ({"X_unlabeled": np.where(X > 2, np.nan, X)}, r"X_unlabeled contains NaN"),
        ({"X_val": np.where(X > 2, np.inf, X)}, r"X_val contains infinity"),
        ({"X_unlabeled": X[:, :4]}, r"X_unlabeled has 4 features, but X has 10"),
        ({"X_val": X[:, :4]}, r"X_val has 4 features, but X has 10"),
        ({"X_val": X[:0]}, r"X_val has no rows"),
        ({"X_unlabeled": X[0]}, r"2D array"),
    ],
)
def test_bad_rows_are_named_and_leave_the_pretrainer_as_it_was(cls, given, message):
    net = cls(**PARAMS).fit(X)
    before = dict(vars(net))
    with pytest.raises(ValueError, match=message):
        net.fit(**{"X": X, **given})
    assert vars(net) == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaskedPretrainer(()), r"hidden_layer_sizes=\(\).*at least one"),
        (lambda: MaskedPretrainer(corruption_rate=0.0), r"corruption_rate.*\(0.0, 1.0\]"),
        (lambda: MaskedPretrainer(solver="lbfgs"), r"solver"),
        (lambda: MaskedPretrainer(engine="compiled", device="cuda"), r"device='cuda'"),
        (lambda: ContrastivePretrainer(temperature=0), r"temperature"),
        (lambda: ContrastivePretrainer(views=len), r"views.*apply"),
        (
            lambda: ContrastivePretrainer(views=Shrinking()),
            r"views=.*\(120, 9\) from one of \(120, 10\)",
        ),
    ],
)
def test_parameters_that_cannot_be_had(make, message):
    with pytest.raises(ValueError, match=message):
        make().fit(X)


def test_groups_of_another_length():
    with pytest.raises(ValueError, match="groups has 3 entries, but X has 120 rows"):
        ContrastivePretrainer().fit(X, groups=[0, 1, 1])


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("cls", CLASSES)
def test_divergence_is_an_error(cls, engine):
    net = cls(**{**PARAMS, "learning_rate_init": 1e30, "engine": engine})
    with pytest.raises(DivergenceError, match="lower learning_rate_init"):
        net.fit(X)


@pytest.mark.parametrize("cls", CLASSES)
def test_constant_columns_and_one_column(cls):
    rows = np.column_stack([X[:, 0], np.full(len(X), 3.0)])
    for given in (rows, rows[:, :1], rows[:, 1:]):
        assert np.isfinite(cls(**PARAMS).fit(given).transform(given)).all()


@pytest.mark.parametrize("cls", CLASSES)
def test_attributes_are_documented_and_there(cls):
    net = cls(**PARAMS).fit(pd.DataFrame(X, columns=list("abcdefghij")))
    missing = {"snapshots_"}  # belongs to schedules that pretrainers do not have
    for attribute in (a for a in vars(net) if a.endswith("_") and not a.startswith("_")):
        assert attribute in missing or f"\n{attribute} : " in cls.__doc__, attribute
