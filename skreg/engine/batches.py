"""Batches of the torch engine: rows as tensors in their shape, augmented in training."""

import numpy as np
import torch
from scipy.sparse import csr_matrix

from skreg.augmentation.batch import TorchAugmentation
from skreg.engine import compiled, pretext


class Batches:
    """The rows of a problem, batch by batch.

    Parameters
    ----------
    problem : skreg.engine.problem.Problem
    augment : object with ``apply(batch, generator)``, or None
    device : torch.device
    """

    def __init__(self, problem, augment, device):
        self.problem, self.device = problem, device
        draws = compiled.draws(problem.dtype)
        self.augmentation = TorchAugmentation(augment, problem.plan[0], draws, device)

    def training(self, rows, step):
        """Features, targets and weights as a pretext task or `skreg.augmentation` has them."""
        if pretext.is_pretext(self.problem.plan[0]):
            return pretext.training_batch(self.problem, rows, step, self.device)
        return self.augmentation.change_batch(step, *self.of(self.problem.data, rows))

    def of(self, data, rows):
        """Features, targets and weights of rows (indices) as they are."""
        if data.starts.size:
            starts = data.starts
            sparse = csr_matrix(
                (data.values, data.columns, starts), (starts.size - 1, data.X.shape[1]), copy=False
            )
            x = sparse[rows].toarray()
        else:
            x = data.X[rows]
        shape = self.problem.architecture.row_shape
        x = x if shape is None else x.reshape(len(x), *shape)
        arrays = x, data.Y[rows], data.weight[rows]
        if self.problem.plan[0]["n_views"] == 2:  # of validation rows: both stand there
            arrays = pretext.both_views(data, rows, data.X.shape[1] // 2)
        return [torch.from_numpy(a).to(self.device) for a in arrays]

    def pieces(self, data, step=None):
        """Indices of all rows, so many at a time as the architecture likes (or `step`)."""
        n, step = data.Y.shape[0], step or self.problem.architecture.rows_at_once
        return (np.arange(start, min(start + step, n)) for start in range(0, n, step))
