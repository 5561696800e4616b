"""The steps of `skreg.engine.optimizers` as a torch optimizer."""

import numpy as np
import torch

from skreg.engine.optimizers import SGD, adam_rate


class RegularizedOptimizer(torch.optim.Optimizer):
    """Adam or SGD after a plan (array of one record); a parameter's state may be preset."""

    def __init__(self, params, lr, plan):
        self.plan = plan[0]
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        """One step on all parameters that have a gradient."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step_one(weight, group["lr"])
        return loss

    def step_sizes(self, weight):
        """As the compiled `step_sizes`: a tensor of the weight's shape, or a number."""
        o, lr, state = self.plan, self.rate_of(weight), self.state[weight]
        if o["optimizer"] == SGD:
            return lr / (1 - o["momentum"])
        size = lr * np.sqrt(1 - o["beta_2"] ** state["step"])
        return step_sizes(o, size, state["second"])

    def preset(self, weight, first, second, step, factor=1.0):
        """Give a parameter its moments (tensors, updated in place), number of steps and rate."""
        self.state[weight] = {"first": first, "second": second, "step": step, "factor": factor}

    def rate_of(self, weight):
        """Learning rate of a parameter."""
        return self.param_groups[0]["lr"] * self.state[weight]["factor"]

    def _step_one(self, weight, lr):
        o, state, g = self.plan, self.state[weight], weight.grad
        if not state:
            self.preset(weight, torch.zeros_like(weight), torch.zeros_like(weight), 0)
            state = self.state[weight]
        state["step"] += 1
        lr = lr * state["factor"]
        rate = lr if o["optimizer"] == SGD else adam_rate.py_func(o, lr, state["step"])
        update_weights(o, rate, weight, g, state["first"], state["second"])


def update_weights(plan, rate, weight, g, first, second):
    """One step on a tensor of parameters, in place, as the compiled `update_weights`.

    Parameters
    ----------
    plan : record with `skreg.engine.optimizers.FIELDS`
    rate : float or Tensor
        The learning rate, for Adam with its bias corrections (`adam_rate`). A tensor for a stack:
        one number for each net, with dimensions to broadcast.
    weight, g, first, second : Tensor
        Parameters, gradient and moments; `second` is not looked at under sgd.
    """
    if plan["optimizer"] != SGD:
        first.mul_(plan["beta_1"]).add_(g, alpha=1 - plan["beta_1"])
        second.mul_(plan["beta_2"]).addcmul_(g, g, value=1 - plan["beta_2"])
        weight.addcdiv_(first * -rate, second.sqrt().add_(plan["epsilon"]))
        return
    step = g * -rate
    first.mul_(plan["momentum"]).add_(step)
    if plan["nesterov"]:
        weight.add_(first, alpha=plan["momentum"]).add_(step)
    else:
        weight.add_(first)


def step_sizes(plan, size, second):
    """Adam's step per unit of a lasting gradient, as the compiled `step_sizes`.

    `size` is the learning rate times ``sqrt(1 - beta_2^step)``, a number or a tensor as above.
    """
    return size / (second.sqrt() + plan["epsilon"])
