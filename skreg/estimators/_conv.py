"""The conv net behind `ConvNetClassifier` and `ConvNetRegressor`."""

import numpy as np

from skreg.estimators._layered import LayeredNet
from skreg.estimators._onnx import OnnxMixin, net_answer
from skreg.estimators._onnx_conv import conv_output
from skreg.estimators._parameters import check_conv, layer_sizes
from skreg.estimators._torch import TorchNet
from skreg.estimators._transfer import TransferMixin


class BaseConvNet(OnnxMixin, TransferMixin, TorchNet, LayeredNet):
    """Fit and prediction of a conv net."""

    _dimensions, _sizes_name = (2, 3), "channels"
    _computes_by = (*TransferMixin._computes_by, "kernel_size", "pool", "front")

    def _check_consistency(self):
        check_conv(self)

    def _shape_of_flat(self, n_features):
        return 1, n_features

    def _architecture(self, params, n_outputs, random_state):
        from skreg.engine.architecture import ConvArchitecture

        channels = layer_sizes("channels", params.channels)
        return ConvArchitecture(params, self.input_shape_, channels, n_outputs)

    def _architecture_of(self, params, weights):
        return self._architecture(params, self._target.n_raw, None)

    def _set_weights(self, weights, architecture):
        TorchNet._set_weights(self, weights, architecture)
        LayeredNet._set_weights(self, weights, architecture)

    def _check_same(self, architecture):
        fitted = [coef.shape for coef in self.coefs_]
        if fitted != architecture.coef_shapes:
            raise ValueError(
                f"The fitted net has weights of shapes {fitted}, but channels, kernel_size and the "
                f"data now ask for {architecture.coef_shapes}: fit with warm_start=False to begin "
                "anew."
            )
        super()._check_same(architecture)
        self._check_same_value("pool", self._pool)
        if repr(self.front) != repr(self._front):
            self._check_same_value("front", self._front)

    def _describe(self, target):
        from sklearn.base import clone

        super()._describe(target)
        self._kernel_size, self._pool = self.kernel_size, self.pool
        self._front = clone(self.front, safe=False)

    def _as_fitted(self):
        channels = tuple(coef.shape[1] for coef in self.coefs_[:-1])
        own = {"channels": channels, "kernel_size": self._kernel_size}
        return {**super()._as_fitted(), **own, "pool": self._pool, "front": self._front}

    def _representation(self, X):
        X, nets = self._ready(X, np.float64)
        return self._in_chunks(X, nets[-1], lambda module, rows: module.features(rows))

    def _units(self):
        """Channels of what the first block takes, and of the blocks."""
        n_taps = self._kernel_size ** (len(self.input_shape_) - 1)
        return (len(self.coefs_[0]) // n_taps, *(len(b) for b in self._encoder()[1]))

    def _mask_sizes(self):
        """Values of a row, and channels of the maps below each layer."""
        return [int(np.prod(self.input_shape_)), *(len(b) for b in self.intercepts_[:-1])]

    def _onnx_answer(self, graph, x, raw_scores):
        return net_answer(self, graph, x, conv_output, raw_scores)
