"""The mel scale: even steps are heard as even steps of pitch.

``m = 2595 log10(1 + f / 700)`` (O'Shaughnessy 1987), linear below about 700 Hz and logarithmic
above.
"""

import numpy as np


def to_mel(hertz):
    """Mels of frequencies in Hz."""
    return 2595.0 * np.log10(1.0 + np.asarray(hertz, dtype=np.float64) / 700.0)


def to_hertz(mel):
    """Frequencies in Hz of mels."""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)
