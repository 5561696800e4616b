"""Penalties and constraints on the weights; biases are never touched.

In the objective, so that they mean the same for every batch size:

- L2: ``alpha / 2 * sum_j W_j^2`` (Hoerl & Kennard 1970; Krogh & Hertz 1992).
- L1: ``l1 * sum_j |W_j|`` (Tibshirani 1996), by a proximal step after the optimizer's, which gives
  exact zeros (`shrink`).
- Group lasso over inputs: ``group_lasso * sqrt(n_out) * sum_j ||W_j||_2``, W_j the weights of input
  j in the first layer (Yuan & Lin 2006; Scardapane et al. 2017), by a proximal step after that of
  L1 (`_shrink_groups`).
- Anchor: ``anchor_alpha / 2 * sum_j (W_j - W0_j)^2`` (Li, Grandvalet & Davoine 2018, "Explicit
  inductive bias for transfer learning").
- The user's own: any differentiable ``penalty(weights)``, by autograd (torch engine).

On the step:

- Decoupled decay (adamw): ``W <- (1 - rate * decay) W`` (Loshchilov & Hutter 2019).
- Max norm: a unit's incoming weights are scaled back to norm `max_norm` (Srivastava et al. 2014).
- Clipping: the gradient is scaled back to norm `clip_grad_norm` (Pascanu, Mikolov & Bengio 2013).
"""

import numpy as np

from skreg.compiler.jit import jit

FIELDS = [("clip_norm", "f8")]
"""Of a plan: the largest norm of a step's gradient; infinity is off."""

LAYER_FIELDS = [
    ("alpha", "f8"),
    ("l1", "f8"),
    ("group_lasso", "f8"),
    ("anchor_alpha", "f8"),
    ("decay", "f8"),
    ("max_norm", "f8"),
]
"""Of each layer of a plan: strengths of what acts on its weights (`max_norm`: infinity is off)."""


def penalty_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    clip = params.clip_grad_norm
    return {"clip_norm": np.inf if clip is None else clip}


def layer_penalty_settings(params, n_layers):
    """Values of `LAYER_FIELDS`, scalars or one per layer, from an estimator's parameters."""
    decoupled = params.solver == "adamw"
    return {
        "alpha": 0.0 if decoupled else params.alpha,
        "l1": params.l1,
        "group_lasso": [params.group_lasso] + [0.0] * (n_layers - 1),
        "anchor_alpha": params.anchor_alpha,
        "decay": params.alpha if decoupled else 0.0,
        "max_norm": np.inf if params.max_norm is None else params.max_norm,
    }


@jit
def add_penalty(layer, weights, anchor, gradient):
    """Value of the penalties on a layer's `weights` (1-D); smooth ones add to `gradient`.

    `anchor` has the weights' shape, or is empty where `anchor_alpha` is 0.
    """
    zero = weights.dtype.type(0)
    value = 0.0
    if layer["alpha"] > 0.0:
        alpha, square = weights.dtype.type(layer["alpha"]), zero
        for i in range(weights.size):
            square += weights[i] * weights[i]
            gradient[i] += alpha * weights[i]
        value += 0.5 * layer["alpha"] * square
    if layer["anchor_alpha"] > 0.0:
        alpha, square = weights.dtype.type(layer["anchor_alpha"]), zero
        for i in range(weights.size):
            gap = weights[i] - anchor[i]
            square += gap * gap
            gradient[i] += alpha * gap
        value += 0.5 * layer["anchor_alpha"] * square
    if layer["l1"] > 0.0:
        size = zero
        for i in range(weights.size):
            size += abs(weights[i])
        value += layer["l1"] * size
    if layer["group_lasso"] > 0.0:
        n_in = layer["n_in"]
        for j in range(n_in):
            square = zero
            for i in range(j, weights.size, n_in):
                square += weights[i] * weights[i]
            value += layer["group_lasso"] * np.sqrt(layer["n_out"]) * np.sqrt(square)
    return value


@jit
def clip(plan, norm, gradient):
    """Scale the gradient (1-D, of all parameters), whose norm is given, back to `clip_norm`."""
    factor = plan["clip_norm"] / (norm + 1e-6)  # torch's guard against 0
    if factor < 1.0:
        for i in range(gradient.size):
            gradient[i] *= gradient.dtype.type(factor)


@jit
def decay(layer, rate, weights):
    """Decoupled weight decay of a step with learning rate `rate`, in place."""
    if layer["decay"] > 0.0:
        factor = weights.dtype.type(1.0 - rate * layer["decay"])
        for i in range(weights.size):
            weights[i] *= factor


@jit
def is_proximal(layer):
    """Whether a penalty of the layer acts by a proximal step."""
    return layer["l1"] > 0.0 or layer["group_lasso"] > 0.0


@jit
def shrink(layer, weights, steps):
    """Proximal step of a layer's penalties, in place; that of l1 is ``steps * l1`` towards 0.

    `steps` are the optimizer's own step sizes, weight by weight.
    """
    if layer["l1"] > 0.0:
        _shrink_each(layer, weights, steps)
    if layer["group_lasso"] > 0.0:
        for j in range(layer["n_in"]):
            _shrink_group(layer, j, weights, steps)


@jit
def _shrink_each(layer, weights, steps):
    l1, zero = weights.dtype.type(layer["l1"]), weights.dtype.type(0)
    for i in range(weights.size):
        w, by = weights[i], l1 * steps[i]
        weights[i] = w - by if w > by else (w + by if w < -by else (zero if w == w else w))


_NEWTON = 8  # in float64 six steps were enough for step sizes that differ by 1e7


@jit
def _shrink_group(layer, j, weights, steps):
    """Proximal step of the group lasso on input j: the norm `t` it leaves is a scalar's root.

    In the optimizer's metric ``W_i <- W_i t / (t + by steps_i)``, where t solves
    ``sum_i (W_i / (t + by steps_i))^2 = 1``; Newton's method comes up to it from below. Where
    ``sum_i (W_i / (by steps_i))^2 <= 1`` all become 0.
    """
    n_in, dtype = layer["n_in"], weights.dtype.type
    zero, one = dtype(0), dtype(1)
    by = dtype(layer["group_lasso"] * np.sqrt(layer["n_out"]))
    square, ratio, largest = zero, zero, zero
    for i in range(j, weights.size, n_in):
        w = weights[i]
        square += w * w
        largest = max(largest, steps[i])
        if w != zero:
            ratio += (w / steps[i]) * (w / steps[i])
    if ratio <= by * by:
        for i in range(j, weights.size, n_in):
            weights[i] = zero
        return
    t = max(zero, np.sqrt(square) - by * largest)
    for _ in range(_NEWTON):
        size, slope = zero, zero
        for i in range(j, weights.size, n_in):
            below = t + by * steps[i]
            share = weights[i] / below
            size += share * share
            slope += share * share / below
        t = max(zero, t + (np.sqrt(size) - one) * size / slope)
    for i in range(j, weights.size, n_in):
        weights[i] *= t / (t + by * steps[i])


@jit
def project(layer, weights):
    """Max-norm projection of each unit's incoming weights (a row of (out, in)), in place."""
    if layer["max_norm"] == np.inf:
        return
    limit = weights.dtype.type(layer["max_norm"])
    for r in range(weights.shape[0]):
        square = weights.dtype.type(0)
        for j in range(weights.shape[1]):
            square += weights[r, j] * weights[r, j]
        if square > limit * limit:
            factor = limit / np.sqrt(square)
            for j in range(weights.shape[1]):
                weights[r, j] *= factor


def stacked_strengths(layers):
    """Strengths of one layer of several nets, for the torch forms below.

    Parameters
    ----------
    layers : structured array with `LAYER_FIELDS`
        The same layer of each net.

    Returns
    -------
    dict by name
        Of arrays of shape (n_nets,), and of the number that means off where no net has it on.
    """
    off = dict.fromkeys((name for name, _ in LAYER_FIELDS), 0.0) | {"max_norm": np.inf}
    return {k: v if (layers[k] == v).all() else layers[k] for k, v in off.items()}


def torch_penalty(layer, weight, anchor):
    """Value of the penalties on a layer's weight tensor, as a torch scalar (or 0.0).

    Those of l1 and the group lasso come in without gradient: their step is proximal.

    Parameters
    ----------
    layer : record with `LAYER_FIELDS`, or for a stack a dict of tensors of shape (n_nets,)
        See `stacked_strengths`.
    weight, anchor : Tensor of shape (n_out, n_in) or (n_nets, n_out, n_in)
        The value has the shape that is left without the last two.
    """
    value = 0.0
    if _is_on(layer["alpha"]):
        value = value + layer["alpha"] / 2 * (weight**2).sum(dim=(-2, -1))
    if _is_on(layer["anchor_alpha"]):
        value = value + layer["anchor_alpha"] / 2 * ((weight - anchor) ** 2).sum(dim=(-2, -1))
    if _is_on(layer["l1"]):
        value = value + layer["l1"] * weight.detach().abs().sum(dim=(-2, -1))
    if _is_on(layer["group_lasso"]):
        strength = layer["group_lasso"] * weight.shape[-2] ** 0.5
        value = value + strength * weight.detach().norm(dim=-2).sum(dim=-1)
    return value


def _with_groups_shrunk(weight, by, steps):
    """The weights after the step of `_shrink_group` on all inputs."""
    import torch

    steps = torch.zeros_like(weight) + steps
    ratio = torch.where(weight == 0, 0, weight / steps).square().sum(dim=-2, keepdim=True)
    norm = weight.norm(dim=-2, keepdim=True)
    t = (norm - by * steps.amax(dim=-2, keepdim=True)).clamp(min=0)
    for _ in range(_NEWTON):
        below = t + by * steps
        square = (weight / below).square()
        size, slope = (part.sum(dim=-2, keepdim=True) for part in (square, square / below))
        t = (t + (size.sqrt() - 1) * size / slope).clamp(min=0)
    return torch.where(ratio <= by**2, 0, weight * (t / (t + by * steps)))


def _is_on(strength, off=0.0):
    """Whether a layer has it at all: a stack gives a tensor where one of its nets has."""
    return np.ndim(strength) > 0 or strength != off


def _beside(strength, weight):
    """A strength with the dimensions of a stack's weight tensor; a number as it is."""
    return strength[:, None, None] if weight.ndim == 3 and np.ndim(strength) else strength


def users_penalty(penalty, weights):
    """Value of a user's penalty on the list of weight tensors; checked to be a scalar tensor."""
    import torch

    value = penalty(weights)
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise ValueError(
            f"penalty={penalty!r} must return a torch scalar, computed from the list of weight "
            f"tensors by torch functions; got {got}."
        )
    return value.reshape(())


def torch_clip(limit, gradient):
    """Scale a net's gradient (tensors) back to norm `limit`, in place, as `clip`.

    Parameters
    ----------
    limit : float, or of a stack Tensor of shape (n_nets,)
    gradient : list of Tensor, in a stack of shape (n_nets, ...)
    """
    n_axes = np.ndim(limit)
    square = sum((g**2).sum(dim=tuple(range(n_axes, g.ndim))) for g in gradient)
    factor = (limit / (square.sqrt() + 1e-6)).clamp(max=1)
    for g in gradient:
        g.mul_(factor.reshape(-1, *[1] * (g.ndim - 1)) if n_axes else factor)


def torch_decay(layer, rate, weight):
    """Decoupled weight decay of a step with learning rate `rate`, in place, as `decay`."""
    if _is_on(layer["decay"]):
        weight.mul_(_beside(1 - rate * layer["decay"], weight))


def torch_after_step(layer, weight, steps):
    """What follows the optimizer's step on a layer's weights, in place: `shrink` and `project`.

    Parameters
    ----------
    layer, weight : as for `torch_penalty`
    steps : callable
        Gives the optimizer's step sizes for this weight, a tensor of its shape or a number.
    """
    if _is_on(layer["l1"]):
        by = _beside(layer["l1"], weight) * steps(weight)
        weight.copy_(weight.sign() * (weight.abs() - by).clamp(min=0))
    if _is_on(layer["group_lasso"]):
        strength = _beside(layer["group_lasso"], weight) * weight.shape[-2] ** 0.5
        weight.copy_(_with_groups_shrunk(weight, strength, steps(weight)))
    if _is_on(layer["max_norm"], off=np.inf):
        norm = weight.norm(dim=-1, keepdim=True)
        weight.mul_((_beside(layer["max_norm"], weight) / norm).clamp(max=1))
