"""Layers that are trained apart from the others: frozen for a while, or at a rate of their own.

- A frozen layer is a constant: its weights, bias, gain and shift keep every bit, it has no gradient
  and no penalty, its moments stand still, and batch normalisation in it goes by its running
  statistics, which stay as they are. Dropout and noises act on it as on others. Frozen are always
  the first layers, those nearest to the input, so that the backward pass ends above them (Yosinski,
  Clune, Bengio & Lipson 2014, "How transferable are features in deep neural networks?").
- Thawed, it begins its own count of steps, as Adam's bias correction asks for: by the net's count
  its first hundred steps would be up to six times too long.
- A layer's learning rate is `rate_factor` times the net's (Howard & Ruder 2018, "Universal language
  model fine-tuning for text classification", call it discriminative fine-tuning).
"""

import numpy as np

from skreg.compiler.jit import jit

FOREVER = np.iinfo(np.int64).max

LAYER_FIELDS = [("frozen_for", "i8"), ("rate_factor", "f8")]
"""Of each layer of a plan: the epochs at the beginning in which it is frozen (`FOREVER` for all),
and what its learning rate is multiplied by."""


def freezing_settings(params):
    """Values of `LAYER_FIELDS`, scalars or one per layer, as pretrained nets have them."""
    return {"frozen_for": params.frozen_for, "rate_factor": params.rate_factor}


@jit
def n_frozen(layers, epoch):
    """How many layers, the first ones, are frozen after `epoch` finished epochs."""
    n = 0
    while n < layers.size and epoch < layers[n]["frozen_for"]:
        n += 1
    return n


@jit
def clear_frozen(layers, n_frozen, gradient):
    """Set the gradient (1-D, of all parameters) of the frozen layers to 0."""
    if n_frozen > 0:
        for i in range(layers[n_frozen - 1]["end"]):
            gradient[i] = gradient.dtype.type(0)
