"""What the engine knows of an architecture: its tensors, where they lie, how to build its module.

All tensors of a net lie in one flat buffer, those with weights first (a `Place` each). An
`MLPArchitecture` and a `ConvArchitecture` have them layer by layer, as `skreg.engine.layout` says;
their weights are lists ``(coefs, intercepts, norms)`` outside of the engine. A user's module is
`skreg.engine.module_net`.
"""

from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from skreg.blocks import normalization
from skreg.blocks.activations import ACTIVATIONS
from skreg.engine.layout import bias_views, norm_views, weight_views
from skreg.engine.plan import make_layers

ROWS_AT_ONCE = 4096  # of an MLP, outside of steps
_VALUES_AT_ONCE = 2**23  # of the widest layer


class Place(NamedTuple):
    """Where a tensor of a module lies: name there, start in the flat buffer, shape, layer."""

    name: str
    start: int
    shape: tuple
    layer: int = 0

    def of(self, flat):
        """The tensor's values, as a view of the flat buffer."""
        return flat[self.start : self.start + prod(self.shape)].reshape(self.shape)


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
    layers : ndarray of records, `skreg.engine.plan.LAYER`
        One for each weight tensor.
    places : list of Place
        Those of the weights come first.
    n_parameters : int
        Length of the flat buffer.
    row_shape : tuple of int or None
        Shape in which the module takes a row; None as it lies in X.
    rows_at_once : int
        So many may go through the net at once where there is no batch.
    seconds_per_step : float
        Of a small net, several beside it.
    draws_itself : bool
        Whether the module may draw from torch's generators.
    """

    row_shape, seconds_per_step, draws_itself = None, 2e-3, False

    def __init__(self, params, sizes, n_taps=1):
        self.sizes, self.activation = tuple(sizes), params.activation
        self.layers = make_layers(params, sizes, n_taps)
        self.normalization = params.normalization
        self.n_parameters = int(self.layers["end"][-1])
        self.n_outputs = int(self.layers["n_out"][-1])
        self.rows_at_once = _rows_at_once(max(sizes))

    @cached_property
    def places(self):
        """Places of the tensors."""
        return layered_places(self.layers)

    @property
    def coef_shapes(self):
        """Shapes of `coefs`, as a list."""
        return list(zip(self.layers["n_in"].tolist(), self.layers["n_out"].tolist(), strict=True))

    def initial(self, random_state):
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

    def pack(self, weights, dtype):
        """Flat buffer with the given weights."""
        return pack(self.layers, *weights, dtype)

    def unpack(self, flat, dtype, module=None):
        """Weights of a flat buffer, each an array of its own."""
        return unpack(self.layers, flat, dtype)

    def flat_coefs(self, coefs, dtype):
        """Flat buffer with arrays of the shapes of `coefs` in the weights' places, 0 elsewhere."""
        flat = np.zeros(self.n_parameters, dtype)
        for view, coef in zip(weight_views(self.layers, flat), coefs, strict=True):
            view[:] = coef.T
        return flat

    def rescaled(self, weights, factor, offset):
        """Weights whose outputs are `factor` times those of the given ones, plus `offset`."""
        coefs, intercepts, norms = weights
        coefs = [*coefs[:-1], coefs[-1] * factor]
        return coefs, [*intercepts[:-1], intercepts[-1] * factor + offset], norms

    def module(self, flat):
        """The torch module, on the memory of a flat buffer."""
        from skreg.blocks.modules import MLP

        return MLP(*self._tensors(flat), self.activation, *self._more(flat))

    def _tensors(self, flat):
        """Weights and biases as lists of tensors."""
        import torch

        views = weight_views(self.layers, flat), bias_views(self.layers, flat)
        return tuple([torch.from_numpy(view) for view in part] for part in views)

    def _more(self, flat):
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

    seconds_per_step = 0.1  # until measured, so that the first block does not keep Ctrl-C waiting

    def __init__(self, params, row_shape, channels, n_outputs):
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

    def module(self, flat):
        """The torch module, on the memory of a flat buffer."""
        from skreg.blocks.modules import ConvNet

        return ConvNet(
            *self._tensors(flat),
            self.activation,
            *self._more(flat),
            row_shape=self.row_shape,
            kernel=self.kernel,
            pools=self.pools,
            front=build_front(self.front, self.row_shape, flat.dtype)[0],
        )


def _rows_at_once(widest):
    return max(1, min(ROWS_AT_ONCE, _VALUES_AT_ONCE // widest))


def build_front(front, row_shape, dtype=None):
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


def layered_places(layers):
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


def pack(layers, coefs, intercepts, norms, dtype):
    """Flat buffer with the given weights, in the layout that engines use."""
    flat = np.empty(int(layers["end"][-1]), dtype)
    for view, coef in zip(weight_views(layers, flat), coefs, strict=True):
        view[:] = coef.T
    for view, intercept in zip(bias_views(layers, flat), intercepts, strict=True):
        view[:] = intercept
    for view, norm in zip(norm_views(layers, flat), norms, strict=True):
        view[:] = norm
    return flat


def unpack(layers, flat, dtype):
    """Lists of coefs (n_in, n_out), intercepts (n_out,) and norms, each an array of its own."""
    coefs = [view.astype(dtype, copy=True).T for view in weight_views(layers, flat)]
    others = bias_views(layers, flat), norm_views(layers, flat)
    return coefs, *([view.astype(dtype, copy=True) for view in views] for views in others)


def _norm_parts(rows):
    """Gain, shift, and with "batch" statistics of shape (2, n_units)."""
    return (rows[0], rows[1], rows[2:]) if len(rows) > 2 else (rows[0], rows[1])
