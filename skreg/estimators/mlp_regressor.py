"""`MLPRegressor`."""

from copy import copy
from numbers import Real

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from skreg._sklearn import Interval, StrOptions, _fit_context
from skreg.estimators._base import BaseMLP, trains_in_steps
from skreg.estimators._parameters import shared_docs, store
from skreg.estimators._targets import RegressionTarget


@shared_docs
class MLPRegressor(MultiOutputMixin, RegressorMixin, BaseMLP):
    """Multi-layer perceptron regressor in which every regularizer is a hyperparameter.

    {objective}

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson"}, \
            default="squared_error"
        Loss of a row, summed over outputs; half the square for "squared_error", the pinball loss
        of `quantile` for "quantile", half the deviance under a log link for "poisson" (y >= 0).
        Taken on the standardized target with `scale_target`.
    {network}
    {training}
    {regularizers}
    target_noise_std : float, default=0.0
        Standard deviation of Gaussian noise on the targets, in training units (of the standardized
        target with `scale_target`).
    scale_target : bool, default=True
        Whether to train on the standardized target (divided by its mean for "poisson") and to
        transform predictions back. `coefs_` are in training units.
    huber_delta : float, default=1.0
        Where "huber" turns from square to absolute, in training units.
    quantile : float, default=0.5
        The quantile that "quantile" predicts, in (0, 1).
    {execution}

    Attributes
    ----------
    {attributes}
    target_mean_ : ndarray of shape (n_outputs,)
        Mean that was taken off the targets.
    target_scale_ : ndarray of shape (n_outputs,)
        Scale by which the targets were divided.

    See Also
    --------
    MLPClassifier : The classifier.
    sklearn.neural_network.MLPRegressor : The one of scikit-learn, with L2 and early stopping only.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville (2016), "Deep Learning", chapter 7.
    .. [2] Prince (2023), "Understanding Deep Learning", chapter 9.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skreg import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = MLPRegressor(alpha=0.1, dropout=0.2, early_stopping=True, random_state=0)
    >>> scores = cross_val_score(make_pipeline(StandardScaler(), net), X, y)
    >>> bool(scores.mean() > 0.4)
    True
    """

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "absolute_error", "huber", "quantile", "poisson"})],
        "target_noise_std": [Interval(Real, 0, None, closed="left")],
        "scale_target": ["boolean"],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }
    _y_numeric = True

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dropout=0.0,
        input_dropout=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        target_noise_std=0.0,
        scale_target=True,
        huber_delta=1.0,
        quantile=0.5,
        device="cpu",
        dtype="float32",
        engine="auto",
        callbacks=None,
    ):
        store(locals())

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
        target = copy(self._target)
        if fresh:
            target.forget()
        return target

    def _take(self, net, target, warm):
        super()._take(net, target, warm)
        self.target_mean_, self.target_scale_ = target.mean, target.scale
