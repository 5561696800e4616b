"""Pretrainers as the tests of them take them: classes, settings, rows, views of a user's."""

from functools import partial

import torch

from skreg import ContrastivePretrainer, MaskedPretrainer
from tests._data import regression

X = regression()[0]
CLASSES = [MaskedPretrainer, ContrastivePretrainer]
PARAMS = {"random_state": 0, "hidden_layer_sizes": (9, 8), "batch_size": 25, "max_iter": 12}
FIXED = {**PARAMS, "dtype": "float64", "tol": 0.0, "n_iter_no_change": 12}


class Jitter:
    """Views by added noise, in the protocol of `skreg.augmentation`."""

    def __init__(self, std=0.3):
        self.std = std

    def apply(self, batch, generator):
        return batch + self.std * torch.randn(batch.shape, generator=generator, dtype=batch.dtype)

    def __repr__(self):
        return f"Jitter({self.std})"


class Shrinking(Jitter):
    """Views that lose a column."""

    def apply(self, batch, generator):
        return batch[:, 1:]


SETTINGS = [
    partial(MaskedPretrainer, corruption="swap", mask_loss_weight=1.0),
    partial(MaskedPretrainer, corruption="zero", reconstruct="corrupted", corruption_rate=0.1),
    partial(MaskedPretrainer, corruption="gaussian", reconstruct="corrupted", mask_loss_weight=0.3),
    partial(ContrastivePretrainer),
    partial(ContrastivePretrainer, views="gaussian", temperature=0.05),
    partial(ContrastivePretrainer, views=Jitter(), projection_hidden=7),
]
