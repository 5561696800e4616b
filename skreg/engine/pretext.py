"""Batches of the pretext tasks outside of the kernel, and validation rows spoilt once for all.

The kernel makes its batches itself (`kernel.disturb_batch`); these are the torch engine's, with the
same draws. Views by a transform of the user's are drawn by torch.
"""

import numpy as np

from skreg.corruption import column_moments
from skreg.engine import compiled
from skreg.engine.problem import make_data
from skreg.streams import VIEWS

_PIECE = 4096  # validation rows that a user's transform sees at once


def is_pretext(plan):
    """Whether a plan (a record) is that of a pretext task."""
    return plan["corruption"] > 0 or plan["n_views"] == 2


def prepared(plan, data, validation, views, dtype):
    """Training and validation data of a pretext task.

    The validation rows are corrupted here, or their second views made, by draws of step 0: so their
    loss is a function of the weights alone, and two epochs can be compared.

    Parameters
    ----------
    plan : ndarray of one record
    data, validation : tuple (X, Y, weight)
    views : object or None
        A user's transform.
    dtype : dtype
    """
    X = data[0]
    moments = column_moments(X) if plan[0]["corruption"] else None
    data = make_data(*data, dtype, moments)
    X, Y, weight = validation
    if not len(weight):
        X = np.empty((0, data.X.shape[1]), dtype)
        return data, make_data(X, Y, weight, dtype, moments)
    if views is not None:
        pieces = range(0, len(weight), _PIECE)
        made = [users_views(plan[0], views, X[i : i + _PIECE], step=-i) for i in pieces]
        X = np.concatenate([np.hstack([half.numpy() for half in pair]) for pair in made])
        return data, make_data(X, Y, weight, dtype)
    spoilt = np.array(X, dtype, order="C")
    targets = np.empty((len(weight), 2 * X.shape[1]), dtype)
    compiled.draws(dtype).corrupt(plan, 0, data, spoilt, targets)
    if plan[0]["n_views"] == 2:
        return data, make_data(np.hstack([X, spoilt]), Y, weight, dtype)
    return data, make_data(spoilt, targets, weight, dtype)


def training_batch(problem, rows, step, device):
    """Features, targets and weights (tensors) of the training rows `rows` at a step."""
    import torch

    plan, data = problem.plan[0], problem.data
    if problem.views is not None:
        pair = users_views(plan, problem.views, data.X[rows], step, device)
        _, y, weight = both_views(data, rows, 0)
        return [torch.cat(pair), *(torch.from_numpy(a).to(device) for a in (y, weight))]
    if plan["n_views"] == 2:
        x, y, weight = both_views(data, rows, 0)
        spoilt, targets = x[len(rows) :], np.empty((1, 1), x.dtype)
    else:
        x, weight = data.X[rows], data.weight[rows]
        spoilt, y = x, np.empty((len(rows), 2 * data.X.shape[1]), x.dtype)
        targets = y
    compiled.draws(problem.dtype).corrupt(problem.plan, step, data, spoilt, targets)
    return [torch.from_numpy(a).to(device) for a in (x, y, weight)]


def both_views(data, rows, beyond):
    """Arrays of the rows and, after them, of their other views, `beyond` columns further on."""
    n_features = data.X.shape[1] - beyond
    x = data.X[rows]
    x = np.concatenate([x[:, :n_features], x[:, beyond:]])
    return x, np.tile(data.Y[rows], (2, 1)), np.tile(data.weight[rows], 2)


def users_views(plan, views, rows, step, device="cpu"):
    """Two views (tensors) of rows by a transform of the user's.

    Its ``apply(batch, generator)`` gives a batch of the same shape, its draws from `generator`,
    which is seeded by the step.
    """
    import torch

    from skreg.streams import torch_stream_keys

    seed = torch.tensor(int(plan["seed"].view(np.int64)))
    key = int(torch_stream_keys(seed, VIEWS, torch.tensor(step)))
    generator = torch.Generator(device).manual_seed(key & (2**63 - 1))
    batch = torch.from_numpy(np.ascontiguousarray(rows)).to(device)
    pair = [views.apply(batch.clone(), generator) for _ in range(2)]
    for view in pair:
        if view.shape != batch.shape:
            raise ValueError(
                f"views={views!r} made a batch of shape {tuple(view.shape)} from one of "
                f"{tuple(batch.shape)}: its apply(batch, generator) must keep the shape."
            )
    return [view.to(batch.dtype) for view in pair]
