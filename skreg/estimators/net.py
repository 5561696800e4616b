"""`NetClassifier` and `NetRegressor`: their parameters."""

from skreg.estimators._classifier import NetClassifierMixin
from skreg.estimators._net_docs import net_docs
from skreg.estimators._parameters import CLASSIFIER_CONSTRAINTS, REGRESSOR_CONSTRAINTS, store
from skreg.estimators._regressor import NetRegressorMixin
from skreg.estimators._users import BaseUsersNet


@net_docs
class NetRegressor(NetRegressorMixin, BaseUsersNet):
    """Regressor of a torch module of your own, with every regularizer.

    The module gives raw predictions of shape (n_samples, n_outputs): one column per output. It
    trains in torch; what it draws by itself (dropout) comes from torch's global generators, which
    are seeded from `random_state` for it, one step of one net at a time, and then put back.

    {objective}

    Parameters
    ----------
    module : callable, default=None
        A class of `torch.nn.Module`, or a function that makes one; None has nothing to train. What
        it takes is given as ``module__<name>``, to the constructor, `set_params` and searches. Of
        the sizes it gets those that it has a name for: the features of a row as `n_features`,
        `in_features`, `input_size`, `input_dim` or `n_inputs`, the outputs as `n_outputs`,
        `out_features`, `output_size` or `output_dim`. Lazy modules see a batch first.
    input_shape : tuple of int, default=None
        Shape in which the module takes a row. X may have it, ``(n_samples, *input_shape)``, or be
        flat. None is that of X.
    loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson"}, \
            default="squared_error"
        Loss of a row, summed over outputs; half the square for "squared_error", the pinball loss
        of `quantile` for "quantile", half the deviance under a log link for "poisson" (y >= 0).
        Taken on the standardized target with `scale_target`.
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

    _parameter_constraints: dict = {**BaseUsersNet._parameter_constraints, **REGRESSOR_CONSTRAINTS}

    def __init__(
        self,
        module=None,
        *,
        input_shape=None,
        loss="squared_error",
        solver="adam",
        alpha=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        n_snapshots=1,
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
        scoring="loss",
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_time=None,
        averaging=None,
        averaging_decay=0.99,
        averaging_start=0.75,
        l1=0.0,
        anchor_alpha=0.0,
        anchor=None,
        penalty=None,
        max_norm=None,
        clip_grad_norm=None,
        gradient_penalty=0.0,
        gradient_penalty_rho=None,
        sam_rho=0.0,
        mixup_alpha=0.0,
        cutmix_alpha=0.0,
        augment=None,
        input_dropout=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        target_noise_std=0.0,
        scale_target=True,
        huber_delta=1.0,
        quantile=0.5,
        device="cpu",
        dtype="float32",
        callbacks=None,
        **module__params,
    ):
        store(locals())


@net_docs
class NetClassifier(NetClassifierMixin, BaseUsersNet):
    """Classifier of a torch module of your own, with every regularizer.

    The module gives raw predictions of shape (n_samples, n_outputs): one logit per class, or
    label, and a single one for two classes. It trains
    in torch; what it draws by itself (dropout) comes from torch's global generators, which are
    seeded from `random_state` for it, one step of one net at a time, and then put back.

    {objective}

    Parameters
    ----------
    module : callable, default=None
        A class of `torch.nn.Module`, or a function that makes one; None has nothing to train. What
        it takes is given as ``module__<name>``, to the constructor, `set_params` and searches. Of
        the sizes it gets those that it has a name for: the features of a row as `n_features`,
        `in_features`, `input_size`, `input_dim` or `n_inputs`, the outputs as `n_outputs`,
        `out_features`, `output_size` or `output_dim`. Lazy modules see a batch first.
    input_shape : tuple of int, default=None
        Shape in which the module takes a row. X may have it, ``(n_samples, *input_shape)``, or be
        flat. None is that of X.
    {training}
    {regularizers}
    label_smoothing : float, default=0.0
        Share eps of the target's mass spread over all K classes, in [0, 1], as torch and Keras
        define it: ``(1 - eps) y + eps / K``. If a proportion p of the labels is thought wrong,
        ``eps = p K / (K - 1)``. Multilabel targets move by eps / 2.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, times `sample_weight`; "balanced" gives all classes the same total
        (counted with `sample_weight`). For multilabel targets the keys are 0 and 1, and a row's
        weight is the product over its labels.
    {execution}
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

    _parameter_constraints: dict = {**BaseUsersNet._parameter_constraints, **CLASSIFIER_CONSTRAINTS}

    def __init__(
        self,
        module=None,
        *,
        input_shape=None,
        solver="adam",
        alpha=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        n_snapshots=1,
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
        scoring="loss",
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_time=None,
        averaging=None,
        averaging_decay=0.99,
        averaging_start=0.75,
        l1=0.0,
        anchor_alpha=0.0,
        anchor=None,
        penalty=None,
        max_norm=None,
        clip_grad_norm=None,
        gradient_penalty=0.0,
        gradient_penalty_rho=None,
        sam_rho=0.0,
        mixup_alpha=0.0,
        cutmix_alpha=0.0,
        augment=None,
        input_dropout=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        label_smoothing=0.0,
        class_weight=None,
        device="cpu",
        dtype="float32",
        callbacks=None,
        **module__params,
    ):
        store(locals())
