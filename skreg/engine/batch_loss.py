"""The loss of a batch, whichever task it belongs to: compiled, and for torch."""

from skreg import contrast, losses, reconstruction
from skreg._jit import jit


@jit
def batch_loss(plan, raw, targets, weight, pairs):
    """Sum over rows of weight * loss; `raw` becomes its gradient. `pairs` is room for contrast."""
    if plan["loss"] == losses.RECONSTRUCTION:
        return reconstruction.reconstruction_loss(plan, raw, targets, weight)
    if plan["loss"] == losses.CONTRASTIVE:
        return contrast.contrastive_loss(plan, raw, targets, weight, pairs)
    return losses.loss_and_gradient(plan, raw, targets, weight)


def torch_batch_loss(plan, raw, y, weight):
    """Sum over rows of weight * loss, a scalar; autograd gives the gradient."""
    if plan["loss"] == losses.RECONSTRUCTION:
        return reconstruction.torch_reconstruction(plan, raw, y, weight)
    if plan["loss"] == losses.CONTRASTIVE:
        return contrast.torch_contrast(plan, raw, y, weight)
    return losses.torch_loss(plan, raw, y, weight)


def n_targets(plan, layers):
    """Columns of the targets that the loss reads."""
    if plan["loss"] == losses.RECONSTRUCTION:
        return 2 * int(layers["n_in"][0])
    return 1 if plan["loss"] == losses.CONTRASTIVE else int(layers["n_out"][-1])
