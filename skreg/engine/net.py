"""The skorch net of an estimator: skorch's view of a fit, and what callbacks hang on."""

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PrintLog
from skorch.dataset import Dataset
from torch import nn
from torch.nn import functional

from skreg.engine.torch.optimizer import RegularizedOptimizer
from skreg.losses import formulas
from skreg.losses.batch_loss import torch_batch_loss
from skreg.regularizers import stopping

# Callbacks that read the history at the end of an epoch and touch nothing else.
READING_CALLBACKS = (EpochTimer, PrintLog)


class BatchLoss(nn.Module):
    """Mean loss of a plan as a torch criterion, for what in skorch asks for one."""

    def __init__(self, plan):
        super().__init__()
        self.plan = plan

    def forward(self, raw, y):
        """Mean loss over rows; `raw` (n_rows, n_outputs), `y` as the loss or a callback has it."""
        plan = self.plan[0]
        if plan["loss"] == formulas.CROSS_ENTROPY and y.ndim == 1:
            y = functional.one_hot(y.long(), raw.shape[1])
        y = y.reshape(len(raw), -1).to(raw.dtype)
        return torch_batch_loss(plan, raw, y, torch.ones_like(raw[:, 0])) / len(raw)


class RowsDataset(Dataset):
    """skorch's dataset, of rows that nobody may write to: each comes as a copy, as torch wants."""

    def transform(self, X, y):
        """A row and its target."""
        pair = super().transform(X, y)
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in pair)


class RegularizedNet(NeuralNet):
    """A skorch net whose `fit_loop` runs a fit of skreg's.

    Module, history, callbacks, device and checkpoints are skorch's. After training the fit, and
    with it the data, can be let go (`without_data`).

    Parameters
    ----------
    module : callable
        Makes the `torch.nn.Module`, whose parameters share memory with those of the fit's problem
        (on the CPU).
    training : skreg.engine.loop.Fit or None
        None for a net that only predicts.
    **kwargs
        Of `skorch.NeuralNet`.
    """

    def __init__(self, module, *, training=None, **kwargs):
        self.training = training
        kwargs.setdefault("criterion", BatchLoss)
        kwargs.setdefault("dataset", RowsDataset)
        kwargs.setdefault("optimizer", RegularizedOptimizer)
        kwargs.setdefault("train_split", None)
        super().__init__(module, **kwargs)

    @property
    def _default_callbacks(self):
        return []

    def bring_weights_to_device(self):
        """Have a module elsewhere than on the CPU, where memory is shared, hold the weights."""
        if torch.device(self.device).type == "cpu":
            return
        problem = self.training.problem
        tensors = {**dict(self.module_.named_parameters()), **dict(self.module_.named_buffers())}
        with torch.no_grad():
            for place in problem.architecture.places:
                tensors[place.name].copy_(torch.from_numpy(place.of(problem.state.params)))

    def set_params(self, **kwargs):
        """As skorch's, but the module is the estimator's."""
        own = [name for name in kwargs if name.startswith("module__")]
        if own:
            raise ValueError(
                f"{own[0]} cannot be set: the estimator makes the module, whose sizes follow from "
                "its parameters and the rows. Leave out what sets them (InputShapeSetter)."
            )
        return super().set_params(**kwargs)

    def without_data(self):
        """This net with its fit let go, so that it does not hold on to the data."""
        self.training = None
        return self

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """As skorch's, but a KeyboardInterrupt of the user's goes through."""
        if not self.initialized_:
            self.initialize()
        if self.callbacks_ and self.training is not None:
            X, y = self._told_rows(self.training.problem.data)
        self.tell("on_train_begin", X=X, y=y)
        self.fit_loop(X, y, **fit_params)
        self.tell("on_train_end", X=X, y=y)
        return self

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Train on the problem of the fit: its data, not `X` and `y`, which only callbacks see.

        Raises
        ------
        DivergenceError
            If loss or weights leave the finite numbers.
        """
        self.check_training_readiness()
        if self.training is None:
            raise ValueError(
                "This skorch net belongs to a fitted estimator and has let go of its data: call "
                "fit or partial_fit of the estimator instead."
            )
        self.training.loop()
        if not self.callbacks_:  # else they have seen every entry
            self.extend_history(self.training.history[len(self.history) :])
        return self

    def extend_history(self, entries):
        """Write entries of `Fit.history` into skorch's."""
        self.history.extend({"batches": [], **entry} for entry in entries)

    def tell_epoch_begin(self):
        """Tell the callbacks that an epoch begins; skorch's history begins an entry."""
        self.tell("on_epoch_begin", **self._epoch_data())

    def tell_epoch_end(self, entry):
        """Tell the callbacks that an epoch ends, which is an entry of `Fit.history`."""
        history = self.history
        row = list.__getitem__(history, -1)  # history's own way takes longer than the epoch
        row.update(entry)
        for name in ("train_loss", "valid_loss"):  # the names that skorch's Checkpoint monitors
            if name in entry:
                earlier = [other[name] for other in history[:-1] if name in other]
                row[f"{name}_best"] = entry[name] < min(earlier, default=np.inf)
        self.tell("on_epoch_end", **self._epoch_data())

    def tell(self, event, **kwargs):
        """Notify the callbacks; a KeyboardInterrupt that one raises means: stop here."""
        try:
            self.notify(event, **kwargs)
        except KeyboardInterrupt:
            self.training.problem.progress["status"] = stopping.INTERRUPTED

    def _epoch_data(self):
        p = self.training.problem
        sets = {"dataset_train": self.get_dataset(*self._told_rows(p.data)), "dataset_valid": None}
        if p.validation.Y.shape[0]:
            sets["dataset_valid"] = self.get_dataset(*self._told_rows(p.validation))
        return sets

    def _told_rows(self, data):
        """Features and targets of rows as callbacks see them."""
        return data.features(), self.told(data.Y)

    def told(self, Y):
        """Targets, a tensor or an array, as callbacks see them: in the units of training."""
        return Y
