"""What happens to a batch before its noises: the estimator's augmentation, then mixup or cutmix."""

import numpy as np

from skreg.augmentation import compiled_forms, mixing
from skreg.augmentation._draws import StreamDraws
from skreg.augmentation.kinds import active, has_compiled_form
from skreg.compiler.jit import jit
from skreg.random.words import AUGMENT

FIELDS = [*mixing.FIELDS, *compiled_forms.FIELDS]
"""Of a plan: those of mixup, cutmix, and the augmentations that have a compiled form."""

STRENGTHS = [name for name, dtype in FIELDS if dtype == "f8"]
"""Those that switch something on: shapes of rows are integers."""


def augmentation_settings(params):
    """Values of `FIELDS` from an estimator's parameters (`Settings`)."""
    return {**mixing.settings(params), **compiled_forms.settings(active(params.augment))}


def needs_spare(plan):
    """Whether `change_batch` needs room for a copy of the batch."""
    return any(plan[name] > 0 for name in STRENGTHS)


@jit
def change_batch(plan, step, data, rows, batch, targets, weight, spare):
    """Augment and mix gathered rows (`batch`, flat; `targets`, `weight`), in place.

    `spare` is room for a copy of them, or empty: nothing is on.
    """
    n = weight.size
    if spare.size == 0:
        return
    x, room = batch.reshape(n, batch.size // n), spare[: batch.size]
    copy = room.reshape(n, batch.size // n)
    _copy(batch, room)
    if plan["signal_shift"] + plan["signal_scale"] + plan["signal_noise"] > 0.0:
        compiled_forms.augment_signals(plan, step, x, copy)
    elif plan["swap_rate"] + plan["table_std"] > 0.0:
        compiled_forms.augment_table(plan, step, x, copy)
    if n > 1 and plan["mixup_alpha"] + plan["cutmix_alpha"] > 0.0:
        _copy(batch, room)
        mixing.mix_batch(plan, step, data, rows, x, copy, targets, weight)


@jit
def _copy(source, target):
    for i in range(source.size):
        target[i] = source[i]


class TorchAugmentation:
    """The same for tensors, and for augmentations that have no compiled form.

    Parameters
    ----------
    augment : object with ``apply(batch, generator)``, or None
    plan : record with `FIELDS`
    draws : compiled draws of the compute dtype
    device : of torch
    """

    def __init__(self, augment, plan, draws, device):
        import torch

        self.augment, self.plan, self.draws, self.device = augment, plan, draws, device
        self.generator = torch.Generator(device)

    def change_batch(self, step, x, y, weight):
        """New tensors x (n_rows, ...), y, weight: augmented, and mixed."""
        plan = self.plan
        if self.augment is not None:
            x = self._augmented(step, x)
        if len(x) > 1 and (plan["mixup_alpha"] or plan["cutmix_alpha"]):
            return mixing.torch_mix_batch(plan, step, self.draws, x, y, weight)
        return x, y, weight

    def _augmented(self, step, x):
        seed = self.plan["seed"]
        if has_compiled_form(self.augment):
            add_normal = self.draws.add_normal if self.device.type == "cpu" else None
            role = compiled_forms.ROLES[type(self.augment)]
            return self.augment.apply_drawn(x, StreamDraws(seed, role, step, add_normal, x.device))
        word = np.uint64(self.draws.stream_key(seed, AUGMENT, step))
        self.generator.manual_seed(int(word >> np.uint64(1)))
        out = self.augment.apply(x, self.generator)
        if out.shape != x.shape:
            raise ValueError(
                f"augment={self.augment!r} must keep the shape of a batch, {tuple(x.shape)}, but "
                f"gave {tuple(out.shape)}."
            )
        return out.to(x.dtype)
