"""A fit: blocks of epochs in one of the engines, their history, the clock.

Knows neither torch nor skorch. Where there is a skorch net, its `fit_loop` runs the loop and hands
what happens on to callbacks.
"""

import time
from contextlib import contextmanager, nullcontext

import numpy as np

from skreg.augmentation.kinds import active, is_users_own
from skreg.engine.block_length import Pacing
from skreg.engine.compiled.engine import CompiledEngine
from skreg.engine.lbfgs import fit_lbfgs
from skreg.engine.schedules import epochs_to_snapshot
from skreg.exceptions import DivergenceError
from skreg.regularizers import stopping
from skreg.threads.blas import threads_of_a_net
from skreg.threads.python_lock import python_lock


class Fit:
    """The training of a net on a problem.

    Parameters
    ----------
    problem : skreg.engine.problem.Problem
    params : Settings
        The estimator's.
    engine : {"compiled", "torch"}
    callbacks : list of skorch callbacks, or None
    watch : object or None
        Has `begin` and `end`, called at every epoch; training stops where `end` says so.
    make_net : callable
        Takes this fit and gives its skorch net.

    Attributes
    ----------
    net : RegularizedNet or None
        None where neither the engine nor callbacks need one.
    history : list of dict
        An entry for each epoch: "epoch", "train_loss", "lr", "dur" and, with validation rows,
        "valid_loss" and "valid_score".
    max_time : float or None
        Seconds after which training ends, one epoch at least.
    raw : weights as the architecture unpacks them, or None
        After training under `averaging`: the last ones, where the problem's are the average.
    """

    def __init__(self, problem, params, engine, *, callbacks, watch, make_net):
        self.problem, self.params, self.engine = problem, params, engine
        self.callbacks, self.watch, self.augment = callbacks, watch, active(params.augment)
        self.history, self.raw, self.max_time = [], None, params.max_time
        self.net = make_net(self) if engine == "torch" or callbacks else None

    def run(self):
        """Train for the problem's epochs, from where it stands."""
        if self.net is None:
            self.loop()
        else:
            rows = self.problem.data.X, self.problem.data.Y
            (self.net.partial_fit if self.net.initialized_ else self.net.fit)(*rows)

    def loop(self):
        """Run blocks of epochs to the end of training.

        Raises
        ------
        DivergenceError
            If loss or weights leave the finite numbers.
        """
        p = self.problem
        looked_at = p.score is not None or self.watch is not None or p.views is not None
        apart = looked_at or self._calls_user_in_steps
        with (
            threads_of_a_net(p.is_large()),
            nullcontext() if apart else python_lock.released(),
        ):
            engine = self.make_engine()
            self._began = time.perf_counter()
            if self.params.solver == "lbfgs":
                fit_lbfgs(p, engine, self.params.max_fun, self._book_iteration)
            else:
                self._run_blocks(engine)
        self.check_finite()

    def choose_weights(self):
        """Have the problem's parameters be those that predict: the best ones, or the average."""
        p = self.problem
        if p.plan[0]["keep_best"]:
            p.state.params[:] = p.state.best
        elif p.progress[0]["n_averaged"]:
            self.raw = p.architecture.unpack(p.state.params, p.dtype)
            p.state.params[:] = p.state.average
        if self.net is not None:
            self.net.bring_weights_to_device()

    def let_go(self):
        """Hold on to the data no longer; the skorch net, where there is one."""
        self.problem = self.watch = None
        return self.net and self.net.without_data()

    def make_engine(self):
        """The engine, ready to run."""
        if self.engine == "compiled":
            return CompiledEngine(self.problem)
        from skreg.engine.torch.engine import TorchEngine

        return TorchEngine(self)

    @property
    def _calls_user_in_steps(self):
        """Whether steps run code of the user's, which tasks run one at a time."""
        own = self.params.penalty is not None or is_users_own(self.augment)
        return bool(self.callbacks) or own

    @contextmanager
    def _apart(self):
        """For the length of a block of steps others may have the Python lock."""
        if self._calls_user_in_steps and self.engine == "torch":
            yield
            return
        with python_lock.released():
            yield
        python_lock.check()

    def _run_blocks(self, engine):
        p, done = self.problem, 0
        n_rows, batch_size = p.data.Y.shape[0], p.plan[0]["batch_size"]
        seen = bool(self.callbacks) or bool(self.params.verbose) or p.score is not None
        every_epoch = seen or self.watch is not None
        sizes = n_rows, batch_size, p.state.params.size
        pacing = Pacing(*sizes, every_epoch, engine.seconds_per_step)
        while p.progress[0]["status"] == stopping.RUNNING and done < p.n_epochs:
            to_snapshot = epochs_to_snapshot(p.plan[0], p.progress[0]["epoch"])
            n_epochs = pacing.epochs(min(p.n_epochs - done, to_snapshot or p.n_epochs))
            order = engine.order_of(n_epochs)
            if self.watch is not None:
                self.watch.begin()
            used = self._run_block(engine, pacing, order, n_epochs)
            if used < n_epochs:
                p.shuffling.give_back(used)
            elif used == to_snapshot:
                p.snapshots.append(p.state.params.copy())
            done += used
            if used:
                self._watch_end()

    def _run_block(self, engine, pacing, order, n_epochs):
        """Train `n_epochs` epochs or until the fit stops; how many were finished."""
        progress, views = self.problem.progress[0], self.problem.views
        progress["row"], booked = 0, 0
        curves = np.zeros(n_epochs, stopping.CURVES)
        while progress["row"] < n_epochs and progress["status"] == stopping.RUNNING:
            if progress["batch"] == 0 and self.callbacks:
                self.net.tell_epoch_begin()
            start, step, done = time.perf_counter(), int(progress["step"]), booked
            n_steps = pacing.steps()
            if views is not None:
                n_steps = min(n_steps, views.renew(self.problem, self.params.device))
            with self._apart():
                engine.run(curves, order, n_steps)
            seconds, booked = time.perf_counter() - start, int(progress["row"])
            pacing.note(int(progress["step"]) - step, seconds)
            if booked > done:
                self.book(curves[done:booked].tolist(), seconds / (booked - done))
            self._check_time()
        return booked

    def _check_time(self):
        """End training where its time is up, if there is an epoch to show for it."""
        progress = self.problem.progress[0]
        if self.max_time is None or progress["status"] != stopping.RUNNING:
            return
        if progress["epoch"] and time.perf_counter() - self._began >= self.max_time:
            progress["status"] = stopping.OUT_OF_TIME

    def book(self, rows, seconds):
        """Write epochs, rows of the curves, into the history, and let who looks see them."""
        score = self.problem.score
        for loss, validation_loss, rate in rows:
            entry = {"epoch": len(self.history) + 1, "train_loss": loss}
            if validation_loss == validation_loss:  # not NaN
                entry["valid_loss"] = validation_loss
            entry["lr"], entry["dur"] = rate, seconds
            self.history.append(entry)
            if score is not None:
                entry["valid_score"] = self._judge_score()
            if self.params.verbose:
                _print(entry)
            if self.callbacks:
                self.net.tell_epoch_end(entry)

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
        if self.callbacks:
            self.net.tell_epoch_begin()
        if self.watch is not None:
            self.watch.begin()
        self.book([row.tolist()], seconds)
        self._watch_end()
        self._check_time()

    def _watch_end(self):
        """An epoch's end for scikit-learn's callbacks, which may stop training."""
        progress = self.problem.progress[0]
        if self.watch is None:
            return
        if self.watch.end() and progress["status"] == stopping.RUNNING:
            progress["status"] = stopping.INTERRUPTED

    def check_finite(self):
        """Raise `DivergenceError` where loss or weights have left the finite numbers."""
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
        if self.params.solver == "lbfgs":
            raise DivergenceError(
                f"lbfgs left the finite numbers in iteration {epoch}: scale X "
                "(StandardScaler), or raise alpha."
            )
        raise DivergenceError(
            f"Training diverged in epoch {epoch} at learning_rate_init="
            f"{float(p.plan[0]['rate']):g} (loss or weights not finite): lower learning_rate_init, "
            "scale X (StandardScaler), or use fewer or weaker noises."
        )


def _print(entry):
    print(f"Iteration {entry['epoch']}, loss = {entry['train_loss']:.8f}")
    if "valid_loss" in entry:
        print(f"Validation loss: {entry['valid_loss']:.8f}")
    if "valid_score" in entry:
        print(f"Validation score: {entry['valid_score']:.8f}")
