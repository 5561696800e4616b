"""Which nets train together as a stack (`skreg.engine.torch.stack`), and how many at once.

Stacks are for GPUs: on a CPU the compiled kernel is faster. There they train as well, so that they
can be tested against the same nets alone.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import torch

from skreg.engine import optimizers
from skreg.engine.architecture import MLPArchitecture
from skreg.engine.loop import Fit
from skreg.engine.pretext import is_pretext
from skreg.engine.torch.batches import spare_bytes
from skreg.engine.torch.stack import PIECE, Stack
from skreg.exceptions import DivergenceError
from skreg.losses import formulas
from skreg.regularizers import second_gradient, stopping
from skreg.threads.blas import one_thread_per_net

_SHARED = (
    *(name for name, *_ in formulas.FIELDS),
    *(name for name, _ in optimizers.FIELDS),
)
"""Fields of the plan in which the nets of a stack are equal. All others may differ."""

_BUDGET_ON_CPU = 2**30  # bytes


def signature(fit):
    """What nets have in common that may stand in one stack, or None for a net that trains alone.

    Strengths, seeds, learning rates, schedules, stopping rules, lengths and data may differ within
    a stack; sizes and kinds (layers, activation, loss, solver and its constants, dtype, device),
    steps per epoch, and what a net has at all (early stopping, averaging, an anchor, validation
    rows, a second look at the gradient) may not.

    Alone train nets of the compiled engine, under lbfgs, in bfloat16, within `max_time`, with an
    augmentation or cutmix, with a penalty, callbacks (skorch's or scikit-learn's) or a scorer of
    the user's, with `verbose`, snapshots, an exact gradient penalty, layers that are frozen or have
    rates of their own, sparse rows or a pretext task, and architectures with more than weights and
    biases.

    Parameters
    ----------
    fit : skreg.engine.loop.Fit

    Returns
    -------
    tuple or None
        Hashable.
    """
    p, params = fit.problem, fit.params
    plan, layers = p.plan[0], p.layers
    takes_second = float(second_gradient.radius.py_func(plan)) > 0
    obstacles = (
        fit.engine != "torch",
        params.solver == "lbfgs",
        params.autocast,
        fit.max_time is not None,
        params.penalty is not None,
        fit.augment is not None,
        plan["cutmix_alpha"] > 0,
        bool(fit.callbacks),
        p.score is not None or fit.watch is not None,
        bool(params.verbose),
        plan["n_cycles"] > 1,
        layers["frozen_for"].any()
        or (layers["rate_factor"] != 1).any()
        or p.state.steps_frozen.any(),
        plan["gradient_penalty"] != 0 and not takes_second,
        p.data.starts.size > 0 or p.validation.starts.size > 0,
        is_pretext(plan),
        not _is_plain(p.architecture, layers),
        p.progress[0]["batch"] != 0 or p.progress[0]["status"] != stopping.RUNNING,
        p.n_epochs < 1,
    )
    if any(obstacles):
        return None
    return (
        *layers[["n_in", "n_out", "activation"]].tolist(),
        *(plan[name].tobytes() for name in _SHARED),
        *(buffer.size > 0 for buffer in p.state),
        p.validation.Y.shape[0] > 0,
        takes_second,
        bool(plan["gradient_penalty"] != 0),
        -(-p.data.Y.shape[0] // int(plan["batch_size"])),
        p.dtype.str,
        str(params.device),
    )


def _is_plain(architecture, layers):
    """Whether a net is an MLP of weights and biases, without normalization and residuals."""
    return (
        type(architecture) is MLPArchitecture
        and bool((layers["end"] == layers["bias_at"] + layers["n_out"]).all())
        and not layers["skip"].any()
    )


def bytes_of(problem):
    """Bytes that a net takes in a stack, about: state, a batch, validation rows and data.

    Parameters
    ----------
    problem : Problem
    """
    state, layers, plan = problem.state, problem.layers, problem.plan[0]
    size = problem.dtype.itemsize
    gradients = 4 if second_gradient.radius.py_func(plan) > 0 else 2
    noise = 2 if plan["weight_std"] else 0
    work = 2 + gradients + noise  # of the optimizer, and what autograd keeps of the weights
    buffers = sum(buffer.size for buffer in state) + work * state.params.size
    units = int(layers["n_in"].sum() + layers["n_out"][-1])
    masked = int(layers["n_in"][layers["drop_threshold"] > 0].sum())
    batch = int(plan["batch_size"]) * (4 * units * size + 2 * masked * (size + 4))
    n_rows, n_validation = problem.data.Y.shape[0], problem.validation.Y.shape[0]
    columns = problem.data.X.shape[1] + problem.data.Y.shape[1] + problem.data.levels.size + 1
    data = (n_rows + n_validation) * columns * size + 16 * n_rows
    return buffers * size + max(batch, min(n_validation, PIECE) * 2 * units * size) + data


def chunks(fits, memory_budget):
    """Split a list of fits into parts, about even, that each fit into `memory_budget` bytes.

    Batches are padded to the longest, so each net counts as the largest one. A part has one net at
    least.
    """
    largest = max(bytes_of(fit.problem) for fit in fits)
    n_chunks = -(-len(fits) // max(1, int(memory_budget // largest)))
    ends = np.linspace(0, len(fits), n_chunks + 1).round().astype(int)
    return [fits[start:end] for start, end in pairwise(ends)]


def train_nets(fits, memory_budget=None, train_alone=None):
    """Run each fit as by itself, those that may stand together as stacks.

    Parameters
    ----------
    fits : list of skreg.engine.loop.Fit
    memory_budget : float, optional
        Bytes that a stack may take; by default half of what is free on a GPU, 1 GiB on a CPU.
    train_alone : callable, optional
        Takes a fit that trains alone; by default its `run`.

    Returns
    -------
    list of BaseException or None
        What training raised, net by net. A net that fails does not touch the others.
    """
    raised, groups = [None] * len(fits), {}
    for i, fit in enumerate(fits):
        kind = signature(fit)
        groups.setdefault((i,) if kind is None else ("stack", *kind), []).append(i)
    for members in groups.values():
        errors, budget = [], memory_budget or _default_budget(fits[members[0]].params.device)
        for part in chunks([fits[i] for i in members], budget):
            train = _train_stack if len(part) > 1 else partial(_train_one, train_alone or Fit.run)
            errors += train(part)
        for i, error in zip(members, errors, strict=True):
            raised[i] = error
    return raised


def _default_budget(device):
    device = torch.device(device)
    if device.type != "cuda":
        return _BUDGET_ON_CPU
    return spare_bytes(device)


def _train_one(train_alone, fits):
    try:
        train_alone(fits[0])
    except Exception as error:
        return [error]
    return [None]


def _train_stack(fits):
    """Run fits of one signature; what each has raised."""
    try:
        with one_thread_per_net():
            Stack(fits).run()
    except Exception as error:  # of the device, as a rule: nobody in the stack has been trained
        return [error] * len(fits)
    return [_verdict(fit) for fit in fits]


def _verdict(fit):
    try:
        fit.check_finite()
    except DivergenceError as error:
        return error
    return None
