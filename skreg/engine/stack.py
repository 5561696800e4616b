"""A stack: nets of one architecture, trained together along a leading axis of their tensors.

Many small nets leave a GPU idle one by one. Here each tensor has all nets' values, each net its own
data, strengths, draws and end, and one step is one step of every net. The loop is that of
`skreg.engine.torch_engine`, and autograd over the sum of all losses gives each net its gradient.

Nets whose epochs have equally many steps (`skreg.engine.stacking.signature`) begin and end their
epochs together, so the device is waited for once an epoch, and a net that has stopped leaves the
stack there. Short batches are padded with rows of weight 0.
"""

import time
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from skreg import averaging, losses, noise, penalties, perturbation, stopping
from skreg.engine import compiled
from skreg.engine.baton import baton
from skreg.engine.layout import ACTIVATIONS
from skreg.engine.optimizers import SGD
from skreg.engine.schedules import next_rate
from skreg.engine.stack_sheet import make_sheet, positions
from skreg.engine.torch_optimizer import step_sizes, update_weights
from skreg.modules import stacked_mlp

PIECE = 1024  # validation rows of each net that go through the stack at once


class Rows(NamedTuple):
    """The rows of all nets, one net's after another's."""

    X: torch.Tensor
    Y: torch.Tensor
    weight: torch.Tensor

    @classmethod
    def of(cls, data, device):
        """Rows of a list of `Data`, on the device."""
        names = cls._fields
        arrays = [np.concatenate([getattr(d, name) for d in data]) for name in names]
        return cls(*(torch.from_numpy(a).to(device) for a in arrays))

    def take(self, rows, counts):
        """Batches of the rows numbered `rows` (n_nets, n_rows); beyond `counts` weight is 0."""
        real = torch.arange(rows.shape[1], device=rows.device) < counts[:, None]
        return self.X[rows], self.Y[rows], self.weight[rows] * real


class Stack:
    """Trains nets that share a `skreg.engine.stacking.signature`, each to its own end.

    Parameters
    ----------
    nets : list of RegularizedNet
        Initialised, each with a problem that has not begun an epoch.
    """

    def __init__(self, nets):
        self.nets, self.device = list(nets), torch.device(nets[0].device)
        problems = [net.problem for net in nets]
        data, validation = [p.data for p in problems], [p.validation for p in problems]
        self.data, self.validation = Rows.of(data, self.device), Rows.of(validation, self.device)
        self._starts, self._validation_starts = _starts(data), _starts(validation)
        self._epochs_left = [p.n_epochs for p in problems]
        buffers = zip(*(p.state for p in problems), strict=True)  # all nets' params, all first, ...
        stacked = [torch.from_numpy(np.stack(b)).to(self.device) for b in buffers]
        self.state = dict(zip(problems[0].state._fields, stacked, strict=True))
        self._prepare()

    def run(self):
        """Train every net to its end."""
        while self.nets:
            self._run_epoch()
            baton.check()

    def _prepare(self):
        """What depends on which nets are in the stack, beside their state."""
        self.problems = [net.problem for net in self.nets]
        plans = np.concatenate([p.plan for p in self.problems])
        layers = np.stack([p.layers for p in self.problems])
        dtype, on_cpu = self.problems[0].dtype, self.device.type == "cpu"
        draws = compiled.draws(dtype) if on_cpu else None
        self.plan, self.layout = plans[0], layers[0]
        self.noise = noise.StackNoise(plans, layers, draws, self._params.dtype, self.device)
        self.layers = [self._strengths(layers[:, i]) for i in range(len(self.layout))]
        clips = plans["clip_norm"]
        self.clip = self._strength(clips) if clips.min() < np.inf else None
        width = int(plans["batch_size"].max())
        sizes = [(p.data.Y.shape[0], int(p.plan[0]["batch_size"])) for p in self.problems]
        self._positions = [positions(*size, width) for size in sizes]
        self._place_views()

    @property
    def _params(self):
        return self.state["params"]

    def _strength(self, values):
        return torch.from_numpy(values.astype(self.problems[0].dtype)).to(self.device)

    def _strengths(self, layers):
        """`penalties.stacked_strengths` of a layer, on the device."""
        return {
            name: self._strength(value) if np.ndim(value) else value
            for name, value in penalties.stacked_strengths(layers).items()
        }

    def _place_views(self):
        """Weights and biases as leaves of autograd, on the memory of the flat parameters."""
        self.weights, self.biases = self._views(self._params)
        for leaf in self.weights + self.biases:
            leaf.requires_grad_()
        self.anchors = self._weight_views("anchor")
        self.seconds = self._weight_views("second")

    def _views(self, flat):
        """Views of (n_nets, n_parameters) as weights (n_nets, out, in) and biases (n_nets, out)."""
        weights, biases = [], []
        for k in self.layout:
            shape = len(flat), int(k["n_out"]), int(k["n_in"])
            weights.append(flat[:, k["weight_at"] : k["bias_at"]].view(shape))
            biases.append(flat[:, k["bias_at"] : k["end"]])
        return weights, biases

    def _weight_views(self, name):
        flat = self.state[name]
        return self._views(flat)[0] if flat.shape[1] else [None] * len(self.layout)

    # --- a step

    def _take_step(self, sheet, s):
        """Step number `s` of the epoch; the losses of all nets, penalties included."""
        self.noise.begin_step(sheet.steps[s])
        x, y, weight = self._mixed_batch(sheet, s)
        x, y = self.noise.inputs(x), self.noise.targets(y)
        leaves = [leaf for pair in zip(self.weights, self.biases, strict=True) for leaf in pair]
        for leaf in leaves:
            leaf.grad = None

        def batch_losses():
            weights = [self.noise.weights(i, w) for i, w in enumerate(self.weights)]
            raw = self._raw_prediction(weights, self.biases, x, self.noise)
            return losses.torch_loss(self.plan, raw, y, weight) / sheet.n_rows[s]

        loss = perturbation.torch_gradients(sheet.penalty, sheet.radius, leaves, batch_losses)
        triples = zip(self.layers, self.weights, self.anchors, strict=True)
        penalty = sum(penalties.torch_penalty(*triple) for triple in triples)
        if isinstance(penalty, torch.Tensor):
            if penalty.requires_grad:
                penalty.sum().backward()
            loss = loss + penalty.detach()
        gradient = torch.cat([leaf.grad.flatten(1) for leaf in leaves], dim=1)
        self._change_weights(gradient, sheet, s)
        return loss.double() * sheet.n_rows[s]

    def _mixed_batch(self, sheet, s):
        batch = self.data.take(sheet.rows[s], sheet.n_rows[s])
        if sheet.partners is None:
            return batch
        partners = self.data.take(sheet.partners[s], sheet.n_rows[s])
        shares = sheet.shares[s][:, None], sheet.shares[s][:, None, None]
        return [
            shares[a.ndim - 2] * a + (1 - shares[a.ndim - 2]) * b
            for a, b in zip(batch, partners, strict=True)
        ]

    def _raw_prediction(self, weights, biases, x, noise=None):
        activation = ACTIVATIONS[self.layout[0]["activation"]]
        return stacked_mlp(weights, biases, activation, x, noise)

    @torch.no_grad()
    def _change_weights(self, gradient, sheet, s):
        """The optimizer's step, with what comes before and after it; then the average's."""
        if self.clip is not None:
            penalties.torch_clip(self.clip, gradient)
        for layer, weight in zip(self.layers, self.weights, strict=True):
            penalties.torch_decay(layer, sheet.learning_rate, weight)
        moments = self.state["first"], self.state["second"]
        update_weights(self.plan, sheet.rates[s][:, None], self._params, gradient, *moments)
        sizes = sheet.sizes[s][:, None, None]
        for layer, weight, second in zip(self.layers, self.weights, self.seconds, strict=True):
            penalties.torch_after_step(layer, weight, partial(self._step_sizes, sizes, second))
        share = sheet.average_shares[s]
        if share is not None:
            averaging.torch_average_in(share[:, None], [self._params], [self.state["average"]])

    def _step_sizes(self, sizes, second, weight):
        return sizes if self.plan["optimizer"] == SGD else step_sizes(self.plan, sizes, second)

    # --- an epoch

    def _run_epoch(self):
        start = time.perf_counter()
        sheet = make_sheet(self.problems, self._starts, self._positions, self.device)
        total = torch.zeros(len(self.nets), dtype=torch.float64, device=self.device)
        for s in range(len(sheet.rows)):
            total += self._take_step(sheet, s)
        measured = self._measured()
        figures = torch.stack([total, self._validation_loss(measured)]).cpu().numpy()
        seconds = (time.perf_counter() - start) / len(self.nets)
        ends = zip(self.nets, *figures, strict=True)
        best = [self._book(*end, len(sheet.rows), seconds) for end in ends]
        if any(best):
            index = self._index(np.flatnonzero(best))
            self.state["best"][index] = measured[index]
        self._epochs_left = [n - 1 for n in self._epochs_left]
        self._let_go()

    def _measured(self):
        """The weights that validation looks at, as `Problem.measured` has them."""
        begun = np.array([p.progress[0]["n_averaged"] > 0 for p in self.problems])
        if not begun.any():
            return self._params
        begun = torch.from_numpy(begun).to(self.device)[:, None]
        return torch.where(begun, self.state["average"], self._params)

    @torch.no_grad()
    def _validation_loss(self, measured):
        """Mean loss of each net over its validation rows: no noise, no penalty; else NaN."""
        counts = [p.validation.Y.shape[0] for p in self.problems]
        total = torch.full((len(counts),), float("nan"), dtype=torch.float64, device=self.device)
        if not max(counts):
            return total
        total.zero_()
        weights, biases = self._views(measured)
        starts, ends = self._index(self._validation_starts)[:, None], self._index(counts)[:, None]
        for begin in range(0, max(counts), PIECE):
            places = torch.arange(begin, min(begin + PIECE, max(counts)), device=self.device)
            rows = starts + torch.minimum(places, ends - 1)
            x, y, weight = self.validation.take(rows, ends[:, 0] - begin)
            raw = self._raw_prediction(weights, biases, x)
            total += losses.torch_loss(self.plan, raw, y, weight)
        mass = [p.validation.weight.sum(dtype=np.float64) for p in self.problems]
        return total / torch.tensor(mass, dtype=torch.float64, device=self.device)

    def _book(self, net, loss_sum, validation_loss, n_steps, seconds):
        """Book a net's epoch, as `TorchEngine` does; whether its weights are the best so far."""
        p = net.problem
        plan, progress = p.plan[0], p.progress[0]
        progress["step"] += n_steps
        progress["loss_sum"], progress["row"] = loss_sum, 0
        if not np.isfinite(loss_sum):
            progress["status"] = stopping.DIVERGED
            p.shuffling.give_back(0)
            return False
        curves = np.zeros(1, stopping.CURVES)
        n = p.data.Y.shape[0]
        value = stopping.book_epoch.py_func(plan, progress, curves, n, validation_loss)
        best = stopping.judge_epoch.py_func(plan, progress, value)
        progress["learning_rate"] = next_rate.py_func(plan, progress)
        net._book_epoch(*curves[0].tolist(), seconds)
        return bool(best and plan["keep_best"])

    # --- the end of a net

    def _let_go(self):
        """Nets that have come to their end leave the stack, with their state."""
        status = [p.progress[0]["status"] for p in self.problems]
        runs = np.array(status) == stopping.RUNNING
        runs &= np.array(self._epochs_left) > 0
        if runs.all():
            return
        leaving, staying = np.flatnonzero(~runs), np.flatnonzero(runs)
        self._write_back(leaving)
        index = self._index(staying)
        self.state = {name: flat.detach()[index] for name, flat in self.state.items()}
        for name in ("nets", "_starts", "_validation_starts", "_epochs_left"):
            setattr(self, name, [getattr(self, name)[m] for m in staying])
        if self.nets:
            self._prepare()

    @torch.no_grad()
    def _write_back(self, leaving):
        """Bring nets' state into their problems' buffers and their modules."""
        index = self._index(leaving)
        for name, flat in self.state.items():
            for m, values in zip(leaving, flat[index].cpu().numpy(), strict=True):
                getattr(self.problems[m].state, name)[:] = values
        if self.device.type != "cpu":  # where the modules share the problems' memory
            for m in leaving:
                for i, layer in enumerate(self.nets[m].module_.layers):
                    layer.weight.copy_(self.weights[i][m])
                    layer.bias.copy_(self.biases[i][m])

    def _index(self, numbers):
        return torch.as_tensor(np.asarray(numbers, dtype=np.int64)).to(self.device)


def _starts(data):
    """Where each net's rows begin when they stand one after another."""
    counts = [d.Y.shape[0] for d in data]
    return list(np.cumsum([0, *counts[:-1]]))
