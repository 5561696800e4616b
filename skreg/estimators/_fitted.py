"""What comes out of training: fitted attributes, the skorch net, predictions."""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from skreg.estimators._forward import mean_of
from skreg.hyperparameters.settings import settings_of, weights_dtype


class FittedNetMixin:
    """From a trained net to attributes and back, for `BaseNet`."""

    def _describe(self, target):
        """Fitted attributes that tell what the net's outputs mean."""
        self._target = target
        self.n_outputs_, self.out_activation_ = target.n_outputs, target.link

    def _take(self, fit, target, warm):
        """Fitted attributes from a fit."""
        problem, progress = fit.problem, fit.problem.progress[0]
        self._epochs = history = fit.history
        architecture = problem.architecture
        dtype = weights_dtype(self.dtype)
        ends = [architecture.unpack(flat, dtype) for flat in problem.snapshots]
        # of the snapshots the last one's arrays, so that they are saved once
        last = ends[-1] if ends else architecture.unpack(problem.state.params, dtype)
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
        from skreg.regularizers import stopping

        if self._status == stopping.OUT_OF_TIME:
            kept = "the best weights so far" if self.early_stopping else "the weights as they were"
            warnings.warn(
                f"Training ended after max_time={self.max_time!r} seconds, in epoch "
                f"{self.n_iter_ + 1} of {self.max_iter}, with {kept}. Raise max_time to go on.",
                ConvergenceWarning,
                stacklevel=4,
            )
            return
        # where fits go on, max_iter ends a part only, and a warning says that there may be more
        fixed_length = self.n_iter_no_change >= self.max_iter and not self.warm_start
        chose_length = fixed_length or self.learning_rate == "cosine"
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
        per_layer = [name for name, h in self._hyperparameters.items() if h.per_layer]
        any_number = dict.fromkeys(per_layer, 0.0)  # of layers: parameters may have changed since
        return settings_of(self, self._target.loss).replace(**any_number, **self._as_fitted())

    def _history(self):
        if getattr(self, "_epochs", None) is not None:
            return self._epochs
        rows = [{"epoch": i, "train_loss": v} for i, v in enumerate(self.loss_curve_, 1)]
        scores = self.validation_scores_ or []
        for row, score in zip(rows[len(rows) - len(scores) :], scores, strict=True):
            row["valid_loss"] = -score
        return rows

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("_net", None)
        state.pop("_epochs", None)
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
