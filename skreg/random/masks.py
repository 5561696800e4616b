"""Masks of 16 random bits a unit: which units stay, and what those that stay are multiplied by.

A probability p is rounded to 1/65536. All engines and prediction with dropout left on share these
formulas, and the streams of `skreg.random.words`. Nothing here needs numba.
"""

import numpy as np

LEVELS = 65536


def thresholds_of(rates):
    """Of so many of 65536 levels each unit is left out, for probabilities `rates` below 1."""
    return np.minimum(np.round(np.multiply(rates, LEVELS)), LEVELS - 1)


def scale_of(threshold):
    """What the units that stay are multiplied by: 1 over their probability, exactly."""
    return LEVELS / (LEVELS - threshold)


def factors_of(bits, threshold, scale):
    """Factors of units from their bits: arrays, tensors and numbers alike, as they broadcast."""
    return (bits >= threshold) * scale
