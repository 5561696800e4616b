"""The one-standard-error rule in scikit-learn's searches."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPRegressor, one_standard_error
from tests._data import targets

X, Y = targets("regression")


def results(mean, std, **params):
    splits = {f"split{i}_test_score": mean for i in range(4)}
    scores = {"mean_test_score": np.array(mean), "std_test_score": np.array(std)}
    return {
        **scores,
        **splits,
        **{f"param_{k}": np.ma.array(v, dtype=object) for k, v in params.items()},
    }


def test_the_rule_by_hand():
    mean, std = [0.1, 0.70, 0.80, 0.76, 0.74], [0.1, 0.1, 0.1, 0.3, 0.1]
    table = results(mean, std, a=[1e-3, 1e-2, 1e-1, 1, 10])
    assert one_standard_error("a")(table) == 3  # 0.80 - 0.1 / sqrt(4) = 0.75
    assert one_standard_error("a", stronger="smaller")(table) == 2
    table["mean_test_score"][2] = np.nan
    assert one_standard_error("a")(table) == 4  # best 0.76 - 0.3 / 2
    ties = results([0.5, 0.6, 0.55], [0.4] * 3, a=[1, 1, 1])
    assert one_standard_error("a")(ties) == 1


def test_in_searches_of_a_pipeline():
    pipe = make_pipeline(StandardScaler(), MLPRegressor(max_iter=50, random_state=0))
    rule = pickle.loads(pickle.dumps(one_standard_error("mlpregressor__alpha")))
    grid = {"mlpregressor__alpha": [1e-4, 1e-2, 1e-1, 1.0]}
    search = GridSearchCV(pipe, grid, cv=4, refit=rule).fit(X, Y)
    scores = search.cv_results_
    best = scores["mean_test_score"].argmax()
    limit = scores["mean_test_score"][best] - scores["std_test_score"][best] / 2
    chosen = search.best_params_["mlpregressor__alpha"]
    near = [a for a, s in zip(*grid.values(), scores["mean_test_score"], strict=True) if s >= limit]
    assert chosen == max(near)
    assert search.predict(X).shape == Y.shape


def test_several_metrics_and_random_draws():
    rule = one_standard_error("alpha", metric="r2")
    search = RandomizedSearchCV(
        Ridge(),
        {"alpha": loguniform(1e-3, 1e3)},
        scoring=["r2", "neg_median_absolute_error"],
        refit=rule,
        random_state=0,
    ).fit(X, Y)
    assert search.best_params_["alpha"] > 1


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"param": "b"}, r"param='b' is not searched; the search has \['a'\]"),
        ({"param": "a", "metric": "f1"}, "metric='f1' is not in the search"),
        ({"param": "a", "stronger": "more"}, "stronger must be 'larger' or 'smaller', got 'more'"),
    ],
)
def test_mistakes(kwargs, match):
    with pytest.raises(ValueError, match=match):
        one_standard_error(**kwargs)(results([0.1, 0.2], [0.1, 0.1], a=[1, 2]))
    with pytest.raises(ValueError, match="not numbers"):
        one_standard_error("a")(results([0.1], [0.1], a=["tanh"]))
    with pytest.raises(ValueError, match="No candidate has a finite"):
        one_standard_error("a")(results([np.nan], [np.nan], a=[1]))
