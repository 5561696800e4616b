"""`ConvNetClassifier` and `ConvNetRegressor`: their parameters."""

from skreg.estimators._attributes import TEXTS
from skreg.estimators._classifier import NetClassifierMixin
from skreg.estimators._conv import BaseConvNet
from skreg.estimators._regressor import NetRegressorMixin
from skreg.hyperparameters.estimator import with_hyperparameters


@with_hyperparameters(
    "conv", "regressor", positional=("input_shape", "channels", "kernel_size"), texts=TEXTS
)
class ConvNetRegressor(NetRegressorMixin, BaseConvNet):
    """Conv net regressor in which every regularizer is a hyperparameter.

    Blocks of convolution, normalisation, activation and max pooling, the mean over all places, and
    a linear layer. For images (C, H, W) and signals (C, T); trains in torch.

    {objective}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    target_mean_ : ndarray of shape (n_outputs,)
        Mean that was taken off the targets.
    target_scale_ : ndarray of shape (n_outputs,)
        Scale by which the targets were divided.

    See Also
    --------
    ConvNetClassifier : The classifier.
    NetRegressor : A torch module of your own.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import ConvNetRegressor
    >>> X = np.random.RandomState(0).normal(size=(200, 2, 12))  # signals of two channels
    >>> y = X[:, 0].max(axis=1)
    >>> net = ConvNetRegressor(channels=(8, 8), max_iter=40, tol=0, learning_rate_init=0.01,
    ...                        n_iter_no_change=40, random_state=0)
    >>> bool(net.fit(X, y).score(X, y) > 0.5)
    True
    """


@with_hyperparameters(
    "conv", "classifier", positional=("input_shape", "channels", "kernel_size"), texts=TEXTS
)
class ConvNetClassifier(NetClassifierMixin, BaseConvNet):
    """Conv net classifier in which every regularizer is a hyperparameter.

    Blocks of convolution, normalisation, activation and max pooling, the mean over all places, and
    a linear layer. For images (C, H, W) and signals (C, T); trains in torch.

    {objective}

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels; the numbers of the columns for multilabel targets.
    {attributes}

    See Also
    --------
    ConvNetRegressor : The regressor.
    NetClassifier : A torch module of your own.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skreg import ConvNetClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> net = ConvNetClassifier((1, 8, 8), channels=(16, 32), dropout=0.1, max_iter=8, tol=0,
    ...                         learning_rate_init=0.01, n_iter_no_change=8, random_state=0)
    >>> bool(net.fit(X_train, y_train).score(X_test, y_test) > 0.9)
    True
    """
