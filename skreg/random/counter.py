"""Counter-based random streams: a draw is a function of (seed, role, step, index).

Nothing is carried along: both engines ask for the same numbers by name, in any order and from
any thread. This is the compiled form; roles, and the same words for arrays and tensors, stand in
`skreg.random.words`. Words are SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom
number generators"); normals are Doornik's ziggurat (2005, "An improved ziggurat method") on them.
"""

import numpy as np

from skreg.compiler.jit import jit
from skreg.random.words import GAMMA, M1, M2, TO_UNIT

_S11, _S27, _S30, _S31 = (np.uint64(n) for n in (11, 27, 30, 31))
_LOW_BYTE = np.uint64(255)


def _ziggurat_tables(layers=256, edge=3.6541528853610088, area=0.00492867323399):
    """Right edges of the layers, of equal area under exp(-x^2/2); edge and area as in Doornik."""
    x = np.zeros(layers + 1)
    x[0], x[1] = area * np.exp(0.5 * edge**2), edge
    for i in range(2, layers):
        x[i] = np.sqrt(-2 * np.log(area / x[i - 1] + np.exp(-0.5 * x[i - 1] ** 2)))
    return x, x[1:] / x[:-1]


_EDGE, _RATIO = _ziggurat_tables()


@jit
def mix(z):
    """SplitMix64's finalizer: 64 bits in, 64 well-mixed bits out."""
    z = (z ^ (z >> _S30)) * M1
    z = (z ^ (z >> _S27)) * M2
    return z ^ (z >> _S31)


@jit
def stream_key(seed, role, step):
    """Key of the stream of `role` at optimizer step `step`."""
    return mix(mix(seed + np.uint64(role + 1) * GAMMA) + np.uint64(step) * GAMMA)


@jit
def word_of(key, i):
    """The stream's word number `i`, from 0."""
    return mix(key + np.uint64(i + 1) * GAMMA)


@jit
def fill_words(key, out):
    """Fill `out` (uint64) with the stream's words."""
    for i in range(out.size):
        out[i] = mix(key + np.uint64(i + 1) * GAMMA)


@jit
def next_word(word):
    """The word that follows, where one draw takes several."""
    return mix(word + GAMMA)


@jit
def unit(word):
    """Uniform number in [0, 1) of a word."""
    return np.float64(word >> _S11) * TO_UNIT


@jit
def _normal_slow(word):
    """Ziggurat from its first word on, for the 1 % that its fast test leaves over."""
    while True:
        layer = np.int64(word & _LOW_BYTE)
        u = 2.0 * unit(word) - 1.0
        if abs(u) < _RATIO[layer]:
            return u * _EDGE[layer]
        word = next_word(word)
        if layer == 0:  # the tail, by Marsaglia (1964)
            while True:
                a = -np.log(1.0 - unit(word)) / _EDGE[1]
                word = next_word(word)
                b = -np.log(1.0 - unit(word))
                word = next_word(word)
                if 2.0 * b >= a * a:
                    return _EDGE[1] + a if u > 0 else -_EDGE[1] - a
        x = u * _EDGE[layer]
        outer = np.exp(-0.5 * (_EDGE[layer] ** 2 - x * x))
        inner = np.exp(-0.5 * (_EDGE[layer + 1] ** 2 - x * x))
        if inner + unit(word) * (outer - inner) < 1.0:
            return x
        word = next_word(word)


@jit
def normal(word):
    """Standard normal number of a word."""
    layer = np.int64(word & _LOW_BYTE)
    u = 2.0 * unit(word) - 1.0
    return u * _EDGE[layer] if abs(u) < _RATIO[layer] else _normal_slow(word)


@jit
def add_normal(key, std, values):
    """Add independent N(0, std^2) draws of the stream to `values` (1-D), in place."""
    std = values.dtype.type(std)
    for i in range(values.size):
        word = mix(key + np.uint64(i + 1) * GAMMA)
        values[i] += std * values.dtype.type(normal(word))
