"""Counter-based random streams: a draw is a function of (seed, role, step, index).

Nothing is carried along: both engines ask for the same numbers by name, in any order and from
any thread. Words are SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
generators"); normals are Doornik's ziggurat (2005, "An improved ziggurat method") on them.
"""

import numpy as np

from skreg.compiler.jit import jit

# Who draws: each role has a stream of its own at every step. Layers count up from DROPOUT.
INPUT_NOISE, TARGET_NOISE, WEIGHT_NOISE, MIXUP, DROPOUT = range(5)
DROP_PATH, CUTMIX, SIGNAL, TABLE, AUGMENT, CORRUPTION, VIEWS = range(2**32, 2**32 + 7)  # beyond
USERS_DRAWS = 2**32 + 7  # what a user's module draws by itself

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_S11 = np.uint64(11)
_LOW_BYTE = np.uint64(255)
_TO_UNIT = 2.0**-53


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
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
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
    return np.float64(word >> _S11) * _TO_UNIT


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


# The same words for tensors, many streams at once: int64 has uint64's bits, and wraps alike.


def _signed(word):
    """The int64 with the last 64 bits of an integer."""
    return (int(word) + 2**63) % 2**64 - 2**63


def _shift_right(z, n):
    """Logical shift of the 64 bits."""
    return (z >> n) & ((1 << (64 - n)) - 1)


def torch_mix(z):
    """As `mix`, for an int64 tensor."""
    z = (z ^ _shift_right(z, 30)) * _signed(_M1)
    z = (z ^ _shift_right(z, 27)) * _signed(_M2)
    return z ^ _shift_right(z, 31)


def torch_stream_keys(seeds, role, steps):
    """As `stream_key`, for int64 tensors of seeds and steps that broadcast."""
    by_role = torch_mix(seeds + _signed((role + 1) * int(GAMMA)))
    return torch_mix(by_role + steps * _signed(GAMMA))


def torch_words(keys, n_words):
    """The first words of each stream, shape (n_streams, n_words), int64."""
    import torch

    places = torch.arange(1, n_words + 1, device=keys.device)
    return torch_mix(keys[:, None] + places * _signed(GAMMA))


def torch_units(keys, n_numbers):
    """As `unit`, of the first words of each stream: float64, shape (n_streams, n_numbers)."""
    return _shift_right(torch_words(keys, n_numbers), 11).double() * _TO_UNIT


def torch_bits(keys, n_units):
    """The first units of 16 bits of each stream, shape (n_streams, n_units), int32."""
    import torch

    words = torch_words(keys, (n_units + 3) // 4)
    return (words.view(torch.int16)[:, :n_units].to(torch.int32)) & 0xFFFF


def torch_normals(keys, n_numbers, dtype):
    """Standard normals of each stream, shape (n_streams, n_numbers), by one word each.

    By Box & Muller (1958), without branches, where `normal` has a ziggurat: other numbers than its,
    of the same distribution.
    """
    import torch

    words = torch_words(keys, n_numbers)
    u = ((_shift_right(words, 32) + 1).to(dtype)) * 2.0**-32
    angle = (words & 0xFFFFFFFF).to(dtype) * (2.0**-32 * 2 * np.pi)
    return torch.sqrt(-2 * torch.log(u)) * torch.cos(angle)
