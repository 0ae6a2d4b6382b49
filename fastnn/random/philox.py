"""The counter-based generator Philox4x32-10 behind dropout masks and noise. The same in C is in
``kernels/philox.h``, for Numba in ``backends/numba_jit/philox.py``.

A mask is a pure function of (key, step, stream, row, column). No state is advanced while it is
computed, so every backend and every number of threads gets the same mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]  # 32-bit words, kept in 64 bits so that products do not overflow

# Constants of Philox4x32: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
# 1, 2, 3", SC 2011 (the multipliers are theirs; the key increments are the golden ratio and
# sqrt(3) - 1, as 32-bit fractions).
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_KEY_STEP_0 = 0x9E3779B9
_KEY_STEP_1 = 0xBB67AE85
_ROUNDS = 10
_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)


def philox4x32(
    counter: Sequence[ArrayLike], key: Sequence[int]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Philox4x32-10: four random 32-bit words for each counter.

    One round maps (c0, c1, c2, c3) to
    (high(M1·c2) ^ c1 ^ k0, low(M1·c2), high(M0·c0) ^ c3 ^ k1, low(M0·c0)); ten rounds, with
    (k0, k1) increased by constants between them.

    Parameters
    ----------
    counter : four arrays (or numbers) of 32-bit words; they are broadcast against each other.
    key : two 32-bit words.

    Returns
    -------
    Four uint32 arrays of the common broadcast shape.

    Examples
    --------
    >>> [hex(int(word)) for word in philox4x32((0, 0, 0, 0), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']

    References
    ----------
    Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The test vectors of the
    authors' Random123 library are in ``tests/test_random.py``.
    """
    shape = np.broadcast_shapes(*(np.shape(word) for word in counter))
    room = np.empty((6, *shape), dtype=np.uint64)  # at once: page faults of six cost as much again
    c0, c1, c2, c3, product_0, product_1 = (room[number, ...] for number in range(6))
    for words, given in zip((c0, c1, c2, c3), counter, strict=True):
        words[...] = given
    k0, k1 = int(key[0]), int(key[1])
    for _ in range(_ROUNDS):
        np.multiply(c0, _MULTIPLIER_0, out=product_0)
        np.multiply(c2, _MULTIPLIER_1, out=product_1)
        np.right_shift(product_1, _SHIFT_32, out=c0)
        c0 ^= c1
        c0 ^= np.uint64(k0)
        np.right_shift(product_0, _SHIFT_32, out=c2)
        c2 ^= c3
        c2 ^= np.uint64(k1)
        product_1 &= _LOW_32
        product_0 &= _LOW_32
        c1, product_1 = product_1, c1  # the old words are the next products' room
        c3, product_0 = product_0, c3
        k0 = (k0 + _KEY_STEP_0) & 0xFFFFFFFF
        k1 = (k1 + _KEY_STEP_1) & 0xFFFFFFFF
    return (
        c0.astype(np.uint32),
        c1.astype(np.uint32),
        c2.astype(np.uint32),
        c3.astype(np.uint32),
    )


def random_words(
    rows: int, columns: int, key: Sequence[int], step: int | Sequence[int], stream: int
) -> NDArray[np.uint32]:
    """The 32-bit words behind masks and noise, shape (rows, columns).

    Element (row, e) uses the counter (g, row, step, stream) with g = 16·(e div 64) + e mod 16, and
    of its four output words number (e mod 64) div 16. So 16 adjacent counters give 64
    neighbouring columns, sixteen at a time::

        column    0 … 15     16 … 31    32 … 47    48 … 63    64 … 79
        counter g 0 … 15      0 … 15     0 … 15     0 … 15    16 … 31
        word      0           1          2          3          0

    Parameters
    ----------
    rows, columns : shape of the result; rows are counted over all leading axes of the batch.
    key : two 32-bit words, see ``key_from_seed``.
    step : optimizer iterations done so far; its low 32 bits count. Of several steps the words come
        one after the other, (steps, rows, columns).
    stream : index of the random layer in its model, so that two layers never share a mask.

    Examples
    --------
    >>> [hex(word) for word in random_words(1, 2, key=(1, 0), step=0, stream=0)[0].tolist()]
    ['0xe3e80670', '0xac08141b']
    """
    return _in_columns(_words(rows, columns, key, step, stream), columns, np.ndim(step) == 0)


def _words(
    rows: int, columns: int, key: Sequence[int], step: int | Sequence[int], stream: int
) -> Sequence[NDArray[np.uint32]]:
    """Philox's four words for the counters of ``random_words``, each (steps, rows, g)."""
    g = np.arange(16 * -(-columns // 64))
    row = np.arange(rows)[:, np.newaxis]
    steps = np.atleast_1d(np.asarray(step, dtype=np.int64))[:, np.newaxis, np.newaxis]
    return philox4x32((g, row, steps & 0xFFFFFFFF, stream & 0xFFFFFFFF), key)


def _in_columns(words: Sequence[NDArray[Any]], columns: int, one_step: bool) -> NDArray[Any]:
    """Four arrays (steps, rows, g) as one with a row's columns in their order."""
    steps, rows, counters = words[0].shape
    placed = np.empty((steps, rows, counters // 16, 4, 16), words[0].dtype)
    for number, word in enumerate(words):
        placed[..., number, :] = word.reshape(steps, rows, counters // 16, 16)
    drawn = placed.reshape(steps, rows, 4 * counters)[..., :columns]
    return drawn[0] if one_step else drawn


def dropout_uniform(
    rows: int, columns: int, key: Sequence[int], step: int, stream: int
) -> NDArray[np.float64]:
    """Numbers in [0, 1), among them those that decide a dropout mask, shape (rows, columns).

    uniform = (word >> 8)·2⁻²⁴

    Parameters
    ----------
    rows, columns, key, step, stream : see ``random_words``.

    Examples
    --------
    >>> dropout_uniform(1, 3, key=(1, 0), step=0, stream=0).round(4).tolist()
    [[0.8903, 0.672, 0.2474]]
    """
    words = random_words(rows, columns, key, step, stream)
    numbers: NDArray[np.float64] = (words >> np.uint32(8)).astype(np.float64) * 2.0**-24
    return numbers


# Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics
# 37 (1988), PPND16: numerator and denominator, the highest power first; relative error below 1e-15.
NORMAL_CENTER = (
    (
        *(2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4),
        *(4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3),
        *(1.3314166789178437745e2, 3.3871328727963666080),
    ),
    (
        *(5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4),
        *(2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2),
        *(4.2313330701600911252e1, 1.0),
    ),
)
NORMAL_TAIL = (
    (
        *(7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1),
        *(1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550),
        *(4.63033784615654529590, 1.42343711074968357734),
    ),
    (
        *(1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2),
        *(1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940),
        *(2.05319162663775882187, 1.0),
    ),
)


def standard_normal(
    rows: int, columns: int, key: Sequence[int], step: int, stream: int
) -> NDArray[np.float64]:
    """Standard normal numbers, shape (rows, columns).

    normal = Φ⁻¹((word + ½)·2⁻³²): the quantile of the normal distribution, by one rational function
    in the middle and one of √(-log p) in the tails. A word gives |normal| < 6.4.

    Parameters
    ----------
    rows, columns, key, step, stream : see ``random_words``.

    Examples
    --------
    >>> standard_normal(1, 3, key=(1, 0), step=0, stream=0).round(4).tolist()
    [[1.2279, 0.4454, -0.6827]]
    """
    words = random_words(rows, columns, key, step, stream).astype(np.float64)
    q = (words + 0.5) * 2.0**-32 - 0.5
    r = 0.180625 - q * q
    normal: NDArray[np.float64] = (
        q * np.polyval(NORMAL_CENTER[0], r) / np.polyval(NORMAL_CENTER[1], r)
    )
    tail = np.abs(q) > 0.425
    r = np.sqrt(-np.log(0.5 - np.abs(q[tail]))) - 1.6
    far = np.polyval(NORMAL_TAIL[0], r) / np.polyval(NORMAL_TAIL[1], r)
    normal[tail] = np.copysign(far, q[tail])
    return normal


def keep_mask(
    rows: int,
    columns: int,
    rate: float,
    key: Sequence[int],
    step: int | Sequence[int],
    stream: int,
) -> NDArray[np.bool_]:
    """Which elements dropout keeps: ``dropout_uniform(...) >= rate``, shape (rows, columns), or
    (steps, rows, columns) for several steps.

    Parameters
    ----------
    rate : share of the elements that is dropped, in [0, 1]; 0 keeps all, 1 keeps none.
    rows, columns, key, step, stream : see ``random_words``.

    Examples
    --------
    >>> keep_mask(1, 8, 0.5, key=(1, 0), step=0, stream=0).astype(int).tolist()
    [[1, 1, 0, 1, 0, 0, 0, 0]]
    """
    lowest = math.ceil(rate * 2.0**24) << 8  # (word >> 8)·2⁻²⁴ >= rate, in integers
    words = _words(rows, columns, key, step, stream)
    return _in_columns([word >= lowest for word in words], columns, np.ndim(step) == 0)
