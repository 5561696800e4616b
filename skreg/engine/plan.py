"""A plan: every number that says how a fit trains, as two records that both engines read.

`PLAN` holds what is one for the net, `LAYER` what each layer has. Each concept's module names its
own fields and fills them from an estimator's parameters.
"""

import numpy as np

from skreg.augmentation import batch as augmentation
from skreg.blocks import normalization
from skreg.engine import layout, optimizers, schedules
from skreg.losses import contrastive, formulas, reconstruction
from skreg.regularizers import (
    averaging,
    corruption,
    freezing,
    noise,
    penalties,
    second_gradient,
    stopping,
)

PLAN = np.dtype(
    [
        ("batch_size", "i8"),
        *formulas.FIELDS,
        *corruption.FIELDS,
        *reconstruction.FIELDS,
        *contrastive.FIELDS,
        *augmentation.FIELDS,
        *noise.FIELDS,
        *penalties.FIELDS,
        *second_gradient.FIELDS,
        *stopping.FIELDS,
        *averaging.FIELDS,
        *optimizers.FIELDS,
        *schedules.FIELDS,
    ],
    align=True,
)
LAYER = np.dtype(
    [
        *layout.LAYER_FIELDS,
        *normalization.LAYER_FIELDS,
        *freezing.LAYER_FIELDS,
        *penalties.LAYER_FIELDS,
        *noise.LAYER_FIELDS,
    ],
    align=True,
)


def make_plan(params, *, batch_size, seed, monitor, keep_best):
    """Plan (array of one record) from an estimator's parameters.

    Parameters
    ----------
    params : Settings
        The estimator's parameters.
    batch_size : int
        Rows of a batch, resolved.
    seed : int
        Of the random streams.
    monitor, keep_best : int, bool
        What `skreg.regularizers.stopping` watches, and whether it keeps the best weights.
    """
    settings = {
        "batch_size": batch_size,
        **formulas.loss_settings(params),
        **corruption.corruption_settings(params),
        **reconstruction.reconstruction_settings(params),
        **contrastive.contrast_settings(params),
        **augmentation.augmentation_settings(params),
        **noise.noise_settings(params, seed),
        **penalties.penalty_settings(params),
        **second_gradient.perturbation_settings(params),
        **stopping.stopping_settings(params, monitor, keep_best),
        **averaging.averaging_settings(params),
        **optimizers.optimizer_settings(params),
        **schedules.schedule_settings(params),
    }
    return _filled(PLAN, 1, settings)


def make_layers(params, sizes, n_taps=1):
    """Layers (array of records) of an MLP with `sizes` units, input and output included.

    `n_taps` as for `skreg.engine.layout.layout_settings`.
    """
    n_layers = len(sizes) - 1
    kinds = normalization.normalization_settings(params, n_layers)
    settings = {
        **layout.layout_settings(
            sizes, params.activation, **kinds, residual=params.residual, n_taps=n_taps
        ),
        **kinds,
        **freezing.freezing_settings(params),
        **penalties.layer_penalty_settings(params, n_layers),
        **noise.layer_noise_settings(params, n_layers),
    }
    return _filled(LAYER, n_layers, settings)


def make_users_layers(params, shapes):
    """Layers (array of records) of a user's module: one for each weight tensor, of `shapes`.

    The tensors lie one after another; nothing of the module's inside is known.
    """
    n_in = np.array([int(np.prod(shape[1:])) for shape in shapes])
    n_out = np.array([shape[0] for shape in shapes])
    end = np.cumsum(n_in * n_out)
    settings = {
        **{name: 0 for name, _ in layout.LAYER_FIELDS},
        **{"n_in": n_in, "n_out": n_out, "weight_at": end - n_in * n_out},
        **dict.fromkeys(("bias_at", "norm_at", "end"), end),
        "normalization": normalization.NONE,
        **freezing.freezing_settings(params),
        **penalties.layer_penalty_settings(params, len(shapes)),
        **noise.layer_noise_settings(params, len(shapes)),
    }
    return _filled(LAYER, len(shapes), settings)


def _filled(dtype, length, settings):
    records = np.zeros(length, dtype)
    for name in dtype.names:
        records[name] = settings[name]
    return records
