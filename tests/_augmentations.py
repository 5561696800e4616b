"""The augmentations, each strength with a value that is on."""

import pytest
import torch

from skreg.augmentation import (
    AudioAugment,
    ImageAugment,
    SignalAugment,
    TabularAugment,
)

SHAPE = 3, 8, 12
IMAGE_STRENGTHS = {
    "horizontal_flip": 0.5,
    "vertical_flip": 0.5,
    "degrees": 20.0,
    "translate": 0.2,
    "scale": 0.3,
    "shear": 15.0,
    "elastic": 0.1,
    "perspective": 0.4,
    "blur_sigma": 1.0,
    "erase": 0.5,
    "brightness": 0.3,
    "contrast": 0.5,
}
SOUND_STRENGTHS = {
    "max_gain_db": 12.0,
    "band_stop": 1.0,
    "gain_db": 6.0,
    "noise_snr_db": 10.0,
    "max_shift": 0.3,
}
# Class, shape of a row, and each strength with a value that is on.
KINDS = {
    "SignalAugment": (SignalAugment, (2, 40), {"shift": 0.3, "scale": 0.2, "noise": 0.1}),
    "TabularAugment": (TabularAugment, (12,), {"swap_rate": 0.5, "gaussian_std": 0.3}),
    "ImageAugment": (ImageAugment, SHAPE, IMAGE_STRENGTHS),
    "AudioAugment": (AudioAugment, (1, 400), SOUND_STRENGTHS),
}
EACH = [
    pytest.param(cls, shape, list(on), name, id=f"{kind}-{name}")
    for kind, (cls, shape, on) in KINDS.items()
    for name in on
]


def off(cls, strengths):
    return cls().set_params(**{n: None if n == "noise_snr_db" else 0 for n in strengths})


def batch(shape, n=30, dtype=torch.float32):
    return torch.rand(n, *shape, generator=generator(1), dtype=dtype)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)
