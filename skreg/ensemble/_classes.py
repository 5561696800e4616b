"""Probabilities of several classifiers, which may not all have seen all classes."""

import numpy as np

from skreg.blocks.activations import SOFTMAX


def over_classes(p, places, n_classes, dtype=np.float64):
    """Columns p (..., n) of some classes at their places among all; 0 for the others."""
    whole = np.zeros((*p.shape[:-1], n_classes), dtype)
    whole[..., places] = p
    return whole


def votes(places, n_classes):
    """Probabilities (n_rows, n_classes) of predictions: 1 for the class that is predicted."""
    p = np.zeros((len(places), n_classes))
    p[np.arange(len(p)), places] = 1
    return p


def decisions_of(p):
    """Logarithms of probabilities (n_rows, n_classes), of two classes their difference: finite."""
    log_p = SOFTMAX.raw(p)
    return log_p[:, 1] - log_p[:, 0] if p.shape[1] == 2 else log_p
