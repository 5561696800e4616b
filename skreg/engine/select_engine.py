"""Which engine trains a fit."""

import warnings
from functools import cache

from skreg.augmentation.kinds import active, has_compiled_form
from skreg.regularizers.second_gradient import is_exact


def choose_engine(params):
    """The engine's name for an estimator's parameters.

    Parameters
    ----------
    params : Settings
        Of its `callbacks` (skorch's) the compiled engine serves those that only read the history.

    Raises
    ------
    ValueError
        Where ``engine="compiled"`` cannot do what the other parameters ask for.
    """
    engine, obstacle = params.engine, None
    augment = active(params.augment)
    if params.device != "cpu":
        obstacle = f"device={params.device!r}"
    elif not all(_only_reads(c) for c in params.callbacks or ()):
        obstacle = "callbacks that act on the torch optimizer or module"
    elif params.autocast:
        obstacle = "dtype='bfloat16'"
    elif params.penalty is not None:
        obstacle = "a penalty of your own"
    elif augment is not None and not has_compiled_form(augment):
        obstacle = f"augment={augment!r}, which has no compiled form"
    elif is_exact(params):
        obstacle = "an exact gradient_penalty (gradient_penalty_rho > 0 is a difference)"
    if engine == "compiled" and obstacle:
        raise ValueError(
            f"engine='compiled' trains MLPs on the CPU and cannot serve {obstacle}. "
            "Use engine='auto' or engine='torch'."
        )
    if engine == "auto":
        engine = "torch" if obstacle else "compiled"
    if engine == "torch":
        _check_device(params.device)
        if params.autocast:
            _check_bfloat16(params.device)
    return engine


def _check_device(device):
    if device == "cpu":
        return
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} cannot be used by this torch ({error}). Use device='cpu', or "
            "install a torch build for that device."
        ) from error


def _check_bfloat16(device):
    """Raise where a device cannot multiply bfloat16 numbers; warn where it is slow at it."""
    import torch

    kind, remedy = torch.device(device).type, "Use dtype='float32'."
    try:
        with torch.autocast(kind, torch.bfloat16):
            pass
    except RuntimeError as error:
        message = f"dtype='bfloat16' cannot be used on device={device!r} ({error}). {remedy}"
        raise ValueError(message) from error
    if kind == "cpu" and not _bfloat16_instructions():
        warnings.warn(
            "This processor has no bfloat16 instructions, so that dtype='bfloat16' takes several "
            f"times as long as float32. {remedy}",
            stacklevel=2,
        )


@cache
def _bfloat16_instructions():
    """Whether the processor has instructions for products of bfloat16 numbers."""
    from llvmlite.binding import get_host_cpu_features

    features = get_host_cpu_features()
    return any(features.get(name) for name in ("avx512bf16", "amx-bf16", "bf16"))


def _only_reads(callback):
    from skreg.engine.net import READING_CALLBACKS

    if isinstance(callback, tuple):
        callback = callback[1]
    kind = callback if isinstance(callback, type) else type(callback)
    return kind in READING_CALLBACKS
