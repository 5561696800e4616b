"""`NetClassifier` and `NetRegressor`: their parameters."""

from skreg.estimators._attributes import TEXTS
from skreg.estimators._classifier import NetClassifierMixin
from skreg.estimators._module_net import BaseUsersNet
from skreg.estimators._regressor import NetRegressorMixin
from skreg.hyperparameters.estimator import with_hyperparameters


@with_hyperparameters(
    "module", "regressor", positional=("module",), others="module__params", texts=TEXTS
)
class NetRegressor(NetRegressorMixin, BaseUsersNet):
    """Regressor of a torch module of your own, with every regularizer.

    The module gives raw predictions of shape (n_samples, n_outputs): one column per output. It
    trains in torch; what it draws by itself (dropout) comes from torch's global generators, which
    are seeded from `random_state` for it, one step of one net at a time, and then put back.

    {objective}

    Parameters
    ----------
    {parameters}
    **module__params
        What the module takes, as ``module__<name>``.

    Attributes
    ----------
    {attributes}
    target_mean_ : ndarray of shape (n_outputs,)
        Mean that was taken off the targets.
    target_scale_ : ndarray of shape (n_outputs,)
        Scale by which the targets were divided.

    See Also
    --------
    NetClassifier : The classifier.
    ConvNetRegressor : A conv net.

    Examples
    --------
    >>> import torch
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from skreg import NetRegressor
    >>> class Net(torch.nn.Module):
    ...     def __init__(self, n_features, n_outputs, n_units=32, dropout=0.1):
    ...         super().__init__()
    ...         self.hidden = torch.nn.Linear(n_features, n_units)
    ...         self.dropout = torch.nn.Dropout(dropout)
    ...         self.output = torch.nn.Linear(n_units, n_outputs)
    ...     def forward(self, X):
    ...         return self.output(self.dropout(torch.relu(self.hidden(X))))
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = NetRegressor(Net, alpha=0.1, max_iter=50, tol=0, n_iter_no_change=50, random_state=0,
    ...                    module__n_units=16)
    >>> bool(net.fit(scale(X), y).score(scale(X), y) > 0.4)
    True
    """


@with_hyperparameters(
    "module", "classifier", positional=("module",), others="module__params", texts=TEXTS
)
class NetClassifier(NetClassifierMixin, BaseUsersNet):
    """Classifier of a torch module of your own, with every regularizer.

    The module gives raw predictions of shape (n_samples, n_outputs): one logit per class, or
    label, and a single one for two classes. It trains
    in torch; what it draws by itself (dropout) comes from torch's global generators, which are
    seeded from `random_state` for it, one step of one net at a time, and then put back.

    {objective}

    Parameters
    ----------
    {parameters}
    **module__params
        What the module takes, as ``module__<name>``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels; the numbers of the columns for multilabel targets.
    {attributes}

    See Also
    --------
    NetRegressor : The regressor.
    ConvNetClassifier : A conv net.

    Examples
    --------
    >>> import torch
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skreg import NetClassifier
    >>> class Net(torch.nn.Module):
    ...     def __init__(self, n_features, n_outputs, n_units=32, dropout=0.1):
    ...         super().__init__()
    ...         self.hidden = torch.nn.Linear(n_features, n_units)
    ...         self.dropout = torch.nn.Dropout(dropout)
    ...         self.output = torch.nn.Linear(n_units, n_outputs)
    ...     def forward(self, X):
    ...         return self.output(self.dropout(torch.relu(self.hidden(X))))
    >>> X, y = load_digits(return_X_y=True)
    >>> net = NetClassifier(Net, learning_rate_init=0.01, max_iter=10, tol=0, n_iter_no_change=10,
    ...                     random_state=0)
    >>> search = GridSearchCV(net, {"module__n_units": [8, 64]}, cv=2).fit(X / 16, y)
    >>> search.best_params_
    {'module__n_units': 64}
    """
