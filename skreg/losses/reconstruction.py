"""Loss of a masked pretext task: the clean row from the corrupted one, and what was corrupted.

Of a row with d columns, clean standardised values c and corrupted entries m::

    sum_j a_j (raw_j - c_j)^2 / 2  +  mask_loss_weight / d * sum_j bce(raw_{d+j}, m_j)

with ``a_j = 1 / d``, or with `reconstruct="corrupted"` ``a_j = m_j / (corruption_rate d)``, which
has the same sum on average. bce is the cross-entropy of a logistic output (VIME: Yoon, Zhang,
Jordon & van der Schaar 2020, "VIME: extending the success of self- and semi-supervised learning to
tabular domain"). The targets are c, then m, as `skreg.regularizers.corruption.corrupt` writes them.
"""

import numpy as np

from skreg.compiler.jit import jit

FIELDS = [("corrupted_only", "?"), ("mask_loss_weight", "f8")]
"""Of a plan: whether corrupted entries alone count, and the weight of the mask's loss."""


def reconstruction_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {
        "corrupted_only": params.reconstruct == "corrupted",
        "mask_loss_weight": params.mask_loss_weight,
    }


@jit
def reconstruction_loss(plan, raw, y, weight):
    """Sum over rows of weight * loss; `raw` (n_rows, d or 2 d) becomes its gradient."""
    d, dtype = y.shape[1] // 2, raw.dtype.type
    zero, half, one = dtype(0), dtype(0.5), dtype(1)
    share, total = dtype(1.0 / d), 0.0
    if plan["corrupted_only"]:
        share = dtype(65536.0 / (plan["corruption_threshold"] * d))
    mask_share = dtype(plan["mask_loss_weight"] / d)
    for r in range(raw.shape[0]):
        row = zero
        for j in range(d):
            by = share * y[r, d + j] if plan["corrupted_only"] else share
            e = raw[r, j] - y[r, j]
            row += by * half * e * e
            raw[r, j] = weight[r] * by * e
        for j in range(d, raw.shape[1]):
            z = raw[r, j]
            small = np.exp(-abs(z))
            row += mask_share * (max(z, zero) + np.log1p(small) - y[r, j] * z)
            p = one / (one + small) if z >= zero else small / (one + small)
            raw[r, j] = weight[r] * mask_share * (p - y[r, j])
        total += weight[r] * row
    return total


def torch_reconstruction(plan, raw, y, weight):
    """The same as a torch scalar; autograd gives the gradient."""
    from torch.nn import functional

    clean, mask = y.chunk(2, dim=1)
    d = clean.shape[1]
    share = mask * (65536 / plan["corruption_threshold"]) if plan["corrupted_only"] else 1.0
    row = (share * (raw[:, :d] - clean) ** 2).sum(dim=1) / 2
    if raw.shape[1] > d:
        logits = functional.binary_cross_entropy_with_logits(raw[:, d:], mask, reduction="none")
        row = row + plan["mask_loss_weight"] * logits.sum(dim=1)
    return (row * weight).sum() / d
