"""What makes an estimator a regressor: its targets and predictions."""

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from skreg._sklearn import _fit_context
from skreg.estimators._parameters import trains_in_steps
from skreg.estimators._targets import RegressionTarget


class NetRegressorMixin(MultiOutputMixin, RegressorMixin):
    """`partial_fit`, `predict` and the target's units, beside `skreg.estimators._base.BaseMLP`."""

    _y_numeric = True

    @available_if(trains_in_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
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

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, with the ndim of the y given to `fit`; computed in float64, so that a row's
            prediction does not depend on the rows beside it.
        """
        output = self._output(X, np.float64)
        return self._target.decode(output)

    def _check_y(self, y, name="y"):
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name=name)

    def _make_target(self, y, classes, warm, fresh):
        if not warm:
            return RegressionTarget(y, self.loss, self.scale_target)
        target = self._target.changed_to(self.loss, self.scale_target)
        if fresh:
            target.forget()
        return target

    def _take(self, net, target, warm):
        super()._take(net, target, warm)
        self.target_mean_, self.target_scale_ = target.mean, target.scale
