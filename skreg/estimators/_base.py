"""What all estimators share: from checked arrays to a trained net and back."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from inspect import signature
from typing import Self

from sklearn.base import BaseEstimator

from skreg._typing import ArrayLike, MatrixLike
from skreg.augmentation.kinds import check_augment
from skreg.compat.sklearn import (
    CallbackSupportMixin,
    ChangedParamsMixin,
    _fit_context,
    validate_parameter_constraints,
)
from skreg.estimators import _rows
from skreg.estimators._callbacks import Epochs, fit_task, part_of
from skreg.estimators._fitted import FittedNetMixin
from skreg.estimators._preparation import PreparationMixin, Training
from skreg.estimators._validation import (
    check_fit_arguments,
    unlabeled_rows,
)


@contextmanager
def all_or_nothing(estimator):
    """Put an estimator's attributes back as they were if the block raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


class BaseNet(
    PreparationMixin, FittedNetMixin, CallbackSupportMixin, ChangedParamsMixin, BaseEstimator
):
    """Fit and prediction of a net; subclasses know its architecture and their targets.

    Of an architecture a subclass says

    - `_check_consistency()`: raises where parameters do not go together;
    - `_architecture(params, n_outputs, random_state)`: the one to train, with a `random_state` for
      what a module draws when it is made (None: weights will be given);
    - `_architecture_of(params, weights)`: the fitted one;
    - `_weights()` and `_set_weights(weights, architecture)`: the fitted ones, as attributes;
    - `_check_same(architecture)`: raises where it is not the fitted net's;
    - `_describe(target)`, `_as_fitted()`: notes how to read the weights, and gives that back;
    - `_ready(X, dtype)`, `_through(X, net, link, masks)` and `_mask_sizes()`: prediction.
    """

    @classmethod
    @cache
    def _get_param_names(cls):
        """As scikit-learn's, which reads the signature anew at each of a search's many askings."""
        return super()._get_param_names()

    @classmethod
    @cache
    def _defaults(cls):
        return {name: p.default for name, p in signature(cls).parameters.items()}

    def _validate_params(self):
        """As scikit-learn's, for what is not at its default, which is valid."""
        defaults = self._defaults()
        params = self.get_params(deep=False).items()
        changed = {name: value for name, value in params if value is not defaults.get(name, value)}
        validate_parameter_constraints(
            self._parameter_constraints, changed, caller_name=type(self).__name__
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        X_unlabeled: MatrixLike | tuple[MatrixLike] | None = None,
    ) -> Self:
        """Train the net.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows. Sparse X is made dense batch by batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows: None is all ones, 0 leaves a row out, and only their ratios count.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows. With ``early_stopping=True`` they take the place of the split;
            without, they are only measured (`validation_scores_`).
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of the validation rows.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation rows.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for a splitter given as `validation_fraction`.
        X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features), or tuple of \
                such, default=None
            Rows without targets, for a `pretrained` that is fitted here; else unused. A search cuts
            any such array with exactly the rows of X along with it: then give a tuple,
            ``(X_unlabeled,)``, which no search cuts and pipelines transform all the same.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For arrays or parameters that do not fit; the estimator stays as it was.
        skreg.exceptions.DivergenceError
            If training leaves the finite numbers.
        """
        task = fit_task(self, X, y, sample_weight)
        request = self._taken_request(task)
        with all_or_nothing(self):
            validation = check_fit_arguments(self, X_val, y_val, sample_weight_val, groups)
            warm = self.warm_start and hasattr(self, "coefs_")
            rows, before = (X, y, sample_weight), dict(vars(self))
            more = {"groups": groups, "X_unlabeled": X_unlabeled, "warm": warm}
            if self.early_stopping == "refit":
                self._choose_length_and_refit(rows, before, more, task)
            else:
                stop = self.early_stopping
                self._train(*rows, validation, stop=stop, task=task, request=request, **more)
            if task is not None:
                task.end({})
            if request is None:
                self._warn_if_unfinished()
        return self

    def _taken_request(self, task):
        """That this fit is to rest on its way, where a search asks for it and it can."""
        from skreg.estimators._open_training import may_rest, taken_request

        request = taken_request()
        return request if request is not None and task is None and may_rest(self) else None

    def _choose_length_and_refit(self, rows, before, more, task):
        """Train with early stopping, and again from where `fit` began, on all rows, so long.

        What has been pretrained is used again.
        """
        with part_of(task, "early-stopping", self.max_iter, {}) as part:
            self._train(*rows, None, stop=True, task=part, **more)
        from skreg.regularizers import stopping

        source = getattr(self, "pretrained_", None)
        kept = "best_epoch_", "validation_scores_", "best_validation_score_", "_status"
        found = {name: getattr(self, name) for name in kept}
        vars(self).clear()
        vars(self).update(before)
        n_epochs = found["best_epoch_"]
        more = {**more, "groups": None, "source": source}
        with part_of(task, "refit", n_epochs, {}) as part:
            self._train(*rows, None, stop=False, n_epochs=n_epochs, task=part, **more)
        if self._status == stopping.OUT_OF_TIME:
            found["_status"] = self._status
        vars(self).update(found)

    def _partial_fit(self, X, y, sample_weight, classes=None):
        with all_or_nothing(self):
            warm = hasattr(self, "coefs_")
            self._train(
                X, y, sample_weight, None, warm=warm, stop=False, one_pass=True, classes=classes
            )
        return self

    def _train(self, X, y, sample_weight, validation, **how):
        """Check, prepare and train; `how` is a `Training`."""
        from skreg.engine.select_engine import choose_engine
        from skreg.engine.train import make_fit
        from skreg.estimators._open_training import OpenTraining

        how = Training(**how)
        # arrays that only lead to the problem end with this call
        params, problem, target, memory = self._prepared(X, y, sample_weight, validation, how)
        fit = make_fit(
            params,
            problem,
            link=target.link,
            engine=choose_engine(params),
            callbacks=self.callbacks,
            watch=None if how.task is None else Epochs(how.task, problem, target),
        )
        kept = self.warm_start or how.one_pass
        training = OpenTraining(self, fit, target, memory, warm=how.warm, kept=kept)
        if how.request is None:
            training.advance()
        else:
            training.advance(how.request.share, how.request.seconds)
            how.request.training = training

    def _prepared(self, X, y, sample_weight, validation, how):
        """The engine's parameters, the problem, the target and the memory of a training."""
        self._check_consistency()
        X, y = self._check_data(X, y, reset=not how.warm)
        how = how._replace(X_unlabeled=unlabeled_rows(self, how.X_unlabeled, X.shape[0]))
        check_augment(self.augment, self._row_shape())
        weight = _rows.check_weights(sample_weight, X)
        target = self._make_target(y, weight, how.classes, how.warm, fresh=not how.one_pass)
        rows, held_out = self._sides(X, y, weight, validation, target, how)

        memory = self._new_memory(how.warm, kept=self.warm_start or how.one_pass)
        params = self._engine_params(target)
        return params, self._pose(params, rows, held_out, target, memory, how), target, memory

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
