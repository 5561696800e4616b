"""The engine of everything else, and the reference for the compiled one: autograd.

The same loop as `skreg.engine.compiled.kernel`, step by step and with the same draws.
"""

from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import compress

import numpy as np
import torch

from skreg.blocks import normalization
from skreg.blocks.modules import Norm
from skreg.engine.compiled import entry_points
from skreg.engine.pretext import is_pretext
from skreg.engine.torch.batches import Batches, send
from skreg.losses.batch_loss import torch_batch_loss
from skreg.random.global_draws import seeded
from skreg.random.words import USERS_DRAWS
from skreg.regularizers import averaging, freezing, noise, penalties, second_gradient, stopping


class TorchEngine:
    """Runs the problem of a fit by autograd.

    Parameters
    ----------
    fit : skreg.engine.loop.Fit
        Its skorch net holds the module, the optimizer and the device, and tells callbacks.
    """

    def __init__(self, fit):
        problem, net = fit.problem, fit.net
        self.problem, self.net, self.architecture = problem, net, problem.architecture
        self.users_penalty = fit.params.penalty
        self.seconds_per_step = self.architecture.seconds_per_step
        self.module, self.optimizer = net.module_, net.optimizer_
        self.device = torch.device(net.device)
        on_cpu = self.device.type == "cpu"
        plan, layers = problem.plan[0], problem.layers
        draws = entry_points.draws(problem.dtype) if on_cpu else None
        self.dtype, self.autocast = getattr(torch, problem.dtype.name), fit.params.autocast
        self.noise = noise.TorchNoise(plan, layers, draws, self.dtype, self.device)
        self.batches = Batches(problem, fit.augment, self.device)
        # all that the flat buffer holds, in the order of `_views`, and what of it is trained
        places = self.architecture.places
        by_name = {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}
        self.tensors = [by_name[place.name] for place in places]
        self.weights = self.tensors[: len(layers)]
        self.norms = [module for module in self.module.modules() if isinstance(module, Norm)]
        self._note_even_weights()
        self.trained = [tensor.requires_grad for tensor in self.tensors]
        self.parameters = list(compress(self.tensors, self.trained))
        self.numbers = [place.layer for place in places]
        self.n_frozen = 0
        self.anchors = self._anchors()
        self.averages = self._averages()
        self._rate, self._seen = None, []
        self._preset_optimizer()

    def _note_even_weights(self):
        """Tell the norms whether all rows weigh the same, which goes faster."""
        weight = self.problem.data.weight
        for norm in self.norms:
            norm.even = bool(weight.min() == weight.max())

    def _views(self, flat):
        """Views of a flat buffer in the order of `self.tensors`."""
        return [place.of(flat) for place in self.architecture.places]

    def _freeze(self, n_frozen):
        """Make the first `n_frozen` layers constants, and the others parameters."""
        if n_frozen == self.n_frozen:
            return
        self.n_frozen = n_frozen
        for tensor, trained, number in zip(self.tensors, self.trained, self.numbers, strict=True):
            tensor.requires_grad_(trained and number >= n_frozen)
            tensor.grad = None
        self.parameters = [tensor for tensor in self.tensors if tensor.requires_grad]
        for number, norm in enumerate(self.norms):
            norm.frozen = norm.statistics is not None and number < n_frozen

    def _anchors(self):
        anchor = self.problem.state.anchor
        if not anchor.size:
            return [None] * len(self.weights)
        views = self._views(anchor)[: len(self.weights)]
        return [_matrix(torch.from_numpy(view).to(self.device)) for view in views]

    def _averages(self):
        average = self.problem.state.average
        views = self._views(average) if average.size else []
        return [torch.from_numpy(view).to(self.device) for view in views]

    def _preset_optimizer(self):
        state = self.problem.state
        second = state.second if state.second.size else np.zeros_like(state.first)
        step = int(self.problem.progress[0]["step"])
        views = self._views(state.first), self._views(second)
        self._moments = []
        views = (compress(view, self.trained) for view in (self.numbers, *views))
        for weight, number, *moments in zip(self.parameters, *views, strict=True):
            tensors = [torch.from_numpy(m).to(self.device) for m in moments]
            own_step = step - int(state.steps_frozen[number])
            factor = float(self.problem.layers["rate_factor"][number])
            self.optimizer.preset(weight, *tensors, own_step, factor)
            self._moments += zip(moments, tensors, strict=True)

    def order_of(self, n_epochs):
        """The order of rows of the next epochs, (n_epochs or 1, n_rows)."""
        return self.problem.shuffling.draw(n_epochs)

    def run(self, curves, order, n_steps):
        """At most `n_steps` steps in the order of rows given, as `kernel.run_block`."""
        p = self.problem
        plan, progress, n = p.plan[0], p.progress[0], order.shape[1]
        self.module.train()
        self._set_rate(progress["learning_rate"])
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        while n_steps > 0 and progress["row"] < curves.size and _runs(progress):
            self._freeze(freezing.n_frozen.py_func(p.layers, progress["epoch"]))
            line = order[min(progress["row"], order.shape[0] - 1)]
            start = progress["batch"] * plan["batch_size"]
            end = min(start + plan["batch_size"], n)
            total += self._take_step(line[start:end], progress) * float(end - start)
            progress["batch"] += 1
            n_steps -= 1
            self._average_weights(progress, end == n)
            if end == n:
                progress["loss_sum"] += total.item()
                total.zero_()
                self._end_epoch(curves, n)
        progress["loss_sum"] += total.item()
        self._freeze(0)
        self._write_back()

    def _take_step(self, rows, progress):
        """One optimizer step on a batch; its loss, penalties included, still on the device."""
        self.step = int(progress["step"]) + 1
        self.noise.begin_step(self.step)
        x, y, weight = self.batches.training(rows, self.step)
        told = self._told(self.problem.data, rows, y)
        self._tell("on_batch_begin", batch=(x, told), training=True)
        self.optimizer.zero_grad()
        x, y = self.noise.inputs(x), self.noise.targets(y)
        plan, raw = self.problem.plan[0], None

        def batch_loss():
            nonlocal raw
            first = raw is None
            with self._draws_of_module(), self._products():
                raw = self._raw_prediction(x, weight).to(self.dtype)
            if first:
                self._settle_statistics()
            return torch_batch_loss(plan, raw, y, weight) / len(x)

        rate = self.optimizer.param_groups[0]["lr"]
        mu = second_gradient.strength.py_func(plan, rate)
        rho = second_gradient.radius.py_func(plan)
        loss = second_gradient.torch_gradient(mu, rho, self.parameters, batch_loss)
        self._restore_statistics()
        penalty = self._penalty()
        if isinstance(penalty, torch.Tensor):
            if penalty.requires_grad:
                penalty.backward()
            loss = loss + penalty.detach()
        named = list(self.module.named_parameters())
        self._tell("on_grad_computed", named_parameters=named, batch=(x, told))
        self._clip()
        self._change_weights()
        progress["step"] += 1
        self._tell_batch_end(x, told, raw.detach(), loss, training=True)
        return loss

    def _told(self, data, rows, y):
        """Targets of a batch as callbacks see them: before noise and mixing."""
        if not self.net.callbacks_ or is_pretext(self.problem.plan[0]):
            return y
        return self.net.told(send(data.Y[rows], self.device))

    def _tell_batch_end(self, x, y, raw, loss, training):
        if self.net.callbacks_:
            prefix = "train" if training else "valid"
            self.net.history.record_batch(f"{prefix}_loss", loss.item())
            self.net.history.record_batch(f"{prefix}_batch_size", len(x))
            self._tell("on_batch_end", batch=(x, y), training=training, loss=loss, y_pred=raw)

    def _tell(self, event, **kwargs):
        """Tell the callbacks; one that predicts must not leave the module in another mode."""
        if self.net.callbacks_:
            mode = self.module.training
            self.net.tell(event, **kwargs)
            self.module.train(mode)

    def _raw_prediction(self, x, weight):
        """With dropout drawn, and at noisy weights where weight noise is on."""
        if not self.problem.plan[0]["weight_std"]:
            return self.module(x, self.noise, weight)
        noisy = {
            place.name: self.noise.weights(i, weight)
            for i, (place, weight) in enumerate(zip(self.architecture.places, self.weights))  # noqa: B905
        }
        return torch.func.functional_call(self.module, noisy, (x, self.noise, weight))

    def _products(self):
        """Where products are of bfloat16 numbers, if they are to be."""
        if not self.autocast:
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _draws_of_module(self):
        """Torch's own generators, where the module may draw from them: the same within a step."""
        if not self.architecture.draws_itself:
            return nullcontext()
        seed, draws = self.problem.plan[0]["seed"], entry_points.draws(self.problem.dtype)
        key = draws.stream_key(seed, USERS_DRAWS, self.step)
        return seeded(int(key) >> 1, self.device)

    def _settle_statistics(self):
        """Take the batch's statistics into the running ones."""
        share = normalization.batch_share.py_func(self.step)
        for norm in self.norms:
            normalization.torch_settle(share, norm.batch, norm.statistics)
        if self.architecture.draws_itself and second_gradient.radius.py_func(self.problem.plan[0]):
            self._seen = [(buffer, buffer.clone()) for buffer in self.module.buffers()]

    def _restore_statistics(self):
        """A user's module takes its own statistics: leave it those of a step's first look."""
        for buffer, value in self._seen:
            buffer.copy_(value)
        self._seen = []

    def _penalty(self):
        matrices = map(_matrix, self.weights)
        triples = list(zip(self.problem.layers, matrices, self.anchors, strict=True))
        value = sum(penalties.torch_penalty(*triple) for triple in triples[self.n_frozen :])
        if self.users_penalty is not None:
            value = value + penalties.users_penalty(self.users_penalty, self.weights)
        return value

    def _clip(self):
        limit = self.problem.plan[0]["clip_norm"]
        if limit < np.inf:
            penalties.torch_clip(limit, [p.grad for p in self.parameters if p.grad is not None])

    @torch.no_grad()
    def _change_weights(self):
        """The optimizer's step, with what comes before and after it on the layers' weights."""
        pairs = list(zip(self.problem.layers, self.weights, strict=True))[self.n_frozen :]
        for layer, weight in pairs:
            penalties.torch_decay(layer, self.optimizer.rate_of(weight), weight)
        self.optimizer.step()
        self.problem.state.steps_frozen[: self.n_frozen] += 1
        for layer, weight in pairs:
            steps = partial(self._step_sizes, weight)
            penalties.torch_after_step(layer, _matrix(weight), steps)

    def _step_sizes(self, weight, matrix):
        """The optimizer's step sizes for a weight, in the shape of its matrix, or a number."""
        sizes = self.optimizer.step_sizes(weight)
        return _matrix(sizes) if isinstance(sizes, torch.Tensor) else sizes

    def _average_weights(self, progress, ends_epoch):
        """Take the weights into their average, where they have a share in it."""
        plan, epoch = self.problem.plan[0], progress["epoch"] + 1
        share = averaging.next_share.py_func(plan, progress["n_averaged"], epoch, ends_epoch)
        if share > 0:
            averaging.torch_average_in(share, self.tensors, self.averages)
            progress["n_averaged"] += 1

    def _end_epoch(self, curves, n):
        """Book an epoch of `n` rows, as `kernel.measure_epoch`."""
        p = self.problem
        self._write_back()
        params = p.measured()
        loss = self.validation_loss(params) if p.validation.Y.shape[0] else np.nan
        if entry_points.end_epoch(p.plan, p.progress, curves, n, loss):
            p.state.best[:] = params
        self._set_rate(p.progress[0]["learning_rate"])

    def _set_rate(self, rate):
        """The schedule's rate; a skorch callback's own is left alone while the schedule rests."""
        if rate != self._rate:
            self._rate = rate
            for group in self.optimizer.param_groups:
                group["lr"] = float(rate)

    def _write_back(self):
        """Bring a device's weights and moments into the problem's buffers."""
        if self.device.type == "cpu":
            return  # they are the same memory
        views = self._views(self.problem.state.params)
        for view, tensor in zip(views, self.tensors, strict=True):
            view[...] = tensor.detach().cpu().numpy()
        for view, tensor in self._moments:
            view[...] = tensor.cpu().numpy()
        if self.averages:
            views = self._views(self.problem.state.average)
            for view, average in zip(views, self.averages, strict=True):
                view[...] = average.cpu().numpy()

    def _read_params(self):
        """Bring the problem's weights onto a device."""
        if self.device.type == "cpu":
            return
        views = self._views(self.problem.state.params)
        self._copy_weights([torch.from_numpy(view) for view in views])

    def validation_loss(self, params):
        """Mean loss over the validation rows: no noise, no penalty.

        `params` are the problem's own, which the module shares, or their average.
        """
        data, total, n_views = self.problem.validation, 0.0, self.problem.plan[0]["n_views"]
        piece = self.problem.capacity() if n_views == 2 else None
        self.module.eval()
        with torch.no_grad(), self._weights_at(params):
            for rows in self.batches.pieces(data, piece):
                x, y, weight = self.batches.of(data, rows)
                told = self._told(data, rows, y)
                self._tell("on_batch_begin", batch=(x, told), training=False)
                with self._draws_of_module(), self._products():
                    raw = self.module(x).to(self.dtype)
                loss = torch_batch_loss(self.problem.plan[0], raw, y, weight)
                total += loss.item()
                self._tell_batch_end(x, told, raw, loss / weight.sum(), training=False)
        self.module.train()
        return total / (n_views * data.weight.sum(dtype=np.float64))

    @contextmanager
    def _weights_at(self, params):
        """The module with other weights for the length of the block."""
        if params is self.problem.state.params:
            yield
            return
        kept = [tensor.clone() for tensor in self.tensors]
        self._copy_weights([torch.from_numpy(view) for view in self._views(params)])
        yield
        self._copy_weights(kept)

    @torch.no_grad()
    def _copy_weights(self, values):
        for tensor, value in zip(self.tensors, values, strict=True):
            tensor.copy_(value)

    def full_gradient(self, params, gradient):
        """Objective over all rows; its gradient is written to `gradient`."""
        p = self.problem
        p.state.params[:] = params
        self._read_params()
        self._freeze(freezing.n_frozen.py_func(p.layers, 0))
        self.module.zero_grad()
        n, total = p.data.Y.shape[0], 0.0
        for rows in self.batches.pieces(p.data):
            x, y, weight = self.batches.of(p.data, rows)
            loss = torch_batch_loss(p.plan[0], self.module(x), y, weight) / n
            loss.backward()
            total += loss.item()
        penalty = self._penalty()
        if isinstance(penalty, torch.Tensor):
            if penalty.requires_grad:
                penalty.backward()
            total += penalty.item()
        for view, tensor in zip(self._views(gradient), self.tensors, strict=True):
            if tensor.requires_grad:
                view[:] = tensor.grad.cpu().numpy()
        self._freeze(0)
        return total


def _runs(progress):
    return progress["status"] == stopping.RUNNING


def _matrix(weight):
    """A weight tensor as a matrix with a row for each output unit or filter."""
    return weight if weight.ndim == 2 else weight.flatten(1)
