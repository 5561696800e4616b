"""What all estimators share: from checked arrays to a trained net and back."""

import warnings
from contextlib import contextmanager
from functools import cache
from inspect import signature
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from skreg._sklearn import (
    CallbackSupportMixin,
    ChangedParamsMixin,
    _fit_context,
    validate_parameter_constraints,
)
from skreg.augmentation.kinds import check_augment
from skreg.estimators import _rows
from skreg.estimators._callbacks import Epochs, fit_task, part_of
from skreg.estimators._forward import mean_of
from skreg.estimators._parameters import TRAINING_CONSTRAINTS, check_anchor, training_params
from skreg.estimators._validation import (
    check_given_together,
    given_rows,
    make_score,
    split_by,
    split_off,
    takes_splitter,
    unlabeled_rows,
)

_AUTO_BATCH = 200


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


class BaseNet(CallbackSupportMixin, ChangedParamsMixin, BaseEstimator):
    """Fit and prediction of a net; subclasses know its architecture and their targets.

    Of an architecture a subclass says

    - `_check_together()`: raises where parameters do not go together;
    - `_architecture(params, n_outputs, random_state)`: the one to train, with a `random_state` for
      what a module draws when it is made (None: weights will be given);
    - `_architecture_of(params, weights)`: the fitted one;
    - `_weights()` and `_set_weights(weights, architecture)`: the fitted ones, as attributes;
    - `_check_same(architecture)`: raises where it is not the fitted net's;
    - `_describe(target)`, `_as_fitted()`: notes how to read the weights, and gives that back;
    - `_ready(X, dtype)`, `_through(X, net, link, masks)` and `_mask_sizes()`: prediction.
    """

    _parameter_constraints: dict = TRAINING_CONSTRAINTS

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
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
        X_unlabeled=None,
    ):
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
        with all_or_nothing(self):
            validation = check_given_together(self, X_val, y_val, sample_weight_val, groups)
            warm = self.warm_start and hasattr(self, "coefs_")
            rows, before = (X, y, sample_weight), dict(vars(self))
            more = {"groups": groups, "X_unlabeled": X_unlabeled, "warm": warm}
            if self.early_stopping == "refit":
                self._choose_length_and_refit(rows, before, more, task)
            else:
                stop = self.early_stopping
                self._train(*rows, validation, stop=stop, task=task, **more)
            if task is not None:
                task.end({})
            self._warn_if_unfinished()
        return self

    def _choose_length_and_refit(self, rows, before, more, task):
        """Train with early stopping, and again from where `fit` began, on all rows, so long.

        What has been pretrained is used again.
        """
        with part_of(task, "early-stopping", self.max_iter) as part:
            self._train(*rows, None, stop=True, task=part, **more)
        from skreg import stopping

        source = getattr(self, "pretrained_", None)
        kept = "best_epoch_", "validation_scores_", "best_validation_score_", "_status"
        found = {name: getattr(self, name) for name in kept}
        vars(self).clear()
        vars(self).update(before)
        n_epochs = found["best_epoch_"]
        more = {**more, "groups": None, "source": source}
        with part_of(task, "refit", n_epochs) as part:
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

    def _train(
        self,
        X,
        y,
        sample_weight,
        validation,
        *,
        warm,
        stop,
        n_epochs=None,
        one_pass=False,
        classes=None,
        groups=None,
        X_unlabeled=None,
        source=None,
        task=None,
    ):
        """Check, prepare and train.

        `stop` is early stopping; `n_epochs` a fixed number in place of `max_iter`; `one_pass` one
        of `partial_fit`; `source` is `pretrained`, fitted before; `task` what scikit-learn's
        callbacks are told.
        """
        from skreg.engine.choice import choose_engine
        from skreg.engine.train import make_net, make_problem, train

        self._check_together()
        X, y = self._check_data(X, y, reset=not warm)
        X_unlabeled = unlabeled_rows(self, X_unlabeled, X.shape[0])
        check_augment(self.augment, self._row_shape())
        weight = _rows.check_weights(sample_weight, X)
        target = self._make_target(y[weight > 0], classes, warm, fresh=not one_pass)
        held_out = None
        if validation is not None:
            held_out = given_rows(self, validation, target)
        elif stop and takes_splitter(self):
            (X, y, weight), held_out = split_by(self.validation_fraction, X, y, weight, groups)
            held_out = held_out[0], target.codes(held_out[1]), held_out[2]
        X, y, weight = _rows.drop_weightless(X, y, weight)
        batch_size = _AUTO_BATCH if self.batch_size == "auto" else self.batch_size
        rows = self._as_set(X, target.codes(y), weight, batch_size)

        kept = self.warm_start or one_pass
        memory = self._new_memory(warm, kept)
        params = self._engine_params(target)
        drawn_by = None if warm else memory.random_state
        architecture = self._architecture(params, target.n_outputs, drawn_by)
        weights = self._starting_weights(architecture, memory, warm)
        if stop and held_out is None:
            rows, held_out = split_off(rows, self.validation_fraction, target, memory.random_state)
        if not warm:
            more = memory, X_unlabeled, source
            weights = self._take_over(weights, architecture, rows, target, *more)
        observed = held_out
        rows, held_out, change = self._encode(rows, held_out, target)
        if warm:
            weights = [architecture.rescaled(w, *change) for w in weights]

        memory = self._begin(memory, restart=not one_pass)
        architecture = self._with_transfer(params, architecture, memory.progress[0], warm)
        if n_epochs is not None or self.n_snapshots > 1:
            params["n_iter_no_change"] = np.inf
        score = None
        if observed is not None and self.scoring != "loss":
            score = make_score(self, observed, target, architecture)
        if self.anchor is not None:
            params["anchor"] = check_anchor(self.anchor, architecture.coef_shapes)
        problem = make_problem(
            params,
            rows,
            held_out,
            *weights,
            memory,
            architecture=architecture,
            batch_size=min(batch_size, len(rows[2])),
            early_stopping=stop,
            n_epochs=1 if one_pass else n_epochs or self.max_iter,
            score=score,
        )
        if task is not None:
            problem.watch = Epochs(task, problem, target)
        net = make_net(
            params,
            problem.plan,
            architecture,
            problem.state.params,
            link=target.link,
            problem=problem,
            engine=choose_engine(params),
            callbacks=self.callbacks,
        )
        self._take(train(net), target, warm)
        self._memory = memory.after(problem) if kept else None
        self._net = net.without_data()

    # --- what goes in

    def _as_set(self, X, codes, weight, batch_size):
        """Rows in the form that training takes them: where one batch holds them, a set."""
        return _rows.as_weighted_set(X, codes, weight, batch_size)

    def _check_data(self, X, y, reset):
        if reset and _is_plain(X, y) and self._y_numeric:
            with np.errstate(over="ignore"):
                as_trained = np.ascontiguousarray(X, self._compute_dtype())
            if _rows.sums_up(as_trained, np.float64) and _rows.sums_up(y, np.float64):
                # what `validate_data` would come to, which takes as long as some epochs
                self.n_features_in_ = X.shape[1]
                vars(self).pop("feature_names_in_", None)
                return as_trained, y
        with np.errstate(over="ignore"):  # what overflows in the cast is refused right after
            X, y = validate_data(
                self,
                X,
                y,
                reset=reset,
                accept_sparse="csr",
                accept_large_sparse=False,
                dtype=self._compute_dtype(),
                order="C",
                multi_output=True,
                y_numeric=self._y_numeric,
            )
        return X, self._check_y(y)

    def _compute_dtype(self):
        return np.dtype(np.float64 if self.solver == "lbfgs" else self.dtype)

    def _new_memory(self, warm, kept):
        """Memory of the last fit, or a fresh one. A failed fit must not change the kept one."""
        from skreg.engine.train import Memory

        if warm and getattr(self, "_memory", None) is not None:
            return self._memory.copy()
        if self.random_state is None:
            return Memory.fresh(np.random.RandomState(), kept)
        if isinstance(self.random_state, (Integral, np.random.RandomState)):
            return Memory.fresh(self.random_state, kept)
        return Memory.fresh(np.random.mtrand._rand, kept)  # random_state=np.random

    def _engine_params(self, target):
        """Parameters as the engine takes them."""
        return training_params(self, target.loss)

    def _starting_weights(self, architecture, memory, warm):
        """Weights to start from, and their average so far."""
        if not warm:
            return [architecture.initial(memory.random_state)] * 2
        self._check_same(architecture)
        fitted = self._weights()
        return [memory.raw or fitted, fitted]

    def _take_over(self, weights, *more):
        """Weights to start from with those of another net among them: nothing is taken here."""
        return weights

    def _with_transfer(self, params, architecture, progress, warm):
        """Architecture whose layers train as transfer has it; `params` are changed alike."""
        return architecture

    def _encode(self, rows, held_out, target):
        """Rows as the net sees them (X, Y, weight), and how its outputs' units have changed."""
        dtype = self._compute_dtype()
        X, codes, weight = rows
        change = target.take_in(codes, weight)
        rows = X, target.encode(codes, dtype, training=True), target.weigh(codes, weight)
        if held_out is not None:
            X, codes, weight = held_out
            held_out = X, target.encode(codes, dtype, False), target.weigh(codes, weight)
        return rows, held_out, change

    def _begin(self, memory, restart):
        from skreg import stopping

        if memory.progress is None:
            memory.progress = stopping.new_progress(self.learning_rate_init)
        elif restart:
            stopping.restart(memory.progress, self.learning_rate_init)
        memory.progress["status"] = stopping.RUNNING
        return memory

    # --- what comes out

    def _describe(self, target):
        """Fitted attributes that tell what the net's outputs mean."""
        self._target = target
        self.n_outputs_, self.out_activation_ = target.n_outputs, target.link

    def _take(self, net, target, warm):
        """Fitted attributes from a trained net."""
        problem, progress = net.problem, net.problem.progress[0]
        # a callback may have stopped training inside an epoch
        history = [row for row in net.history if "train_loss" in row]
        architecture = problem.architecture
        ends = [architecture.unpack(flat, self.dtype) for flat in problem.snapshots]
        # of the snapshots the last one's arrays, so that they are saved once
        last = ends[-1] if ends else architecture.unpack(problem.state.params, self.dtype)
        self._set_weights(last, architecture)
        self.snapshots_ = ends
        self._describe(target)
        self.n_iter_ = len(history)
        self.t_ = int(progress["seen"])
        curve = [row["train_loss"] for row in history]
        self.loss_curve_ = (self.loss_curve_ if warm else []) + curve
        self.loss_ = curve[-1] if curve else float("nan")
        scores = [row["valid_score"] for row in history if "valid_score" in row]
        scores = scores or [-row["valid_loss"] for row in history if "valid_loss" in row]
        earlier = getattr(self, "validation_scores_", None) if warm else None
        self.validation_scores_ = (earlier or []) + scores or None
        best = float(progress["best"])
        stopped = bool(problem.plan[0]["keep_best"])
        self.best_loss_ = None if stopped else best
        self.best_validation_score_ = -best if stopped else None
        self.best_epoch_ = int(progress["best_epoch"]) if stopped else None
        self._status = int(progress["status"])

    def _warn_if_unfinished(self):
        from skreg import stopping

        if self._status == stopping.OUT_OF_TIME:
            kept = "the best weights so far" if self.early_stopping else "the weights as they were"
            warnings.warn(
                f"Training ended after max_time={self.max_time!r} seconds, in epoch "
                f"{self.n_iter_ + 1} of {self.max_iter}, with {kept}. Raise max_time to go on.",
                ConvergenceWarning,
                stacklevel=4,
            )
            return
        chose_length = self.n_iter_no_change >= self.max_iter or self.learning_rate == "cosine"
        if self._status != stopping.RUNNING or (chose_length and self.solver != "lbfgs"):
            return
        what = "lbfgs" if self.solver == "lbfgs" else "Stochastic Optimizer"
        warnings.warn(
            f"{what}: Maximum iterations ({self.n_iter_}) reached and the optimization hasn't "
            "converged yet. Raise max_iter or tol; n_iter_no_change >= max_iter asks for a fixed "
            "number of epochs.",
            ConvergenceWarning,
            stacklevel=4,
        )

    @property
    def net_(self):
        """The fitted skorch net behind the estimator (`skorch.NeuralNet`)."""
        check_is_fitted(self, "coefs_")
        if getattr(self, "_net", None) is None:
            self._net = self._rebuilt_net()
        return self._net

    def _rebuilt_net(self):
        from skreg.engine.train import rebuild_net

        params, weights = self._fitted_params(), self._weights()
        architecture = self._architecture_of(params, weights)
        link = self.out_activation_
        return rebuild_net(params, architecture, weights, self._history(), link=link)

    def _fitted_params(self):
        """Parameters as the engine takes them, of the fitted net."""
        return {**training_params(self, self._target.loss), **self._as_fitted()}

    def _history(self):
        rows = [{"epoch": i, "train_loss": v} for i, v in enumerate(self.loss_curve_, 1)]
        scores = self.validation_scores_ or []
        for row, score in zip(rows[len(rows) - len(scores) :], scores, strict=True):
            row["valid_loss"] = -score
        return rows

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("_net", None)
        return state

    def _output(self, X, dtype=None, link=None):
        """Output after the link (or another one), shape (n_rows, n_outputs): the snapshots' mean.

        Computed in `dtype`, by default that of the weights.
        """
        return mean_of(self._outputs(X, dtype, link))

    def _outputs(self, X, dtype=None, link=None):
        """The same of each net that predicts: a list."""
        X, nets = self._ready(X, dtype)
        return [self._through(X, net, link or self.out_activation_) for net in nets]

    def _as_rows(self, X, name="X"):
        """X with a line for each row, as it is where a net takes nothing else."""
        return X

    def _in_shape(self, X):
        """The lines of X in the shape that rows have, where X is dense."""
        return X

    def _row_shape(self):
        """Shape in which augmentations see a row."""
        return (self.n_features_in_,)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _is_plain(X, y):
    """Whether X and y are numpy's own, of floats, with the shapes of features and a target."""
    return (
        type(X) is type(y) is np.ndarray
        and X.dtype in (np.float32, np.float64)
        and y.dtype == np.float64
        and X.ndim == 2
        and X.size > 0
        and y.shape == X.shape[:1]
    )
