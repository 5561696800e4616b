"""Adam and SGD, compiled, with scikit-learn's placement of every constant.

`skreg.engine.torch.optimizer` has the same for torch.

Adam (Kingma & Ba 2015) adds epsilon to sqrt(v) before the bias correction, as scikit-learn does
and as the paper proposes at the end of its section 2; torch's own adds it after. AdamW is the same
step after a decay of the weights (`skreg.regularizers.penalties.decay`). SGD with momentum,
Nesterov's too, as in scikit-learn (Sutskever et al. 2013).
"""

import numpy as np

from skreg.compiler.jit import jit

NAMES = ("adam", "adamw", "sgd", "lbfgs")  # lbfgs is scipy's: see `skreg.engine.lbfgs`
ADAM, ADAMW, SGD, LBFGS = range(4)


FIELDS = [
    ("optimizer", "i8"),
    ("beta_1", "f8"),
    ("beta_2", "f8"),
    ("epsilon", "f8"),
    ("momentum", "f8"),
    ("nesterov", "?"),
]
"""Of a plan: the optimizer's place in `NAMES`, and the constants of its formulas."""


def optimizer_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "optimizer": NAMES.index(params.solver),
        **{name: getattr(params, name) for name in ("beta_1", "beta_2", "epsilon", "momentum")},
        "nesterov": params.nesterovs_momentum,
    }


@jit
def adam_rate(plan, learning_rate, step):
    """Learning rate with Adam's two bias corrections at step `step` (from 1)."""
    correction = np.sqrt(1.0 - plan["beta_2"] ** step) / (1.0 - plan["beta_1"] ** step)
    return learning_rate * correction


@jit
def update_weights(plan, learning_rate, step, weights, gradient, first, second):
    """One step on a 1-D slice of the parameters, in place.

    `first` and `second` are the moments of Adam; SGD keeps its velocity in `first`.
    """
    if plan["optimizer"] == SGD:
        _sgd(plan, learning_rate, weights, gradient, first)
    else:
        rate = adam_rate(plan, learning_rate, step)
        _adam(plan, rate, weights, gradient, first, second)


@jit
def step_sizes(plan, learning_rate, step, second, out):
    """Size of the step per unit of a lasting gradient, weight by weight, into `out` (1-D).

    The metric in which a proximal step keeps the minimum where it is: momentum lets sgd go
    ``1 / (1 - momentum)`` times as far, and Adam divides by the root of the second moment.
    """
    if plan["optimizer"] == SGD:
        size = out.dtype.type(learning_rate / (1.0 - plan["momentum"]))
        for i in range(out.size):
            out[i] = size
        return
    size = out.dtype.type(learning_rate * np.sqrt(1.0 - plan["beta_2"] ** step))
    epsilon = out.dtype.type(plan["epsilon"])
    for i in range(out.size):
        out[i] = size / (np.sqrt(second[i]) + epsilon)


@jit
def _adam(plan, rate, weights, gradient, first, second):
    dtype = weights.dtype.type
    beta_1, beta_2 = dtype(plan["beta_1"]), dtype(plan["beta_2"])
    rest_1, rest_2 = dtype(1.0 - plan["beta_1"]), dtype(1.0 - plan["beta_2"])
    rate, epsilon = dtype(rate), dtype(plan["epsilon"])
    for i in range(weights.size):
        g = gradient[i]
        first[i] = beta_1 * first[i] + rest_1 * g
        second[i] = beta_2 * second[i] + rest_2 * g * g
        weights[i] -= rate * first[i] / (np.sqrt(second[i]) + epsilon)


@jit
def _sgd(plan, learning_rate, weights, gradient, velocity):
    dtype = weights.dtype.type
    momentum, rate = dtype(plan["momentum"]), dtype(learning_rate)
    for i in range(weights.size):
        velocity[i] = momentum * velocity[i] - rate * gradient[i]
        if plan["nesterov"]:
            weights[i] += momentum * velocity[i] - rate * gradient[i]
        else:
            weights[i] += velocity[i]
