"""Transforms of a training batch: what happens to rows in training only.

`augment=` of an estimator takes any of these objects, a composition (``a + b``), or one of your
own with scikit-learn's `get_params` and `set_params` and a method ``apply(batch, generator)``.
"""

from skreg.augmentation.compose import Compose
from skreg.augmentation.images import ImageAugment
from skreg.augmentation.signals import SignalAugment
from skreg.augmentation.sound import AudioAugment
from skreg.augmentation.tables import TabularAugment

__all__ = ["AudioAugment", "Compose", "ImageAugment", "SignalAugment", "TabularAugment"]
