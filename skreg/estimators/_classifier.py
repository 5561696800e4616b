"""What makes an estimator a classifier: its labels and probabilities."""

from __future__ import annotations

from itertools import chain
from typing import Self

import numpy as np
from sklearn.base import ClassifierMixin

from skreg._typing import Array, ArrayLike, MatrixLike, Seed
from skreg.blocks.activations import LINKS
from skreg.compat.sklearn import _fit_context, _num_samples, available_if
from skreg.estimators._forward import mean_of
from skreg.estimators._labels import check_labels
from skreg.estimators._mc_dropout import moments, thinned_outputs
from skreg.estimators._parameters import takes_snapshots, trains_in_steps
from skreg.estimators._targets import ClassTarget
from skreg.estimators._validation import FIT_REQUESTS

_VALUES_AT_ONCE = 2**23  # of the output, which is taken to labels piece by piece


class NetClassifierMixin(ClassifierMixin):
    """`partial_fit`, predictions and classes, beside `skreg.estimators._base.BaseNet`."""

    __metadata_request__fit = FIT_REQUESTS
    _y_numeric = False

    @available_if(trains_in_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train one pass over the given rows; optimizer and random state go on from call to call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; one row is enough.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call, but for multilabel y.

        Returns
        -------
        self : object
            The trained estimator.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X: MatrixLike) -> Array:
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
        pieces = self._exact_pieces(X)
        labels = [self._target.labels(mean_of(outputs)) for outputs in pieces]
        return labels[0] if len(labels) == 1 else np.concatenate(labels)

    def _exact_output(self, X, link=None):
        """Output in the compute dtype, computed in float64.

        So that a row's values do not depend on the rows beside it.
        """
        return mean_of(self._exact_outputs(X, link))

    def _exact_outputs(self, X, link=None):
        """The same of each net that predicts: a list."""
        pieces = self._exact_pieces(X, link)
        first, n_rows, start = next(pieces), _num_samples(X), 0
        if len(first[0]) == n_rows:
            return first
        whole = [np.empty((n_rows, output.shape[1]), output.dtype) for output in first]
        for outputs in chain([first], pieces):
            for out, output in zip(whole, outputs, strict=True):
                out[start : start + len(output)] = output
            start += len(first[0])
        return whole

    def _exact_pieces(self, X, link=None):
        """The same for some rows after others, few at a time where there are many classes."""
        X, nets = self._ready(X, np.float64)
        step = max(1, _VALUES_AT_ONCE // self._target.n_outputs)
        for start in range(0, X.shape[0], step):
            rows = X if X.shape[0] <= step else X[start : start + step]
            outputs = (self._through(rows, net, link or self.out_activation_) for net in nets)
            yield [output.astype(self.coefs_[0].dtype, copy=False) for output in outputs]

    def decision_function(self, X: MatrixLike) -> Array:
        """Raw predictions: log-odds for logistic outputs, unnormalised log-probabilities else.

        With `n_snapshots` those of the mean probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column where there are two classes, as scikit-learn's classifiers have it.
        """
        if getattr(self, "snapshots_", None):
            raw = LINKS[self.out_activation_].raw(self._exact_output(X))  # type: ignore[misc]
        else:
            raw = self._exact_output(X, "identity")
        return raw.ravel() if self._target.kind == "binary" else raw

    def predict_proba(
        self, X: MatrixLike, *, n_samples: int | None = None, random_state: Seed = None
    ) -> Array:
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        n_samples : int, default=None
            Passes with dropout left on, whose mean is returned (Gal & Ghahramani 2016); None is
            the net as it is. A pass is one thinned net for all rows.
        random_state : int, RandomState instance or None, default=None
            Seed of the masks; None is 0. The same seed gives the same masks.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`, in the compute dtype; for multilabel targets the
            probability of each label.

        Raises
        ------
        ValueError
            For passes of a net that was fitted without dropout.
        """
        if n_samples is None:
            output = self._exact_output(X)  # raises where there is no fit, before _target is asked
            return self._target.probabilities(output)
        outputs = thinned_outputs(self, X, n_samples, random_state)
        return moments(self._target.probabilities(output) for output in outputs)[0]

    @available_if(takes_snapshots)
    def predict_members(self, X: MatrixLike) -> Array:
        """Probabilities by every snapshot.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_snapshots, n_samples, n_classes)
            Their mean over the first axis is `predict_proba`.
        """
        return np.stack([self._target.probabilities(output) for output in self._exact_outputs(X)])

    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``; minus infinity where a probability underflows.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _check_y(self, y, name="y"):
        return check_labels(y, name)

    def _make_target(self, y, weight, classes, warm, fresh):
        class_weight = self._class_weight_of(y, weight) if fresh else self.class_weight
        y = y[weight > 0]
        if warm:
            self._check_same_classes(y, classes, fresh)
            return self._target.changed_to(self.label_smoothing, class_weight)
        if not fresh and classes is None and y.ndim == 1:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return ClassTarget(y, classes, self.label_smoothing, class_weight)

    def _class_weight_of(self, y, weight):
        """`class_weight` without the classes all of whose rows have weight 0."""
        if not isinstance(self.class_weight, dict) or y.ndim == 2:
            return self.class_weight
        absent = np.setdiff1d(y[weight == 0], y[weight > 0]).tolist()
        return {label: value for label, value in self.class_weight.items() if label not in absent}

    def _check_same_classes(self, y, classes, fresh):
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes={list(classes)} are not those of the first call, {list(self.classes_)}: "
                "begin anew with a clone of the estimator."
            )
        if fresh and y.ndim == 1 and set(np.unique(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {np.unique(y)}. Fit with "
                "warm_start=False to begin anew."
            )

    def _describe(self, target):
        super()._describe(target)
        self.classes_ = target.classes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
