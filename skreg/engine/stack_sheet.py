"""What a stack needs for an epoch, worked out on the host and sent to the device in one go.

So no step of the epoch waits for anything: rows in the order of their use, what mixup and the
average draw or count, and the learning rates.
"""

from typing import NamedTuple

import numpy as np
import torch

from skreg import averaging, perturbation
from skreg.engine import compiled
from skreg.engine.optimizers import SGD, adam_rate


class Sheet(NamedTuple):
    """An epoch of a stack; what is one per step has a leading axis of steps. None is off."""

    rows: torch.Tensor  # (n_steps, n_nets, n_rows) places in the stack's data
    n_rows: torch.Tensor  # (n_steps, n_nets), of the batch; what is beyond is padding
    steps: torch.Tensor  # (n_steps, n_nets) number of the optimizer step, from 1, int64
    partners: torch.Tensor | None  # as `rows`, for mixup
    shares: torch.Tensor | None  # (n_steps, n_nets) of the row itself in its mixture
    learning_rate: torch.Tensor  # (n_nets,)
    rates: torch.Tensor  # (n_steps, n_nets), with Adam's bias corrections
    sizes: torch.Tensor  # (n_steps, n_nets), what the sizes of proximal steps begin with
    penalty: torch.Tensor | None  # (n_nets,) the gradient penalty's mu
    radius: torch.Tensor | None  # (n_nets,) how far off the second gradient is taken
    average_shares: list  # of each step (n_nets,), or None where no net averages


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


def make_sheet(problems, starts, layout, device):
    """The next epoch of each problem.

    Draws each problem's permutation and counts its averages; its steps are left to be counted.

    Parameters
    ----------
    problems : list of Problem
    starts : list of int
        Where each problem's rows begin in the stack's data.
    layout : list of tuples, see `positions`
    device : torch.device
    """
    progress = np.concatenate([p.progress for p in problems])
    plan, plans = problems[0].plan[0], np.concatenate([p.plan for p in problems])
    counts = np.stack([place[2] for place in layout], axis=1)
    steps = progress["step"] + np.arange(1, len(counts) + 1)[:, None]
    orders = [start + p.shuffling.draw(1)[0] for p, start in zip(problems, starts, strict=True)]
    rows = [
        order[begins + places] for order, (begins, places, _) in zip(orders, layout, strict=True)
    ]
    partners, shares = _mixing(problems, orders, layout, steps) if _mixes(plans) else (None, None)
    rate, looks = progress["learning_rate"], [perturbation.radius.py_func(p) for p in plans]
    mu = [perturbation.strength.py_func(*pair) for pair in zip(plans, rate, strict=True)]

    def tensor(values, dtype=problems[0].dtype):
        return torch.from_numpy(np.ascontiguousarray(values, dtype)).to(device)

    averages = [None] * len(counts)
    if plans["averaging"].any():
        table = _average_shares(problems, len(counts))
        averages = [tensor(line) if line.any() else None for line in table]
    if plan["optimizer"] == SGD:
        rates = np.broadcast_to(rate, steps.shape)
        sizes = rates / (1 - plan["momentum"])
    else:
        rates = adam_rate.py_func(plan, rate, steps)
        sizes = rate * np.sqrt(1 - plan["beta_2"] ** steps)
    return Sheet(
        rows=tensor(np.stack(rows, axis=1), np.int64),
        n_rows=tensor(counts),
        steps=tensor(steps, np.int64),
        partners=None if partners is None else tensor(partners, np.int64),
        shares=None if shares is None else tensor(shares),
        learning_rate=tensor(rate),
        rates=tensor(rates),
        sizes=tensor(sizes),
        penalty=tensor(mu) if np.any(mu) else None,
        radius=tensor(looks) if np.any(looks) else None,
        average_shares=averages,
    )


def _mixes(plans):
    return plans["mixup_alpha"].any()


def _mixing(problems, orders, layout, steps):
    """Partners of all rows and each row's own share, as `skreg.augmentation` draws them."""
    draws = compiled.draws(problems[0].dtype)
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


def _average_shares(problems, n_steps):
    """Share of the weights in their average after each step, (n_steps, n_nets); counts them."""
    shares = np.zeros((n_steps, len(problems)))
    for m, p in enumerate(problems):
        plan, progress = p.plan[0], p.progress[0]
        for s in range(n_steps):
            shares[s, m] = averaging.next_share.py_func(
                plan, progress["n_averaged"], progress["epoch"] + 1, s == n_steps - 1
            )
            progress["n_averaged"] += shares[s, m] > 0
    return shares
