"""A fitted net taken out of its estimator or pipeline, in float64, to look at."""

from copy import deepcopy

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skreg.compat.arrays import check_no_grad
from skreg.estimators._base import BaseNet
from skreg.estimators._predictive import net_and_rows, net_of


def last_step(estimator):
    """The fitted skreg estimator, itself or at the end of a pipeline.

    Raises
    ------
    TypeError
        For anything else.
    NotFittedError
        Where it is not fitted.
    """
    net = net_of(estimator)
    if not isinstance(net, BaseNet):
        raise TypeError(
            f"estimator must be an estimator of skreg, or a Pipeline that ends in one, got {net!r}."
        )
    check_is_fitted(net, "coefs_")
    return net


class Probe:
    """Loss, gradients and activations of a fitted net, all in float64 and training units.

    Parameters
    ----------
    estimator : fitted skreg estimator, or Pipeline that ends in one
        Is left as it is.
    """

    def __init__(self, estimator):
        self.estimator, self.net = estimator, last_step(estimator)
        self.module = deepcopy(self.net.net_.module_).double().cpu().eval()
        self.plan = self.net.net_.criterion_.plan[0]
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        if not hasattr(self.module, "layers"):
            raise TypeError(
                f"estimator must be an MLP or a conv net of skreg, whose layers are known, got "
                f"{self.net!r}: of a user's module `weight_norms` and `zero_weights` can be asked."
            )
        self.weights = [layer.weight for layer in self.module.layers]

    def inputs(self, X):
        """X as the net sees it: a tensor of shape (n_rows, n_features)."""
        import torch

        X = net_and_rows(self.estimator, X)[1]
        check_no_grad(X=X)
        X = self.net._as_rows(X)
        X = validate_data(self.net, X, reset=False, accept_sparse="csr", dtype=np.float64)
        return torch.from_numpy(np.array(X.toarray() if hasattr(X, "toarray") else X, order="C"))

    def data(self, X, y, sample_weight=None):
        """Tensors X, Y and weight; the weights have mean 1."""
        import torch

        from skreg.estimators import _rows
        from skreg.losses.formulas import CROSS_ENTROPY, class_targets

        x = self.inputs(X)
        codes = self.net._target.codes(self.net._check_y(y))
        if len(codes) != len(x):
            raise ValueError(f"X has {len(x)} rows, but y has {len(codes)}.")
        weight = self.net._target.weigh(codes, _rows.check_weights(sample_weight, x.numpy()))
        targets = torch.from_numpy(self.net._target.encode(codes, np.float64, training=False))
        if self.plan["loss"] == CROSS_ENTROPY:
            levels = torch.tensor([0.0, 1.0], dtype=torch.float64)
            targets = class_targets(targets, levels, len(self.net.classes_))
        return x, targets, torch.from_numpy(weight / weight.mean())

    def loss(self, x, y, weight):
        """Weighted sum of the rows' losses over their number, a torch scalar."""
        from skreg.losses.formulas import torch_loss

        return torch_loss(self.plan, self.module(x), y, weight) / len(x)

    def hidden(self, x):
        """Activations of the hidden layers, a list of arrays of shape (n_rows, n_units)."""
        import torch

        found = []
        hooks = [
            layer.register_forward_pre_hook(lambda _, args: found.append(args[0].numpy()))
            for layer in self.module.layers[1:]
        ]
        with torch.no_grad():
            self.module(x)
        for hook in hooks:
            hook.remove()
        return found
