"""The compiled training loop of an MLP: a block of steps without the interpreter lock.

One step: gather a batch, noise, forward, loss, backward, penalties, optimizer. At the end of an
epoch: validation, stopping, schedule. All state comes in and goes out by its arguments, so that a
block may end anywhere. `skreg.engine.torch.engine` is the same loop for torch.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from skreg.augmentation import batch as augmentation
from skreg.blocks import normalization
from skreg.compiler.jit import jit
from skreg.engine.compiled.passes import backward, forward
from skreg.engine.epoch import LARGEST, end_epoch
from skreg.engine.layout import flat_weights_of, weights_of
from skreg.engine.optimizers import step_sizes, update_weights
from skreg.losses import contrastive
from skreg.losses.batch_loss import batch_loss, n_targets
from skreg.regularizers import (
    averaging,
    corruption,
    freezing,
    noise,
    penalties,
    second_gradient,
    stopping,
)


class Data(NamedTuple):
    """Rows for the kernel: X dense, or sparse by (values, columns, starts) as CSR has them.

    The form that is not used is empty. `weight` has mean 1 over the training rows. Pretext tasks
    have dense rows: under the contrastive task X of the validation rows is (n_rows, 2 n_features),
    two views side by side.
    """

    X: np.ndarray  # (n_rows, n_features)
    values: np.ndarray  # (n_nonzero,)
    columns: np.ndarray  # (n_nonzero,), int32
    starts: np.ndarray  # (n_rows + 1,), int64, or (0,) when dense
    Y: np.ndarray  # (n_rows, n_outputs), or (n_rows, 1) of classes' numbers
    weight: np.ndarray  # (n_rows,)
    rows: np.ndarray  # (n_rows,), int32: 0, 1, 2, ...
    moments: np.ndarray  # (2, n_features): means and deviations of columns; (0, 0) uncorrupted
    levels: np.ndarray  # (2,), where Y are classes: targets of other classes and of a row's own

    def features(self):
        """X, or the CSR matrix that stands in its place."""
        if not self.starts.size:
            return self.X
        shape = self.starts.size - 1, self.X.shape[1]
        return csr_matrix((self.values, self.columns, self.starts), shape, copy=False)


class State(NamedTuple):
    """What a fit changes, each a flat buffer as `skreg.engine.layout` describes."""

    params: np.ndarray
    first: np.ndarray
    second: np.ndarray  # may be empty under sgd
    best: np.ndarray  # may be empty without early stopping
    anchor: np.ndarray  # may be empty without anchor_alpha
    average: np.ndarray  # may be empty without averaging
    steps_frozen: np.ndarray  # (n_layers,), int64: steps that each layer was frozen for


class Work(NamedTuple):
    """Room for the steps to work in; nothing in it outlives a step."""

    acts: np.ndarray  # (capacity * sum of sizes,)
    saved: np.ndarray  # what normalisation and skips keep for backward, as `passes` says
    words: np.ndarray  # uint64, the random bits of dropout masks, four units each
    bits: np.ndarray  # uint16, the same memory unit by unit
    deltas: np.ndarray  # (2, capacity * widest layer)
    gradient: np.ndarray  # (n_parameters,)
    noisy: np.ndarray  # (n_parameters,), or empty without weight noise
    point: np.ndarray  # (2, n_parameters), or empty: perturbed weights, the gradient before
    targets: np.ndarray  # (capacity, n_targets)
    weight: np.ndarray  # (capacity,)
    pairs: np.ndarray  # room of the contrastive loss, or empty
    spare: np.ndarray  # (capacity * n_features,), or empty: a batch before it was changed


def make_work(plan, layers, capacity, dtype):
    """Room for batches of up to `capacity` rows of the data."""
    capacity *= int(plan["n_views"])
    n_outputs = int(layers["n_out"][-1])
    n_pairs = contrastive.room_size(capacity, n_outputs) if plan["n_views"] == 2 else 0
    n_params = int(layers["end"][-1])
    n_words = np.where(layers["drop_threshold"] > 0, (capacity * layers["n_in"] + 3) // 4, 0)
    words = np.empty(int(n_words.sum()), np.uint64)
    spared = capacity if augmentation.needs_spare(plan) else 0
    n_saved = (layers["normalization"] != normalization.NONE) + layers["skip"].astype(int)
    return Work(
        acts=np.empty(capacity * int(layers["n_in"].sum() + n_outputs), dtype),
        saved=np.empty(capacity * int(((layers["n_out"] + 1) * n_saved).sum()), dtype),
        words=words,
        bits=words.view(np.uint16),
        deltas=np.empty((2, capacity * int(layers["n_out"].max())), dtype),
        gradient=np.empty(n_params, dtype),
        noisy=np.empty(n_params if plan["weight_std"] else 0, dtype),
        point=np.empty((2, n_params if second_gradient.radius.py_func(plan) else 0), dtype),
        targets=np.empty((capacity, n_targets(plan, layers)), dtype),
        weight=np.empty(capacity, dtype),
        pairs=np.empty(n_pairs, dtype),
        spare=np.empty(int(layers["n_in"][0]) * spared, dtype),
    )


@jit
def copy_into(target, source):
    """Copy a 1-D array element by element (numba compiles this far faster than a slice)."""
    for i in range(source.size):
        target[i] = source[i]


@jit
def gather(data, rows, at, x, targets, weight):
    """Copy the rows numbered `rows`: their features from column `at` on, targets and weights."""
    n_features, n_outputs, zero = x.shape[1], data.Y.shape[1], x.dtype.type(0)
    if data.starts.size:
        for r in range(rows.size):
            k = rows[r]
            for j in range(n_features):
                x[r, j] = zero
            for i in range(data.starts[k], data.starts[k + 1]):
                x[r, data.columns[i]] += data.values[i]
    else:
        for r in range(rows.size):
            row = data.X[rows[r], at : at + n_features]
            for j in range(n_features):
                x[r, j] = row[j]
    for r in range(rows.size):
        k = rows[r]
        weight[r] = data.weight[k]
        if data.levels.size:
            for j in range(targets.shape[1]):
                targets[r, j] = data.levels[0]
            targets[r, int(data.Y[k, 0])] = data.levels[1]
        else:
            for j in range(n_outputs):
                targets[r, j] = data.Y[k, j]


@jit
def fill_batch(data, rows, plan, layers, work):
    """Copy rows into the workspace: (features, flat; targets; weights), views of it.

    Under the contrastive task all rows come once more after them.
    """
    n, n_features = rows.size * plan["n_views"], layers[0]["n_in"]
    batch, targets, weight = work.acts[: n * n_features], work.targets[:n], work.weight[:n]
    x, beyond = batch.reshape(n, n_features), data.X.shape[1] - n_features
    for start in range(0, n, rows.size):
        end = start + rows.size
        at = beyond if start > 0 else 0
        gather(data, rows, at, x[start:end], targets[start:end], weight[start:end])
    return batch, targets, weight


@jit
def disturb_batch(data, rows, plan, batch, targets, weight, spare, step):
    """What happens to a batch in training only, in place: corruption, augmentation, noise."""
    if plan["corruption"] > 0:
        n, first = weight.size, weight.size - rows.size
        x = batch.reshape(n, batch.size // n)
        corruption.corrupt(plan, step, data, x[first:], targets[first:])
    augmentation.change_batch(plan, step, data, rows, batch, targets, weight, spare)
    if plan["input_std"] > 0.0:
        noise.add_input_noise(plan, step, batch)
    if plan["target_std"] > 0.0:
        noise.add_target_noise(plan, step, targets.reshape(-1))


@jit
def noisy_weights(plan, layers, params, noisy, step):
    """Copy of the parameters with the step's noise on the weights."""
    copy_into(noisy, params)
    for i in range(layers.size):
        noise.add_weight_noise(plan, step, i, flat_weights_of(layers[i], noisy))
    return noisy


@jit
def loss_and_gradient(data, rows, plan, layers, params, work, step, batch_share, n_frozen):
    """Loss of a batch and, in `work.gradient`, its gradient; noise in, penalties not.

    The batch's statistics are taken into `params` by their share. Frozen layers are constants.
    """
    n, point = rows.size, params
    batch, targets, weight = fill_batch(data, rows, plan, layers, work)
    disturb_batch(data, rows, plan, batch, targets, weight, work.spare, step)
    n = weight.size
    if plan["weight_std"] > 0.0:
        point = noisy_weights(plan, layers, params, work.noisy, step)
    acts, saved, gradient = work.acts, work.saved, work.gradient
    words, bits = work.words, work.bits
    raw = forward(
        plan, layers, point, acts, saved, words, bits, weight, gradient, step, True, n_frozen
    )
    total = batch_loss(plan, raw, targets, weight, work.pairs)
    backward(layers, point, acts, saved, bits, weight, work.deltas, gradient, n_frozen)
    batch_share = batch_share if n > 1 else 0.0
    normalization.settle_statistics(layers, n_frozen, batch_share, gradient, params)
    freezing.clear_frozen(layers, n_frozen, gradient)
    share = work.gradient.dtype.type(1.0 / n)
    for i in range(work.gradient.size):
        work.gradient[i] *= share
    return total / n


@jit
def step_gradient(data, rows, plan, layers, params, work, rate, step, n_frozen):
    """Loss of a batch and, in `work.gradient`, the gradient to step with: at a point beside, too.

    `skreg.regularizers.second_gradient` has the formulas. Penalties are not in yet.
    """
    radius = second_gradient.radius(plan)
    loss, norm, point = 0.0, 0.0, params
    for evaluation in range(2):
        batch_share = normalization.batch_share(step) if evaluation == 0 else 0.0
        value = loss_and_gradient(
            data, rows, plan, layers, point, work, step, batch_share, n_frozen
        )
        if evaluation == 0:
            loss = value
            norm = second_gradient.norm_of(work.gradient) if radius > 0.0 else 0.0
            if norm == 0.0:
                return loss
            point = work.point[0]
            second_gradient.move(params, work.gradient, radius / norm, point)
            copy_into(work.point[1], work.gradient)
    second_gradient.combine(plan, rate, norm, work.point[1], work.gradient)
    return loss + second_gradient.strength(plan, rate) / 4.0 * norm * norm


@jit
def add_penalties(layers, params, anchor, gradient, n_frozen):
    """Value of the penalties; their gradient is added to `gradient`."""
    value = 0.0
    for i in range(n_frozen, layers.size):
        layer = layers[i]
        weights, slope = flat_weights_of(layer, params), flat_weights_of(layer, gradient)
        value += penalties.add_penalty(layer, weights, flat_weights_of(layer, anchor), slope)
    return value


@jit
def change_weights(plan, layers, state, gradient, progress, n_frozen):
    """The optimizer's step on the layers, with what comes before and after it on their weights.

    The gradient is used up: it serves as room for the step sizes.
    """
    for i in range(n_frozen):
        state.steps_frozen[i] += 1
    for i in range(n_frozen, layers.size):
        layer = layers[i]
        rate = progress["learning_rate"] * layer["rate_factor"]
        step = progress["step"] - state.steps_frozen[i]
        at, end = layer["weight_at"], layer["end"]
        weights = flat_weights_of(layer, state.params)
        penalties.decay(layer, rate, weights)
        params, slope = state.params[at:end], gradient[at:end]
        first, second = state.first[at:end], state.second[at:end]
        update_weights(plan, rate, step, params, slope, first, second)
        if penalties.is_proximal(layer):
            steps = flat_weights_of(layer, gradient)
            step_sizes(plan, rate, step, second, steps)
            penalties.shrink(layer, weights, steps)
        penalties.project(layer, weights_of(layer, state.params))


@jit
def mean_loss(data, plan, layers, params, work):
    """Weighted mean loss over all rows of `data`: no noise, no penalty."""
    n, capacity = data.Y.shape[0], work.weight.size // plan["n_views"]
    total, mass = 0.0, 0.0
    for start in range(0, n, capacity):
        rows = data.rows[start : min(start + capacity, n)]
        _, targets, weight = fill_batch(data, rows, plan, layers, work)
        acts, saved, words, bits = work.acts, work.saved, work.words, work.bits
        raw = forward(
            plan, layers, params, acts, saved, words, bits, weight, work.gradient, 0, False, 0
        )
        total += batch_loss(plan, raw, targets, weight, work.pairs)
        for r in range(weight.size):
            mass += weight[r]
    return total / mass


@jit
def take_step(data, rows, plan, layers, state, work, progress):
    """One optimizer step on a batch; its loss, penalties included."""
    step = progress["step"] + 1
    rate = progress["learning_rate"]
    n_frozen = freezing.n_frozen(layers, progress["epoch"])
    loss = step_gradient(data, rows, plan, layers, state.params, work, rate, step, n_frozen)
    loss += add_penalties(layers, state.params, state.anchor, work.gradient, n_frozen)
    if plan["clip_norm"] < np.inf:
        penalties.clip(plan, second_gradient.norm_of(work.gradient), work.gradient)
    progress["step"] = step
    change_weights(plan, layers, state, work.gradient, progress, n_frozen)
    return loss


@jit
def average_weights(plan, state, progress, ends_epoch):
    """Take the weights into their average, where they have a share in it."""
    epoch = progress["epoch"] + 1
    share = averaging.next_share(plan, progress["n_averaged"], epoch, ends_epoch)
    if share > 0.0:
        averaging.average_in(share, state.params, state.average)
        progress["n_averaged"] += 1


@jit
def measure_epoch(validation, plan, layers, state, work, progress, curves, n):
    """After an epoch of `n` rows: validation, its end, best weights."""
    loss = np.nan
    params = state.average if progress["n_averaged"] > 0 else state.params
    if validation.Y.shape[0]:
        loss = mean_loss(validation, plan, layers, params, work)
    if end_epoch(plan, progress, curves, n, loss):
        copy_into(state.best, params)


@jit
def run_block(data, validation, plan, layers, state, work, progress, curves, order, n_steps):
    """Train for at most `n_steps` steps, or until `order` is used up or the fit stops.

    Parameters
    ----------
    curves : structured array with `skreg.regularizers.stopping.CURVES`
        One entry per epoch of this block.
    order : ndarray of shape (n_epochs or 1, n_rows)
        Rows in the order of their use; a single line serves every epoch.
    """
    n = order.shape[1]
    while n_steps > 0 and progress["row"] < curves.size and progress["status"] == stopping.RUNNING:
        line = order[min(progress["row"], order.shape[0] - 1)]
        start = progress["batch"] * plan["batch_size"]
        end = min(start + plan["batch_size"], n)
        loss = take_step(data, line[start:end], plan, layers, state, work, progress)
        if not abs(loss) <= LARGEST:
            progress["status"] = stopping.DIVERGED
            return
        progress["loss_sum"] += loss * (end - start)
        progress["batch"] += 1
        n_steps -= 1
        average_weights(plan, state, progress, end == n)
        if end == n:
            measure_epoch(validation, plan, layers, state, work, progress, curves, n)


@jit
def full_gradient(data, plan, layers, params, anchor, work, total_gradient):
    """Objective over all rows and, in `total_gradient`, its gradient; no noise. For L-BFGS."""
    n, capacity = data.Y.shape[0], work.weight.size
    n_frozen, total = freezing.n_frozen(layers, 0), 0.0
    for i in range(params.size):
        total_gradient[i] = 0.0
    for start in range(0, n, capacity):
        rows = data.rows[start : min(start + capacity, n)]
        share = rows.size / n
        total += share * loss_and_gradient(data, rows, plan, layers, params, work, 0, 0.0, n_frozen)
        for i in range(params.size):
            total_gradient[i] += share * work.gradient[i]
    return total + add_penalties(layers, params, anchor, total_gradient, n_frozen)
