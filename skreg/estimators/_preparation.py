"""What goes into training: checked arrays become rows, an architecture, weights, a problem."""

from typing import Any, NamedTuple

import numpy as np

from skreg.compat.arrays import check_no_grad
from skreg.estimators import _rows
from skreg.estimators._parameters import check_anchor
from skreg.estimators._scoring import HeldOutScore
from skreg.estimators._validation import (
    given_rows,
    split_by,
    split_off,
    takes_splitter,
)
from skreg.hyperparameters.settings import settings_of, weights_dtype
from skreg.tables import validate_data

_AUTO_BATCH = 200


class Training(NamedTuple):
    """What a call of `fit` or `partial_fit` asks for.

    Attributes
    ----------
    warm : bool
        Whether to go on from the fitted net.
    stop : bool
        Early stopping.
    n_epochs : int or None
        A fixed number in place of `max_iter`.
    one_pass : bool
        Of `partial_fit`.
    classes, groups : array-like or None
    X_unlabeled : rows for `pretrained`, or None
    source : fitted source or None
        `pretrained`, fitted before.
    task : what scikit-learn's callbacks are told, or None
    request : skreg.estimators._open_training.Request or None
        That training is to rest on its way.
    """

    warm: bool
    stop: bool
    n_epochs: int | None = None
    one_pass: bool = False
    classes: Any = None
    groups: Any = None
    X_unlabeled: Any = None
    source: Any = None
    task: Any = None
    request: Any = None


class PreparationMixin:
    """From arrays to a `skreg.engine.problem.Problem`, for `BaseNet`."""

    def _sides(self, X, y, weight, validation, target, how):
        """Training rows, and those held out where they are given or chosen by a splitter."""
        held_out = None
        if validation is not None:
            held_out = given_rows(self, validation, target)
        elif how.stop and takes_splitter(self):
            splitter = self.validation_fraction
            (X, y, weight), held_out = split_by(splitter, X, y, weight, how.groups)
            held_out = held_out[0], target.codes(held_out[1]), held_out[2]
        X, y, weight = _rows.drop_weightless(X, y, weight)
        return self._as_set(X, target.codes(y), weight, self._n_of_batch()), held_out

    def _pose(self, params, rows, held_out, target, memory, how):
        """The problem to train on; `params` are `Settings`; `memory` changes."""
        from skreg.engine.train import make_problem

        drawn_by = None if how.warm else memory.random_state
        architecture = self._architecture(params, target.n_raw, drawn_by)
        weights = self._starting_weights(architecture, memory, how.warm)
        if how.stop and held_out is None:
            rows, held_out = split_off(rows, self.validation_fraction, target, memory.random_state)
        if not how.warm:
            more = memory, how.X_unlabeled, how.source
            weights = self._take_over(weights, architecture, rows, target, *more)
        observed = held_out
        rows, held_out, change = self._encode(rows, held_out, target)
        if how.warm:
            weights = [architecture.rescaled(w, *change) for w in weights]

        self._begin(memory, restart=not how.one_pass)
        more = memory.progress[0], how.warm
        params, architecture = self._with_transfer(params, architecture, *more)
        if how.n_epochs is not None or self.n_snapshots > 1:
            params = params.replace(n_iter_no_change=np.inf)
        score = None
        if observed is not None and self.scoring != "loss":
            score = HeldOutScore(self, observed, target, architecture)
        if self.anchor is not None:
            anchor = check_anchor(self.anchor, architecture.coef_shapes)
            params = params.replace(anchor=anchor)
        return make_problem(
            params,
            rows,
            held_out,
            *weights,
            memory,
            architecture=architecture,
            batch_size=min(self._n_of_batch(), len(rows[2])),
            early_stopping=how.stop,
            n_epochs=1 if how.one_pass else how.n_epochs or self.max_iter,
            score=score,
        )

    def _n_of_batch(self):
        """Rows of a batch, where there are so many."""
        return _AUTO_BATCH if self.batch_size == "auto" else self.batch_size

    def _as_set(self, X, codes, weight, batch_size):
        """Rows in the form that training takes them: where one batch holds them, a set."""
        return _rows.as_weighted_set(X, codes, weight, batch_size)

    def _check_data(self, X, y, reset):
        check_no_grad(X=X, y=y)
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
                dtype=self._compute_dtype(),
                order="C",
                multi_output=True,
                y_numeric=self._y_numeric,
            )
        return X, self._check_y(y)

    def _compute_dtype(self):
        return np.dtype(np.float64) if self.solver == "lbfgs" else weights_dtype(self.dtype)

    def _new_memory(self, warm, kept):
        """Memory of the last fit, or a fresh one. A failed fit must not change the kept one."""
        from skreg.engine.train import Memory

        if warm and getattr(self, "_memory", None) is not None:
            return self._memory.copy()
        given = self.random_state
        return Memory.fresh(np.random.RandomState() if given is None else given, kept)

    def _engine_params(self, target):
        """Parameters as the engine takes them."""
        return settings_of(self, target.loss)

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
        """Parameters and architecture whose layers train as transfer has it."""
        return params, architecture

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
        """Have the memory's progress say that training begins."""
        from skreg.regularizers import stopping

        if memory.progress is None:
            memory.progress = stopping.new_progress(self.learning_rate_init)
        elif restart:
            stopping.restart(memory.progress, self.learning_rate_init)
        memory.progress["status"] = stopping.RUNNING

    def _as_rows(self, X, name="X"):
        """X with a line for each row, as it is where a net takes nothing else."""
        return X

    def _in_shape(self, X):
        """The lines of X in the shape that rows have, where X is dense."""
        return X

    def _row_shape(self):
        """Shape in which augmentations see a row."""
        return (self.n_features_in_,)


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
