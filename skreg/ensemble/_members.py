"""What both ensembles share: fitting the members, and asking all of them at once."""

from __future__ import annotations

from itertools import count
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skreg._typing import ArrayLike, MatrixLike
from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import CallbackSupportMixin, _fit_context, _raise_for_params
from skreg.ensemble import _fitting
from skreg.ensemble._conformal import calibration, seen_by
from skreg.ensemble._cores import on_all_cores
from skreg.ensemble._joint_prediction import JointPrediction, stackable
from skreg.ensemble._onnx import ensemble_answer
from skreg.estimators import _rows
from skreg.estimators._base import all_or_nothing
from skreg.estimators._onnx import OnnxMixin
from skreg.tables import explained, validate_data

_VALUES_AT_ONCE = 2**24  # of all members' probabilities
_SEEDS = np.iinfo(np.int32).max


class Members(CallbackSupportMixin, OnnxMixin):
    """`fit` and the members' predictions, in front of scikit-learn's bagging."""

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Fit the members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; several outputs for regressors whose members take them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. With `bootstrap` a row is drawn with a probability in proportion
            to its weight, and a share `max_samples` is one of their sum; without, members are
            fitted with the weights. 0 leaves a row out.
        **fit_params : dict
            Arguments of the members' `fit`, by metadata routing.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        ValueError
            For arrays or parameters that do not fit; the ensemble stays as it was.
        """
        _raise_for_params(fit_params, self, "fit")
        task = _fitting.fit_task(self, X, y, sample_weight)
        with all_or_nothing(self), explained(X, self):
            check_no_grad(X=X, y=y)
            self._check_parameters()
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse=["csr", "csc"],
                dtype=None,
                ensure_all_finite=False,
                multi_output=True,
            )
            X = X.tocsr() if hasattr(X, "tocsr") else X
            weight = None
            if sample_weight is not None:
                _rows.check_weights(sample_weight, X)
                weight = np.broadcast_to(np.asarray(sample_weight, np.float64), X.shape[:1])
            y = self._encode_y(y, weight)
            self._validate_estimator(self._get_estimator())
            fit_params = process_routing(self, "fit", **fit_params)["estimator"]["fit"]
            self._prepare_draws(X, y, weight)
            self._fit_members(X, self._told(y), fit_params, task)
            for name in ("oob_score_", "oob_prediction_", "oob_decision_function_", "_seen"):
                vars(self).pop(name, None)  # of other members
            if self.oob_score:
                self._score_out_of_bag(X, y, np.ones(len(y)) if weight is None else weight)
            if task is not None:
                task.end({})
        return self

    def _check_parameters(self):
        if self.oob_score and not self.bootstrap:
            raise ValueError(
                "oob_score=True needs rows that a member has not drawn: set bootstrap=True."
            )
        if self.oob_score and self.warm_start:
            raise ValueError(
                "oob_score=True and warm_start=True do not go together: set one of them to False."
            )

    def _told(self, y):
        """y as members are given it."""
        return y

    def _prepare_draws(self, X, y, weight):
        """What `_fitting.draw` makes the draws from, with a member's seed."""
        self._n_samples, self._weight = X.shape[0], weight
        self._order = _fitting.canonical_order(X, y, weight)
        self._max_samples = _fitting.n_drawn(self, len(self._order), weight)
        self._max_features = _fitting.n_columns(self)
        handed_on = weight is not None and not self.bootstrap and np.ptp(weight[self._order]) > 0
        if handed_on and not _fitting.takes_weight(self.estimator_):
            raise ValueError(
                "sample_weight with bootstrap=False is handed on to the members, but fit of "
                f"{self.estimator_!r} is given none: set bootstrap=True, or request sample_weight "
                "by metadata routing."
            )
        self._handed_on = weight if handed_on else None

    def _fit_members(self, X, y, fit_params, task):
        """Fit as many members as are missing, each from a seed of its own."""
        if not (self.warm_start and hasattr(self, "estimators_")):
            self.estimators_, self.estimators_features_ = [], []
            self._seeds = np.empty(0, np.int64)
        done = len(self.estimators_)
        if self.n_estimators < done:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to the {done} members "
                "that warm_start=True keeps: raise it, or set warm_start=False."
            )
        random_state = check_random_state(self.random_state)
        random_state.randint(_SEEDS, size=done)
        seeds = random_state.randint(_SEEDS, size=self.n_estimators - done)
        draws = [_fitting.draw(seed, self) for seed in seeds]
        whole = self._max_features == self.n_features_in_ and not self.bootstrap_features
        with on_all_cores():
            fitted = Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
                delayed(_fitting.fit_member)(
                    self._make_estimator(append=False, random_state=seed),
                    X,
                    y,
                    None if whole else columns,
                    rows,
                    self._handed_on,
                    fit_params,
                    None if task is None else task.part("member", task_id=i),
                )
                for i, seed, (columns, rows) in zip(count(done), seeds, draws)
            )
        self.estimators_ = self.estimators_ + fitted
        self.estimators_features_ = self.estimators_features_ + [columns for columns, _ in draws]
        self._seeds = np.append(self._seeds, seeds)

    def _get_estimators_indices(self):
        # scikit-learn's `estimators_samples_` asks it
        return (_fitting.draw(seed, self) for seed in self._seeds)

    def _score_out_of_bag(self, X, y, weight):
        """Predictions of each row by the members that did not draw it, and their score."""
        parts = []
        draws = zip(count(), self.estimators_, self._get_estimators_indices())
        for i, member, (columns, drawn) in draws:
            rows = np.setdiff1d(np.arange(X.shape[0]), drawn)
            if rows.size:
                answers, variances = self._moments(member, X[rows][:, columns])
                variances = None if variances is None else variances[None]
                parts.append(([i], [1.0], rows, answers[None], variances))
        positive = np.flatnonzero(weight > 0)
        if not any(np.isin(rows, positive).any() for _, _, rows, *_ in parts):
            raise ValueError(
                f"oob_score=True, but each of the {len(self.estimators_)} members drew all rows: "
                "raise n_estimators, or lower max_samples."
            )
        rows, out, mean, std = seen_by(parts, len(self.estimators_), X.shape[0])
        prediction = np.full((X.shape[0], mean.shape[1]), np.nan)
        prediction[rows] = mean
        seen = np.isfinite(prediction[:, 0]) & (weight > 0)
        self._book_oob(y, prediction, seen, weight[seen])
        kept = weight[rows] > 0
        score = self._scores_of(y[rows], mean, std)[kept]
        self._seen = calibration(out[:, kept], score, weight[rows][kept], std is not None)

    def _pieces(self, X, method, params):
        """Answers of all members to `method`, piece by piece over the rows.

        Yields
        ------
        ndarray of shape (n_estimators, n_rows of the piece, n_columns)
        """
        check_is_fitted(self)
        _raise_for_params(params, self, method)
        if not params and stackable(self.estimators_):
            nets = JointPrediction(self.estimators_, self.estimators_features_)
            X = self._checked(X, dtype=(nets.dtype, np.float32))
            yield from self._joint_pieces(nets, X)
            return
        given, X = X, self._checked(X, dtype=None, ensure_all_finite=False)
        routed = process_routing(self, method, **params)["estimator"]
        params = next((routed[name] for name in (method, "predict") if routed.get(name)), {})
        width = len(self.estimators_) * getattr(self, "n_classes_", 1)
        step = max(1, _VALUES_AT_ONCE // width)
        for start in range(0, X.shape[0], step):
            rows = X if X.shape[0] <= step else X[start : start + step]
            with explained(given, self), on_all_cores():
                answers = Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
                    delayed(self._own)(member, rows[:, columns], method, params)
                    for member, columns in zip(
                        self.estimators_, self.estimators_features_, strict=True
                    )
                )
            yield np.stack(answers)

    def _onnx_answer(self, graph, x, raw_scores):
        return ensemble_answer(self, graph, x, raw_scores)

    def _checked(self, X, dtype, **kwargs):
        if dtype is not None and _rows.needs_no_check(self, X, dtype[0]):
            return X
        check_no_grad(X=X)
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False, **kwargs)


def shared_docs(cls):
    """Class decorator: put the shared parameters and attributes into the docstring's places."""
    cls.__doc__ = cls.__doc__.replace("    {parameters}\n", _PARAMETERS).replace(
        "    {attributes}\n", _ATTRIBUTES
    )
    return cls


_PARAMETERS = """\
    n_estimators : int, default=10
        Number of members.
    max_samples : int or float, default=1.0
        Rows that each member draws; a float is a share of the rows, or of the sum of
        `sample_weight`.
    max_features : int or float, default=1.0
        Columns that each member takes; a float is a share of them.
    bootstrap : bool, default=True
        Whether rows are drawn with replacement. False, with all rows, is the ensemble of random
        initialisations ("deep ensemble").
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool, default=False
        Whether to score the ensemble on rows that members have not drawn (`oob_score_`); these
        rows also say how wide the intervals and sets must be that cover.
    warm_start : bool, default=False
        Whether `fit` keeps the members and adds as many as are missing to `n_estimators`.
    n_jobs : int, default=None
        Members that are fitted at a time. None is all cores, or what a `joblib.parallel_config`
        around says. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws and of the members.
    verbose : int, default=0
        How much joblib prints.
"""

_ATTRIBUTES = """\
    estimator_ : estimator
        What was fitted many times.
    estimators_ : list of estimators
        The fitted members.
    estimators_features_ : list of ndarray
        Columns of each member.
    estimators_samples_ : list of ndarray
        Rows that each member drew.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.
    oob_score_ : float
        R2 or accuracy on rows that members have not drawn; there with `oob_score`.
"""
