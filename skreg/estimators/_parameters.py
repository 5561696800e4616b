"""The parameters that all MLP estimators share: their ranges, how they go together, their docs."""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np

from skreg._sklearn import HasMethods, Interval, Options, StrOptions

_AT_LEAST_0 = Interval(Real, 0, None, closed="left")
_ABOVE_0 = Interval(Real, 0, None, closed="neither")
_FROM_1 = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")

SHARED_CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", _FROM_1],
    "activation": [StrOptions({"identity", "logistic", "tanh", "relu"})],
    "normalization": [StrOptions({"layer", "batch"}), None],
    "residual": ["boolean"],
    "solver": [StrOptions({"adam", "adamw", "sgd", "lbfgs"})],
    "alpha": [_AT_LEAST_0, "array-like"],
    "l1": [_AT_LEAST_0, "array-like"],
    "anchor_alpha": [_AT_LEAST_0],
    "anchor": ["array-like", None],
    "penalty": [callable, None],
    "max_norm": [_ABOVE_0, None],
    "clip_grad_norm": [_ABOVE_0, None],
    "batch_size": [StrOptions({"auto"}), _FROM_1],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "cosine"})],
    "learning_rate_init": [_ABOVE_0],
    "power_t": [_AT_LEAST_0],
    "max_iter": [_FROM_1],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_AT_LEAST_0],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean", StrOptions({"refit"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither"), HasMethods("split")],
    "scoring": [str, callable],
    "beta_1": [_SHARE],
    "beta_2": [_SHARE],
    "epsilon": [_ABOVE_0],
    "n_iter_no_change": [_FROM_1, Options(Real, {np.inf})],
    "max_fun": [_FROM_1],
    "averaging": [StrOptions({"ema", "swa"}), None],
    "averaging_decay": [_SHARE],
    "averaging_start": [_SHARE],
    "gradient_penalty": [_AT_LEAST_0, StrOptions({"auto"})],
    "gradient_penalty_rho": [_AT_LEAST_0, None],
    "sam_rho": [_AT_LEAST_0],
    "mixup_alpha": [_AT_LEAST_0],
    "dropout": [_SHARE, "array-like"],
    "input_dropout": [_SHARE],
    "drop_path": [_SHARE],
    "noise_std": [_AT_LEAST_0],
    "weight_noise_std": [_AT_LEAST_0],
    "device": [str],
    "dtype": [StrOptions({"float32", "float64"})],
    "engine": [StrOptions({"auto", "compiled", "torch"})],
    "callbacks": [list, None],
}

_NOT_A_SMOOTH_FUNCTION = (
    "gradient_penalty",
    "sam_rho",
    "mixup_alpha",
    "dropout",
    "input_dropout",
    "drop_path",
    "noise_std",
    "weight_noise_std",
    "target_noise_std",
    "l1",
    "max_norm",
    "clip_grad_norm",
    "averaging",
)


def check_together(estimator):
    """Sizes of the hidden layers; raises where parameters that are each valid do not go together.

    Raises
    ------
    ValueError
        Naming the parameters, their values and the remedy.
    """
    hidden = _hidden_layer_sizes(estimator.hidden_layer_sizes)
    _check_architecture(estimator, hidden)
    _check_per_layer("dropout", estimator.dropout, len(hidden), "hidden layers", below=1)
    for name in ("alpha", "l1"):
        value, layers = getattr(estimator, name), "layers of weights (the output's included)"
        _check_per_layer(name, value, len(hidden) + 1, layers, below=np.inf)
    if estimator.sam_rho and estimator.gradient_penalty:
        raise ValueError(
            f"sam_rho={estimator.sam_rho!r} and gradient_penalty={estimator.gradient_penalty!r} "
            "both change the step's gradient: leave one of them at 0."
        )
    if np.any(estimator.l1) and estimator.solver == "sgd" and estimator.momentum == 1:
        raise ValueError("l1 with solver='sgd' needs momentum below 1, got momentum=1.")
    if estimator.solver == "lbfgs":
        for name in _NOT_A_SMOOTH_FUNCTION:
            value = getattr(estimator, name, 0.0)
            if value is not None and np.any(value):
                raise ValueError(
                    f"solver='lbfgs' minimizes one smooth function and cannot serve {name}="
                    f"{value!r}. Use solver='adam', 'adamw' or 'sgd', or leave {name} at its "
                    "default."
                )
        if estimator.normalization == "batch":
            raise ValueError(
                "solver='lbfgs' minimizes one function of all rows and cannot serve "
                "normalization='batch'. Use normalization='layer', or another solver."
            )
    return hidden


def _check_architecture(estimator, hidden):
    """Raise where `normalization`, `residual` and `drop_path` find no layers to act on."""
    value = estimator.hidden_layer_sizes
    if estimator.residual and not any(a == b for a, b in pairwise(hidden)):
        raise ValueError(
            f"residual=True needs two neighbouring hidden layers of equal width, and "
            f"hidden_layer_sizes={value!r} has none: use (64, 64), say, or residual=False."
        )
    if estimator.drop_path and not estimator.residual:
        raise ValueError(
            f"drop_path={estimator.drop_path!r} leaves out the branches of residual layers: set "
            "residual=True, or drop_path=0.0."
        )
    if estimator.normalization == "layer" and 1 in hidden:
        raise ValueError(
            f"normalization='layer' makes a layer of one unit constant, and hidden_layer_sizes="
            f"{value!r} has one: use at least 2 units, or normalization='batch'."
        )


def check_anchor(anchor, sizes):
    """Anchor as arrays of the shapes of `coefs_`; raises where they are others."""
    shapes = list(pairwise(sizes))
    arrays = [np.asarray(a, dtype=np.float64) for a in anchor]
    if [a.shape for a in arrays] != shapes:
        raise ValueError(
            f"anchor must have the shapes of coefs_, {shapes}, got {[a.shape for a in arrays]}."
        )
    if not all(np.isfinite(a).all() for a in arrays):
        raise ValueError("anchor has values that are not finite.")
    return arrays


def _hidden_layer_sizes(value):
    sizes = tuple(np.atleast_1d(np.array(value, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"hidden_layer_sizes must be integers of at least 1, got {value!r}. "
                "Use () for a linear model."
            )
    return tuple(int(size) for size in sizes)


def _check_per_layer(name, value, n_layers, layers, below):
    """Raise where `value` is neither a number nor a sequence of numbers in [0, below), one each."""
    if isinstance(value, Real):
        return
    numbers = np.asarray(value, dtype=object)
    if numbers.shape != (n_layers,):
        raise ValueError(
            f"{name}={value!r} must be a number, or one number for each of the {n_layers} {layers}."
        )
    if not all(isinstance(number, Real) and 0 <= number < below for number in numbers):
        raise ValueError(f"{name}={value!r} must lie in [0, {below}) for each of the {layers}.")


def trains_in_steps(estimator):
    """Whether `partial_fit` is there; raises with the reason where it is not."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit needs a stochastic solver ('adam', 'adamw' or 'sgd'), got solver='lbfgs'."
        )
    if estimator.early_stopping:
        raise AttributeError(
            "partial_fit has no validation rows to watch: set early_stopping=False."
        )
    if getattr(estimator, "class_weight", None) == "balanced":
        raise AttributeError(
            "partial_fit cannot balance classes it has not seen: give class_weight as a dict."
        )
    return True


def training_params(estimator, loss):
    """An estimator's parameters as the engine takes them, with `loss` and `dtype` as trained."""
    dtype = "float64" if estimator.solver == "lbfgs" else estimator.dtype
    return {**estimator.get_params(deep=False), "loss": loss, "dtype": dtype}


def store(values):
    """Set a constructor's arguments, given as its `locals()`, as attributes, untouched."""
    estimator = values["self"]
    for name, value in values.items():
        if name != "self":
            setattr(estimator, name, value)


def shared_docs(cls):
    """Class decorator: put the shared parameters and attributes into the docstring's places."""
    cls.__doc__ = (
        cls.__doc__.replace("    {objective}\n", _OBJECTIVE)
        .replace("    {network}\n", _NETWORK)
        .replace("    {training}\n", _TRAINING)
        .replace("    {regularizers}\n", _REGULARIZERS)
        .replace("    {execution}\n", _EXECUTION)
        .replace("    {attributes}\n", _ATTRIBUTES)
    )
    return cls


_OBJECTIVE = """\
    Minimizes over the parameters phi, with weights W (biases are never penalised), rows
    (x_i, y_i) and sample weights w_i::

        J(phi) = sum_i w_i loss(f(x_i; phi), y_i) / sum_i w_i
                 + alpha / 2 * sum_j W_j^2  +  l1 * sum_j |W_j|
                 + anchor_alpha / 2 * sum_j (W_j - anchor_j)^2

    which means the same for every batch size, solver and number of rows. scikit-learn's MLP
    divides its alpha by the rows B of a batch: ``alpha_sklearn = alpha * B``.
"""

_NETWORK = """\
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of the hidden layers; an int is one layer, ``()`` a linear model.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the hidden layers.
"""

_TRAINING = """\
    solver : {"adam", "adamw", "sgd", "lbfgs"}, default="adam"
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), gradient descent with momentum, or L-BFGS on all rows at once (float64; no dropout,
        noise, `l1` or constraints).
    alpha : float or array-like of shape (n_layers - 1,), default=1e-4
        Strength of the L2 penalty, the lambda of the literature: ``alpha / 2 * sum(W^2)`` is added
        to the mean loss. One number, or one per layer of weights. With "adamw" weights shrink by
        ``learning_rate * alpha`` of themselves in each step instead.
    batch_size : int or "auto", default="auto"
        Rows of a batch of the stochastic solvers; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        Schedule of the learning rate, per epoch, for adam, adamw and sgd. "invscaling" divides by
        ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever training stalls; "cosine"
        falls to 0 over `max_iter` epochs.
    learning_rate_init : float, default=0.001
        Learning rate at the start, for adam, adamw and sgd. `partial_fit` goes on with its own.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Most epochs (adam, adamw, sgd) or iterations (lbfgs).
    shuffle : bool, default=True
        Whether rows are shuffled in each epoch. Without effect where one batch holds all rows.
    random_state : int, RandomState instance or None, default=None
        Seed of initialisation, shuffling, early-stopping split and noise. An int makes fits
        bit-equal; the global generators of numpy and torch are never touched.
    tol : float, default=1e-4
        Training stops when the loss (validation loss under early stopping) has not fallen by `tol`
        for more than `n_iter_no_change` epochs. For lbfgs the largest gradient component at the
        solution.
    verbose : bool or int, default=False
        Whether to print loss and validation loss of each epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit: weights, moments of the optimizer and random state
        are kept, the epochs count anew.
    momentum : float, default=0.9
        Momentum of sgd, in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether sgd's momentum is Nesterov's.
    early_stopping : bool or "refit", default=False
        Whether to stop by the loss on validation rows, without noise and penalties (or by
        `scoring`), and to restore the weights of the best epoch. The rows are
        `validation_fraction` of the training rows (stratified by class), or `X_val` and `y_val`
        given to `fit`. "refit" trains once more, on all rows, for the best number of epochs.
    validation_fraction : float or CV splitter, default=0.1
        Share of the rows held out for early stopping, in (0, 1), or a splitter of scikit-learn's
        whose last split is taken: `TimeSeriesSplit` for rows in order of time, `GroupShuffleSplit`
        with `groups` given to `fit`.
    scoring : str or callable, default="loss"
        What early stopping watches: the loss, or a scorer of scikit-learn's by name, or a callable
        ``scorer(estimator, X, y)``, of which larger is better. It is called after every epoch, with
        `sample_weight` where rows differ in weight and it takes it.
    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to the root of Adam's second moment.
    n_iter_no_change : int or np.inf, default=10
        Epochs without improvement by `tol` that are waited for. At least `max_iter` asks for a
        fixed number of epochs.
    max_fun : int, default=15000
        Most evaluations of the objective by lbfgs.
"""

_REGULARIZERS = """\
    averaging : {"ema", "swa"}, default=None
        Average of the weights along the path that validates and predicts in their place: their
        exponential moving average, taken after every step, or the plain mean of those at the ends
        of the last epochs (Izmailov et al. 2018), as `torch.optim.swa_utils` has them.
    averaging_decay : float, default=0.99
        Decay of "ema" per step, in [0, 1): it looks back over some ``1 / (1 - decay)`` steps.
    averaging_start : float, default=0.75
        Share of the `max_iter` epochs that pass before "swa" begins, in [0, 1).
    l1 : float or array-like of shape (n_layers - 1,), default=0.0
        Strength of the L1 penalty ``l1 * sum(|W|)``, by a proximal step: weights become exactly 0
        (`sparsity_`).
    anchor_alpha : float, default=0.0
        Strength of the L2 penalty towards `anchor`.
    anchor : list of array-like of the shapes of `coefs_`, default=None
        Weights that `anchor_alpha` pulls towards, in training units; None are the initial weights.
    penalty : callable, default=None
        A penalty of your own: called with the list of weight tensors (n_out, n_in), layer by layer,
        it returns a torch scalar that is added to the objective. Runs in the torch engine.
    max_norm : float, default=None
        Largest norm of a unit's incoming weights, kept to after every step; None is no limit.
    clip_grad_norm : float, default=None
        Largest norm of a step's gradient, penalties included; None is no limit.
    gradient_penalty : float or "auto", default=0.0
        Strength mu of ``mu / 4 * |g|^2`` in the batch loss, g its gradient: what gradient descent
        with step size mu does implicitly, made explicit (Barrett & Dherin 2021). "auto" is the
        learning rate.
    gradient_penalty_rho : float, default=None
        Radius of the forward difference that takes its gradient; 0 is exact, by double backward in
        the torch engine. None is 0.05 for relu, whose kinks double backward overlooks, and 0 else.
    sam_rho : float, default=0.0
        Sharpness-aware steps: gradients are taken at the weights moved by `sam_rho` up the gradient
        (Foret et al. 2021).
    mixup_alpha : float, default=0.0
        Every row of a batch is mixed with another, features and targets, in shares drawn from
        Beta(mixup_alpha, mixup_alpha) (Zhang et al. 2018); 0 is off.
    normalization : {"layer", "batch"}, default=None
        Normalisation of each hidden layer's pre-activation z, before the activation:
        ``gain * (z - mean) / sqrt(variance + 1e-5) + shift``, over the units of a row (Ba et al.
        2016), or over the rows of a batch with their sample weights (Ioffe & Szegedy 2015), where
        prediction uses running averages. Gain and shift are trained and never penalised.
    residual : bool, default=False
        Whether a hidden layer as wide as the hidden layer before it adds that one's output to its
        own (He et al. 2016).
    dropout : float or array-like of float, default=0.0
        Probability that a hidden unit is left out of a step, in [0, 1); one number, or one per
        hidden layer (Srivastava et al. 2014).
    input_dropout : float, default=0.0
        Probability that an input is left out of a step, in [0, 1).
    drop_path : float, default=0.0
        Probability that a residual layer adds nothing to a row in a step, in [0, 1) (stochastic
        depth: Huang et al. 2016).
    noise_std : float, default=0.0
        Standard deviation of Gaussian noise on the inputs, in the units of X (Bishop 1995).
    weight_noise_std : float, default=0.0
        Standard deviation of Gaussian noise on the weights at which gradients are taken
        (Graves 2011).
"""

_EXECUTION = """\
    device : str, default="cpu"
        Where to train, a name that torch knows: "cpu", "cuda", "cuda:1"...
    dtype : {"float32", "float64"}, default="float32"
        Compute dtype, and that of the fitted weights and of probabilities.
    engine : {"auto", "compiled", "torch"}, default="auto"
        What runs the epochs: compiled kernels (on the CPU) or torch. "auto" is compiled wherever it
        serves. Both give the same net.
    callbacks : list of skorch callbacks, default=None
        Called by the skorch net as it trains; a KeyboardInterrupt that one raises stops training.
"""

_ATTRIBUTES = """\
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of the layers.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of the layers.
    norms_ : list of ndarray of shape (2, n_units) or (4, n_units)
        With `normalization`, of each hidden layer: gain, shift, and with "batch" running mean and
        variance (the biased one). Empty without.
    sparsity_ : list of float
        Share of weights that are exactly 0, layer by layer.
    loss_curve_ : list of float
        Mean objective of each epoch, noise and penalties included.
    loss_ : float
        Its last value.
    best_loss_ : float or None
        Its lowest value; None under early stopping.
    validation_scores_ : list of float or None
        Minus the validation loss of each epoch, or its score by `scoring`.
    best_validation_score_ : float or None
        Its highest value under early stopping.
    best_epoch_ : int or None
        Epoch (from 1) whose weights were restored under early stopping.
    n_iter_ : int
        Epochs (iterations of lbfgs) of the last call of `fit`.
    t_ : int
        Training rows seen.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of outputs of the net.
    out_activation_ : str
        Name of the link from raw prediction to prediction.
    net_ : skorch.NeuralNet
        The fitted skorch net; its module predicts in training units.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names that are all strings.
"""
