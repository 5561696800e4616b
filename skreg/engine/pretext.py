"""Batches of the pretext tasks outside of the kernel, and validation rows corrupted once for all.

The kernel makes its batches itself (`kernel.disturb_batch`); these are the torch engine's, with the
same draws. Views by a transform of the user's are drawn by torch, for both engines: an epoch's at
once, as most of what a transform costs does not depend on the number of rows.
"""

import numpy as np

from skreg.engine.compiled import entry_points
from skreg.engine.problem import make_data
from skreg.regularizers.corruption import column_moments

_PIECE = 4096  # rows that a user's transform sees at once


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
        return data, make_data(users_views(plan[0], views, X, step=0), Y, weight, dtype)
    corrupted = np.array(X, dtype, order="C")
    targets = np.empty((len(weight), 2 * X.shape[1]), dtype)
    entry_points.draws(dtype).corrupt(plan, 0, data, corrupted, targets)
    if plan[0]["n_views"] == 2:
        return data, make_data(np.hstack([X, corrupted]), Y, weight, dtype)
    return data, make_data(corrupted, targets, weight, dtype)


def training_batch(problem, rows, step):
    """Features, targets and weights (arrays) of the training rows `rows` at a step."""
    plan, data = problem.plan[0], problem.data
    if problem.views is not None:
        return both_views(problem.views.pairs, rows, data.X.shape[1])
    if plan["n_views"] == 2:
        x, y, weight = both_views(data, rows, 0)
        corrupted, targets = x[len(rows) :], np.empty((1, 1), x.dtype)
    else:
        x, weight = data.X[rows], data.weight[rows]
        corrupted, y = x, np.empty((len(rows), 2 * data.X.shape[1]), x.dtype)
        targets = y
    entry_points.draws(problem.dtype).corrupt(problem.plan, step, data, corrupted, targets)
    return x, y, weight


def both_views(data, rows, beyond):
    """Arrays of the rows and, after them, of their other views, `beyond` columns further on."""
    n_features = data.X.shape[1] - beyond
    x = data.X[rows]
    x = np.concatenate([x[:, :n_features], x[:, beyond:]])
    return x, np.tile(data.Y[rows], (2, 1)), np.tile(data.weight[rows], 2)


class UsersViews:
    """A user's transform that makes the views of a contrastive task, an epoch's at once.

    Parameters
    ----------
    transform : object with ``apply(batch, generator)``

    Attributes
    ----------
    pairs : Data or None
        The epoch's views of the training rows, as `Data` has two abreast.
    """

    def __init__(self, transform):
        self.transform, self.pairs, self._first = transform, None, 0

    def renew(self, problem, device):
        """Have the epoch's views of all training rows in `pairs`; steps left in the epoch.

        They are a function of the epoch's first step, wherever a block of steps begins.
        """
        plan, data, progress = problem.plan[0], problem.data, problem.progress[0]
        first = int(progress["step"] - progress["batch"]) + 1
        if self._first != first:
            X = users_views(plan, self.transform, data.X, first, device)
            self.pairs = make_data(X, data.Y, data.weight, problem.dtype)
            self._first = first
        return -(-len(data.weight) // int(plan["batch_size"])) - int(progress["batch"])


def users_views(plan, views, X, step, device="cpu"):
    """Two views of rows by a user's transform, side by side: an array of shape (n_rows, 2
    n_features).

    Its ``apply(batch, generator)`` gives a batch of the same shape, its draws from `generator`,
    which is seeded by the step.
    """
    import torch

    from skreg.random.words import VIEWS, stream_keys

    seed = torch.tensor(int(plan["seed"].view(np.int64)))
    key = int(stream_keys(seed, VIEWS, torch.tensor(step)))
    generator = torch.Generator(device).manual_seed(key & (2**63 - 1))
    n_rows, n_features = X.shape
    both = np.empty((n_rows, 2, n_features), X.dtype)
    for start in range(0, n_rows, _PIECE):
        rows = slice(start, start + _PIECE)
        batch = torch.from_numpy(np.array(X[rows])).to(device)
        for i in range(2):
            view = views.apply(batch.clone(), generator)
            if view.shape != batch.shape:
                raise ValueError(
                    f"views={views!r} made a batch of shape {tuple(view.shape)} from one of "
                    f"{tuple(batch.shape)}: its apply(batch, generator) must keep the shape."
                )
            both[rows, i] = view.detach().cpu().numpy()
    return both.reshape(n_rows, 2 * n_features)
