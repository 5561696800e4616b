"""A stack: nets of one architecture, trained together along a leading axis of their tensors.

Many small nets leave a GPU idle one by one. Here each tensor has all nets' values, each net its own
data, strengths, draws and end, and one step is one step of every net (`skreg.engine.torch.step`).
The loop is that of `skreg.engine.torch.engine`, and autograd over the sum of all losses gives each
net its gradient. On a GPU the step is recorded (`skreg.engine.torch.graph`).

Nets whose epochs have equally many steps (`skreg.engine.torch.grouping.signature`) begin and end
their epochs together, so the device is waited for once an epoch. A net that has come to its end is
written back at once, and leaves the stack when a quarter of the nets have: before, it stands still.
Short batches are padded with rows of weight 0.
"""

import time

import numpy as np
import torch

from skreg.engine.compiled import entry_points
from skreg.engine.torch.graph import RecordedStep
from skreg.engine.torch.inputs import make_epoch_inputs, positions
from skreg.engine.torch.step import Rows, Step
from skreg.losses import formulas
from skreg.regularizers import stopping
from skreg.threads.python_lock import python_lock

PIECE = 1024  # validation rows of each net that go through the stack at once
_LEAVES = 0.25  # of a stack have come to their end when they leave it
_WORTH_RECORDING = 20  # steps to come, from which on recording one of them pays


class Stack:
    """Trains nets that share a `skreg.engine.torch.grouping.signature`, each to its own end.

    Parameters
    ----------
    fits : list of skreg.engine.loop.Fit
        Each with a problem that has not begun an epoch.
    """

    def __init__(self, fits):
        self.fits, self.device = list(fits), torch.device(fits[0].params.device)
        problems = [fit.problem for fit in fits]
        data, validation = [p.data for p in problems], [p.validation for p in problems]
        of_stack = problems[0].architecture.n_outputs, self.device
        self.data, self.validation = Rows.of(data, *of_stack), Rows.of(validation, *of_stack)
        self._starts, self._validation_starts = _starts(data), _starts(validation)
        self._epochs_left = np.array([p.n_epochs for p in problems])
        buffers = zip(*(p.state for p in problems), strict=True)  # all nets' params, all first, ...
        stacked = [torch.from_numpy(np.stack(b)).to(self.device) for b in buffers]
        self.state = dict(zip(problems[0].state._fields, stacked, strict=True))
        self._prepare()

    def run(self):
        """Train every net to its end."""
        while self.fits:
            self._run_epoch()
            python_lock.check()

    def _prepare(self):
        """What depends on which nets are in the stack, beside their state."""
        self.problems = [fit.problem for fit in self.fits]
        self._running = np.ones(len(self.fits), bool)
        self._plans = _concatenated([p.plan for p in self.problems])
        self._progress = _concatenated([p.progress for p in self.problems])
        self.step = Step(self.problems, self._plans, self.state, self.data)
        self._recorded, self._n_epochs_here = None, 0
        width = int(self._plans["batch_size"].max())
        self._n_rows = np.array([p.data.Y.shape[0] for p in self.problems])
        sizes = zip(self._n_rows.tolist(), self._plans["batch_size"].tolist(), strict=True)
        self._positions = [positions(*size, width) for size in sizes]

    # --- an epoch

    def _run_epoch(self):
        start = time.perf_counter()
        nets = self.problems, self._plans, self._progress, self._running
        inputs = make_epoch_inputs(*nets, self._starts, self._positions, self.device)
        total = self._take_steps(inputs)
        measured = self._measured()
        figures = torch.stack([total, self._validation_loss(measured)]).cpu().numpy()
        best = self._book(*figures, inputs.n_steps, start)
        if best.any():
            index = self._index(np.flatnonzero(best))
            self.state["best"][index] = measured[index]
        self._n_epochs_here += 1
        self._epochs_left -= 1
        self._let_go()

    def _take_steps(self, inputs):
        """All steps of an epoch; the sums of all nets' losses."""
        n_ahead = inputs.n_steps * self._epochs_left.max()
        may_record = self.device.type == "cuda" and self._n_epochs_here > 0
        if self._recorded is None and may_record and n_ahead >= _WORTH_RECORDING:
            self._recorded = RecordedStep(self.step, inputs)
        if self._recorded is not None:
            return self._recorded.epoch(inputs)
        steps = map(inputs.step, range(inputs.n_steps))
        return sum(self.step.take(step, inputs.constants) for step in steps)

    def _measured(self):
        """The weights that validation looks at, as `Problem.measured` has them."""
        begun = self._progress["n_averaged"] > 0
        if not begun.any():
            return self.state["params"]
        begun = torch.from_numpy(begun).to(self.device)[:, None]
        return torch.where(begun, self.state["average"], self.state["params"])

    @torch.no_grad()
    def _validation_loss(self, measured):
        """Mean loss of each net over its validation rows: no noise, no penalty; else NaN."""
        counts = [p.validation.Y.shape[0] for p in self.problems]
        total = torch.full((len(counts),), float("nan"), dtype=torch.float64, device=self.device)
        if not max(counts):
            return total
        total.zero_()
        weights, biases = self.step.views(measured)
        starts, ends = self._index(self._validation_starts)[:, None], self._index(counts)[:, None]
        for begin in range(0, max(counts), PIECE):
            places = torch.arange(begin, min(begin + PIECE, max(counts)), device=self.device)
            rows = starts + torch.minimum(places, ends - 1)
            x, y, weight = self.validation.take(rows, ends[:, 0] - begin)
            raw = self.step.raw_prediction(weights, biases, x)
            total += formulas.torch_loss(self.step.plan, raw, y, weight)
        mass = [p.validation.weight.sum(dtype=np.float64) for p in self.problems]
        return total / torch.tensor(mass, dtype=torch.float64, device=self.device)

    def _book(self, loss_sums, validation_losses, n_steps, start):
        """Book the running nets' epoch; which of them have the best weights so far."""
        running, progress = self._running, self._progress
        progress["step"][running] += n_steps
        progress["loss_sum"][running], progress["row"] = loss_sums[running], 0
        curves = np.zeros((len(self.fits), 1), stopping.CURVES)
        best = np.zeros(len(self.fits), bool)
        nets = self._plans, progress, running, self._n_rows
        entry_points.end_epochs()(*nets, validation_losses, curves, best)
        seconds = (time.perf_counter() - start) / running.sum()
        status, rows = progress["status"], curves.tolist()
        for m in np.flatnonzero(running):
            self.problems[m].progress[0] = progress[m]
            if status[m] == stopping.DIVERGED:
                self.problems[m].shuffling.give_back(0)
            else:
                self.fits[m].book(rows[m], seconds)
        return best

    # --- the end of a net

    def _let_go(self):
        """Bring nets that have come to their end back; they leave once there are enough."""
        goes_on = (self._progress["status"] == stopping.RUNNING) & (self._epochs_left > 0)
        self._write_back(np.flatnonzero(self._running & ~goes_on))
        self._running &= goes_on
        if self._running.any() and self._running.mean() > 1 - _LEAVES:
            return
        staying = np.flatnonzero(self._running)
        index = self._index(staying)
        self.state = {name: flat.detach()[index] for name, flat in self.state.items()}
        self._epochs_left = self._epochs_left[staying]
        for name in ("fits", "_starts", "_validation_starts"):
            setattr(self, name, [getattr(self, name)[m] for m in staying])
        if self.fits:
            self._prepare()

    @torch.no_grad()
    def _write_back(self, ended):
        """Bring nets' state into their problems' buffers."""
        index = self._index(ended)
        for name, flat in self.state.items():
            for m, values in zip(ended, flat[index].cpu().numpy(), strict=True):
                getattr(self.problems[m].state, name)[:] = values

    def _index(self, numbers):
        return torch.as_tensor(np.asarray(numbers, dtype=np.int64)).to(self.device)


def _concatenated(records):
    """Arrays of one record as one array; `np.concatenate` looks at every field of each."""
    out = np.empty(len(records), records[0].dtype)
    for m, record in enumerate(records):
        out[m] = record[0]
    return out


def _starts(data):
    """Where each net's rows begin when they stand one after another."""
    counts = [d.Y.shape[0] for d in data]
    return list(np.cumsum([0, *counts[:-1]]))
