"""Averages of the weights along the path of training; what predicts is the average.

- Exponential moving average: after every step ``average <- decay * average + (1 - decay) * W``,
  and W itself after the first (Polyak & Juditsky 1992; decay as in Tarvainen & Valpola 2017).
- Stochastic weight averaging: the plain mean of the weights at the ends of the last epochs
  (Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization").

Both as `torch.optim.swa_utils.AveragedModel` has them; biases are averaged with the weights.
"""

from skreg.compiler.jit import jit

NONE, EMA, SWA = range(3)
NAMES = (None, "ema", "swa")

FIELDS = [("averaging", "i8"), ("averaging_decay", "f8"), ("averaging_from", "i8")]
"""Of a plan: the kind of average, its decay (ema), the first epoch averaged (swa, from 1)."""


def averaging_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "averaging": NAMES.index(params.averaging),
        "averaging_decay": params.averaging_decay,
        "averaging_from": int(params.averaging_start * params.max_iter) + 1,
    }


@jit
def next_share(plan, n_averaged, epoch, ends_epoch):
    """Share of the weights in the next average, after a step; 0 for no change.

    `epoch` counts from 1, and `ends_epoch` says whether the step was its last.
    """
    if plan["averaging"] == EMA:
        return 1.0 if n_averaged == 0 else 1.0 - plan["averaging_decay"]
    if plan["averaging"] == SWA and ends_epoch and epoch >= plan["averaging_from"]:
        return 1.0 / (n_averaged + 1.0)
    return 0.0


@jit
def average_in(share, params, average):
    """Take the parameters (1-D) into their average with a share, in place."""
    if share == 1.0:
        for i in range(params.size):
            average[i] = params[i]
        return
    share = params.dtype.type(share)
    for i in range(params.size):
        average[i] += share * (params[i] - average[i])


def torch_average_in(share, params, averages):
    """The same for lists of tensors."""
    import torch

    with torch.no_grad():
        for value, average in zip(params, averages, strict=True):
            average.lerp_(value, share)
