"""Losses: value and gradient at the raw prediction, for both engines side by side.

`raw` is the net's output before the link function, `y` the target in training units (one column
per output; class targets are rows of probabilities). Several outputs are summed. The compiled
forms work in place: on return `raw` holds the gradient.

=================  ==============================================================  ==============
name               loss of one output                                              link
=================  ==============================================================  ==============
squared_error      (raw - y)^2 / 2                                                 identity
absolute_error     abs(raw - y)                                                    identity
huber              e^2 / 2 if abs(e) <= delta else delta (abs(e) - delta / 2)      identity
quantile           q max(y - raw, 0) + (1 - q) max(raw - y, 0)                     identity
poisson            exp(raw) - y raw + y log(y) - y                                 exp
gamma              y exp(-raw) + raw - log(y) - 1                                  exp
cross_entropy      - y log softmax(raw), summed over classes                       softmax
binary_log_loss    softplus(raw) - y raw                                           logistic
reconstruction     of a pretext task, `skreg.losses.reconstruction`                identity
contrastive        of a batch, `skreg.losses.contrastive`                          identity
gaussian, laplace  of two outputs per target, `skreg.losses.location_scale`        identity
quantiles          of an output per level, `skreg.losses.quantiles`                identity
=================  ==============================================================  ==============
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.losses import location_scale
from skreg.losses.quantile_function import MOST_LEVELS
from skreg.losses.quantiles import in_order, quantiles_loss, torch_quantiles
from skreg.losses.records import LOSSES

NAMES = tuple(LOSSES)
SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, POISSON, CROSS_ENTROPY, BINARY_LOG_LOSS = range(7)
RECONSTRUCTION, CONTRASTIVE, GAUSSIAN, LAPLACE, GAMMA, QUANTILES = range(7, 13)

FIELDS = [
    ("loss", "i8"),
    ("loss_parameter", "f8"),
    ("outputs_per_target", "i8"),
    ("levels", "f8", (MOST_LEVELS,)),
]
"""Of a plan: the loss's place in `NAMES`; huber's delta, the quantile, beta, or how many quantiles
lie above the first one; raw outputs; levels of several quantiles, in the order of the outputs."""


def loss_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    loss, levels = LOSSES[params.loss], np.zeros(MOST_LEVELS)
    parameter = getattr(params, loss.parameter) if loss.parameter else 0.0
    n_outputs = loss.outputs_per_target
    if loss.name == "quantiles":
        n_outputs = len(parameter)
        levels[:n_outputs], parameter = in_order(parameter)
    return {
        "loss": NAMES.index(loss.name),
        "loss_parameter": parameter,
        "outputs_per_target": n_outputs,
        "levels": levels,
    }


@jit
def loss_and_gradient(plan, raw, y, weight):
    """Sum over rows of weight * loss; `raw` becomes its gradient.

    Parameters
    ----------
    plan : record with `FIELDS`
    raw : ndarray of shape (n_rows, n_outputs), overwritten
    y : ndarray of shape (n_rows, n_targets)
        A column for each `outputs_per_target` outputs.
    weight : ndarray of shape (n_rows,)
    """
    if plan["loss"] == CROSS_ENTROPY:
        return _cross_entropy(raw, y, weight)
    if plan["loss"] == BINARY_LOG_LOSS:
        return _binary_log_loss(raw, y, weight)
    if plan["loss"] == POISSON:
        return _poisson(raw, y, weight)
    if plan["loss"] == GAMMA:
        return _gamma(raw, y, weight)
    if plan["loss"] == GAUSSIAN:
        return location_scale.gaussian_loss(plan["loss_parameter"], raw, y, weight)
    if plan["loss"] == LAPLACE:
        return location_scale.laplace_loss(raw, y, weight)
    if plan["loss"] == QUANTILES:
        n_levels, n_above = plan["outputs_per_target"], int(plan["loss_parameter"])
        return quantiles_loss(plan["levels"], n_levels, n_above, raw, y, weight)
    if plan["loss"] > QUANTILE:
        return np.nan  # of another task, or unknown: the fit stops
    total = 0.0
    dtype = raw.dtype.type
    half, zero, one, parameter = dtype(0.5), dtype(0), dtype(1), dtype(plan["loss_parameter"])
    for r in range(raw.shape[0]):
        row = zero
        for j in range(raw.shape[1]):
            e = raw[r, j] - y[r, j]
            if plan["loss"] == SQUARED_ERROR:
                row += half * e * e
                raw[r, j] = weight[r] * e
            elif plan["loss"] == ABSOLUTE_ERROR:
                row += abs(e)
                raw[r, j] = weight[r] * np.sign(e)
            elif plan["loss"] == HUBER:
                inside = min(max(e, -parameter), parameter)
                row += inside * (e - half * inside)
                raw[r, j] = weight[r] * (inside if e == e else e)
            elif plan["loss"] == QUANTILE:
                slope = one - parameter if e > zero else -parameter
                row += slope * e
                raw[r, j] = weight[r] * slope
        total += weight[r] * row
    return total


@jit
def _cross_entropy(raw, y, weight):
    total = 0.0
    for r in range(raw.shape[0]):
        top = raw[r, 0]
        for j in range(1, raw.shape[1]):
            top = max(top, raw[r, j])
        mass = raw.dtype.type(0)
        for j in range(raw.shape[1]):
            mass += np.exp(raw[r, j] - top)
        log_mass = np.log(mass) + top
        row = raw.dtype.type(0)
        for j in range(raw.shape[1]):
            log_p = raw[r, j] - log_mass
            row -= y[r, j] * log_p
            raw[r, j] = weight[r] * (np.exp(log_p) - y[r, j])
        total += weight[r] * row
    return total


@jit
def _binary_log_loss(raw, y, weight):
    total = 0.0
    zero, one = raw.dtype.type(0), raw.dtype.type(1)
    for r in range(raw.shape[0]):
        row = zero
        for j in range(raw.shape[1]):
            z = raw[r, j]
            small = np.exp(-abs(z))
            row += max(z, zero) + np.log1p(small) - y[r, j] * z
            p = one / (one + small) if z >= zero else small / (one + small)
            raw[r, j] = weight[r] * (p - y[r, j])
        total += weight[r] * row
    return total


@jit
def _poisson(raw, y, weight):
    total = 0.0
    zero = raw.dtype.type(0)
    for r in range(raw.shape[0]):
        row = zero
        for j in range(raw.shape[1]):
            mean, target = np.exp(raw[r, j]), y[r, j]
            row += mean - target * raw[r, j] - target
            if target > zero:
                row += target * np.log(target)
            raw[r, j] = weight[r] * (mean - target)
        total += weight[r] * row
    return total


@jit
def _gamma(raw, y, weight):
    total = 0.0
    zero, one = raw.dtype.type(0), raw.dtype.type(1)
    for r in range(raw.shape[0]):
        row = zero
        for j in range(raw.shape[1]):
            ratio, target = y[r, j] * np.exp(-raw[r, j]), y[r, j]
            row += ratio + raw[r, j] - one
            if target > zero:
                row -= np.log(target)
            raw[r, j] = weight[r] * (one - ratio)
        total += weight[r] * row
    return total


def torch_loss(plan, raw, y, weight):
    """Sum over rows of weight * loss as a torch scalar; autograd gives the gradient.

    Parameters
    ----------
    plan : record with `FIELDS`
    raw : Tensor of shape (n_rows, n_outputs)
        Or (n_nets, n_rows, n_outputs), for one sum a net.
    y : Tensor of shape (n_rows, n_targets) or (n_nets, n_rows, n_targets)
    weight : Tensor of shape (n_rows,) or (n_nets, n_rows)
    """
    import torch
    from torch.nn import functional

    if plan["loss"] == SQUARED_ERROR:
        value = (raw - y) ** 2 / 2
    elif plan["loss"] == ABSOLUTE_ERROR:
        value = (raw - y).abs()
    elif plan["loss"] == HUBER:
        value = functional.huber_loss(raw, y, reduction="none", delta=plan["loss_parameter"])
    elif plan["loss"] == QUANTILE:
        e = raw - y
        value = torch.where(e > 0, (1 - plan["loss_parameter"]) * e, -plan["loss_parameter"] * e)
    elif plan["loss"] == POISSON:
        positive = y.clamp(min=0)  # noise may take a target below zero, where y log(y) is left out
        value = raw.exp() - y * raw - y + torch.special.xlogy(positive, positive)
    elif plan["loss"] == GAMMA:
        value = y * (-raw).exp() + raw - torch.where(y > 0, y, 1).log() - 1
    elif plan["loss"] == CROSS_ENTROPY:
        value = -y * functional.log_softmax(raw, dim=-1)
    elif plan["loss"] == BINARY_LOG_LOSS:
        value = functional.binary_cross_entropy_with_logits(raw, y, reduction="none")
    elif plan["loss"] == GAUSSIAN:
        value = location_scale.torch_gaussian(float(plan["loss_parameter"]), raw, y)
    elif plan["loss"] == LAPLACE:
        value = location_scale.torch_laplace(raw, y)
    elif plan["loss"] == QUANTILES:
        levels = plan["levels"][: plan["outputs_per_target"]]
        value = torch_quantiles(levels, int(plan["loss_parameter"]), raw, y)
    else:
        raise ValueError(f"skreg.losses.formulas has no formula for loss number {plan['loss']}.")
    return (value.sum(dim=-1) * weight).sum(dim=-1)


def class_targets(codes, levels, n_classes):
    """Targets (..., n_classes) of classes' numbers (..., 1), as torch tensors.

    Parameters
    ----------
    codes : Tensor of shape (..., 1)
    levels : Tensor of shape (2,) or (..., 2)
        Of the other classes, and of a row's own.
    n_classes : int
    """
    import torch

    own = codes == torch.arange(n_classes, device=codes.device)
    return torch.where(own, levels[..., 1:], levels[..., :1])


def smooth_labels(targets, label_smoothing, n_classes):
    """Targets moved towards the uniform distribution: (1 - eps) y + eps / K.

    As torch's ``CrossEntropyLoss(label_smoothing=)`` and Keras define it (Szegedy et al. 2016,
    "Rethinking the Inception architecture", section 7).

    Parameters
    ----------
    targets : ndarray
    label_smoothing : float in [0, 1]
    n_classes : int
        K; 2 for logistic outputs, each a two-class problem of its own.
    """
    return (1 - label_smoothing) * targets + label_smoothing / n_classes
