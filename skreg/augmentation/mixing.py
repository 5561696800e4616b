"""Rows of a batch mixed with each other: mixup and cutmix.

The partner of a row is the one `shift` places on in the batch, `shift` drawn anew for each.

- Mixup: ``lam * row + (1 - lam) * partner``, features, targets and weights alike, with one
  ``lam ~ Beta(mixup_alpha, mixup_alpha)`` per batch (Zhang et al. 2018, "mixup: beyond empirical
  risk minimization").
- Cutmix: a box of the row is replaced by the partner's, and targets and weights are mixed by the
  share of the row that is left (Yun et al. 2019, "CutMix: regularization strategy to train strong
  classifiers with localizable features"). The box is meant to cover ``1 - lam``,
  ``lam ~ Beta(cutmix_alpha, cutmix_alpha)``, about an evenly drawn centre, cut off at the edges. Of
  images (C, H, W) it is a rectangle in all channels, of signals (C, T) a stretch of time, of rows
  without an `input_shape` a run of neighbouring features.

With both on, each batch has one of them, by even chances.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.random.counter import next_word, normal, stream_key, unit
from skreg.random.words import CUTMIX, MIXUP

FIELDS = [("mixup_alpha", "f8"), ("cutmix_alpha", "f8"), ("box_height", "i8"), ("box_width", "i8")]
"""Of a plan: parameters of the Beta distributions, 0 is off; an image's height and width, a
signal's 1 and length, 0 and 0 for a row in one piece."""


def settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    shape = params.input_shape
    height, width = (0, 0) if shape is None else (shape[1] if len(shape) == 3 else 1, shape[-1])
    return {
        "mixup_alpha": params.mixup_alpha,
        "cutmix_alpha": params.cutmix_alpha,
        "box_height": height,
        "box_width": width,
    }


@jit
def draw_mixing(seed, alpha, step, n_rows):
    """Share `lam` of the row itself and distance `shift` of its partner, for a step's batch."""
    key = stream_key(seed, MIXUP, step)
    one = _log_gamma_variate(alpha, stream_key(key, 0, 0))
    other = _log_gamma_variate(alpha, stream_key(key, 1, 0))
    shift = 1 + np.int64(unit(stream_key(key, 2, 0)) * (n_rows - 1))
    return 1.0 / (1.0 + np.exp(other - one)), min(shift, n_rows - 1)


@jit
def _log_gamma_variate(shape, word):
    """Logarithm of a Gamma(shape, 1) draw (Marsaglia & Tsang 2000), which itself may underflow."""
    boost = 0.0
    if shape < 1.0:
        boost = np.log(1.0 - unit(word)) / shape
        word = next_word(word)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    while True:
        x = normal(word)
        u = 1.0 - unit(next_word(word))
        word = next_word(next_word(word))
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if np.log(u) < 0.5 * x * x + d - d * v + d * np.log(v):
                return np.log(d * v) + boost


@jit
def box_about(height, width, share, u, v):
    """Edges (top, bottom, left, right) of a box that is to leave `share` of a row, about (u, v).

    `u` and `v` in [0, 1) are its centre, as shares of height and width.
    """
    flat = height == 1 or width == 1
    side = 1.0 - share if flat else np.sqrt(1.0 - share)
    tall = 1 if height == 1 else int(height * side)
    wide = 1 if width == 1 else int(width * side)
    top = 0 if height == 1 else int(u * height) - tall // 2
    left = 0 if width == 1 else int(v * width) - wide // 2
    return max(top, 0), min(top + tall, height), max(left, 0), min(left + wide, width)


@jit
def is_cut(plan, word):
    """Whether this batch has cutmix, not mixup; with both on the word says which."""
    on = plan["cutmix_alpha"] > 0.0
    return on and (plan["mixup_alpha"] == 0.0 or word < np.uint64(2**63))


@jit
def mix_batch(plan, step, data, rows, x, spare, targets, weight):
    """Mix a batch in place, by mixup or cutmix; `spare` is a copy of `x` (n_rows, n_features)."""
    n, d = x.shape
    seed, alpha = plan["seed"], plan["mixup_alpha"]
    key = stream_key(seed, CUTMIX, step)
    cut = is_cut(plan, key)
    if cut:
        seed, alpha = key, plan["cutmix_alpha"]
    share, shift = draw_mixing(seed, alpha, step, n)
    if cut:
        height = plan["box_height"] if plan["box_height"] > 0 else 1
        width = plan["box_width"] if plan["box_width"] > 0 else d
        u, v = unit(stream_key(key, 0, 0)), unit(stream_key(key, 1, 0))
        top, bottom, left, right = box_about(height, width, share, u, v)
        share = 1.0 - (bottom - top) * (right - left) / (height * width)
        _paste(height, width, top, bottom, left, right, shift, x, spare)
    else:
        own, rest = x.dtype.type(share), x.dtype.type(1.0 - share)
        for r in range(n):
            k = (r + shift) % n
            for j in range(d):
                x[r, j] = own * x[r, j] + rest * spare[k, j]
    own, rest = x.dtype.type(share), x.dtype.type(1.0 - share)
    for r in range(n):
        k = rows[(r + shift) % n]
        for j in range(targets.shape[1]):
            targets[r, j] = own * targets[r, j] + rest * _target_of(data, k, j)
        weight[r] = own * weight[r] + rest * data.weight[k]


@jit
def _target_of(data, k, j):
    """Target of a row's output j, as it stands there or by the row's class."""
    if data.levels.size:
        return data.levels[1 if data.Y[k, 0] == j else 0]
    return data.Y[k, j]


@jit
def _paste(height, width, top, bottom, left, right, shift, x, spare):
    """Fill the box of every row (any number of channels of height x width) by the partner's."""
    for r in range(x.shape[0]):
        k = (r + shift) % x.shape[0]
        for start in range(0, x.shape[1], height * width):
            for i in range(top, bottom):
                for j in range(start + i * width + left, start + i * width + right):
                    x[r, j] = spare[k, j]


def torch_mix_batch(plan, step, draws, x, y, weight):
    """As `mix_batch`: new tensors x (n_rows, ...), y, weight.

    `draws` are the compiled ones, with `draw_mixing` and `stream_key`.
    """
    seed, alpha, n = plan["seed"], plan["mixup_alpha"], len(x)
    key = np.uint64(draws.stream_key(seed, CUTMIX, step))
    cut = is_cut.py_func(plan, key)
    if cut:
        seed, alpha = key, plan["cutmix_alpha"]
    share, shift = draws.draw_mixing(seed, alpha, step, n)
    if cut:
        size = int(np.prod(x.shape[1:]))
        height, width = int(plan["box_height"]) or 1, int(plan["box_width"]) or size
        words = (np.uint64(draws.stream_key(key, i, 0)) for i in range(2))
        box = box_about.py_func(height, width, share, *(unit.py_func(word) for word in words))
        top, bottom, left, right = box
        share = 1.0 - (bottom - top) * (right - left) / (height * width)
        mixed = x.reshape(n, -1, height, width).clone()
        partners = mixed.roll(-shift, 0)
        mixed[:, :, top:bottom, left:right] = partners[:, :, top:bottom, left:right]
        mixed = mixed.reshape(x.shape)
    else:
        mixed = share * x + (1 - share) * x.roll(-shift, 0)
    y, weight = (share * a + (1 - share) * a.roll(-shift, 0) for a in (y, weight))
    return mixed, y, weight
