"""Regularizers that look at the gradient a second time, at perturbed weights.

- Sharpness-aware minimization: the step's gradient is that at ``W + sam_rho g / |g|`` (Foret et al.
  2021, "Sharpness-aware minimization for efficiently improving generalization").
- Gradient penalty: ``gradient_penalty / 4 * |g|^2`` is added to the batch loss, g its gradient by
  all parameters, penalties excluded. It makes explicit what gradient descent does implicitly
  (Barrett & Dherin 2021, "Implicit gradient regularization"). Its gradient ``mu / 2 * H g`` is a
  forward difference, ``mu / 2 * |g| / rho * (g(W + rho g / |g|) - g)``: for relu nets a Hessian by
  automatic differentiation leaves out the curvature that sits in the kinks. With ``rho = 0`` it is
  exact, by double backward (torch only).

All draws of a step (dropout, noises, mixup) are the same at both points.
"""

import numpy as np

from skreg.blocks.activations import ACTIVATIONS
from skreg.compiler.jit import jit

FIELDS = [("sam_rho", "f8"), ("gradient_penalty", "f8"), ("penalty_rho", "f8")]
"""Of a plan: SAM's radius, the penalty's mu (-1: the learning rate), the difference's radius."""

RADIUS = 0.05  # of the forward difference for relu nets


def perturbation_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    mu, rho = params.gradient_penalty, params.gradient_penalty_rho
    if rho is None:
        rho = 0.0 if ACTIVATIONS[params.activation].smooth else RADIUS
    return {
        "sam_rho": params.sam_rho,
        "gradient_penalty": -1.0 if mu == "auto" else mu,
        "penalty_rho": rho,
    }


def is_exact(params):
    """Whether the gradient penalty is on and exact, which takes double backward."""
    on = params.gradient_penalty == "auto" or params.gradient_penalty > 0
    return bool(on) and perturbation_settings(params)["penalty_rho"] == 0.0


@jit
def radius(plan):
    """How far from the weights the second gradient is taken; 0 for no second gradient."""
    return plan["penalty_rho"] if plan["gradient_penalty"] != 0.0 else plan["sam_rho"]


@jit
def strength(plan, rate):
    """The gradient penalty's mu at learning rate `rate`."""
    return rate if plan["gradient_penalty"] < 0.0 else plan["gradient_penalty"]


@jit
def norm_of(gradient):
    """Norm of the gradient (1-D, of all parameters)."""
    square = 0.0
    for i in range(gradient.size):
        square += gradient[i] * gradient[i]
    return np.sqrt(square)


@jit
def move(params, gradient, distance, point):
    """Write to `point` the parameters moved by `distance` times the gradient."""
    distance = params.dtype.type(distance)
    for i in range(params.size):
        point[i] = params[i] + distance * gradient[i]


@jit
def combine(plan, rate, norm, first, second):
    """Leave in `second` the step's gradient, made of those at the weights and at the point."""
    mu = strength(plan, rate)
    if mu == 0.0:
        return  # SAM steps with the second as it is
    factor = second.dtype.type(mu / 2.0 * norm / plan["penalty_rho"])
    for i in range(second.size):
        second[i] = first[i] + factor * (second[i] - first[i])


def torch_gradient(mu, rho, parameters, batch_loss):
    """Set the parameters' `.grad` to the step's gradient; gives the loss, penalty included.

    Nothing is asked of the device: a net whose gradient is zero looks twice at one point.

    Parameters
    ----------
    mu, rho : float, or of a stack Tensor of shape (n_nets,) or None
        The gradient penalty's strength, and how far off the second gradient is taken. 0 or None is
        off, for all nets of a stack.
    parameters : list of Tensor
        In a stack with a leading axis of nets.
    batch_loss : callable
        Without arguments; the batch loss at the parameters' values, a scalar or in a stack one for
        each net, with the same draws each time.
    """
    import torch

    loss = batch_loss()
    penalizes, takes_second = _is_on(mu), _is_on(rho)
    if penalizes and not takes_second:
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        loss = loss + mu / 4 * _square(gradients, loss.ndim)
        loss.backward()
        return loss.detach()
    _total(loss).backward()
    loss = loss.detach()
    if not takes_second:
        return loss
    first = [p.grad.clone() for p in parameters]
    norm = torch.sqrt(_square(first, loss.ndim))
    distance = torch.where(norm > 0, rho / norm, 0)
    kept = [p.detach().clone() for p in parameters]
    with torch.no_grad():
        for p, g in zip(parameters, first, strict=True):
            p.add_(_beside(distance, g) * g)
            p.grad = None
    _total(batch_loss()).backward()
    with torch.no_grad():
        for p, value in zip(parameters, kept, strict=True):
            p.copy_(value)
    if not penalizes:
        return loss
    for p, g in zip(parameters, first, strict=True):
        p.grad.sub_(g).mul_(_beside(mu / 2 * norm / rho, g)).add_(g)
    return loss + mu / 4 * norm**2


def _total(losses):
    """Sum of the nets' losses; that of one net as it is, which saves a step of autograd."""
    return losses.sum() if losses.ndim else losses


def _is_on(strength):
    """Whether anybody has it: a stack gives a tensor where one of its nets has."""
    return strength is not None and (np.ndim(strength) > 0 or bool(strength))


def _square(gradient, n_axes):
    """Sum of squares of a gradient (a list of tensors) over all but the first `n_axes` axes."""
    return sum((g**2).sum(dim=tuple(range(n_axes, g.ndim))) for g in gradient)


def _beside(numbers, values):
    """A number, or one per net with the dimensions of the nets' values."""
    return numbers.reshape(-1, *[1] * (values.ndim - 1)) if numbers.ndim else numbers
