"""What a stack needs for an epoch, worked out on the host and sent to the device in one go.

So no step of the epoch waits for anything: rows in the order of their use, what mixup and the
average draw or count, and the learning rates. A net that has come to its end may stay in the stack
for a while: its learning rate is then 0, and nothing is drawn for it.
"""

from typing import NamedTuple

import numpy as np
import torch

from skreg.engine.compiled import entry_points
from skreg.engine.optimizers import SGD, adam_rate
from skreg.regularizers import averaging, second_gradient


class StepInputs(NamedTuple):
    """A step of a stack; of `EpochInputs` the same with a leading axis of steps. None is off."""

    rows: torch.Tensor  # (n_nets, n_rows) places in the stack's data
    n_rows: torch.Tensor  # (n_nets,), of the batch; what is beyond is padding
    steps: torch.Tensor  # (n_nets,) number of the optimizer step, from 1, int64
    partners: torch.Tensor | None  # as `rows`, for mixup
    shares: torch.Tensor | None  # (n_nets,) of the row itself in its mixture
    rates: torch.Tensor  # (n_nets,), with Adam's bias corrections
    sizes: torch.Tensor  # (n_nets,), what the sizes of proximal steps begin with
    average_shares: torch.Tensor | None  # (n_nets,) of the weights in their average


class Constants(NamedTuple):
    """What is the same in all steps of an epoch, each (n_nets,). None is off."""

    learning_rate: torch.Tensor
    penalty: torch.Tensor | None  # the gradient penalty's mu
    radius: torch.Tensor | None  # how far off the second gradient is taken


class EpochInputs(NamedTuple):
    """An epoch of a stack."""

    steps: StepInputs
    constants: Constants

    @property
    def n_steps(self):
        """Steps of the epoch."""
        return len(self.steps.rows)

    def step(self, number):
        """A step by its number, an int or a tensor of one int64."""
        return StepInputs(*(t if t is None else _at(t, number) for t in self.steps))

    def tensors(self):
        """All tensors that there are."""
        return [t for part in self for t in part if t is not None]


def _at(tensor, number):
    if isinstance(number, int):
        return tensor[number]
    return tensor.index_select(0, number)[0]


def positions(n_rows, batch_size, width):
    """Place in the epoch's order of each row of each batch, and the number of rows of each batch.

    Batches shorter than `width` are filled up with their own rows, which are then finite where
    the batch is.

    Returns
    -------
    begins, places : ndarray of shape (n_steps, 1) and (n_steps, width)
        Where a batch begins in the order, and a row in its batch.
    counts : ndarray of shape (n_steps,)
    """
    begins = np.arange(0, n_rows, batch_size)
    counts = np.minimum(batch_size, n_rows - begins)
    return begins[:, None], np.arange(width) % counts[:, None], counts


def make_epoch_inputs(problems, plans, progress, running, starts, layout, device):
    """The next epoch of each problem.

    Draws each problem's permutation and counts its averages; its steps are left to be counted.

    Parameters
    ----------
    problems : list of Problem
    plans, progress : structured arrays of shape (n_nets,)
        Of the problems.
    running : ndarray of shape (n_nets,), bool
        Which of them have not come to their end.
    starts : list of int
        Where each problem's rows begin in the stack's data.
    layout : list of tuples, see `positions`
    device : torch.device
    """
    plan = problems[0].plan[0]
    counts = np.stack([place[2] for place in layout], axis=1)
    steps = progress["step"] + np.arange(1, len(counts) + 1)[:, None]
    orders = [
        start + (p.shuffling.draw(1)[0] if runs else p.data.rows)
        for p, start, runs in zip(problems, starts, running, strict=True)
    ]
    rows = [
        order[begins + places] for order, (begins, places, _) in zip(orders, layout, strict=True)
    ]
    mixes = plans["mixup_alpha"].any()
    partners, shares = _mixing(problems, orders, layout, steps) if mixes else (None, None)
    rate = np.where(running, progress["learning_rate"], 0.0)
    penalized = plans["gradient_penalty"].any()
    takes_second = penalized or plans["sam_rho"].any()

    def tensor(values, dtype=problems[0].dtype):
        if values is None:
            return None
        return torch.from_numpy(np.ascontiguousarray(values, dtype)).to(device)

    def of_each(function, *arrays):
        return [function.py_func(*values) for values in zip(plans, *arrays, strict=True)]

    averages = None
    if plans["averaging"].any():
        averages = _average_shares(plans, progress, running, len(counts))
    if plan["optimizer"] == SGD:
        rates = np.broadcast_to(rate, steps.shape)
        sizes = rates / (1 - plan["momentum"])
    else:
        rates = adam_rate.py_func(plan, rate, steps)
        sizes = rate * np.sqrt(1 - plan["beta_2"] ** steps)
    by_step = StepInputs(
        rows=tensor(np.stack(rows, axis=1), np.int64),
        n_rows=tensor(counts),
        steps=tensor(steps, np.int64),
        partners=tensor(partners, np.int64),
        shares=tensor(shares),
        rates=tensor(rates),
        sizes=tensor(sizes),
        average_shares=tensor(averages),
    )
    constants = Constants(
        learning_rate=tensor(rate),
        penalty=tensor(of_each(second_gradient.strength, rate) if penalized else None),
        radius=tensor(of_each(second_gradient.radius) if takes_second else None),
    )
    return EpochInputs(by_step, constants)


def _mixing(problems, orders, layout, steps):
    """Partners of all rows and each row's own share, as `skreg.augmentation` draws them."""
    draws = entry_points.draws(problems[0].dtype)
    partners, shares = [], np.ones(steps.shape)
    for m, (p, order, (begins, places, counts)) in enumerate(
        zip(problems, orders, layout, strict=True)
    ):
        plan, shifts = p.plan[0], np.zeros(len(counts), int)
        for s, count in enumerate(counts):
            if plan["mixup_alpha"] > 0 and count > 1:
                shares[s, m], shifts[s] = draws.draw_mixing(
                    plan["seed"], plan["mixup_alpha"], int(steps[s, m]), int(count)
                )
        partners.append(order[begins + (places + shifts[:, None]) % counts[:, None]])
    return np.stack(partners, axis=1), shares


def _average_shares(plans, progress, running, n_steps):
    """Share of the weights in their average after each step, (n_steps, n_nets); counts them."""
    shares = np.zeros((n_steps, len(plans)))
    for m in np.flatnonzero(running):
        plan, so_far = plans[m], progress[m]
        for s in range(n_steps):
            shares[s, m] = averaging.next_share.py_func(
                plan, so_far["n_averaged"], so_far["epoch"] + 1, s == n_steps - 1
            )
            so_far["n_averaged"] += shares[s, m] > 0
    return shares
