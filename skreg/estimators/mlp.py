"""`MLPRegressor` and `MLPClassifier`: their parameters. What they do stands in their bases."""

from skreg.estimators._classifier import NetClassifierMixin
from skreg.estimators._layered import BaseMLP
from skreg.estimators._parameter_docs import shared_docs
from skreg.estimators._parameters import CLASSIFIER_CONSTRAINTS, REGRESSOR_CONSTRAINTS, store
from skreg.estimators._regressor import NetRegressorMixin


@shared_docs
class MLPRegressor(NetRegressorMixin, BaseMLP):
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
    {transfer}
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

    _parameter_constraints: dict = {**BaseMLP._parameter_constraints, **REGRESSOR_CONSTRAINTS}

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
        max_fun=15000,
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
        normalization=None,
        residual=False,
        dropout=0.0,
        input_dropout=0.0,
        drop_path=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        target_noise_std=0.0,
        scale_target=True,
        huber_delta=1.0,
        quantile=0.5,
        pretrained=None,
        reset_layers=1,
        n_frozen_layers=0,
        freeze_epochs=None,
        pretrained_lr_mult=1.0,
        device="cpu",
        dtype="float32",
        engine="auto",
        callbacks=None,
    ):
        store(locals())


@shared_docs
class MLPClassifier(NetClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier in which every regularizer is a hyperparameter.

    {objective}

    The loss is the cross-entropy: of a softmax over the classes, of one logistic output for two
    classes, and summed over logistic outputs for multilabel targets.

    Parameters
    ----------
    {network}
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
    {transfer}
    {execution}

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

    _parameter_constraints: dict = {**BaseMLP._parameter_constraints, **CLASSIFIER_CONSTRAINTS}

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
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
        max_fun=15000,
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
        normalization=None,
        residual=False,
        dropout=0.0,
        input_dropout=0.0,
        drop_path=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        label_smoothing=0.0,
        class_weight=None,
        pretrained=None,
        reset_layers=1,
        n_frozen_layers=0,
        freeze_epochs=None,
        pretrained_lr_mult=1.0,
        device="cpu",
        dtype="float32",
        engine="auto",
        callbacks=None,
    ):
        store(locals())
