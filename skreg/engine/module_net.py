"""A user's own torch module as an architecture."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import DTypeLike
from torch.nn.parameter import is_lazy

from skreg._typing import Array
from skreg.blocks.modules import Adapter
from skreg.engine.architecture import Place
from skreg.engine.plan import make_users_layers
from skreg.random.global_draws import seeded

if TYPE_CHECKING:
    from skreg.hyperparameters.settings import Settings

Weights: TypeAlias = dict[str, Array]
"""Arrays by the names that the module has for its parameters and buffers."""

INPUT_NAMES = ("n_features", "in_features", "input_size", "input_dim", "n_inputs")
OUTPUT_NAMES = ("n_outputs", "out_features", "output_size", "output_dim")


class UsersArchitecture:
    """A user's module, as `skreg.engine.architecture.MLPArchitecture` is an MLP.

    Weights are the trained parameters of two or more dimensions. Outside of the engine they are a
    dict of arrays by name, with all other parameters and buffers. The flat buffer holds what is
    real and finite; the rest (counters, masks) stays with the module.

    Parameters
    ----------
    params : mapping
        An estimator's parameters by name: of them `module`, a class or function that makes one.
    arguments : dict
        What to call it with.
    row_shape : tuple of int
        Shape in which the module takes a row.
    n_outputs : int
    seed : int
        Of what the module draws when it is made.
    weights : dict of ndarray, optional
        Of a fitted module: what the flat buffer does not hold is taken from there.

    Raises
    ------
    ValueError
        Where no module comes out, or one without weights to train.
    """

    rows_at_once = 256
    seconds_per_step = 0.1
    draws_itself = True

    def __init__(
        self,
        params: Settings,
        arguments: dict[str, Any],
        row_shape: Sequence[int],
        n_outputs: int,
        seed: int,
        weights: Weights | None = None,
    ) -> None:
        self.row_shape, self.n_outputs = tuple(row_shape), n_outputs
        self.adapter = _make(params.module, arguments, self.row_shape, n_outputs, seed)
        self.adapter.to(getattr(torch, np.dtype(params.dtype).name))
        tensors = _tensors_of(self.adapter)
        names = [n for n, t in tensors.items() if t.requires_grad and t.ndim >= 2]
        self.n_weights = len(names)
        if not names:
            raise ValueError(
                f"module={params.module!r} makes a net without weights: it has no parameter of "
                "two or more dimensions that is trained."
            )
        names += [n for n, t in tensors.items() if n not in names and _is_flat(t)]
        self.places, start = [], 0
        for i, name in enumerate(names):
            layer = i if i < self.n_weights else 0
            self.places.append(Place(name, start, tuple(tensors[name].shape), layer))
            start += tensors[name].numel()
        self.n_parameters, self._params = start, params
        self._others = [name for name in tensors if name not in names]
        for name in self._others:
            if weights and name in weights:
                tensors[name].data = torch.from_numpy(np.array(weights[name]))

    @cached_property
    def layers(self) -> Array:
        """Records, `skreg.engine.plan.LAYER`: one for each weight tensor."""
        return make_users_layers(self._params, [p.shape for p in self.places[: self.n_weights]])

    @property
    def coef_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weights with the outputs last, as a list."""
        shapes = [place.shape for place in self.places[: self.n_weights]]
        return [(*shape[1:], shape[0]) for shape in shapes]

    def initial(self, random_state: np.random.RandomState) -> Weights:
        """Weights as the module was made with: they were drawn then."""
        return _arrays(_tensors_of(self.adapter))

    def pack(self, weights: Weights, dtype: DTypeLike) -> Array:
        """Flat buffer with the given weights.

        Raises
        ------
        ValueError
            Where they are those of another net.
        """
        flat = np.empty(self.n_parameters, dtype)
        for place in self.places:
            found = weights.get(place.name)
            if found is None or found.shape != place.shape:
                raise ValueError(
                    f"module now makes a net whose {place.name.removeprefix('module.')} has shape "
                    f"{place.shape}, but the fitted one has "
                    f"{'none' if found is None else found.shape}: fit with warm_start=False to "
                    "begin anew."
                )
            place.of(flat)[...] = found
        return flat

    def unpack(self, flat: Array, dtype: DTypeLike) -> Weights:
        """Weights of a flat buffer, each an array of its own."""
        tensors = _tensors_of(self.adapter)
        weights = {place.name: place.of(flat).astype(dtype, copy=True) for place in self.places}
        return {**weights, **_arrays({name: tensors[name] for name in self._others})}

    def flat_coefs(self, coefs: Sequence[Array], dtype: DTypeLike) -> Array:
        """Flat buffer with arrays of `coef_shapes` in the weights' places, 0 elsewhere."""
        flat = np.zeros(self.n_parameters, dtype)
        for place, coef in zip(self.places, coefs, strict=False):
            place.of(flat)[...] = np.moveaxis(coef, -1, 0)
        return flat

    def rescaled(self, weights: Weights, factor: Array, offset: Array) -> Weights:
        """Weights whose outputs are `factor` times those of the given ones, plus `offset`."""
        gain, shift = weights["gain"] * factor, weights["shift"] * factor + offset
        return {**weights, "gain": gain, "shift": shift}

    def module(self, flat: Array) -> torch.nn.Module:
        """The torch module, on the memory of a flat buffer: there is one, the last call's."""
        tensors = _tensors_of(self.adapter)
        for place in self.places:
            tensors[place.name].data = torch.from_numpy(place.of(flat))
        return self.adapter


def _make(
    make: Callable[..., Any],
    arguments: dict[str, Any],
    row_shape: tuple[int, ...],
    n_outputs: int,
    seed: int,
) -> Adapter:
    """The user's module in its adapter; modules that wait to see the input's size have seen it."""
    arguments = with_sizes(make, arguments, prod(row_shape), n_outputs)
    with seeded(seed):
        module = make(**arguments)
        if not isinstance(module, torch.nn.Module):
            raise ValueError(
                f"module={make!r} must make a torch.nn.Module, got {type(module).__name__}."
            )
        adapter = Adapter(module, row_shape, n_outputs)
        if any(is_lazy(tensor) for tensor in _tensors_of(adapter).values()):
            with torch.no_grad():
                adapter.eval()(torch.zeros(2, *row_shape))
    return adapter.train()


def with_sizes(
    make: Callable[..., Any], arguments: dict[str, Any], n_features: int, n_outputs: int
) -> dict[str, Any]:
    """Arguments of a module's class, with the sizes by the first names that it has for them."""
    try:
        parameters = set(inspect.signature(make).parameters)
    except (TypeError, ValueError):  # some of those written in C have none
        parameters = set()
    sizes = {}
    for names, value in ((INPUT_NAMES, n_features), (OUTPUT_NAMES, n_outputs)):
        known = [name for name in names if name in parameters]
        if known and not any(name in arguments for name in known):
            sizes[known[0]] = value
    return {**sizes, **arguments}


def _tensors_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _is_flat(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and bool(torch.isfinite(tensor).all())


def _arrays(tensors: dict[str, torch.Tensor]) -> Weights:
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}
