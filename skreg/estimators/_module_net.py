"""A user's own module behind `NetClassifier` and `NetRegressor`."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from skreg.estimators._onnx import OnnxMixin
from skreg.estimators._parameters import (
    check_strengths,
    check_training,
)
from skreg.estimators._torch import TorchNet

_PREFIX = "module__"


class BaseUsersNet(OnnxMixin, TorchNet):
    """Fit and prediction of a user's module, whose parameters are ``module__*``."""

    _dimensions = tuple(range(1, 10))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters, those of the module (``module__*``) too.

        Parameters
        ----------
        deep : bool, default=True
            Whether to give the parameters of parameters, too.

        Returns
        -------
        params : dict
            Values by name.
        """
        return {**super().get_params(deep), **self._module_params}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of the module (``module__*``) too.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self : object
            The estimator.
        """
        own = {name: value for name, value in params.items() if name.startswith(_PREFIX)}
        super().set_params(**{name: params[name] for name in params if name not in own})
        if own:
            self._module_params = {**self._module_params, **own}
        return self

    def _take_module__params(self, params):
        """Keep what a constructor was given beyond its own parameters."""
        unknown = [name for name in params if not name.startswith(_PREFIX)]
        if unknown:
            raise TypeError(
                f"{type(self).__name__} got an unexpected keyword argument {unknown[0]!r}: what "
                "the module takes is given as module__<name>."
            )
        self._module_params = params

    def _check_consistency(self):
        import torch

        if self.module is None or isinstance(self.module, torch.nn.Module):
            raise ValueError(
                f"module={self.module!r} must be a class of torch.nn.Module or a function that "
                "makes one, so that every fit begins with a net of its own: give type(module) "
                "with its arguments as module__<name>."
            )
        check_training(self)

    def _shape_of_flat(self, n_features):
        return (n_features,)

    def _prediction_dtype(self, dtype):
        return self.coefs_[0].dtype  # a user's code may know one only

    def _arguments(self):
        return {name[len(_PREFIX) :]: value for name, value in self._module_params.items()}

    def _architecture(self, params, n_outputs, random_state):
        from skreg.engine.module_net import UsersArchitecture

        seed = 0 if random_state is None else int(random_state.randint(2**31 - 1))
        weights = self._weights_so_far() if random_state is None else None
        more = self._arguments(), self.input_shape_, n_outputs, seed, weights
        architecture = UsersArchitecture(params, *more)
        check_strengths(self, architecture.n_weights)
        return architecture

    def _architecture_of(self, params, weights):
        from skreg.engine.module_net import UsersArchitecture

        more = self._made_by()[1], self.input_shape_, self._target.n_raw, 0, weights
        return UsersArchitecture(params, *more)

    def _made_by(self):
        """Module and arguments that the fitted net was made with."""
        return vars(self).get("_recipe", (self.module, self._arguments()))

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "_recipe" in state and state["_recipe"][0] is self.module:
            given, now = state["_recipe"][1], self._arguments()
            if given.keys() == now.keys() and all(given[name] is now[name] for name in now):
                del state["_recipe"]  # the parameters say it
        return state

    def _weights_so_far(self):
        return vars(self).get("_arrays")

    def _weights(self):
        return self._arrays

    def _set_weights(self, weights, architecture):
        super()._set_weights(weights, architecture)
        self._arrays = weights
        self._weight_names = [p.name for p in architecture.places[: architecture.n_weights]]
        self.sparsity_ = [float((coef == 0).mean()) for coef in self.coefs_]

    @property
    def coefs_(self):
        """The module's weights, each with its outputs last."""
        if "_arrays" not in vars(self):
            raise AttributeError(f"{type(self).__name__} is not fitted: it has no coefs_.")
        return [np.moveaxis(self._arrays[name], 0, -1) for name in self._weight_names]

    @property
    def state_dict_(self):
        """The module's parameters and buffers by name, as arrays."""
        if "_arrays" not in vars(self):
            raise AttributeError(f"{type(self).__name__} is not fitted: it has no state_dict_.")
        start = "module."
        return {k[len(start) :]: v for k, v in self._arrays.items() if k.startswith(start)}

    def _check_same(self, architecture):
        architecture.pack(self._arrays, self._compute_dtype())  # raises

    def _describe(self, target):
        super()._describe(target)
        self._recipe = self.module, self._arguments()
        self._dropout = self.input_dropout, 0.0

    def _as_fitted(self):
        """Parameters of the fitted net, as far as they say how to read its weights."""
        return {"module": self._made_by()[0], "dtype": self.coefs_[0].dtype.name}

    def _mask_sizes(self):
        """Values of a row, which alone skreg may leave out."""
        return [int(np.prod(self.input_shape_))]

    def _onnx_answer(self, graph, x, raw_scores):
        raise NotImplementedError(
            f"skl2onnx cannot read the code of module={self._made_by()[0]!r}: export "
            "net_.module_.eval() by torch.onnx.export (it needs onnxscript). That graph gives raw "
            "predictions: what comes before the net, its link and the target's units are yours."
        )
