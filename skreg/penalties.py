"""Penalties on the weights, added to the batch loss; biases are never penalised.

L2: ``alpha / 2 * sum_j W_j^2`` with gradient ``alpha * W`` (Hoerl & Kennard 1970; "weight decay",
Krogh & Hertz 1992). It is part of the objective, so it means the same for every batch size.
"""

from skreg._jit import jit

LAYER_FIELDS = [("alpha", "f8")]
"""Of each layer of a plan: the strengths of the penalties on its weights."""


def penalty_settings(params):
    """Values of `LAYER_FIELDS` from an estimator's parameters (a mapping)."""
    return {"alpha": params["alpha"]}


@jit
def add_penalty(layer, weights, gradient):
    """Value of the penalties on a layer's `weights` (1-D); adds their gradient to `gradient`."""
    if layer["alpha"] == 0.0:
        return 0.0
    alpha = weights.dtype.type(layer["alpha"])
    square = weights.dtype.type(0)
    for i in range(weights.size):
        square += weights[i] * weights[i]
        gradient[i] += alpha * weights[i]
    return 0.5 * layer["alpha"] * square


def torch_penalty(layer, weights):
    """Value of the penalties on a layer's weight tensor, as a torch scalar (or 0.0)."""
    return layer["alpha"] / 2 * (weights**2).sum() if layer["alpha"] else 0.0
