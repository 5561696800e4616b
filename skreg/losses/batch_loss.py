"""The loss of a batch, whichever task it belongs to: compiled, and for torch."""

from skreg.compiler.jit import jit
from skreg.losses import contrastive, formulas, reconstruction


@jit
def batch_loss(plan, raw, targets, weight, pairs):
    """Sum over rows of weight * loss; `raw` becomes its gradient. `pairs` is room for contrast."""
    if plan["loss"] == formulas.RECONSTRUCTION:
        return reconstruction.reconstruction_loss(plan, raw, targets, weight)
    if plan["loss"] == formulas.CONTRASTIVE:
        return contrastive.contrastive_loss(plan, raw, targets, weight, pairs)
    return formulas.loss_and_gradient(plan, raw, targets, weight)


def torch_batch_loss(plan, raw, y, weight):
    """Sum over rows of weight * loss, a scalar; autograd gives the gradient."""
    if plan["loss"] == formulas.RECONSTRUCTION:
        return reconstruction.torch_reconstruction(plan, raw, y, weight)
    if plan["loss"] == formulas.CONTRASTIVE:
        return contrastive.torch_contrast(plan, raw, y, weight)
    return formulas.torch_loss(plan, raw, y, weight)


def n_targets(plan, layers):
    """Columns of the targets that the loss reads."""
    if plan["loss"] == formulas.RECONSTRUCTION:
        return 2 * int(layers["n_in"][0])
    if plan["loss"] == formulas.CONTRASTIVE:
        return 1
    return int(layers["n_out"][-1]) // int(plan["outputs_per_target"])
