"""`MLPRegressor` and `MLPClassifier`: their parameters. What they do stands in their bases."""

from skreg.estimators._attributes import TEXTS
from skreg.estimators._classifier import NetClassifierMixin
from skreg.estimators._layered import BaseMLP
from skreg.estimators._presets import PresetMixin
from skreg.estimators._regressor import NetRegressorMixin
from skreg.hyperparameters.estimator import with_hyperparameters


@with_hyperparameters(
    "mlp",
    "regressor",
    positional=("loss", "hidden_layer_sizes", "activation"),
    texts=TEXTS,
)
class MLPRegressor(PresetMixin, NetRegressorMixin, BaseMLP):
    """Multi-layer perceptron regressor in which every regularizer is a hyperparameter.

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


@with_hyperparameters(
    "mlp", "classifier", positional=("hidden_layer_sizes", "activation"), texts=TEXTS
)
class MLPClassifier(PresetMixin, NetClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier in which every regularizer is a hyperparameter.

    {objective}

    The loss is the cross-entropy: of a softmax over the classes, of one logistic output for two
    classes, and summed over logistic outputs for multilabel targets.

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
    MLPRegressor : The regressor.
    sklearn.neural_network.MLPClassifier : The one of scikit-learn, with L2 and early stopping only.

    References
    ----------
    .. [1] Goodfellow, Bengio & Courville (2016), "Deep Learning", chapter 7.
    .. [2] Prince (2023), "Understanding Deep Learning", chapter 9.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skreg import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> net = MLPClassifier(dropout=0.2, label_smoothing=0.1, max_iter=50, tol=0,
    ...                     n_iter_no_change=50, random_state=0)
    >>> bool(net.fit(X_train, y_train).score(X_test, y_test) > 0.95)
    True
    """
