"""What the pretrainers share: rows without labels in, a representation out."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy.sparse import issparse

from skreg._typing import Array, MatrixLike
from skreg.compat.arrays import check_no_grad
from skreg.estimators._base import all_or_nothing
from skreg.estimators._callbacks import fit_task
from skreg.estimators._forward import forward
from skreg.estimators._layered import BaseMLP
from skreg.estimators._onnx_layers import mlp_output
from skreg.estimators._validation import columns_of, unlabeled_rows
from skreg.hyperparameters.augmentation import AUGMENTATION
from skreg.hyperparameters.penalties import PENALTIES
from skreg.hyperparameters.perturbation import PERTURBATION
from skreg.hyperparameters.settings import weights_dtype
from skreg.hyperparameters.training import TRAINING
from skreg.self_supervised._target import PretextTarget
from skreg.tables import validate_data


class BasePretrainer(BaseMLP):
    """Fit on rows without labels, and `transform`; subclasses know their task.

    Attributes of a subclass
    ------------------------
    _loss : str
        A name in `skreg.losses.formulas`.
    """

    # --- what goes in

    def _pretrain(self, X, X_unlabeled, X_val, groups=None):
        task = fit_task(self, X, None, None)
        with all_or_nothing(self):
            warm = self.warm_start and hasattr(self, "coefs_")
            X = self._all_rows(X, X_unlabeled, reset=not warm)
            validation = None
            if X_val is not None:
                X_val = self._validation_rows(X_val)
                validation = X_val, self._codes(X_val), None
            stop, codes = bool(self.early_stopping), self._codes(X, groups)
            self._train(X, codes, None, validation, warm=warm, stop=stop, task=task)
            if task is not None:
                task.end({})
            self._warn_if_unfinished()
        return self

    def _all_rows(self, X, X_unlabeled, reset):
        """X with the unlabelled rows after it, dense and of the compute dtype."""
        check_no_grad(X=X)
        self._check_task()
        kind = {"accept_sparse": "csr", "dtype": self._compute_dtype(), "order": "C"}
        with np.errstate(over="ignore"):  # what overflows in the cast is refused right after
            X = validate_data(self, X, reset=reset, **kind)
        X = X.toarray() if issparse(X) else X
        more = unlabeled_rows(self, X_unlabeled, len(X))
        if more is not None:
            X = np.concatenate([X, more.toarray() if issparse(more) else more])
        if len(X) < 2:
            raise ValueError(
                f"{type(self).__name__} learns how rows differ and needs at least 2 of them, got "
                f"n_samples = {len(X)} in X and X_unlabeled together: give more rows."
            )
        return X

    def _validation_rows(self, rows):
        """Rows of `X_val`, dense and of the compute dtype."""
        rows = columns_of(self, rows, "X_val", ensure_min_samples=0)
        if rows.shape[0] == 0:
            raise ValueError("X_val has no rows: give at least one, or None.")
        return rows.toarray() if issparse(rows) else rows

    def _check_task(self):
        """Raise where the task cannot be had with these parameters."""
        hidden = self.hidden_layer_sizes
        if not isinstance(hidden, Integral) and len(hidden) == 0:
            raise ValueError(
                f"hidden_layer_sizes={hidden!r} leaves no layer to learn a representation in: "
                "give at least one, (100,) say."
            )

    def _compute_dtype(self):
        return weights_dtype(self.dtype)

    def _codes(self, X, groups=None):
        """What tells rows apart, (n_rows, 0 or 1)."""
        return np.empty((len(X), 0))

    def _check_data(self, X, y, reset):
        return X, y  # `_all_rows` has checked them

    def _check_y(self, y, name="y"):
        return y

    def _as_set(self, X, codes, weight, batch_size):
        return X, codes, weight  # every row counts: swaps draw from them

    def _n_outputs(self):
        """Outputs of the whole net."""
        raise NotImplementedError

    def _make_target(self, y, weight, classes, warm, fresh):
        return PretextTarget(self._loss, self._n_outputs())

    # --- what comes out

    def _describe(self, target):
        super()._describe(target)
        self._n_head_layers = len(self._head(None)) + 1  # of weights, after the representation

    def _encoder(self):
        """Weights up to the representation: coefs, intercepts, norms, without the head."""
        n = len(self.coefs_) - self._n_head_layers
        return self.coefs_[:n], self.intercepts_[:n], self.norms_[:n]

    def transform(self, X: MatrixLike) -> Array:
        """Compute the representation: what the last hidden layer puts out, without the head.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to transform.

        Returns
        -------
        representation : ndarray of shape (n_samples, n_units)
            The units of the last of `hidden_layer_sizes`, in the compute dtype (computed in
            float64, so that a row's values do not depend on the rows beside it).
        """
        X, _ = self._ready(X, np.float64)  # raises where there is no fit
        coefs, intercepts, norms = ([w.astype(np.float64) for w in ws] for ws in self._encoder())
        how = {"residual": self._residual, "hidden": True}
        out = forward(X, coefs, intercepts, norms, self._activation, **how)
        return out.astype(self.coefs_[0].dtype, copy=False)

    def _onnx_answer(self, graph, x, raw_scores):
        return mlp_output(self, self._encoder(), graph, x, hidden=True)

    @property
    def _n_features_out(self):
        return self._encoder()[1][-1].size


for _declared in (*TRAINING, *PENALTIES, *PERTURBATION, *AUGMENTATION):
    if _declared.of(["pretrainer"]) is None:  # for code that asks every estimator for it
        setattr(BasePretrainer, _declared.name, _declared.default)
