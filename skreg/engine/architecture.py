"""What the engine knows of an architecture: its tensors, where they lie, how to build its module.

All tensors of a net lie in one flat buffer, those with weights first (a `Place` each). An
`MLPArchitecture` and a `ConvArchitecture` have them layer by layer, as `skreg.engine.layout` says;
their weights are lists ``(coefs, intercepts, norms)`` outside of the engine. A user's module is
`skreg.engine.module_net`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from skreg._typing import Array
from skreg.blocks import normalization
from skreg.blocks.activations import ACTIVATIONS
from skreg.engine.layout import bias_views, norm_views, weight_views
from skreg.engine.plan import make_layers

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from skreg.hyperparameters.settings import Settings

Weights: TypeAlias = tuple[list[Array], list[Array], list[Array]]
"""Coefs, intercepts and norms, layer by layer."""

ROWS_AT_ONCE = 4096  # of an MLP, outside of steps
_VALUES_AT_ONCE = 2**23  # of the widest layer


class Place(NamedTuple):
    """Where a tensor of a module lies: name there, start in the flat buffer, shape, layer."""

    name: str
    start: int
    shape: tuple[int, ...]
    layer: int = 0

    def of(self, flat: Array) -> Array:
        """The tensor's values, as a view of the flat buffer."""
        return flat[self.start : self.start + prod(self.shape)].reshape(self.shape)


class Architecture(Protocol):
    """What the engine asks of an architecture."""

    places: list[Place]
    """Where its tensors lie; those of the weights come first."""
    n_parameters: int
    """Length of the flat buffer."""
    n_outputs: int
    """Raw outputs."""
    row_shape: tuple[int, ...] | None
    """Shape in which the module takes a row; None as it lies in X."""
    rows_at_once: int
    """So many may go through the net at once where there is no batch."""
    seconds_per_step: float
    """Of a small net, several beside it."""
    draws_itself: bool
    """Whether the module may draw from torch's generators."""

    @property
    def layers(self) -> Array:
        """Records, `skreg.engine.plan.LAYER`: one for each weight tensor."""

    @property
    def coef_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weights with the outputs last."""

    def initial(self, random_state: np.random.RandomState) -> Any:
        """Weights to begin with."""

    def pack(self, weights: Any, dtype: DTypeLike) -> Array:
        """Flat buffer with the given weights."""

    def unpack(self, flat: Array, dtype: DTypeLike) -> Any:
        """Weights of a flat buffer, each an array of its own."""

    def flat_coefs(self, coefs: Sequence[Array], dtype: DTypeLike) -> Array:
        """Flat buffer with arrays of `coef_shapes` in the weights' places, 0 elsewhere."""

    def rescaled(self, weights: Any, factor: Array, offset: Array) -> Any:
        """Weights whose outputs are `factor` times those of the given ones, plus `offset`."""

    def module(self, flat: Array) -> Module:
        """The torch module, on the memory of a flat buffer."""


class MLPArchitecture:
    """A multi-layer perceptron.

    Parameters
    ----------
    params : mapping
        An estimator's parameters by name.
    sizes : tuple of int
        Units of all layers, input and output included.
    n_taps : int
        Inputs that a unit takes from each unit below, but in the last layer.

    Attributes
    ----------
    sizes, activation, normalization
        As given. The others are those of an `Architecture`.
    """

    row_shape: tuple[int, ...] | None = None
    seconds_per_step = 2e-3
    draws_itself = False

    def __init__(self, params: Settings, sizes: Sequence[int], n_taps: int = 1) -> None:
        self.sizes, self.activation = tuple(sizes), params.activation
        self.layers = make_layers(params, sizes, n_taps)
        self.normalization = params.normalization
        self.n_parameters = int(self.layers["end"][-1])
        self.n_outputs = int(self.layers["n_out"][-1])
        self.rows_at_once = _rows_at_once(max(sizes))

    @cached_property
    def places(self) -> list[Place]:
        """Places of the tensors."""
        return layered_places(self.layers)

    @property
    def coef_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of `coefs`, as a list."""
        return list(zip(self.layers["n_in"].tolist(), self.layers["n_out"].tolist(), strict=True))

    def initial(self, random_state: np.random.RandomState) -> Weights:
        """Weights to begin with: Glorot's, drawn in scikit-learn's order.

        Uniform with bound ``sqrt(6 / (n_in + n_out))``, with 2 in place of 6 for logistic units
        (Glorot & Bengio 2010).
        """
        coefs, intercepts = [], []
        gain = ACTIVATIONS[self.activation].gain
        for n_in, n_out in self.coef_shapes:
            bound = np.sqrt(gain / (n_in + n_out))
            coefs.append(random_state.uniform(-bound, bound, (n_in, n_out)))
            intercepts.append(random_state.uniform(-bound, bound, n_out))
        return coefs, intercepts, normalization.initial_norms(self.sizes[1:-1], self.normalization)

    def pack(self, weights: Weights, dtype: DTypeLike) -> Array:
        """Flat buffer with the given weights."""
        return pack(self.layers, *weights, dtype)

    def unpack(self, flat: Array, dtype: DTypeLike) -> Weights:
        """Weights of a flat buffer, each an array of its own."""
        return unpack(self.layers, flat, dtype)

    def flat_coefs(self, coefs: Sequence[Array], dtype: DTypeLike) -> Array:
        """Flat buffer with arrays of the shapes of `coefs` in the weights' places, 0 elsewhere."""
        flat = np.zeros(self.n_parameters, dtype)
        for view, coef in zip(weight_views(self.layers, flat), coefs, strict=True):
            view[:] = coef.T
        return flat

    def rescaled(self, weights: Weights, factor: Array, offset: Array) -> Weights:
        """Weights whose outputs are `factor` times those of the given ones, plus `offset`."""
        coefs, intercepts, norms = weights
        coefs = [*coefs[:-1], coefs[-1] * factor]
        return coefs, [*intercepts[:-1], intercepts[-1] * factor + offset], norms

    def module(self, flat: Array) -> Module:
        """The torch module, on the memory of a flat buffer."""
        from skreg.blocks.modules import MLP

        weights, biases = self._tensors(flat)
        norms, residual = self._more(flat)
        return MLP(weights, biases, self.activation, norms, residual)

    def _tensors(self, flat: Array) -> tuple[list[Tensor], list[Tensor]]:
        """Weights and biases as lists of tensors."""
        import torch

        weights, biases = weight_views(self.layers, flat), bias_views(self.layers, flat)
        return [torch.from_numpy(w) for w in weights], [torch.from_numpy(b) for b in biases]

    def _more(self, flat: Array) -> tuple[list[tuple[Tensor, ...]], list[Any]]:
        """Tensors of the normalisation, and which layers are residual."""
        import torch

        norms = [
            tuple(torch.from_numpy(part) for part in _norm_parts(rows))
            for rows in norm_views(self.layers, flat)
        ]
        return norms, self.layers["skip"].tolist()


class ConvArchitecture(MLPArchitecture):
    """A conv net: layers as an MLP's, whose units take a patch of `kernel_size` in each direction.

    Parameters
    ----------
    params : mapping
        An estimator's parameters by name: of them `kernel_size`, `pool` and `front`.
    row_shape : tuple (C, H, W) or (C, T)
    channels : tuple of int
        Of the layers.
    n_outputs : int

    Attributes
    ----------
    maps : tuple (C, H, W) or (C, T)
        Shape of what the first block takes: after the front.
    kernel : tuple of int
    pools : list of tuple of int
        Of each block, the size of the patches whose maximum goes on.
    """

    row_shape: tuple[int, ...]
    seconds_per_step = 0.1  # until measured, so that the first block does not keep Ctrl-C waiting

    def __init__(
        self, params: Settings, row_shape: Sequence[int], channels: Sequence[int], n_outputs: int
    ) -> None:
        self.row_shape, self.front = tuple(row_shape), params.front
        _, maps = build_front(self.front, self.row_shape)
        self.maps = maps
        self.kernel = (params.kernel_size,) * (len(maps) - 1)
        self.pools, widest = [], prod(maps)
        size = maps[1:]
        for n_channels in channels:
            widest = max(widest, n_channels * prod(size))
            self.pools.append(tuple(min(params.pool, n) for n in size))
            size = tuple(n // by for n, by in zip(size, self.pools[-1], strict=True))
        super().__init__(params, (maps[0], *channels, n_outputs), prod(self.kernel))
        self.rows_at_once = _rows_at_once(max(widest, n_outputs))

    def module(self, flat: Array) -> Module:
        """The torch module, on the memory of a flat buffer."""
        from skreg.blocks.modules import ConvNet

        weights, biases = self._tensors(flat)
        norms, residual = self._more(flat)
        return ConvNet(
            weights,
            biases,
            self.activation,
            norms,
            residual,
            row_shape=self.row_shape,
            kernel=self.kernel,
            pools=self.pools,
            front=build_front(self.front, self.row_shape, flat.dtype)[0],
        )


def _rows_at_once(widest: int) -> int:
    return max(1, min(ROWS_AT_ONCE, _VALUES_AT_ONCE // widest))


def build_front(
    front: Any, row_shape: tuple[int, ...], dtype: DTypeLike | None = None
) -> tuple[Module | None, tuple[int, ...]]:
    """Module and output shape of a front; None and the row's shape without one."""
    if front is None:
        return None, row_shape
    module, maps = front.build(row_shape)
    if any(parameter.requires_grad for parameter in module.parameters()):
        raise ValueError(
            f"front={front!r} has parameters to train, and a front is a fixed transform: put them "
            "into a module of your own (NetClassifier, NetRegressor)."
        )
    if len(maps) not in (2, 3):
        raise ValueError(f"front={front!r} must give maps (C, H, W) or (C, T), got {maps}.")
    if dtype is not None:
        import torch

        module.to(getattr(torch, np.dtype(dtype).name))
    return module.eval(), tuple(maps)


def layered_places(layers: Array) -> list[Place]:
    """Places of an MLP's tensors: weights, biases, gains and shifts, running statistics."""
    shapes = [(int(k["n_out"]), int(k["n_in"])) for k in layers]
    places = [
        Place(f"layers.{i}.weight", int(k["weight_at"]), shape, i)
        for i, (k, shape) in enumerate(zip(layers, shapes, strict=True))
    ]
    places += [
        Place(f"layers.{i}.bias", int(k["bias_at"]), shape[:1], i)
        for i, (k, shape) in enumerate(zip(layers, shapes, strict=True))
    ]
    statistics = []
    normalised = [k for k in layers if k["end"] > k["norm_at"]]
    for i, k in enumerate(normalised):
        n, at = int(k["n_out"]), int(k["norm_at"])
        places.append(Place(f"norms.{i}.gain", at, (n,), i))
        places.append(Place(f"norms.{i}.shift", at + n, (n,), i))
        if k["end"] > at + 2 * n:
            statistics.append(Place(f"norms.{i}.statistics", at + 2 * n, (2, n), i))
    return places + statistics


def pack(
    layers: Array,
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    norms: Sequence[Array],
    dtype: DTypeLike,
) -> Array:
    """Flat buffer with the given weights, in the layout that engines use."""
    flat = np.empty(int(layers["end"][-1]), dtype)
    for view, coef in zip(weight_views(layers, flat), coefs, strict=True):
        view[:] = coef.T
    for view, intercept in zip(bias_views(layers, flat), intercepts, strict=True):
        view[:] = intercept
    for view, norm in zip(norm_views(layers, flat), norms, strict=True):
        view[:] = norm
    return flat


def unpack(layers: Array, flat: Array, dtype: DTypeLike) -> Weights:
    """Lists of coefs (n_in, n_out), intercepts (n_out,) and norms, each an array of its own."""
    coefs = [view.astype(dtype, copy=True).T for view in weight_views(layers, flat)]
    intercepts = [view.astype(dtype, copy=True) for view in bias_views(layers, flat)]
    return coefs, intercepts, [view.astype(dtype, copy=True) for view in norm_views(layers, flat)]


def _norm_parts(rows: Array) -> tuple[Array, ...]:
    """Gain, shift, and with "batch" statistics of shape (2, n_units)."""
    return (rows[0], rows[1], rows[2:]) if len(rows) > 2 else (rows[0], rows[1])
