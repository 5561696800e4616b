"""What makes an estimator a regressor: its targets and predictions."""

from __future__ import annotations

from typing import Literal, Self, overload

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array

from skreg._typing import Array, ArrayLike, MatrixLike, Seed
from skreg.compat.arrays import check_no_grad
from skreg.compat.sklearn import _fit_context, available_if
from skreg.estimators._mc_dropout import moments, thinned_outputs
from skreg.estimators._parameters import takes_snapshots, trains_in_steps
from skreg.estimators._predictive import Mixture, PredictsDistribution
from skreg.estimators._targets import RegressionTarget
from skreg.estimators._validation import FIT_REQUESTS
from skreg.losses.quantile_function import checked_levels
from skreg.losses.records import LOSSES, several, with_distribution


class NetRegressorMixin(PredictsDistribution, MultiOutputMixin, RegressorMixin):
    """`partial_fit`, `predict` and the target's units, beside `skreg.estimators._base.BaseNet`."""

    __metadata_request__fit = FIT_REQUESTS
    _y_numeric = True

    @available_if(trains_in_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train one pass over the given rows; optimizer and random state go on from call to call.

        With `scale_target`, mean and scale of the target are those of all rows so far; the last
        layer is rescaled so that predictions do not jump.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; one row is enough.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : object
            The trained estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    @overload
    def predict(
        self,
        X: MatrixLike,
        return_std: Literal[False] = False,
        *,
        n_samples: int | None = None,
        random_state: Seed = None,
    ) -> Array: ...

    @overload
    def predict(
        self,
        X: MatrixLike,
        return_std: Literal[True],
        *,
        n_samples: int | None = None,
        random_state: Seed = None,
    ) -> tuple[Array, Array]: ...

    def predict(
        self,
        X: MatrixLike,
        return_std: bool = False,
        *,
        n_samples: int | None = None,
        random_state: Seed = None,
    ) -> Array | tuple[Array, Array]:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        return_std : bool, default=False
            Whether to return a standard deviation as well. Where the loss is a distribution
            ("gaussian", "laplace", several quantiles) it is the target's, of which `predict_spread`
            gives the parts. Else it is a spread of nets, not a confidence interval: over the
            snapshots, where there are `n_snapshots`, else over passes with dropout left on (Gal &
            Ghahramani 2016).
        n_samples : int, default=None
            Passes with dropout left on, one thinned net for all rows each. None is the net as it
            is; with `return_std` and a loss that is no distribution it is 100.
        random_state : int, RandomState instance or None, default=None
            Seed of the masks; None is 0. The same seed gives the same masks.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, with the ndim of the y given to `fit`; computed in float64, so that a row's
            prediction does not depend on the rows beside it. Their mean, where there are passes.
        std : ndarray of the shape of y
            Only with `return_std`, in units of y (a spread of nets is divided by their number).

        Raises
        ------
        ValueError
            For passes of a net that was fitted without dropout.
        """
        if not return_std and n_samples is None:
            output = self._output(X, np.float64)  # raises where there is no fit, before _target
            return self._target.decode(output)
        if return_std and self._lacks_distribution() is None:
            return self._mean_and_std(X, n_samples=n_samples, random_state=random_state)
        if n_samples is None and not getattr(self, "snapshots_", None):
            n_samples = 100
        outputs = self._outputs_of_all(X, n_samples, random_state)
        mean, std = moments(self._target.decode(output) for output in outputs)
        return (mean, std) if return_std else mean

    def _outputs_of_all(self, X, n_samples, random_state):
        """Outputs of the snapshots, or of `n_samples` passes with dropout left on."""
        if n_samples is None:
            return self._outputs(X, np.float64)
        return thinned_outputs(self, X, n_samples, random_state, np.float64)

    def _mixture(self, X, *, n_samples=None, random_state=None):
        outputs = self._outputs_of_all(X, n_samples, random_state)
        return Mixture(self._target.component(output) for output in outputs)

    def _lacks_distribution(self):
        """Why there is no distribution to ask for; None where there is one."""
        loss = "quantiles" if several(self.loss, self.quantile) else self.loss
        loss = self._target.loss if hasattr(self, "_target") else loss
        if loss in LOSSES and LOSSES[loss].distribution is None:
            return (
                f"loss={loss!r} predicts points, and no distribution of the target: fit with loss "
                f"set to one of {with_distribution()}."
            )
        return None

    @property
    def _answer_ndim(self):
        return self._target.ndim

    @available_if(takes_snapshots)
    def predict_members(self, X: MatrixLike) -> Array:
        """Predictions of every snapshot.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_snapshots, n_samples) or (n_snapshots, n_samples, n_outputs)
            Their mean over the first axis is `predict`.
        """
        return np.stack([self._target.decode(output) for output in self._outputs(X, np.float64)])

    def _check_y(self, y, name="y"):
        check_no_grad(**{name: y})
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name=name)

    def _make_target(self, y, weight, classes, warm, fresh):
        how = self.loss, self.scale_target
        if several(self.loss, self.quantile):
            how = "quantiles", self.scale_target, checked_levels(self.quantile)
        if not warm:
            return RegressionTarget(y[weight > 0], *how)
        target = self._target.changed_to(*how)
        if fresh:
            target.forget()
        return target

    def _take(self, fit, target, warm):
        super()._take(fit, target, warm)
        self.target_mean_, self.target_scale_ = target.mean, target.scale
