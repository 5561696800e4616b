"""The shuffle of `numpy.random.RandomState`, compiled: the interpreter lock is not needed for it.

MT19937 (Matsumoto & Nishimura 1998, "Mersenne twister") and Fisher and Yates' shuffle by masked
rejection, as numpy has them and promises to keep them (NEP 19): the same numbers in the same order.
"""

import numpy as np

from skreg.compiler.jit import jit

_N, _M = 624, 397
_UPPER, _LOWER = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
_MATRIX = np.uint32(0x9908B0DF)


@jit
def _twist(word, following):
    y = (word & _UPPER) | (following & _LOWER)
    return (y >> np.uint32(1)) ^ ((np.uint32(0) - (y & np.uint32(1))) & _MATRIX)


@jit
def _renew(key):
    """The generator's next 624 words, untempered, in place of `key`'s."""
    for i in range(_N - _M):
        key[i] = key[i + _M] ^ _twist(key[i], key[i + 1])
    for i in range(_N - _M, _N - 1):
        key[i] = key[i + _M - _N] ^ _twist(key[i], key[i + 1])
    key[_N - 1] = key[_M - 1] ^ _twist(key[_N - 1], key[0])


@jit
def _tempered(y):
    """A word of the generator as it is given out."""
    y ^= y >> np.uint32(11)
    y ^= (y << np.uint32(7)) & np.uint32(0x9D2C5680)
    y ^= (y << np.uint32(15)) & np.uint32(0xEFC60000)
    return y ^ (y >> np.uint32(18))


@jit
def shuffle_lines(key, position, first, lines):
    """Write to each line the one before (to the first `first`), shuffled; the generator's position.

    Parameters
    ----------
    key : ndarray of shape (624,), uint32
        The generator's words; changed in place.
    position : int
        Of the next word in them.
    first : ndarray of shape (n_rows,), int32
    lines : ndarray of shape (n_lines, n_rows), int32
    """
    n = first.size
    for i in range(lines.shape[0]):
        line = lines[i]
        for j in range(n):
            line[j] = lines[i - 1, j] if i > 0 else first[j]
        mask = np.uint32(1)
        while mask < n - 1:
            mask = (mask << np.uint32(1)) | np.uint32(1)
        for j in range(n - 1, 0, -1):
            while (mask >> np.uint32(1)) >= j:
                mask >>= np.uint32(1)
            k = np.uint32(0xFFFFFFFF)
            while k > j:
                if position == _N:
                    _renew(key)
                    position = 0
                k = _tempered(key[position]) & mask
                position += 1
            kept = line[j]
            line[j] = line[k]
            line[k] = kept
    return position
