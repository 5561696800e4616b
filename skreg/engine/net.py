"""The skorch net that every estimator trains: the only training loop."""

import time
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer, PrintLog
from skorch.dataset import Dataset
from torch import nn
from torch.nn import functional

from skreg.augmentation.kinds import is_users_own
from skreg.engine.block_length import Pacing
from skreg.engine.compiled.engine import CompiledEngine
from skreg.engine.lbfgs import fit_lbfgs
from skreg.engine.pretext import renew_views
from skreg.engine.schedules import epochs_to_snapshot
from skreg.engine.torch.engine import TorchEngine
from skreg.engine.torch.optimizer import RegularizedOptimizer
from skreg.exceptions import DivergenceError
from skreg.losses import formulas
from skreg.losses.batch_loss import torch_batch_loss
from skreg.regularizers import stopping
from skreg.threads.blas import threads_of_a_net
from skreg.threads.python_lock import python_lock

# Callbacks that read the history at the end of an epoch and touch nothing else.
READING_CALLBACKS = (EpochTimer, PrintLog)

_TORCH_PARTS = ("module_", "criterion_", "optimizer_")


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
    """A skorch net whose `fit_loop` runs blocks of epochs in one of skreg's engines.

    Module, history, callbacks, device and checkpoints are skorch's. After training the
    problem's data can be let go (`without_data`).

    Parameters
    ----------
    module : callable
        Makes the `torch.nn.Module`, whose parameters share memory with `problem.state.params` (on
        the CPU).
    problem : skreg.engine.problem.Problem or None
        None for a net that only predicts.
    engine : {"compiled", "torch"}
    solver : {"adam", "adamw", "sgd", "lbfgs"}
    max_fun : int
        Evaluations that L-BFGS may make.
    max_time : float or None
        Seconds after which training ends, one epoch at least.
    penalty : callable or None
        A user's penalty on the list of weight tensors.
    augment : object with ``apply(batch, generator)``, or None
        What the torch engine does to a training batch.
    **kwargs
        Of `skorch.NeuralNet`.
    """

    def __init__(
        self,
        module,
        *,
        problem=None,
        engine="compiled",
        solver="adam",
        max_fun=15000,
        max_time=None,
        penalty=None,
        augment=None,
        **kwargs,
    ):
        self.problem, self.engine, self.augment = problem, engine, augment
        self.solver, self.penalty = solver, penalty
        self.max_fun, self.max_time = max_fun, max_time
        kwargs.setdefault("criterion", BatchLoss)
        kwargs.setdefault("dataset", RowsDataset)
        kwargs.setdefault("optimizer", RegularizedOptimizer)
        kwargs.setdefault("train_split", None)
        super().__init__(module, **kwargs)

    @property
    def _default_callbacks(self):
        return []

    def initialize(self):
        """As skorch's; under the compiled engine torch's parts wait, see `initialize_late`."""
        if self.engine != "compiled" or self.callbacks:
            return super().initialize()
        return self.initialize_late()

    def initialize_late(self):
        """As `initialize`, but torch's parts wait until somebody looks at them."""
        self.check_training_readiness()
        self._initialize_virtual_params()
        self._initialize_callbacks()
        self._initialize_history()
        self.initialized_ = True
        return self

    def __getattr__(self, name):
        if name not in _TORCH_PARTS or not vars(self).get("initialized_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.initialized_ = False
        self._initialize_module()
        self._initialize_criterion()
        self._initialize_optimizer()
        self._validate_params()
        self.initialized_ = True
        return vars(self)[name]

    def bring_weights_to_device(self):
        """Have a module elsewhere than on the CPU, where memory is shared, hold the weights."""
        if torch.device(self.device).type == "cpu" or "module_" not in vars(self):
            return  # a module that is built later begins with these weights
        tensors = {**dict(self.module_.named_parameters()), **dict(self.module_.named_buffers())}
        with torch.no_grad():
            for place in self.problem.architecture.places:
                tensors[place.name].copy_(torch.from_numpy(place.of(self.problem.state.params)))

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
        """This net with its problem let go, so that it does not hold on to the data."""
        self.problem = None
        return self

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """As skorch's, but a KeyboardInterrupt of the user's goes through."""
        if not self.initialized_:
            self.initialize()
        if self.callbacks_ and self.problem is not None:
            X, y = self._told_rows(self.problem.data)
        self.tell("on_train_begin", X=X, y=y)
        self.fit_loop(X, y, **fit_params)
        self.tell("on_train_end", X=X, y=y)
        return self

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Train on the problem given: its data, not `X` and `y`, which only callbacks see.

        Raises
        ------
        DivergenceError
            If loss or weights leave the finite numbers.
        """
        self.check_training_readiness()
        if self.problem is None:
            raise ValueError(
                "This skorch net belongs to a fitted estimator and has let go of its data: call "
                "fit or partial_fit of the estimator instead."
            )
        if python_lock.task is not None:
            python_lock.task.note_bytes(self.problem.n_bytes)
        apart = nullcontext() if self._calls_user else python_lock.released()
        with threads_of_a_net(self.problem.is_large()), apart:
            engine = self._make_engine()
            self._began = time.perf_counter()
            if self.solver == "lbfgs":
                fit_lbfgs(self.problem, engine, self.max_fun, self._book_iteration)
            else:
                self._fit_stochastic(engine)
        self._check_finite()
        return self

    @property
    def _calls_user(self):
        """Whether training runs code of the user's, which tasks run one at a time."""
        p = self.problem
        beside = p.score is not None or p.watch is not None or p.views is not None
        return self._calls_user_in_steps or beside

    @property
    def _calls_user_in_steps(self):
        own = self.penalty is not None or is_users_own(self.augment)
        return bool(self.callbacks_) or own

    @contextmanager
    def _apart(self):
        """For the length of a block of steps others may have the Python lock."""
        if self._calls_user_in_steps and self.engine == "torch":
            yield
            return
        with python_lock.released():
            yield
        python_lock.check()

    def _make_engine(self):
        if self.engine == "compiled":
            return CompiledEngine(self.problem)
        return TorchEngine(self.problem, self)

    def _fit_stochastic(self, engine):
        p, done = self.problem, 0
        looks_in = p.score is not None or p.watch is not None
        every_epoch = bool(self.callbacks_) or bool(self.verbose) or looks_in
        pacing = Pacing(
            p.data.Y.shape[0],
            p.plan[0]["batch_size"],
            p.state.params.size,
            every_epoch,
            engine.seconds_per_step,
        )
        while p.progress[0]["status"] == stopping.RUNNING and done < p.n_epochs:
            to_snapshot = epochs_to_snapshot(p.plan[0], p.progress[0]["epoch"])
            n_epochs = pacing.epochs(min(p.n_epochs - done, to_snapshot or p.n_epochs))
            order = engine.order_of(n_epochs)
            if p.watch is not None:
                p.watch.begin()
            used = self._run_block(engine, pacing, order, n_epochs)
            if used < n_epochs:
                p.shuffling.give_back(used)
            elif used == to_snapshot:
                p.snapshots.append(p.state.params.copy())
            done += used
            if used and p.watch is not None:
                self._watch_end()

    def _run_block(self, engine, pacing, order, n_epochs):
        """Train `n_epochs` epochs or until the fit stops; how many were finished."""
        progress = self.problem.progress[0]
        progress["row"], booked = 0, 0
        curves = np.zeros(n_epochs, stopping.CURVES)
        while progress["row"] < n_epochs and progress["status"] == stopping.RUNNING:
            if progress["batch"] == 0 and self.callbacks_:
                self.tell("on_epoch_begin", **self._epoch_data())
            start, step, done = time.perf_counter(), int(progress["step"]), booked
            n_steps = pacing.steps()
            if self.problem.views is not None:
                n_steps = min(n_steps, renew_views(self.problem, self.device))
            with self._apart():
                engine.run(curves, order, n_steps)
            seconds, booked = time.perf_counter() - start, int(progress["row"])
            pacing.note(int(progress["step"]) - step, seconds)
            if booked > done:
                self._book_epochs(curves[done:booked].tolist(), seconds / (booked - done))
            self._check_time()
        return booked

    def _check_time(self):
        """End training where its time is up, if there is an epoch to show for it."""
        progress = self.problem.progress[0]
        if self.max_time is None or progress["status"] != stopping.RUNNING:
            return
        if progress["epoch"] and time.perf_counter() - self._began >= self.max_time:
            progress["status"] = stopping.OUT_OF_TIME

    def _book_epochs(self, rows, seconds):
        """Book a block's epochs, the curves' rows; at once where nobody sees one by one."""
        if self.callbacks_ or self.verbose or self.problem.score is not None:
            for row in rows:
                self._book_epoch(*row, seconds)
            return
        entries = [
            {"batches": [], "epoch": n, "train_loss": loss, "lr": rate, "dur": seconds}
            for n, (loss, _, rate) in enumerate(rows, len(self.history) + 1)
        ]
        if self.problem.validation.Y.shape[0]:
            for entry, (_, loss, _) in zip(entries, rows, strict=True):
                entry["valid_loss"] = loss
        self.history.extend(entries)

    def _book_epoch(self, loss, validation_loss, rate, seconds):
        """Write an epoch into the history, and let callbacks and the user see it."""
        history = self.history
        if not self.callbacks_:  # else skorch's on_epoch_begin has begun it
            history.append({"batches": []})
        entry = list.__getitem__(history, -1)  # history's own way takes longer than the epoch
        entry["epoch"], entry["train_loss"] = len(history), loss
        validated = validation_loss == validation_loss  # not NaN
        if validated:
            entry["valid_loss"] = validation_loss
        entry["lr"], entry["dur"] = rate, seconds
        if self.problem.score is not None:
            entry["valid_score"] = self._judge_score()
        if self.verbose:
            print(f"Iteration {len(history)}, loss = {loss:.8f}")
            if validated:
                print(f"Validation loss: {validation_loss:.8f}")
            if "valid_score" in entry:
                print(f"Validation score: {entry['valid_score']:.8f}")
        if self.callbacks_:
            for name in ("train_loss", "valid_loss"):  # the names that skorch's Checkpoint monitors
                if name in entry:
                    earlier = [row[name] for row in history[:-1] if name in row]
                    entry[f"{name}_best"] = entry[name] < min(earlier, default=np.inf)
            self.tell("on_epoch_end", **self._epoch_data())

    def _judge_score(self):
        """Score of the validation rows; where it is monitored, whether to go on by it."""
        p = self.problem
        score = p.score(p.measured())
        if p.plan[0]["monitor"] == stopping.SCORE:
            best = stopping.judge_epoch.py_func(p.plan[0], p.progress[0], -score)
            if best and p.plan[0]["keep_best"]:
                p.state.best[:] = p.measured()
        return score

    def _book_iteration(self, row, seconds):
        """An iteration of L-BFGS is an epoch that begins and ends at once."""
        python_lock.check()
        if self.callbacks_:
            self.tell("on_epoch_begin", **self._epoch_data())
        if self.problem.watch is not None:
            self.problem.watch.begin()
        self._book_epoch(*row.tolist(), seconds)
        if self.problem.watch is not None:
            self._watch_end()
        self._check_time()

    def _watch_end(self):
        """An epoch's end for scikit-learn's callbacks, which may stop training."""
        progress = self.problem.progress[0]
        if self.problem.watch.end() and progress["status"] == stopping.RUNNING:
            progress["status"] = stopping.INTERRUPTED

    def tell(self, event, **kwargs):
        """Notify the callbacks; a KeyboardInterrupt that one raises means: stop here."""
        try:
            self.notify(event, **kwargs)
        except KeyboardInterrupt:
            self.problem.progress["status"] = stopping.INTERRUPTED

    def _epoch_data(self):
        p = self.problem
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

    def _check_finite(self):
        p = self.problem
        progress = p.progress[0]
        diverged = progress["status"] == stopping.DIVERGED
        measured = progress["best"] < np.inf or progress["epoch"] == 0
        if p.plan[0]["keep_best"] and not diverged and not measured:
            if p.plan[0]["monitor"] == stopping.SCORE:
                raise DivergenceError(p.score.cannot_judge("its score was never finite"))
            raise DivergenceError(
                "The loss on the validation rows was never finite, so there is no best epoch: look "
                "for huge values in X_val, y_val and sample_weight_val (or in the rows held out)."
            )
        if not diverged and np.isfinite(p.state.params).all():
            return
        epoch = int(progress["epoch"]) + int(diverged)
        if self.solver == "lbfgs":
            raise DivergenceError(
                f"lbfgs left the finite numbers in iteration {epoch}: scale X "
                "(StandardScaler), or raise alpha."
            )
        raise DivergenceError(
            f"Training diverged in epoch {epoch} at learning_rate_init="
            f"{float(p.plan[0]['rate']):g} (loss or weights not finite): lower learning_rate_init, "
            "scale X (StandardScaler), or use fewer or weaker noises."
        )
