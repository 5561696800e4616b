"""The entry points of the compiled engine, one set a dtype, and its block-wise interface."""

from functools import cache
from typing import NamedTuple

import numba
import numpy as np

from skreg.augmentation import mixing
from skreg.compiler.jit import entry_point, read_only
from skreg.engine import epoch
from skreg.engine.compiled import kernel
from skreg.engine.plan import LAYER, PLAN
from skreg.random import counter, permutation
from skreg.random.shuffling import RowOrder
from skreg.regularizers import corruption, stopping


class Draws(NamedTuple):
    """The compiled random streams, for the torch engine on the CPU."""

    dtype: np.dtype
    stream_key: object
    fill_words: object
    add_normal: object
    draw_mixing: object
    corrupt: object


def _build_run_block(digest):
    def run_block(
        data, validation, plan, layers, state, work, progress, curves, row_order, n_steps
    ):
        digest  # noqa: B018 - part of the key of numba's cache
        p = progress[0]
        if row_order.draw[1]:
            first, lines = row_order.first, row_order.lines
            row_order.draw[0] = permutation.shuffle_lines(
                row_order.key, row_order.draw[0], first, lines
            )
            row_order.draw[1] = 0
        order = row_order.order
        kernel.run_block(data, validation, plan[0], layers, state, work, p, curves, order, n_steps)

    return run_block


def _build_mean_loss(digest):
    def mean_loss(data, plan, layers, params, work):
        digest  # noqa: B018
        return kernel.mean_loss(data, plan[0], layers, params, work)

    return mean_loss


def _build_full_gradient(digest):
    def full_gradient(data, plan, layers, params, anchor, work, out):
        digest  # noqa: B018
        return kernel.full_gradient(data, plan[0], layers, params, anchor, work, out)

    return full_gradient


def _build_stream_key(digest):
    def stream_key(seed, role, step):
        digest  # noqa: B018
        return counter.stream_key(seed, role, step)

    return stream_key


def _build_fill_words(digest):
    def fill_words(key, out):
        digest  # noqa: B018
        counter.fill_words(key, out)

    return fill_words


def _build_add_normal(digest):
    def add_normal(key, std, values):
        digest  # noqa: B018
        counter.add_normal(key, std, values)

    return add_normal


def _build_draw_mixing(digest):
    def draw_mixing(seed, alpha, step, n_rows):
        digest  # noqa: B018
        return mixing.draw_mixing(seed, alpha, step, n_rows)

    return draw_mixing


def _build_corrupt(digest):
    def corrupt(plan, step, data, x, targets):
        digest  # noqa: B018
        corruption.corrupt(plan[0], step, data, x, targets)

    return corrupt


def _build_end_epochs(digest):
    def end_epochs(plans, progress, running, n_rows, losses, curves, best):
        digest  # noqa: B018
        for m in range(len(plans)):
            if running[m]:
                best[m] = epoch.end_epoch(plans[m], progress[m], curves[m], n_rows[m], losses[m])

    return end_epochs


def _data_type(dtype):
    fields = [
        read_only(dtype, 2),
        read_only(dtype, 1),
        read_only(np.dtype(np.int32), 1),
        read_only(np.dtype(np.int64), 1),
        read_only(dtype, 2),
        read_only(dtype, 1),
        read_only(np.dtype(np.int32), 1),
        read_only(dtype, 2),
        read_only(dtype, 1),
    ]
    return numba.types.NamedTuple(fields, kernel.Data)


def _examples(dtype):
    """Types of the arguments that the entry points share."""
    dtype = np.dtype(dtype)
    flat, room, words = np.zeros(1, dtype), np.zeros((1, 1), dtype), np.zeros(1, np.uint64)
    bits = words.view(np.uint16)
    work = kernel.Work(flat, flat, words, bits, room, flat, flat, room, room, flat, flat, flat)
    return _data_type(dtype), np.zeros(1, PLAN), np.zeros(1, LAYER), flat, work


@cache
def run_block(dtype):
    """Compiled training loop for `dtype`, from the disk cache or compiled now (some seconds)."""
    data, plan, layers, flat, work = _examples(dtype)
    state = kernel.State(flat, flat, flat, flat, flat, flat, np.zeros(1, np.int64))
    progress, curves = stopping.new_progress(0.0), np.zeros(1, stopping.CURVES)
    rows = np.dtype(np.int32)
    row_order = [read_only(rows, 2), numba.int32[:, ::1], read_only(rows, 1)]
    row_order = numba.types.NamedTuple([*row_order, numba.uint32[::1], numba.int64[::1]], RowOrder)
    return entry_point(
        _build_run_block, data, data, plan, layers, state, work, progress, curves, row_order, 1
    )


@cache
def mean_loss(dtype):
    """Compiled loss over given rows, without noise and penalties."""
    data, plan, layers, flat, work = _examples(dtype)
    return entry_point(_build_mean_loss, data, plan, layers, flat, work)


@cache
def full_gradient(dtype):
    """Compiled objective and gradient over all rows."""
    data, plan, layers, flat, work = _examples(dtype)
    return entry_point(_build_full_gradient, data, plan, layers, flat, flat, work, flat)


@cache
def draws(dtype):
    """Compiled random streams for `dtype`."""
    key, words, values = np.uint64(0), np.zeros(1, np.uint64), np.zeros(1, dtype)
    data, plan, _, _, work = _examples(dtype)
    room = work.targets
    return Draws(
        np.dtype(dtype),
        entry_point(_build_stream_key, key, 0, 0),
        entry_point(_build_fill_words, key, words),
        entry_point(_build_add_normal, key, 0.0, values),
        entry_point(_build_draw_mixing, key, 0.0, 0, 0),
        entry_point(_build_corrupt, plan, 0, data, room, room),
    )


@cache
def end_epochs():
    """Compiled end of an epoch (`skreg.engine.epoch.end_epoch`) of those of some nets that run.

    Curves have a line for each net. Writes down whose weights are to be kept.
    """
    plans, progress = np.zeros(1, PLAN), stopping.new_progress(0.0)
    yes, whole, curves = np.ones(1, bool), np.zeros(1, np.int64), np.zeros((1, 1), stopping.CURVES)
    return entry_point(_build_end_epochs, plans, progress, yes, whole, np.zeros(1), curves, yes)


def end_epoch(plan, progress, curves, n_rows, validation_loss):
    """The same of one net, for Python: arrays of one record, and the curves of a block."""
    keep, n_rows, losses = np.zeros(1, bool), np.array([n_rows]), np.array([validation_loss])
    end_epochs()(plan, progress, np.ones(1, bool), n_rows, losses, curves[None], keep)
    return keep[0]
