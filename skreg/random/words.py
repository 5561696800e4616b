"""Who draws, and the words of `skreg.random.counter` for arrays and tensors, many streams at once.

int64 has uint64's bits, and wraps alike. Nothing here needs torch or numba.
"""

import numpy as np

# Who draws: each role has a stream of its own at every step. Layers count up from DROPOUT.
INPUT_NOISE, TARGET_NOISE, WEIGHT_NOISE, MIXUP, DROPOUT = range(5)
DROP_PATH, CUTMIX, SIGNAL, TABLE, AUGMENT, CORRUPTION, VIEWS = range(2**32, 2**32 + 7)  # beyond
USERS_DRAWS = 2**32 + 7  # what a user's module draws by itself

GAMMA = np.uint64(0x9E3779B97F4A7C15)
M1, M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
TO_UNIT = 2.0**-53


def _signed(word):
    """The int64 with the last 64 bits of an integer."""
    return (int(word) + 2**63) % 2**64 - 2**63


def _shift_right(z, n):
    """Logical shift of the 64 bits."""
    return (z >> n) & ((1 << (64 - n)) - 1)


def mix(z):
    """SplitMix64's finalizer, for int64."""
    z = (z ^ _shift_right(z, 30)) * _signed(M1)
    z = (z ^ _shift_right(z, 27)) * _signed(M2)
    return z ^ _shift_right(z, 31)


def stream_keys(seeds, role, steps):
    """Keys of the streams of `role`, for int64 seeds and steps that broadcast."""
    by_role = mix(seeds + _signed((role + 1) * int(GAMMA)))
    return mix(by_role + steps * _signed(GAMMA))


def words(keys, n_words):
    """The first words of each stream, shape (n_streams, n_words), int64."""
    places = np.arange(1, n_words + 1)
    if not isinstance(keys, np.ndarray):
        import torch

        places = torch.arange(1, n_words + 1, device=keys.device)
    return mix(keys[:, None] + places * _signed(GAMMA))


def units(keys, n_numbers):
    """Uniform numbers in [0, 1) of each stream: float64 tensor, shape (n_streams, n_numbers)."""
    return _shift_right(words(keys, n_numbers), 11).double() * TO_UNIT


def bits(keys, n_units):
    """The first units of 16 bits of each stream, shape (n_streams, n_units)."""
    drawn = words(keys, (n_units + 3) // 4)
    if isinstance(keys, np.ndarray):
        return drawn.view(np.uint16)[:, :n_units]
    import torch

    return (drawn.view(torch.int16)[:, :n_units].to(torch.int32)) & 0xFFFF


def torch_normals(keys, n_numbers, dtype):
    """Standard normals of each stream, shape (n_streams, n_numbers), by one word each.

    By Box & Muller (1958), without branches, where `counter.normal` has a ziggurat: other numbers
    than its, of the same distribution.
    """
    import torch

    drawn = words(keys, n_numbers)
    u = ((_shift_right(drawn, 32) + 1).to(dtype)) * 2.0**-32
    angle = (drawn & 0xFFFFFFFF).to(dtype) * (2.0**-32 * 2 * np.pi)
    return torch.sqrt(-2 * torch.log(u)) * torch.cos(angle)
