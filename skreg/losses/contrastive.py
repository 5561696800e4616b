"""Contrastive loss: two views of a row are to lie near each other, and far from all others.

A batch of n rows is 2 n anchors, first the rows' one views, then their other ones. With projections
z of length 1, temperature t and the positives P(i) of anchor i (its other view, and all views of
rows with its code)::

    loss_i = log sum_{a != i} exp(z_i . z_a / t)  -  mean_{p in P(i)} z_i . z_p / t

the NT-Xent of SimCLR (Chen, Kornblith, Norouzi & Hinton 2020) where every row has a code of its
own, and SupCon (Khosla et al. 2020, "Supervised contrastive learning", L_out) where rows share
codes.
"""

import numpy as np

from skreg.compiler.jit import jit

FIELDS = [("n_views", "i8"), ("temperature", "f8")]
"""Of a plan: how many rows of a batch come from one of the data (2 under the contrastive task,
else 1), and t."""

_SHORTEST = 1e-12  # a projection's length, as in torch's `normalize`


def contrast_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "n_views": 2 if params.loss == "contrastive" else 1,
        "temperature": params.temperature,
    }


def room_size(n_anchors, n_outputs):
    """Numbers of room that `contrastive_loss` needs."""
    return n_anchors * (n_anchors + n_outputs + 1)


@jit
def contrastive_loss(plan, raw, code, weight, room):
    """Sum over anchors of weight * loss; `raw` (n_anchors, n_outputs) becomes its gradient.

    Parameters
    ----------
    plan : record with `FIELDS`
    raw : ndarray of shape (n_anchors, n_outputs), overwritten
        Projections, not normalised.
    code : ndarray of shape (n_anchors, 1)
    weight : ndarray of shape (n_anchors,)
    room : ndarray, 1-D, of at least `room_size` numbers
    """
    n, n_out = raw.shape
    z, end = room[: n * n_out].reshape(n, n_out), n * n_out + n
    lengths, similarity = room[n * n_out : end], room[end : end + n * n].reshape(n, n)
    _normalize(raw, z, lengths)
    np.dot(z, z.T, similarity)
    total = 0.0
    for i in range(n):
        total += _anchor_loss(i, plan["temperature"], code, weight[i], similarity[i])
    for i in range(n):
        for a in range(i):
            both = similarity[i, a] + similarity[a, i]
            similarity[i, a] = similarity[a, i] = both
    np.dot(similarity, z, raw)
    for i in range(n):  # backward through the normalisation
        along = raw.dtype.type(0)
        for j in range(n_out):
            along += raw[i, j] * z[i, j]
        for j in range(n_out):
            raw[i, j] = (raw[i, j] - along * z[i, j]) / lengths[i]
    return total


@jit
def _normalize(raw, z, lengths):
    for i in range(raw.shape[0]):
        square = raw.dtype.type(0)
        for j in range(raw.shape[1]):
            square += raw[i, j] * raw[i, j]
        lengths[i] = max(np.sqrt(square), raw.dtype.type(_SHORTEST))
        for j in range(raw.shape[1]):
            z[i, j] = raw[i, j] / lengths[i]


@jit
def _anchor_loss(i, temperature, code, weight, line):
    """Weighted loss of anchor i from its similarities in `line`, which become its gradient."""
    dtype = line.dtype.type
    per, mass, positive, n_positive = dtype(1.0 / temperature), dtype(0), dtype(0), 0
    line[i] = dtype(-2)  # below every similarity: never the largest, and left out of the sums
    top = dtype(-2)
    for a in range(line.size):
        top = max(top, line[a])
    for a in range(line.size):
        if a != i and code[a, 0] == code[i, 0]:
            positive += (line[a] - top) * per
            n_positive += 1
        line[a] = np.exp((line[a] - top) * per)
    line[i] = dtype(0)
    for a in range(line.size):
        mass += line[a]
    factor, share = weight * per / mass, weight * per / dtype(n_positive)
    for a in range(line.size):
        line[a] *= factor
        if a != i and code[a, 0] == code[i, 0]:
            line[a] -= share
    return weight * (np.log(mass) - positive / dtype(n_positive))


def torch_contrast(plan, raw, code, weight):
    """The same as a torch scalar; autograd gives the gradient."""
    import torch
    from torch.nn import functional

    z = functional.normalize(raw, dim=1, eps=_SHORTEST)
    similarity = z @ z.T / plan["temperature"]
    itself = torch.eye(len(raw), dtype=torch.bool, device=raw.device)
    positive = (code == code.T) & ~itself
    log_mass = similarity.masked_fill(itself, -torch.inf).logsumexp(dim=1)
    mean = (similarity * positive).sum(dim=1) / positive.sum(dim=1)
    return ((log_mass - mean) * weight).sum()
