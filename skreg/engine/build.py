"""Modules on the weights of a flat buffer."""

from skreg.engine.layout import bias_views, norm_parts, weight_views


def build_mlp(activation, layers, flat):
    """The MLP that `layers` describe, its parameters in `flat`'s memory."""
    import torch

    from skreg.modules import MLP

    weights, biases = (
        [torch.from_numpy(view) for view in views(layers, flat)]
        for views in (weight_views, bias_views)
    )
    norms = [tuple(map(torch.from_numpy, parts)) for parts in norm_parts(layers, flat)]
    return MLP(weights, biases, activation, norms, layers["skip"].tolist())
