"""Nets that predict by their torch module: rows of any shape, in chunks, in eval mode."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from skreg.compat.arrays import check_no_grad
from skreg.estimators._base import BaseNet
from skreg.estimators._shapes import check_size, checked_shape, flattened
from skreg.tables import validate_data


class TorchNet(BaseNet):
    """A net whose rows have a shape, and whose module predicts.

    A subclass says beside what `BaseNet` asks for

    - `_dimensions`: how many numbers `input_shape` may have;
    - `_shape_of_flat(n_features)`: the shape of a row where neither X nor `input_shape` have one;
    - `_architecture_of(params, weights)`: the fitted architecture.
    """

    def _as_rows(self, X, name="X"):
        return flattened(X, self._asked_shape(), name)[0]

    def _in_shape(self, X):
        return X if issparse(X) else X.reshape(len(X), *self.input_shape_)

    def _asked_shape(self):
        return checked_shape(self.input_shape, self._dimensions)

    def _row_shape(self):
        return self.input_shape_

    def _check_data(self, X, y, reset):
        asked, before = self._asked_shape(), getattr(self, "input_shape_", None)
        X, found = flattened(X, asked, "X")
        X, y = super()._check_data(X, y, reset)
        shape = asked or found or (not reset and before) or self._shape_of_flat(X.shape[1])
        if len(shape) not in self._dimensions:
            raise ValueError(
                f"X has rows of shape {shape}: {type(self).__name__} takes (C, H, W) or (C, T)."
            )
        check_size(shape, X.shape[1])
        if not reset and shape != before:
            raise ValueError(
                f"The fitted net has input_shape_={before}, but X and input_shape now ask for "
                f"{shape}: fit with warm_start=False to begin anew."
            )
        self.input_shape_ = tuple(shape)
        return X, y

    def _engine_params(self, target):
        return super()._engine_params(target).replace(input_shape=self.input_shape_)

    def _set_weights(self, weights, architecture):
        self._modules = {}  # by dtype, made by the first prediction

    def __getstate__(self):
        state = super().__getstate__()
        return {**state, "_modules": {}} if "_modules" in state else state

    def _prediction_dtype(self, dtype):
        """The dtype to predict in where `dtype` is asked for (None: that of the weights)."""
        return np.dtype(dtype or self.coefs_[0].dtype)

    def _ready(self, X, dtype=None):
        """X checked, and modules on the fitted weights: one for each net that predicts."""
        check_is_fitted(self, "coefs_")
        X = flattened(X, self.input_shape_, "X")[0]
        check_no_grad(X=X)
        dtype = self._prediction_dtype(dtype)
        X = validate_data(self, X, accept_sparse="csr", dtype=(dtype, np.float32), reset=False)
        modules = self._modules.get(dtype.name)
        if modules is None:
            nets = self.snapshots_ or [self._weights()]
            modules = [self._fitted_module(weights, dtype) for weights in nets]
            self._modules[dtype.name] = modules
        return X, modules

    def _fitted_module(self, weights, dtype):
        """Module in eval mode, its architecture and dtype."""
        params = self._fitted_params().replace(dtype=dtype.name)
        architecture = self._architecture_of(params, weights)
        module = architecture.module(architecture.pack(weights, dtype))
        return module.to(params.device).eval(), architecture, dtype

    def _through(self, X, net, link, masks=None):
        """Output of one of the nets after a link, with dropout left on where there are masks."""
        from skreg.blocks.activations import LINKS
        from skreg.regularizers.noise import FixedMasks

        noise = None if masks is None else FixedMasks(masks)
        return self._in_chunks(X, net, lambda module, rows: LINKS[link].torch(module(rows, noise)))

    def _in_chunks(self, X, net, function):
        """What a function of module and rows gives for all rows, as an array."""
        import torch

        from skreg.random.global_draws import seeded

        module, architecture, dtype = net
        device, step = next(module.parameters()).device, architecture.rows_at_once
        outputs = []
        with torch.inference_mode(), seeded(0, device):
            for start in range(0, X.shape[0], step):
                rows = X[start : start + step]
                rows = rows.toarray() if issparse(rows) else rows
                # a copy: torch takes no negative strides, which a single row may have
                rows = torch.from_numpy(np.array(rows, dtype, order="C")).to(device)
                outputs.append(function(module, rows).cpu().numpy())
        return np.concatenate(outputs)

    def _fitted_params(self):
        return super()._fitted_params().replace(device=_usable(self.device))


def _usable(device):
    """The device, or the CPU where this machine has it not: a fitted net predicts anywhere."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        return "cpu"
    return device
