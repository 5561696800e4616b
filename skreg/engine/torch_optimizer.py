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
        o, lr, state = self.plan, self.param_groups[0]["lr"], self.state[weight]
        if o["optimizer"] == SGD:
            return lr / (1 - o["momentum"])
        size = lr * np.sqrt(1 - o["beta_2"] ** state["step"])
        return size / (state["second"].sqrt() + o["epsilon"])

    def preset(self, weight, first, second, step):
        """Give a parameter its moments (tensors, updated in place) and number of steps."""
        self.state[weight] = {"first": first, "second": second, "step": step}

    def _step_one(self, weight, lr):
        o, state, g = self.plan, self.state[weight], weight.grad
        if not state:
            self.preset(weight, torch.zeros_like(weight), torch.zeros_like(weight), 0)
            state = self.state[weight]
        state["step"] += 1
        first, second = state["first"], state["second"]
        if o["optimizer"] != SGD:
            rate = adam_rate.py_func(o, lr, state["step"])
            first.mul_(o["beta_1"]).add_(g, alpha=1 - o["beta_1"])
            second.mul_(o["beta_2"]).addcmul_(g, g, value=1 - o["beta_2"])
            weight.addcdiv_(first, second.sqrt().add_(o["epsilon"]), value=-rate)
        else:
            first.mul_(o["momentum"]).add_(g, alpha=-lr)
            if o["nesterov"]:
                weight.add_(first, alpha=o["momentum"]).add_(g, alpha=-lr)
            else:
                weight.add_(first)
