"""
A race of settings
==================

Thirty settings train side by side on three folds. At a ninth and at a third of their epochs the
best third goes on *from where it stands*; the others end there. Together they take about a quarter
of the epochs of thirty whole fits, and the nets that reach the end predict together for nothing.

A score early in a cosine schedule is a hint, not a verdict: lines cross. But what is far behind at
a ninth of the epochs seldom wins.
"""

from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import MLPRegressor, RacingSearchCV, search_space
from skreg.inspection import RaceDisplay

X, y = load_diabetes(return_X_y=True)
pipe = make_pipeline(StandardScaler(), MLPRegressor(random_state=0))
space = search_space(pipe, n_samples=len(X), n_features=X.shape[1])
space["mlpregressor__hidden_layer_sizes"] = [(32, 32), (64, 64)]
space["mlpregressor__max_iter"] = [45, 90]
race = RacingSearchCV(pipe, space, n_candidates=30, cv=3, refit="ensemble", random_state=0)
race.fit(X, y)
RaceDisplay.from_search(race)
print(f"best alone {race.best_score_:.3f}, together {race.ensemble_score_:.3f}")
