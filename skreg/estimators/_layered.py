"""Nets of layers that skreg knows: their weights as attributes, and the MLP."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skreg.compat.arrays import check_no_grad
from skreg.estimators import _rows
from skreg.estimators._base import BaseNet
from skreg.estimators._forward import forward
from skreg.estimators._onnx import OnnxMixin, net_answer
from skreg.estimators._onnx_layers import mlp_output
from skreg.estimators._parameters import (
    check_consistency,
    layer_sizes,
)
from skreg.estimators._transfer import TransferMixin
from skreg.tables import validate_data


class LayeredNet(BaseNet):
    """A net whose weights are `coefs_`, `intercepts_` and `norms_`, layer by layer."""

    def _weights(self):
        return self.coefs_, self.intercepts_, self.norms_

    def _set_weights(self, weights, architecture):
        self.coefs_, self.intercepts_, self.norms_ = weights
        self.sparsity_ = [float((coef == 0).mean()) for coef in self.coefs_]
        self.n_layers_ = len(self.coefs_) + 1

    def _check_same(self, architecture):
        for name in ("normalization", "residual"):
            self._check_same_value(name, getattr(self, f"_{name}"))

    def _check_same_value(self, name, fitted):
        if fitted != getattr(self, name):
            raise ValueError(
                f"The fitted net has {name}={fitted!r}, but {name} is now "
                f"{getattr(self, name)!r}: fit with warm_start=False to begin anew."
            )

    def _describe(self, target):
        super()._describe(target)
        self._activation = self.activation
        self._normalization, self._residual = self.normalization, self.residual
        self._dropout = self.input_dropout, self.dropout

    def _as_fitted(self):
        """Parameters of the fitted net, as far as they say how to read its weights."""
        return {
            "activation": self._activation,
            "normalization": self._normalization,
            "residual": self._residual,
            "dtype": self.coefs_[0].dtype.name,
        }


class BaseMLP(OnnxMixin, TransferMixin, LayeredNet):
    """A multi-layer perceptron; predicts in plain numpy."""

    _sizes_name = "hidden_layer_sizes"

    def _check_consistency(self):
        check_consistency(self)

    def _architecture(self, params, n_outputs, random_state):
        from skreg.engine.architecture import MLPArchitecture

        hidden = layer_sizes("hidden_layer_sizes", params.hidden_layer_sizes)
        sizes = (self.n_features_in_, *hidden, *self._head(hidden), n_outputs)
        return MLPArchitecture(params, sizes)

    def _architecture_of(self, params, weights):
        from skreg.engine.architecture import MLPArchitecture

        return MLPArchitecture(params, _sizes_of(weights[0]))

    def _head(self, hidden):
        """Units of hidden layers that stand between those asked for and the output."""
        return ()

    def _check_same(self, architecture):
        before = _sizes_of(self.coefs_)
        if before != architecture.sizes:
            raise ValueError(
                f"The fitted net has layers of {before} units, but hidden_layer_sizes and the data "
                f"now ask for {architecture.sizes}: fit with warm_start=False to begin anew."
            )
        super()._check_same(architecture)

    def _ready(self, X, dtype=None):
        """X checked, and of each net that predicts what `forward` takes: its weights in `dtype`."""
        if "coefs_" not in vars(self):
            check_is_fitted(self, "coefs_")  # raises; asked first, it takes as long as the net
        dtype = np.dtype(dtype or self.coefs_[0].dtype)
        if not _rows.needs_no_check(self, X, dtype):
            check_no_grad(X=X)
            X = validate_data(self, X, accept_sparse="csr", dtype=(dtype, np.float32), reset=False)
        nets = self.snapshots_ or [self._weights()]
        return X, [[[w.astype(dtype, copy=False) for w in ws] for ws in net] for net in nets]

    def _through(self, X, net, link, masks=None):
        """Output of one of the nets after a link, with dropout left on where there are masks."""
        return forward(X, *net, self._activation, link, residual=self._residual, masks=masks)

    def _representation(self, X):
        X, nets = self._ready(X, np.float64)
        coefs, intercepts, norms = nets[-1]
        if len(coefs) == 1:
            return X.toarray() if hasattr(X, "toarray") else X
        hidden = coefs[:-1], intercepts[:-1], norms
        return forward(X, *hidden, self._activation, residual=self._residual, hidden=True)

    def _units(self):
        """Features, and units of the layers up to the representation."""
        return (self.n_features_in_, *(len(b) for b in self._encoder()[1]))

    def _mask_sizes(self):
        """Units of each layer's input, which dropout may leave out."""
        return [len(coef) for coef in self.coefs_]

    def _onnx_answer(self, graph, x, raw_scores):
        return net_answer(self, graph, x, mlp_output, raw_scores)


def _sizes_of(coefs):
    """Units of all layers, input and output included."""
    return (coefs[0].shape[0], *(coef.shape[1] for coef in coefs))
