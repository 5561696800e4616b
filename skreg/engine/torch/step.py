"""A step of a stack: what `skreg.engine.torch.engine` does to one net, for all of them at once."""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from skreg.blocks.activations import ACTIVATIONS
from skreg.blocks.modules import stacked_mlp
from skreg.engine.compiled import entry_points
from skreg.engine.optimizers import SGD
from skreg.engine.torch.optimizer import step_sizes, update_weights
from skreg.losses import formulas
from skreg.regularizers import averaging, noise, penalties, second_gradient


class Rows(NamedTuple):
    """The rows of all nets, one net's after another's."""

    X: torch.Tensor
    Y: torch.Tensor
    weight: torch.Tensor
    levels: torch.Tensor  # (n_rows, 2) where Y are classes, as `Data` has them; else (n_rows, 0)
    n_outputs: int

    @classmethod
    def of(cls, data, n_outputs, device):
        """Rows of a list of `Data`, on the device."""
        levels = [np.broadcast_to(d.levels, (len(d.Y), d.levels.size)) for d in data]
        columns = [[d.X for d in data], [d.Y for d in data], [d.weight for d in data], levels]
        tensors = (torch.from_numpy(np.concatenate(column)).to(device) for column in columns)
        return cls(*tensors, n_outputs)

    def take(self, rows, counts):
        """Batches of the rows numbered `rows` (n_nets, n_rows); beyond `counts` weight is 0."""
        real = torch.arange(rows.shape[1], device=rows.device) < counts[:, None]
        y = self.Y[rows]
        if self.levels.shape[1]:
            y = formulas.class_targets(y, self.levels[rows], self.n_outputs)
        return self.X[rows], y, self.weight[rows] * real


class Step:
    """Changes the state of a stack, step by step.

    Parameters
    ----------
    problems : list of Problem
    plans : structured array of shape (n_nets,)
        Theirs.
    state : dict of Tensor
        Their buffers by the names of `State`, each of shape (n_nets, size); changed in place.
    data : Rows
        That they train on.
    """

    def __init__(self, problems, plans, state, data):
        self.state, self.data, self.dtype = state, data, problems[0].dtype
        self.device = state["params"].device
        layers = np.stack([p.layers for p in problems])
        draws = entry_points.draws(self.dtype) if self.device.type == "cpu" else None
        self.plan, self.layout = plans[0], layers[0]
        self.noise = noise.TorchNoise(plans, layers, draws, state["params"].dtype, self.device)
        self.layers = [self._strengths(layers[:, i]) for i in range(len(self.layout))]
        clips = plans["clip_norm"]
        self.clip = self._strength(clips) if clips.min() < np.inf else None
        # weights and biases are leaves of autograd, on the memory of the flat parameters
        self.weights, self.biases = self.views(state["params"])
        for leaf in self.weights + self.biases:
            leaf.requires_grad_()
        self.anchors = self._weight_views("anchor")
        self.seconds = self._weight_views("second")

    def _strength(self, values):
        return torch.from_numpy(values.astype(self.dtype)).to(self.device)

    def _strengths(self, layers):
        """`penalties.stacked_strengths` of a layer, on the device."""
        return {
            name: self._strength(value) if np.ndim(value) else value
            for name, value in penalties.stacked_strengths(layers).items()
        }

    def views(self, flat):
        """Views of (n_nets, n_parameters) as weights (n_nets, out, in) and biases (n_nets, out)."""
        weights, biases = [], []
        for k in self.layout:
            shape = len(flat), int(k["n_out"]), int(k["n_in"])
            weights.append(flat[:, k["weight_at"] : k["bias_at"]].view(shape))
            biases.append(flat[:, k["bias_at"] : k["end"]])
        return weights, biases

    def _weight_views(self, name):
        flat = self.state[name]
        return self.views(flat)[0] if flat.shape[1] else [None] * len(self.layout)

    def take(self, inputs, constants):
        """Take a step (`StepInputs`, `Constants` of `EpochInputs`); all nets' losses, penalties
        included.

        The sums over the rows of the batches, float64, on the device.
        """
        self.noise.begin_step(inputs.steps)
        x, y, weight = self._mixed_batch(inputs)
        x, y = self.noise.inputs(x), self.noise.targets(y)
        leaves = [leaf for pair in zip(self.weights, self.biases, strict=True) for leaf in pair]
        for leaf in leaves:
            leaf.grad = None

        def batch_losses():
            weights = [self.noise.weights(i, w) for i, w in enumerate(self.weights)]
            raw = self.raw_prediction(weights, self.biases, x, self.noise)
            return formulas.torch_loss(self.plan, raw, y, weight) / inputs.n_rows

        loss = second_gradient.torch_gradient(
            constants.penalty, constants.radius, leaves, batch_losses
        )
        triples = zip(self.layers, self.weights, self.anchors, strict=True)
        penalty = sum(penalties.torch_penalty(*triple) for triple in triples)
        if isinstance(penalty, torch.Tensor):
            if penalty.requires_grad:
                penalty.sum().backward()
            loss = loss + penalty.detach()
        gradient = torch.cat([leaf.grad.flatten(1) for leaf in leaves], dim=1)
        self._change_weights(gradient, inputs, constants.learning_rate)
        return loss.double() * inputs.n_rows

    def _mixed_batch(self, inputs):
        batch = self.data.take(inputs.rows, inputs.n_rows)
        if inputs.partners is None:
            return batch
        partners = self.data.take(inputs.partners, inputs.n_rows)
        shares = inputs.shares[:, None], inputs.shares[:, None, None]
        return [
            shares[a.ndim - 2] * a + (1 - shares[a.ndim - 2]) * b
            for a, b in zip(batch, partners, strict=True)
        ]

    def raw_prediction(self, weights, biases, x, noise=None):
        """What the nets say to their batches, before the link."""
        activation = list(ACTIVATIONS)[self.layout[0]["activation"]]
        return stacked_mlp(weights, biases, activation, x, noise)

    @torch.no_grad()
    def _change_weights(self, gradient, inputs, learning_rate):
        """The optimizer's step, with what comes before and after it; then the average's."""
        params = self.state["params"]
        if self.clip is not None:
            penalties.torch_clip(self.clip, [gradient])
        for layer, weight in zip(self.layers, self.weights, strict=True):
            penalties.torch_decay(layer, learning_rate, weight)
        moments = self.state["first"], self.state["second"]
        update_weights(self.plan, inputs.rates[:, None], params, gradient, *moments)
        sizes = inputs.sizes[:, None, None]
        for layer, weight, second in zip(self.layers, self.weights, self.seconds, strict=True):
            penalties.torch_after_step(layer, weight, partial(self._step_sizes, sizes, second))
        shares = inputs.average_shares
        if shares is not None:
            averaging.torch_average_in(shares[:, None], [params], [self.state["average"]])

    def _step_sizes(self, sizes, second, weight):
        return sizes if self.plan["optimizer"] == SGD else step_sizes(self.plan, sizes, second)
