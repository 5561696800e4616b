"""Batches of the torch engine: rows as tensors in their shape, augmented in training.

On a GPU the rows live there, as far as they leave half of its free memory, and no batch makes the
host wait for the device.
"""

import numpy as np
import torch

from skreg.augmentation.batch import TorchAugmentation
from skreg.engine import pretext
from skreg.engine.compiled import entry_points
from skreg.losses import formulas

_SHARE_OF_FREE = 0.5  # of a GPU's memory, that skreg takes at once
_PIECE = 2**26  # bytes of rows that go to a GPU at once


def spare_bytes(device):
    """What skreg takes at once of a GPU's free memory."""
    return _SHARE_OF_FREE * torch.cuda.mem_get_info(device)[0]


def send(array, device):
    """An array as a tensor on the device; nobody waits for its arrival."""
    tensor = torch.from_numpy(array)
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


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
        self._residents, self._levels = {}, {}
        draws = entry_points.draws(problem.dtype)
        self.augmentation = TorchAugmentation(augment, problem.plan[0], draws, device)

    def training(self, rows, step):
        """Features, targets and weights as a pretext task or `skreg.augmentation` has them."""
        if pretext.is_pretext(self.problem.plan[0]):
            arrays = pretext.training_batch(self.problem, rows, step)
            return [send(a, self.device) for a in arrays]
        return self.augmentation.change_batch(step, *self.of(self.problem.data, rows))

    def of(self, data, rows):
        """Features, targets and weights of rows (indices) as they are."""
        if self.problem.plan[0]["n_views"] == 2:  # of validation rows: both stand there
            arrays = pretext.both_views(data, rows, data.X.shape[1] // 2)
            return [send(a, self.device) for a in arrays]
        x, y, weight = self._taken(data, rows)
        shape = self.problem.architecture.row_shape
        return x if shape is None else x.reshape(len(x), *shape), y, weight

    def _taken(self, data, rows):
        resident = self._resident(data)
        if resident is not None:
            rows = send(np.asarray(rows, np.int64), self.device)
            x, y, weight = (tensor[rows] for tensor in resident)
        else:
            x = data.features()[rows]
            x = x.toarray() if data.starts.size else x
            x, y, weight = (send(a, self.device) for a in (x, data.Y[rows], data.weight[rows]))
        if data.levels.size:
            y = formulas.class_targets(
                y, self._levels_of(data), self.problem.architecture.n_outputs
            )
        return x, y, weight

    def _levels_of(self, data):
        """The levels of `data`, on the device once and for all."""
        if id(data) not in self._levels:
            self._levels[id(data)] = send(data.levels.copy(), self.device)
        return self._levels[id(data)]

    def _resident(self, data):
        """All rows of `data` as tensors on a GPU, or None where they stay on the host."""
        if self.device.type != "cuda" or data.starts.size:
            return None
        if id(data) not in self._residents:
            arrays = data.X, data.Y, data.weight
            fits = sum(a.nbytes for a in arrays) <= spare_bytes(self.device)
            tensors = [_copied(a, self.device) for a in arrays] if fits else None
            self._residents[id(data)] = tensors
        return self._residents[id(data)]

    def pieces(self, data, step=None):
        """Indices of all rows, so many at a time as the architecture likes (or `step`)."""
        n, step = data.Y.shape[0], step or self.problem.architecture.rows_at_once
        return (np.arange(start, min(start + step, n)) for start in range(0, n, step))


def _copied(array, device):
    """An array (it may be on a disk) on a GPU, piece by piece."""
    out = torch.empty(array.shape, dtype=torch.from_numpy(array[:0].copy()).dtype, device=device)
    step = max(1, _PIECE // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        out[start : start + step] = torch.from_numpy(array[start : start + step].copy())
    return out
