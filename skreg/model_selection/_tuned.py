"""What both tuned estimators share: rows become a set, candidates race, their nets predict."""

from __future__ import annotations

from itertools import cycle, product
from numbers import Integral, Real
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, ArrayLike, MatrixLike
from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import Interval, _fit_context
from skreg.estimators import _rows
from skreg.estimators._base import all_or_nothing
from skreg.estimators._onnx import OnnxMixin
from skreg.model_selection._splits import splits_of
from skreg.model_selection.encoder import PiecewiseLinearEncoder
from skreg.model_selection.portfolio import portfolio
from skreg.model_selection.racing import RacingSearchCV
from skreg.model_selection.space import search_space
from skreg.tables import Preparation, check_names, is_frame, is_plain, validate_data

_VALUES_OF_A_SET = 10**7  # of X up to which equal rows are merged

_BINS = (4, 8, 16)  # of columns with many values, where they are encoded
_SCALINGS = ("robust", "standard")
_MOST_BINS = 4_000  # of all columns together up to which they are encoded
# Rows up to which so many candidates race on so many splits.
_SIZES = (
    (300, 30, (5, 2)),
    (3_000, 30, (5, 1)),
    (10_000, 24, (3, 1)),
    (50_000, 12, (3, 1)),
    (np.inf, 6, (2, 1)),
)


class _WeightedRace(RacingSearchCV):
    """A race of pipelines whose steps and scores all take the weights of rows."""

    def _get_routed_params_for_fit(self, params):
        weight = params.get("sample_weight")
        if weight is None:
            return super()._get_routed_params_for_fit({"groups": params.get("groups")})
        scored = {"sample_weight": weight} if self._check_scorers_accept_sample_weight() else {}
        fitted = {f"{name}__sample_weight": weight for name, _ in self.estimator.steps}
        return Bunch(
            estimator=Bunch(fit=fitted),
            splitter=Bunch(split={"groups": params.get("groups")}),
            scorer=Bunch(score=scored),
        )


class BaseTuned(OnnxMixin, BaseEstimator):
    """What both share: rows become a set, candidates race on it, their nets predict together."""

    __metadata_request__fit = {"groups": False}  # those of an outer search's splitter
    _parameter_constraints = {
        "n_candidates": [Interval(Integral, 1, None, closed="left"), None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "scoring": [str, callable, None],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        n_candidates=None,
        max_time=None,
        scoring=None,
        cv=None,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.n_candidates, self.max_time, self.scoring, self.cv = (
            n_candidates,
            max_time,
            scoring,
            cv,
        )
        self.n_jobs, self.random_state, self.verbose = n_jobs, random_state, verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Race candidates, and keep the nets of the best.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Training rows. Columns are standardized and encoded inside (`PiecewiseLinearEncoder`).
            A DataFrame of pandas or polars may have columns of any kind, and gaps (`skreg.tables`).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows: None is all ones, 0 leaves a row out, and only their ratios count.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for a splitter given as `cv`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For arrays or parameters that do not fit, or where no candidate could be fitted; the
            estimator stays as it was.
        ImportError
            For a DataFrame with texts, categories or dates where skrub is not installed.
        """
        with all_or_nothing(self):
            X, y = self._check_data(X, y)
            weight = _rows.check_weights(sample_weight, X)
            self._note_target(y[weight > 0])
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            n_rows = np.count_nonzero(weight)
            X, y, weight, splits = self._prepared(X, y, weight, groups, seed)
            self._race(X, y, weight, splits, seed, n_rows)
        return self

    def _check_data(self, X, y):
        check_no_grad(X=X, y=y)
        preparation, X = _prepared_frame(X)
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=(np.float64, np.float32),
            order="C",
            multi_output=True,
            y_numeric=self._y_numeric,
            ensure_min_samples=2,
        )
        self.preparation_ = preparation
        if preparation is not None:
            self.n_features_in_ = preparation.n_features_in_
            self.feature_names_in_ = preparation.feature_names_in_
        return X, self._check_y(y)

    def _prepared(self, X, y, weight, groups, seed):
        """Rows of a weighted set in an order of their own, and splits of them."""
        n_splits, n_repeats = self._sizes(len(y))[1]
        if self.cv is not None and not isinstance(self.cv, Integral):
            keep = weight > 0
            splits = check_cv(self.cv, y, classifier=not self._y_numeric).split(X, y, groups)
            splits = [(train[keep[train]], test[keep[test]]) for train, test in splits]
            return X, y, weight, splits
        if groups is not None:
            raise ValueError(
                "groups are for a splitter, but cv is "
                f"{self.cv!r}: set cv to one, such as sklearn.model_selection.GroupKFold()."
            )
        X, y, weight = _rows.drop_weightless(X, y, weight)
        codes = self._codes(y)
        if X.shape[0] * X.shape[1] <= _VALUES_OF_A_SET:
            rows, codes, weight = _rows.as_weighted_set(X, codes, weight, limit=len(y))
            X = csr_matrix(rows) if issparse(X) else rows
            y = self._decode_codes(codes)
        if self.cv is not None:
            n_splits, n_repeats = self.cv, 1
        strata = None if self._y_numeric or codes.shape[1] > 1 else codes[:, 0].astype(int)
        return X, y, weight, splits_of(len(y), strata, n_splits, n_repeats, seed)

    def _race(self, X, y, weight, splits, seed, n_rows):
        """Race on weighted rows, which stand for `n_rows` given ones."""
        pipe = Pipeline([("encoder", PiecewiseLinearEncoder()), ("net", self._net(seed))])
        n_candidates = self._sizes(len(y))[0] if self.n_candidates is None else self.n_candidates
        n_train = int(np.mean([len(train) for train, _ in splits]))
        space = search_space(pipe, n_samples=n_train, n_features=X.shape[1])
        first = portfolio(pipe, n_samples=n_train)
        if not issparse(X):
            bins = [n for n in _BINS if n * X.shape[1] <= _MOST_BINS]
            space |= {"encoder__n_bins": [None, *bins], "encoder__scaling": list(_SCALINGS)}
            first = _encoded(first, bins, self._y_numeric)
        race = _WeightedRace(
            pipe,
            space,
            n_candidates=n_candidates,
            first=first,
            scoring=self._scoring(),
            n_jobs=self.n_jobs,
            refit="ensemble",
            cv=splits,
            max_time=self.max_time,
            verbose=self.verbose,
            random_state=seed,
        )
        given = {"sample_weight": weight} if np.ptp(weight) > 0 else {}
        with config_context(enable_metadata_routing=False):
            race.fit(X, y, **given)
        self._keep(race)
        if given and hasattr(self, "_seen"):
            self._seen["weight"] *= n_rows / weight.sum()

    def _scoring(self):
        """By what candidates are chosen."""
        return self.scoring

    def _keep(self, race):
        """Fitted attributes, of plain data."""
        self.best_estimator_ = race.best_estimator_
        self.best_index_ = race.best_index_
        self.best_params_, self.best_score_ = _plain(race.best_params_), float(race.best_score_)
        self.score_, self.n_splits_, self.rungs_ = race.ensemble_score_, race.n_splits_, race.rungs_
        self.rung_scores_, self.fold_scores_ = race.rung_scores_, race.ensemble_fold_scores_
        self.cv_results_ = {
            key: np.ma.filled(v, None) if np.ma.isMA(v) else v
            for key, v in race.cv_results_.items()
        }
        self.cv_results_["params"] = [_plain(params) for params in race.cv_results_["params"]]
        self.leaderboard_ = _leaderboard(race)

    def _sizes(self, n_rows):
        """Candidates, and splits and their repeats, for so many rows."""
        return next(sizes for most, *sizes in _SIZES if n_rows <= most)

    def describe(self) -> str:
        """What was chosen, in words and figures.

        Returns
        -------
        text : str
            A few lines to print.
        """
        check_is_fitted(self)
        tried = [row for row in self.leaderboard_ if row["rung"] >= 0]
        ended = [row for row in tried if row["share"] == 1]
        lines = [
            f"{len(tried)} settings raced on {self.n_splits_} splits, {len(ended)} to the end.",
            f"Best score {self.best_score_:.4f}; together {self.score_:.4f}.",
            "Predictions are the weighted mean of the nets of:",
        ]
        for row in self.leaderboard_:
            if row["weight"]:
                chosen = ", ".join(f"{name}={_short(v)}" for name, v in row["params"].items())
                lines.append(f"  {row['weight']:4.0%}  score {row['score']:.4f}: {chosen}")
        return "\n".join(lines)

    @property
    def n_outputs_(self):
        """Number of outputs of the nets."""
        return self._fitted().n_outputs_

    def _onnx_answer(self, graph, x, raw_scores):
        if getattr(self, "preparation_", None) is not None:
            raise ValueError(
                f"{type(self).__name__} was fitted on a DataFrame whose columns it prepares, for "
                "which there is no graph: convert best_estimator_, and give the graph "
                "preparation_.transform(X)."
            )
        return self.best_estimator_._onnx_answer(graph, x, raw_scores)

    @property
    def _seen(self):
        """What intervals and sets are made of; not there for multilabel targets."""
        return self.best_estimator_._seen

    def _fitted(self):
        check_is_fitted(self)
        return self.best_estimator_

    def _checked(self, X):
        check_no_grad(X=X)
        if getattr(self, "preparation_", None) is not None:
            return self.preparation_.transform(X)
        return validate_data(
            self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False
        )

    def predict_members(self, X: MatrixLike) -> Array:
        """Predictions of every net: probabilities for a classifier.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_nets, n_samples, ...)
            Their mean over the first axis by ``best_estimator_.weights`` is the prediction.
        """
        return self._fitted().predict_members(self._checked(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _prepared_frame(X):
    """What makes numbers of a DataFrame's columns, and these; None and X where they are."""
    if not is_frame(X):
        return None, X
    check_names(X)
    if is_plain(X):
        return None, X
    preparation = Preparation()
    return preparation, preparation.fit_transform(X)


def _encoded(settings, bins, regresses):
    """Settings with encoders: each of the first with and without bins, the others in turn.

    Robust scaling is as good for classes, but not better: there the first are standardized.
    """
    middle = bins[len(bins) // 2] if bins else None
    robust, standard = _SCALINGS if regresses else _SCALINGS[-1:] * 2
    pairs = (((robust, middle), (standard, None)), ((standard, middle), (robust, None)))
    first = [(s, own) for s, both in zip(settings[:4], cycle(pairs), strict=False) for own in both]
    others = zip(settings[4:], cycle(product((None, *bins), _SCALINGS)), strict=False)
    others = [(setting, (scaling, n)) for setting, (n, scaling) in others]
    return [
        {**setting, "encoder__scaling": scaling, "encoder__n_bins": n}
        for setting, (scaling, n) in first + others
    ]


def _leaderboard(race):
    """Of each candidate what became of it, as dicts; the best first."""
    results, weights = race.cv_results_, race.ensemble_weights_
    rungs, scores = results["rung"], results["mean_test_score"]
    order = np.lexsort((-np.nan_to_num(scores, nan=-np.inf), -rungs))
    return [
        {
            "rank": rank,
            "score": float(scores[i]),
            "std": float(results["std_test_score"][i]),
            "rung": int(rungs[i]),
            "share": float(race.rungs_[rungs[i]]) if rungs[i] >= 0 else 0.0,
            "weight": float(weights.get(i, 0.0)),
            "params": {
                name.removeprefix("net__"): value
                for name, value in _plain(results["params"][i]).items()
            },
        }
        for rank, i in enumerate(order.tolist(), 1)
    ]


def _plain(params):
    """Parameters with Python's own numbers."""
    return {name: v.item() if isinstance(v, np.generic) else v for name, v in params.items()}


def _short(value):
    return f"{value:.3g}" if isinstance(value, float) else repr(value)
