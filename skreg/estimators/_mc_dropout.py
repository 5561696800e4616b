"""Prediction with dropout left on: many thinned nets, in plain numpy.

Gal & Ghahramani (2016), "Dropout as a Bayesian approximation". A pass is one draw of the units
that stay, for all rows: so a row's prediction does not depend on the rows beside it.
"""

from itertools import repeat
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from skreg.random.masks import factors_of, scale_of, thresholds_of
from skreg.random.words import DROPOUT, bits, stream_keys

_AT_ONCE = 32  # passes whose masks are drawn together


def thinned_outputs(net, X, n_samples, random_state, dtype=None):
    """Outputs of a fitted net after its link, each with other units left out.

    Parameters
    ----------
    net : fitted estimator
    X : {array-like, sparse matrix} of shape (n_rows, n_features)
    n_samples : int
        Passes. The first ones of more are the same.
    random_state : int, RandomState instance or None
        None is 0.
    dtype : dtype, optional
        By default that of the weights.

    Yields
    ------
    ndarray of shape (n_rows, n_outputs)

    Raises
    ------
    ValueError
        For a net fitted without dropout or with snapshots, or a number of passes below 1.
    """
    X, (ready, *more) = net._ready(X, dtype)
    sizes = net._mask_sizes()
    if more:
        raise ValueError(
            f"n_samples={n_samples!r} leaves dropout on in one net, but here n_snapshots="
            f"{len(more) + 1} predict together: leave n_samples out (return_std is their spread)."
        )
    if not isinstance(n_samples, Integral) or n_samples < 1:
        raise ValueError(f"n_samples must be an int of at least 1, got {n_samples!r}.")
    input_dropout, dropout = net._dropout
    rates = np.zeros(len(sizes))
    rates[0], rates[1:] = input_dropout, dropout
    if not rates.any():
        raise ValueError(
            "return_std=True and n_samples leave dropout on, but the net was fitted without: fit "
            "with dropout or input_dropout above 0, or take the spread over the members of "
            "skreg.BaggingRegressor or BaggingClassifier."
        )
    seed = check_random_state(0 if random_state is None else random_state).randint(2**31 - 1)
    dtype = np.dtype(dtype or net.coefs_[0].dtype)
    for masks in draw_masks(rates, sizes, n_samples, seed, dtype):
        yield net._through(X, ready, net.out_activation_, masks)


def draw_masks(rates, sizes, n_samples, seed, dtype):
    """Factors of each layer's inputs, pass by pass: 0, or 1 over the probability of staying.

    Parameters
    ----------
    rates : ndarray of shape (n_layers,)
        Probabilities that an input of a layer is left out, rounded to 1/65536 as in training, whose
        streams of bits these are: a pass takes the place of a step.
    sizes : list of int
        Inputs of each layer.
    n_samples, seed : int
    dtype : dtype

    Yields
    ------
    list of ndarray of shape (n_in,)
    """
    thresholds = thresholds_of(rates).astype(int)
    scales = scale_of(thresholds).astype(dtype)
    seeds = np.array([seed])
    for start in range(0, n_samples, _AT_ONCE):
        steps = np.arange(start, min(start + _AT_ONCE, n_samples))
        keys = (stream_keys(seeds, DROPOUT + layer, steps) for layer in range(len(sizes)))
        masks = (
            factors_of(bits(key, size), *mask)
            for key, size, *mask in zip(keys, sizes, thresholds, scales, strict=True)
        )
        yield from map(list, zip(*masks, strict=True))


def moments(values, weights=None):
    """Mean and standard deviation over arrays of one shape, one array at a time (West 1979).

    Parameters
    ----------
    values : iterable of ndarray
    weights : iterable of float, optional
        As many; all 1 by default.
    """
    mean, squares, seen = 0.0, 0.0, 0.0
    for value, weight in zip(values, repeat(1.0) if weights is None else weights, strict=False):
        seen += weight
        gap = value - mean
        mean = mean + gap * weight / seen
        squares = squares + weight * gap * (value - mean)
    return mean, np.sqrt(squares / seen)
