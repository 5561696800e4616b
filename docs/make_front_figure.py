"""Draw both pictures of the first page and of README: python docs/make_front_figure.py."""

from pathlib import Path

import numpy as np
from joblib import parallel_config
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPRegressor, RacingSearchCV, search_space
from skreg.inspection import RaceDisplay, RegularizationPathDisplay

HERE = Path(__file__).parent


def main():
    """A search over lambda, and a race of thirty settings."""
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegressor(max_iter=300, n_iter_no_change=300, learning_rate="cosine", random_state=0)
    pipe = make_pipeline(StandardScaler(), net)
    alphas = {"mlpregressor__alpha": np.logspace(-4, 1, 21)}
    space = search_space(pipe, n_samples=len(X), n_features=X.shape[1])
    race = RacingSearchCV(pipe, space, n_candidates=30, cv=5, refit="ensemble", random_state=0)
    with parallel_config(backend="skreg"):
        search = GridSearchCV(pipe, alphas, cv=5, return_train_score=True).fit(X, y)
        race.fit(X, y)
    path = RegularizationPathDisplay.from_search(search, param_name="mlpregressor__alpha")
    for name, display in ("lambda", path), ("race", RaceDisplay.from_search(race)):
        display.figure_.set_size_inches(5, 3.9)
        display.figure_.savefig(HERE / f"front_{name}.png", dpi=150, bbox_inches="tight")


if __name__ == "__main__":
    main()
