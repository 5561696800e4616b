"""`MLPClassifier`."""

from numbers import Real

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skreg._sklearn import Interval, StrOptions, _fit_context
from skreg.estimators._base import BaseMLP, trains_in_steps
from skreg.estimators._parameters import shared_docs, store
from skreg.estimators._targets import ClassTarget, check_labels


@shared_docs
class MLPClassifier(ClassifierMixin, BaseMLP):
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

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="both")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _y_numeric = False

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
        label_smoothing=0.0,
        class_weight=None,
        device="cpu",
        dtype="float32",
        engine="auto",
        callbacks=None,
    ):
        store(locals())

    @available_if(trains_in_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train one pass over the given rows; optimizer and random state go on from call to call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; one row is enough.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call, but for multilabel y.

        Returns
        -------
        self : object
            The trained estimator.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X):
        """Predict labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Most probable classes, or a 0/1 matrix for multilabel targets.
        """
        output = self._output(X)
        return self._target.labels(output)

    def decision_function(self, X):
        """Raw predictions: log-odds for logistic outputs, unnormalised log-probabilities else.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column where there are two classes, as scikit-learn's classifiers have it.
        """
        raw = self._output(X, link="identity")
        return raw.ravel() if self._target.kind == "binary" else raw

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`, in the compute dtype; for multilabel targets the
            probability of each label.
        """
        output = self._output(X)
        return self._target.probabilities(output)

    def predict_log_proba(self, X):
        """Predict logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            ``log(predict_proba(X))``; minus infinity where a probability underflows.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _check_y(self, y, name="y"):
        return check_labels(y, name)

    def _make_target(self, y, classes, warm, fresh):
        if warm:
            self._check_same_classes(y, fresh)
            return self._target
        if not fresh and classes is None and y.ndim == 1:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return ClassTarget(y, classes, self.label_smoothing, self.class_weight)

    def _check_same_classes(self, y, fresh):
        if fresh and y.ndim == 1 and set(np.unique(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where y has the same classes as in the previous call "
                f"to fit: they were {self.classes_}, y has {np.unique(y)}. Fit with "
                "warm_start=False to begin anew."
            )

    def _take(self, net, target, warm):
        super()._take(net, target, warm)
        self.classes_ = target.classes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
