"""`TunedMLPRegressor` and `TunedMLPClassifier`: everything is chosen by a race."""

from itertools import cycle
from numbers import Integral, Real

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from skreg._arrays import refuse_gradients
from skreg._sklearn import Interval, _fit_context
from skreg.estimators import _rows
from skreg.estimators._base import all_or_nothing
from skreg.estimators._onnx import OnnxMixin
from skreg.estimators._targets import check_labels
from skreg.estimators.mlp import MLPClassifier, MLPRegressor
from skreg.model_selection._splits import splits_of
from skreg.model_selection.encoder import PiecewiseLinearEncoder
from skreg.model_selection.portfolio import portfolio
from skreg.model_selection.racing import RacingSearchCV
from skreg.model_selection.space import search_space

_VALUES_OF_A_SET = 10**7  # of X up to which equal rows are merged

_BINS = (4, 8, 16)  # of columns with many values, where they are encoded
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


class _Tuned(OnnxMixin, BaseEstimator):
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
    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Race candidates, and keep the nets of the best.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. Columns are standardized and encoded inside (`PiecewiseLinearEncoder`).
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
        """
        with all_or_nothing(self):
            X, y = self._check_data(X, y)
            weight = _rows.check_weights(sample_weight, X)
            self._note_target(y[weight > 0])
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            X, y, weight, splits = self._prepared(X, y, weight, groups, seed)
            self._race(X, y, weight, splits, seed)
        return self

    def _check_data(self, X, y):
        refuse_gradients(X=X, y=y)
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

    def _race(self, X, y, weight, splits, seed):
        pipe = Pipeline([("encoder", PiecewiseLinearEncoder()), ("net", self._net(seed))])
        n_candidates = self._sizes(len(y))[0] if self.n_candidates is None else self.n_candidates
        n_train = int(np.mean([len(train) for train, _ in splits]))
        space = search_space(pipe, n_samples=n_train, n_features=X.shape[1])
        first = portfolio(pipe, n_samples=n_train)
        if not issparse(X):
            space["encoder__n_bins"] = [None, *_BINS]
            first = _with_bins(first)
        race = _WeightedRace(
            pipe,
            space,
            n_candidates=n_candidates,
            first=first,
            scoring=self.scoring,
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

    def _keep(self, race):
        """Fitted attributes, of plain data."""
        self.best_estimator_ = race.best_estimator_
        self.best_index_ = race.best_index_
        self.best_params_, self.best_score_ = _plain(race.best_params_), float(race.best_score_)
        self.score_, self.n_splits_, self.rungs_ = race.ensemble_score_, race.n_splits_, race.rungs_
        self.rung_scores_ = race.rung_scores_
        self.cv_results_ = {
            key: np.ma.filled(v, None) if np.ma.isMA(v) else v
            for key, v in race.cv_results_.items()
        }
        self.cv_results_["params"] = [_plain(params) for params in race.cv_results_["params"]]
        self.leaderboard_ = _leaderboard(race)

    def _sizes(self, n_rows):
        """Candidates, and splits and their repeats, for so many rows."""
        return next(sizes for most, *sizes in _SIZES if n_rows <= most)

    def describe(self):
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
        return self.best_estimator_._onnx_answer(graph, x, raw_scores)

    def _fitted(self):
        check_is_fitted(self)
        return self.best_estimator_

    def _checked(self, X):
        refuse_gradients(X=X)
        return validate_data(
            self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False
        )

    def predict_members(self, X):
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
        tags.non_deterministic = False
        return tags


class TunedMLPRegressor(MultiOutputMixin, RegressorMixin, _Tuned):
    """Multi-layer perceptrons for a table, with every choice made by a race.

    `fit` standardizes the columns, with and without `PiecewiseLinearEncoder`, tries the settings of
    `skreg.portfolio`, draws more from `skreg.search_space`, lets all of them race
    (`RacingSearchCV`) and keeps the nets of the best,
    whose weighted mean predicts.

    Parameters
    ----------
    n_candidates : int, default=None
        Settings that race; None is 30, and less for many rows.
    max_time : float, default=None
        Seconds that the race may take; None is no limit.
    scoring : str or callable, default=None
        By which settings are chosen; None is R2.
    cv : int, cross-validation generator or iterable, default=None
        Splits of the rows. None is 5 folds, twice for up to 300 rows, and less for many.
    n_jobs : int, default=None
        Nets that train at a time. None is all cores. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits, the candidates and the nets.
    verbose : int, default=0
        Above 0 a line is printed at each rung.

    Attributes
    ----------
    best_estimator_ : FoldEnsembleRegressor
        The nets that predict, and their weights.
    leaderboard_ : list of dict
        Of each setting its rank, score, standard deviation over the splits, share of its epochs
        that it was trained, weight in the predictions, and parameters; the best first.
    best_params_, best_score_, best_index_ : dict, float, int
        Of the best single setting: parameters, score out of fold, place in `cv_results_`.
    score_ : float
        Score of the nets together, out of fold, somewhat too good.
    cv_results_ : dict of arrays
        As of scikit-learn's searches, with the setting's last rung.
    rungs_, rung_scores_ : tuple of float, ndarray of shape (n_candidates, n_rungs)
        Shares of the epochs at which settings were scored, and the scores.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    TunedMLPClassifier : The classifier.
    RacingSearchCV : The race, for estimators of your own.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import TunedMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = TunedMLPRegressor(n_candidates=3, cv=3, random_state=0).fit(X[:300], y[:300])
    >>> bool(net.score(X[300:], y[300:]) > 0.2)
    True
    """

    _y_numeric = True

    def predict(self, X, return_std=False):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return the standard deviation over the nets as well: a spread of models, not
            a confidence interval.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        std : ndarray of the shape of y
            Only with `return_std`.
        """
        return self._fitted().predict(self._checked(X), return_std=return_std)

    def _check_y(self, y):
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")

    def _note_target(self, y):
        self._y_ndim = y.ndim

    def _codes(self, y):
        return y.reshape(len(y), -1)

    def _decode_codes(self, codes):
        return codes[:, 0] if self._y_ndim == 1 else codes

    def _net(self, seed):
        return MLPRegressor(random_state=seed)


class TunedMLPClassifier(ClassifierMixin, _Tuned):
    """Multi-layer perceptrons for a table, with every choice made by a race.

    `fit` standardizes the columns, with and without `PiecewiseLinearEncoder`, tries the settings of
    `skreg.portfolio`, draws more from `skreg.search_space`, lets all of them race
    (`RacingSearchCV`) and keeps the nets of the best,
    the weighted mean of whose probabilities predicts.

    Parameters
    ----------
    n_candidates : int, default=None
        Settings that race; None is 30, and less for many rows.
    max_time : float, default=None
        Seconds that the race may take; None is no limit.
    scoring : str or callable, default=None
        By which settings are chosen; None is accuracy.
    cv : int, cross-validation generator or iterable, default=None
        Splits of the rows. None is 5 stratified folds, twice for up to 300 rows, and less for
        many; classes with fewer rows than folds are in all training rows.
    n_jobs : int, default=None
        Nets that train at a time. None is all cores. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits, the candidates and the nets.
    verbose : int, default=0
        Above 0 a line is printed at each rung.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels; the numbers of the columns for multilabel targets.
    multilabel_ : bool
        Whether targets were matrices of zeros and ones.
    best_estimator_ : FoldEnsembleClassifier
        The nets that predict, and their weights.
    leaderboard_ : list of dict
        Of each setting its rank, score, standard deviation over the splits, share of its epochs
        that it was trained, weight in the predictions, and parameters; the best first.
    best_params_, best_score_, best_index_ : dict, float, int
        Of the best single setting: parameters, score out of fold, place in `cv_results_`.
    score_ : float
        Score of the nets together, out of fold, somewhat too good.
    cv_results_ : dict of arrays
        As of scikit-learn's searches, with the setting's last rung.
    rungs_, rung_scores_ : tuple of float, ndarray of shape (n_candidates, n_rungs)
        Shares of the epochs at which settings were scored, and the scores.
    n_splits_ : int
        Number of splits.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    TunedMLPRegressor : The regressor.
    RacingSearchCV : The race, for estimators of your own.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skreg import TunedMLPClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> net = TunedMLPClassifier(n_candidates=3, cv=3, random_state=0).fit(X[::2], y[::2])
    >>> bool(net.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    _y_numeric = False

    def predict(self, X):
        """Predict labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Most probable classes, or a 0/1 matrix for multilabel targets.
        """
        return self._fitted().predict(self._checked(X))

    def predict_proba(self, X):
        """Predict probabilities of the classes: the weighted mean over the nets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._fitted().predict_proba(self._checked(X))

    def predict_log_proba(self, X):
        """Predict logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``.
        """
        return self._fitted().predict_log_proba(self._checked(X))

    def decision_function(self, X):
        """Logarithms of the mean probabilities, or log-odds where there are two classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second of two classes, else logarithms.
        """
        return self._fitted().decision_function(self._checked(X))

    def _check_y(self, y):
        return check_labels(y, "y")

    def _note_target(self, y):
        self.multilabel_ = y.ndim > 1
        self.classes_ = np.arange(y.shape[1]) if self.multilabel_ else np.unique(y)

    def _codes(self, y):
        return y if self.multilabel_ else np.searchsorted(self.classes_, y)[:, None]

    def _decode_codes(self, codes):
        return codes if self.multilabel_ else self.classes_[codes[:, 0].astype(int)]

    def _net(self, seed):
        return MLPClassifier(random_state=seed)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _with_bins(settings):
    """Settings with and without columns encoded: the first ones both, the others in turn."""
    both = [{**setting, "encoder__n_bins": n} for setting in settings[:4] for n in (None, 8)]
    others = zip(settings[4:], cycle((None, *_BINS)))
    return both + [{**setting, "encoder__n_bins": n} for setting, n in others]


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
