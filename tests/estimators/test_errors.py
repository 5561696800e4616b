"""A user's mistakes: each raises an error that names the thing, its value and the remedy, and
leaves the estimator as it was."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import FitFailedWarning

from skreg import MLPClassifier, MLPRegressor
from tests._data import targets

X, Y = targets("regression", 40)
LABELS = targets("multiclass", 40)[1]
BAD = X.copy()
BAD[3, 2] = np.nan
HUGE = X.copy()
HUGE[3, 2] = 1e39

PARAMETERS = [
    ({"alpha": -1}, r"'alpha' parameter.*\[0.0, inf\).*Got -1"),
    ({"alpha": "much"}, "'alpha' parameter.*Got 'much'"),
    ({"dropout": 1.0}, r"'dropout' parameter.*\[0.0, 1.0\).*Got 1.0"),
    ({"dropout": [0.1, 0.2]}, r"dropout=\[0.1, 0.2\].*one number for each of the 1 hidden"),
    ({"dropout": [1.5]}, r"dropout=\[1.5\] must lie in \[0, 1\)"),
    ({"input_dropout": -0.1}, "'input_dropout' parameter.*Got -0.1"),
    ({"noise_std": -0.1}, "'noise_std' parameter.*Got -0.1"),
    ({"weight_noise_std": None}, "'weight_noise_std' parameter.*Got None"),
    ({"hidden_layer_sizes": (10, 0)}, r"hidden_layer_sizes.*at least 1, got \(10, 0\)"),
    ({"hidden_layer_sizes": (10.5,)}, "hidden_layer_sizes must be integers"),
    ({"activation": "swish"}, "'activation' parameter.*Got 'swish'"),
    ({"solver": "newton"}, "'solver' parameter.*Got 'newton'"),
    ({"learning_rate": "warm"}, "'learning_rate' parameter.*Got 'warm'"),
    ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter.*Got 0.0"),
    ({"batch_size": 0}, "'batch_size' parameter.*Got 0"),
    ({"validation_fraction": 1.0}, "'validation_fraction' parameter.*Got 1.0"),
    ({"max_iter": 0}, "'max_iter' parameter.*Got 0"),
    ({"dtype": "float16"}, "'dtype' parameter.*Got 'float16'"),
    ({"engine": "jax"}, "'engine' parameter.*Got 'jax'"),
    ({"random_state": -1}, "random_state|Seed"),
    ({"solver": "lbfgs", "dropout": 0.5}, "solver='lbfgs'.*dropout=0.5.*Use solver='adam'"),
    ({"solver": "lbfgs", "noise_std": 0.1}, "solver='lbfgs'.*noise_std=0.1"),
    ({"solver": "lbfgs", "dtype": "bfloat16"}, "float64 and cannot serve dtype='bfloat16'.*Use "),
    ({"engine": "compiled", "device": "cuda"}, "engine='compiled'.*device='cuda'"),
    ({"learning_rate_init": 1e30}, r"diverged in epoch \d+ at learning_rate_init=1e\+30.*lower"),
]
REGRESSOR_PARAMETERS = [
    ({"loss": "squared"}, "'loss' parameter.*Got 'squared'"),
    ({"quantile": 1.0}, "'quantile' parameter.*Got 1.0"),
    ({"target_noise_std": -1.0}, "'target_noise_std' parameter.*Got -1.0"),
    ({"loss": "poisson", "scale_target": "yes"}, "'scale_target' parameter.*Got 'yes'"),
    ({"solver": "lbfgs", "target_noise_std": 0.1}, "solver='lbfgs'.*target_noise_std=0.1"),
]
CLASSIFIER_PARAMETERS = [
    ({"label_smoothing": 1.1}, "'label_smoothing' parameter.*Got 1.1"),
    ({"class_weight": "even"}, "'class_weight' parameter.*Got 'even'"),
    ({"class_weight": {"lo": 2.0}}, r"names \['lo'\], which are not among the classes"),
    ({"class_weight": {"low": -1.0}}, "class_weight=.*finite weights of at least 0"),
    ({"class_weight": {"low": 0, "middle": 0, "high": 0}}, "class_weight=.*leaves no row"),
]
ARRAYS = [
    ((BAD, Y), {}, "Input X contains NaN"),
    ((HUGE, Y), {}, "Input X contains infinity or a value too large for dtype"),
    ((X, Y[:-1]), {}, r"inconsistent numbers of samples.*40, 39"),
    ((X[:0], Y[:0]), {}, "0 sample"),
    ((X, Y), {"sample_weight": np.full(40, -1.0)}, "Negative values.*`sample_weight`"),
    ((X, Y), {"sample_weight": np.zeros(40)}, "`sample_weight` are zero"),
    ((X, Y), {"sample_weight": np.ones(39)}, "sample_weight.shape"),
    ((X, Y), {"sample_weight": np.full(40, np.nan)}, "sample_weight contains NaN"),
    ((X, Y), {"X_val": X}, "X_val was passed to fit without y_val"),
    ((X, Y), {"y_val": Y}, "y_val was passed to fit without X_val"),
    ((X, Y), {"sample_weight_val": Y}, "sample_weight_val was passed to fit without"),
    ((X, Y), {"X_val": X[:, :3], "y_val": Y}, "X_val has 3 features, but X has 10"),
    ((X, Y), {"X_val": X, "y_val": Y[:5]}, "X_val has 40 rows, but y_val has 5"),
    ((X, Y), {"X_val": BAD, "y_val": Y}, "Input X_val contains NaN"),
    ((X, Y), {"X_val": X, "y_val": Y, "sample_weight_val": -np.ones(40)}, "`sample_weight_val`"),
]
REGRESSOR_ARRAYS = [
    ((X, np.where(Y > 100, np.nan, Y)), {}, "Input y contains NaN"),
    ((X, np.where(Y > 100, np.inf, Y)), {}, "Input y contains infinity"),
    ((X, Y), {"X_val": X, "y_val": np.column_stack([Y, Y])}, "y_val has 2 outputs.*has 1"),
    ((X, Y), {"X_val": X, "y_val": np.full(40, np.nan)}, "Input y_val contains NaN"),
    ((X, LABELS), {}, "could not convert string to float|dtype='numeric'"),
]
CLASSIFIER_ARRAYS = [
    ((X, Y + 0.5), {}, "Unknown label type: continuous"),
    ((X, np.column_stack([LABELS, LABELS])), {}, r"\(40, 2\).*MultiOutputClassifier|label type"),
    ((X, LABELS), {"X_val": X, "y_val": ["new"] * 40}, "y_val has labels.*new"),
]


def cases():
    for cls, y, parameters, arrays in (
        (MLPRegressor, Y, REGRESSOR_PARAMETERS, REGRESSOR_ARRAYS),
        (MLPClassifier, LABELS, CLASSIFIER_PARAMETERS, CLASSIFIER_ARRAYS),
    ):
        for params, match in PARAMETERS + parameters:
            yield pytest.param(cls, params, (X, y), {}, match, id=f"{cls.__name__}-{params}")
        for i, ((X_bad, y_bad), kwargs, match) in enumerate(ARRAYS + arrays):
            own_y = y_bad if i >= len(ARRAYS) else y[: len(y_bad)]
            kwargs = dict(kwargs)
            if "y_val" in kwargs and i < len(ARRAYS):
                kwargs["y_val"] = y[: len(kwargs["y_val"])]
            yield pytest.param(cls, {}, (X_bad, own_y), kwargs, match, id=f"{cls.__name__}-{match}")


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize(("cls", "params", "arrays", "kwargs", "match"), list(cases()))
def test_it_raises_and_changes_nothing(cls, params, arrays, kwargs, match, fitted):
    estimator = cls(max_iter=3, random_state=0)
    y = Y if cls is MLPRegressor else LABELS
    if fitted:
        estimator.fit(X, y)
    estimator.set_params(**params)
    before, prediction = dict(vars(estimator)), estimator.predict(X) if fitted else None
    with pytest.raises((ValueError, TypeError), match=f"(?s){match}"):
        estimator.fit(*arrays, **kwargs)
    assert vars(estimator) == before
    if fitted:
        assert np.array_equal(estimator.predict(X), prediction)


def test_negative_targets_under_poisson():
    with pytest.raises(ValueError, match="loss='poisson' needs y >= 0; its smallest value is -1"):
        MLPRegressor("poisson").fit(X, Y - Y.min() - 1)
    with pytest.raises(ValueError, match="loss='poisson' needs y with a positive sum"):
        MLPRegressor("poisson").fit(X, np.zeros(40))


def test_too_few_rows_to_hold_some_out():
    with pytest.raises(ValueError, match=r"cannot split n_samples = 1 .*pass X_val and y_val"):
        MLPRegressor(early_stopping=True).fit(X[:1], Y[:1])
    same = MLPRegressor(early_stopping=True)
    with pytest.raises(ValueError, match="n_samples = 1 distinct"):
        same.fit(np.repeat(X[:1], 9, axis=0), np.repeat(Y[:1], 9))
    with pytest.raises(ValueError, match="The validation set is too small.*n_samples = 2 distinct"):
        same.fit(X[:2], Y[:2])
    with pytest.raises(ValueError, match="The training set is too small.*validation_fraction=0.9"):
        MLPRegressor(early_stopping="refit", validation_fraction=0.9).fit(X[:3], Y[:3])


def test_warm_starts_that_do_not_fit():
    net = MLPRegressor(warm_start=True, max_iter=2).fit(X, Y)
    with pytest.raises(ValueError, match=r"layers of \(10, 100, 1\) units.*\(10, 7, 1\)"):
        net.set_params(hidden_layer_sizes=7).fit(X, Y)
    with pytest.raises(ValueError, match="X has 3 features"):
        net.fit(X[:, :3], Y)
    with pytest.raises(ValueError, match="y has 2 outputs, but the net has 1"):
        net.set_params(hidden_layer_sizes=100).fit(X, np.column_stack([Y, Y]))
    classes = MLPClassifier(warm_start=True, max_iter=2).fit(X, LABELS)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same"):
        classes.fit(X, np.where(LABELS == "low", "middle", LABELS))


def test_a_net_that_goes_on_takes_changed_targets_or_refuses_them():
    net = MLPRegressor(warm_start=True, max_iter=2).fit(X, Y)
    with pytest.raises(ValueError, match="loss='poisson' reads the net's output in another way"):
        net.set_params(loss="poisson").fit(X, Y)
    params = {"warm_start": True, "max_iter": 2, "random_state": 0}
    for change in ({"loss": "huber", "huber_delta": 0.1}, {"scale_target": False}):
        one, other = (MLPRegressor(**params).fit(X, Y) for _ in range(2))
        assert not np.array_equal(
            one.fit(X, Y).coefs_[0], other.set_params(**change).fit(X, Y).coefs_[0]
        )
    for change in ({"label_smoothing": 0.5}, {"class_weight": {"low": 5.0}}):
        one, other = (MLPClassifier(**params).fit(X, LABELS) for _ in range(2))
        other.set_params(**change)
        assert not np.array_equal(one.fit(X, LABELS).coefs_[0], other.fit(X, LABELS).coefs_[0])
    with pytest.raises(ValueError, match=r"classes=\['low'\] are not those of the first call"):
        one.partial_fit(X, LABELS, classes=["low"])


def test_validation_rows_without_a_finite_loss_or_with_other_columns():
    net = MLPRegressor(early_stopping=True, max_iter=3)
    with pytest.raises(ValueError, match="loss on the validation rows was never finite.*X_val"):
        net.fit(X, Y, X_val=X, y_val=Y * 1e60)
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    with pytest.raises(ValueError, match="feature names should match"):
        net.fit(frame, Y, X_val=frame[list("bacdefghij")], y_val=Y)


def test_rows_too_large_for_the_compute_dtype():
    net = MLPClassifier(max_iter=2).fit(X, LABELS)
    assert net.predict_proba(np.full((1, 10), 1e39)).sum() == 1  # predictions are in float64
    before = dict(vars(net))
    huge = np.where(np.arange(len(X))[:, None] == 3, 1e39, X)
    with pytest.raises(ValueError, match="too large for dtype"):
        net.fit(huge, LABELS)
    assert vars(net) == before


def test_errors_in_a_search_name_the_candidate_only():
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(
        MLPRegressor(max_iter=5, random_state=0),
        {"learning_rate_init": [1e-3, 1e30]},
        cv=2,
        error_score=np.nan,
    )
    with pytest.warns(FitFailedWarning, match="diverged"), pytest.warns(match="non-finite"):
        search.fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores[0])
    assert np.isnan(scores[1])
