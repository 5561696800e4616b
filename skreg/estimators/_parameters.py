"""How an estimator's parameters go together; each is declared in `skreg.hyperparameters`."""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np

from skreg.augmentation.kinds import active
from skreg.estimators._pretrained import check_pretrained, fits_inside


def check_consistency(estimator):
    """Sizes of the hidden layers; raises where parameters that are each valid do not go together.

    Raises
    ------
    ValueError
        Naming the parameters, their values and the remedy.
    """
    hidden = layer_sizes("hidden_layer_sizes", estimator.hidden_layer_sizes)
    _check_architecture(estimator, "hidden_layer_sizes", hidden, "hidden layers")
    _check_transfer(estimator)
    check_training(estimator)
    check_strengths(estimator, len(hidden) + 1)
    if estimator.solver == "lbfgs":
        _check_lbfgs(estimator)
    return hidden


def check_conv(estimator):
    """Raise where parameters of a conv net do not go together, as `check_consistency`."""
    channels = layer_sizes("channels", estimator.channels)
    if not channels:
        raise ValueError("channels=() leaves no block: give the channels of one at least.")
    if estimator.kernel_size % 2 == 0:
        raise ValueError(
            f"kernel_size={estimator.kernel_size} has no middle, so maps would change their size: "
            f"use an odd number, {estimator.kernel_size + 1} say."
        )
    _check_architecture(estimator, "channels", channels, "blocks")
    _check_transfer(estimator)
    check_training(estimator)
    check_strengths(estimator, len(channels) + 1)


def check_strengths(estimator, n_weights):
    """Raise where a strength is neither a number nor one for each weight tensor."""
    for name in (
        name for name, h in estimator._hyperparameters.items() if h.per_layer == "weights"
    ):
        value, layers = getattr(estimator, name), "layers of weights (the output's included)"
        _check_per_layer(name, value, n_weights, layers, below=np.inf)


def check_training(estimator):
    """Raise where training parameters and regularizers do not go together."""
    _check_snapshots(estimator)
    if estimator.sam_rho and estimator.gradient_penalty:
        raise ValueError(
            f"sam_rho={estimator.sam_rho!r} and gradient_penalty={estimator.gradient_penalty!r} "
            "both change the step's gradient: leave one of them at 0."
        )
    for name in (name for name, h in estimator._hyperparameters.items() if h.proximal):
        on = np.any(getattr(estimator, name))
        if on and estimator.solver == "sgd" and estimator.momentum == 1:
            raise ValueError(f"{name} with solver='sgd' needs momentum below 1, got momentum=1.")


def _check_lbfgs(estimator):
    """Raise where `solver="lbfgs"` finds something other than one smooth function."""
    for name in (name for name, h in estimator._hyperparameters.items() if not h.smooth):
        value = getattr(estimator, name)
        value = active(value) if name == "augment" else value
        if value is not None and np.any(value):
            raise ValueError(
                f"solver='lbfgs' minimizes one smooth function and cannot serve {name}="
                f"{value!r}. Use solver='adam', 'adamw' or 'sgd', or leave {name} at its default."
            )
    if estimator.dtype == "bfloat16":
        raise ValueError(
            "solver='lbfgs' computes in float64 and cannot serve dtype='bfloat16'. Use "
            "dtype='float32', or solver='adam', 'adamw' or 'sgd'."
        )
    if estimator.normalization == "batch":
        raise ValueError(
            "solver='lbfgs' minimizes one function of all rows and cannot serve "
            "normalization='batch'. Use normalization='layer', or another solver."
        )


def _check_architecture(estimator, name, hidden, layers):
    """Raise where `dropout`, `residual` and `drop_path` find no layers (sizes `hidden`) to act on.

    `name` is the parameter of the sizes, and `layers` what to call them.
    """
    value = getattr(estimator, name)
    _check_per_layer("dropout", estimator.dropout, len(hidden), layers, below=1)
    if estimator.residual and not any(a == b for a, b in pairwise(hidden)):
        raise ValueError(
            f"residual=True needs two neighbouring {layers} of equal width, and "
            f"{name}={value!r} has none: use (64, 64), say, or residual=False."
        )
    if estimator.drop_path and not estimator.residual:
        raise ValueError(
            f"drop_path={estimator.drop_path!r} leaves out the branches of residual layers: set "
            "residual=True, or drop_path=0.0."
        )
    if name == "hidden_layer_sizes" and estimator.normalization == "layer" and 1 in hidden:
        raise ValueError(
            f"normalization='layer' makes a layer of one unit constant, and hidden_layer_sizes="
            f"{value!r} has one: use at least 2 units, or normalization='batch'."
        )


def _check_snapshots(estimator):
    """Raise where a path has no `n_snapshots` ends of cycles, or something else chooses weights."""
    n = estimator.n_snapshots
    if n == 1:
        return
    remedies = {
        "learning_rate": (estimator.learning_rate != "cosine", "set learning_rate='cosine'"),
        "solver": (estimator.solver == "lbfgs", "use solver='adam', 'adamw' or 'sgd'"),
        "early_stopping": (estimator.early_stopping, "set early_stopping=False"),
        "averaging": (estimator.averaging, "set averaging=None"),
        "max_iter": (n > estimator.max_iter, "raise max_iter to an epoch for each snapshot"),
    }
    for name, (clashes, remedy) in remedies.items():
        if clashes:
            raise ValueError(
                f"n_snapshots={n} keeps the weights at the ends of cosine cycles and does not go "
                f"with {name}={getattr(estimator, name)!r}: {remedy}, or n_snapshots=1."
            )


def _check_transfer(estimator):
    """Raise where `pretrained` is no source, or training cannot do with its layers as asked."""
    pretrained = getattr(estimator, "pretrained", None)
    check_pretrained(pretrained)
    if pretrained is None or estimator.solver != "lbfgs":
        return
    if estimator.n_frozen_layers and estimator.freeze_epochs is not None:
        raise ValueError(
            "solver='lbfgs' minimizes over the same weights from beginning to end and cannot serve "
            f"freeze_epochs={estimator.freeze_epochs!r}. Use solver='adam', 'adamw' or 'sgd', or "
            "freeze_epochs=None."
        )
    if estimator.pretrained_lr_mult != 1:
        raise ValueError(
            "solver='lbfgs' has no learning rate and cannot serve pretrained_lr_mult="
            f"{estimator.pretrained_lr_mult!r}. Use solver='adam', 'adamw' or 'sgd', or 1.0."
        )


def check_anchor(anchor, shapes):
    """Anchor as arrays of `shapes`, those of `coefs_`; raises where they are others."""
    arrays = [np.asarray(a, dtype=np.float64) for a in anchor]
    if [a.shape for a in arrays] != shapes:
        raise ValueError(
            f"anchor must have the shapes of coefs_, {shapes}, got {[a.shape for a in arrays]}."
        )
    if not all(np.isfinite(a).all() for a in arrays):
        raise ValueError("anchor has values that are not finite.")
    return arrays


def layer_sizes(name, value):
    """Sizes of layers as a tuple of int, from one int or several; `name` is the parameter's."""
    sizes = tuple(np.atleast_1d(np.array(value, dtype=object)))
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            hint = " Use () for a linear model." if name == "hidden_layer_sizes" else ""
            raise ValueError(f"{name} must be integers of at least 1, got {value!r}.{hint}")
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
    if estimator.n_snapshots > 1:
        raise AttributeError("partial_fit has no cycles to take snapshots of: set n_snapshots=1.")
    if estimator.early_stopping:
        raise AttributeError(
            "partial_fit has no validation rows to watch: set early_stopping=False."
        )
    if fits_inside(getattr(estimator, "pretrained", None)):
        raise AttributeError(
            "partial_fit would fit pretrained on its first rows alone: fit it beforehand and wrap "
            "it in sklearn.frozen.FrozenEstimator."
        )
    if getattr(estimator, "class_weight", None) == "balanced":
        raise AttributeError(
            "partial_fit cannot balance classes it has not seen: give class_weight as a dict."
        )
    return True


def takes_snapshots(estimator):
    """Whether `predict_members` is there; raises with the remedy where it is not."""
    if estimator.n_snapshots == 1:
        raise AttributeError("predict_members needs several nets: set n_snapshots above 1.")
    return True
