"""From encoded arrays to a trained net: the one way into the engine."""

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from skreg.blocks.activations import LINKS
from skreg.engine.compiled.kernel import State
from skreg.engine.loop import Fit
from skreg.engine.plan import make_plan
from skreg.engine.pretext import UsersViews, is_pretext, prepared
from skreg.engine.problem import Problem, make_data
from skreg.losses import formulas
from skreg.losses.records import LOSSES
from skreg.random.shuffling import shuffling_of
from skreg.regularizers import stopping


@dataclass
class Memory:
    """What a fit leaves for the next one of the same net (`warm_start`, `partial_fit`).

    Attributes
    ----------
    random_state : RandomState
        Of initialisation, splits and shuffling.
    seed : int
        Of the counter-based streams; their draws go by the number of the step.
    first, second : ndarray of shape (n_parameters,) or None
        Moments of the optimizer.
    progress : ndarray of one record or None
    anchor : ndarray of shape (n_parameters,) or None
        What `anchor_alpha` pulls towards.
    steps_frozen : ndarray of shape (n_layers,) or None
        Steps that each layer was frozen for.
    raw : weights as the architecture unpacks them, or None
        Under `averaging`, the weights where training stopped; the estimator has their average.
    own : bool
        Whether nobody else has `random_state`, and nobody will after the fit.
    """

    random_state: np.random.RandomState
    seed: int
    first: np.ndarray | None = None
    second: np.ndarray | None = None
    progress: np.ndarray | None = None
    anchor: np.ndarray | None = None
    steps_frozen: np.ndarray | None = None
    raw: object = None
    own: bool = False

    @classmethod
    def fresh(cls, random_state, kept):
        """Memory of a net that was never trained. Draws nothing from a `RandomState` given.

        Parameters
        ----------
        random_state : int or RandomState
        kept : bool
            Whether the memory outlives the fit.
        """
        if isinstance(random_state, np.random.RandomState):
            return cls(random_state, _stream_seed(random_state))
        seed = _stream_seed_of_int(int(random_state))
        return cls(_seeded(random_state), seed, own=not kept)

    def copy(self):
        """A memory that can change without this one."""
        return deepcopy(self)

    def after(self, fit):
        """This memory with what a `Fit` leaves."""
        state = fit.problem.state
        self.first, self.second, self.anchor = state.first, state.second, state.anchor
        self.progress, self.steps_frozen, self.raw = (
            fit.problem.progress,
            state.steps_frozen,
            fit.raw,
        )
        return self


class _NoEntropy(ISeedSequence):
    """Seeds nothing: for a generator that is seeded right after."""

    def generate_state(self, n_words, dtype=np.uint32):
        return [0] * n_words


def _seeded(seed):
    """``np.random.RandomState(seed)``, which first asks the system for entropy and leaves it."""
    random_state = np.random.RandomState(np.random.MT19937(_NoEntropy()))
    random_state.seed(seed)
    return random_state


def _stream_seed(random_state):
    """Seed of the counter-based streams: a digest of a generator's state."""
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] == "MT19937":
        keys, position = state["state"]["key"], state["state"]["pos"]
        content = keys.tobytes() + bytes([position % 256, position // 256])
    else:
        content = repr(state).encode()
    digest = blake2b(content, digest_size=8)
    return int.from_bytes(digest.digest(), "little")


@lru_cache(maxsize=4096)
def _stream_seed_of_int(seed):
    return _stream_seed(_seeded(seed))


def make_problem(
    params,
    data,
    validation,
    weights,
    average,
    memory,
    *,
    architecture,
    batch_size,
    early_stopping,
    n_epochs,
    score=None,
):
    """The problem that an estimator's parameters and data pose.

    Parameters
    ----------
    params : Settings
        The estimator's parameters as the engine takes them.
    data, validation : tuple (X, Y, weight), or None for no validation
    weights : as the architecture packs them
        Where training starts.
    average : as the architecture packs them
        Their average so far, where `memory` says that it has begun.
    memory : Memory
    architecture : MLPArchitecture, or one of its kind
    batch_size, n_epochs : int
    early_stopping : bool
    score : callable, optional
        Takes flat parameters and gives the score of the validation rows; monitored under early
        stopping in place of the loss.
    """
    dtype = np.dtype(params.dtype)
    monitor = stopping.TRAINING_LOSS
    if early_stopping:
        monitor = stopping.VALIDATION_LOSS if score is None else stopping.SCORE
    plan = make_plan(
        params, batch_size=batch_size, seed=memory.seed, monitor=monitor, keep_best=early_stopping
    )
    flat = architecture.pack(weights, dtype)
    n_second = flat.size if params.solver in ("adam", "adamw") else 0
    X, Y, weight = data
    if validation is None:
        validation = X[:0], Y[:0], weight[:0]
    # in one go: of large data every array counts
    weight = np.divide(weight, weight.mean(), out=np.empty(len(weight), dtype), casting="same_kind")
    n_rows, data, views = len(weight), (X, Y, weight), params.views
    views = None if isinstance(views, str) else views
    if is_pretext(plan[0]):
        data, validation = prepared(plan, data, validation, views, dtype)
    else:
        levels = _levels(plan[0], params, architecture.n_outputs, dtype)
        data = make_data(*data, dtype, levels=levels[0])
        validation = make_data(*validation, dtype, levels=levels[1])
    return Problem(
        data=data,
        validation=validation,
        plan=plan,
        architecture=architecture,
        state=State(
            params=flat,
            first=_moments(memory.first, flat.size, dtype),
            second=_moments(memory.second, n_second, dtype),
            best=flat.copy() if early_stopping else flat[:0],
            anchor=_anchor(params, architecture, flat, memory),
            average=architecture.pack(average, dtype) if params.averaging else flat[:0],
            steps_frozen=_moments(memory.steps_frozen, len(architecture.layers), np.int64),
        ),
        progress=memory.progress.copy(),
        shuffling=shuffling_of(
            X,
            data.rows,
            memory.random_state,
            params.shuffle and n_rows > batch_size,
            not memory.own,
        ),
        n_epochs=n_epochs,
        score=score,
        views=None if views is None else UsersViews(views),
    )


def _levels(plan, params, n_classes, dtype):
    """Targets of other classes and of a row's own: smoothed in training, and as they are."""
    if plan["loss"] != formulas.CROSS_ENTROPY:
        return None, None
    plain = np.array([0, 1], dtype)
    return formulas.smooth_labels(plain, params.label_smoothing, n_classes), plain


def _anchor(params, architecture, flat, memory):
    """What `anchor_alpha` pulls towards: given coefs, else the weights that the net began with."""
    if not np.any(params.anchor_alpha):
        return flat[:0]
    if params.anchor is not None:
        return architecture.flat_coefs(params.anchor, flat.dtype)
    if memory.anchor is not None and memory.anchor.size == flat.size:
        return memory.anchor.astype(flat.dtype)
    return flat.copy()


def _moments(kept, size, dtype):
    return np.zeros(size, dtype) if kept is None or kept.size != size else kept.astype(dtype)


def make_fit(params, problem, *, link, engine, callbacks=None, watch=None):
    """The fit of an estimator's parameters to a problem.

    Parameters
    ----------
    params : Settings
    problem : Problem
    link : str
        What turns the raw prediction into a prediction, a key of `skreg.blocks.activations.LINKS`.
    engine : {"compiled", "torch"}
    callbacks, watch : as `Fit` takes them
    """

    def net_of(fit):
        p = fit.problem
        more = {"link": link, "callbacks": callbacks, "training": fit}
        return make_net(params, p.plan, p.architecture, p.state.params, **more)

    return Fit(problem, params, engine, callbacks=callbacks, watch=watch, make_net=net_of)


def make_net(params, plan, architecture, flat, *, link, **kwargs):
    """The skorch net of an estimator, with a module on the weights in `flat`.

    Parameters
    ----------
    params : Settings
    plan : ndarray of one record
    architecture : MLPArchitecture, or one of its kind
    flat : ndarray of shape (n_parameters,)
    link : str
    **kwargs
        Of `RegularizedNet`.
    """
    import torch

    from skreg.engine.class_net import ClassifierNet
    from skreg.engine.net import RegularizedNet

    make = RegularizedNet
    if LOSSES[formulas.NAMES[plan[0]["loss"]]].task == "classes":
        make = partial(ClassifierNet, n_outputs=architecture.n_outputs)
    return make(
        partial(architecture.module, flat),
        criterion__plan=plan,
        optimizer__plan=plan,
        predict_nonlinearity=LINKS[link].torch,
        iterator_valid__generator=torch.Generator(),  # or a DataLoader draws from the global one
        lr=params.learning_rate_init,
        max_epochs=int(plan[0]["n_epochs"]),
        batch_size=int(plan[0]["batch_size"]),
        device=params.device,
        verbose=int(params.verbose),
        **kwargs,
    )


def rebuild_net(params, architecture, weights, history, *, link):
    """The skorch net of a fitted estimator from its weights and history (a list of dicts)."""
    plan = make_plan(params, batch_size=1, seed=0, monitor=0, keep_best=False)
    flat = architecture.pack(weights, np.dtype(params.dtype))
    net = make_net(params, plan, architecture, flat, link=link).initialize()
    net.extend_history(history)
    return net


def train(fit, task=None):
    """Run a fit; the weights are then the best ones, or the average.

    Parameters
    ----------
    fit : Fit
    task : skreg.threads.python_lock.Task or None
        Which the fit is a part of.
    """
    run(fit, task)
    fit.choose_weights()


def run(fit, task=None):
    """Train for the problem's epochs, from where a fit stands."""
    if task is not None:
        task.note_bytes(fit.problem.n_bytes)
        if fit.engine == "torch":
            from skreg.engine.torch.meeting import waits_for_others

            if waits_for_others(fit):
                task.meet(fit)
                return
    fit.run()
