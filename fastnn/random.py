"""Random numbers: the counter-based generator Philox4x32-10 behind dropout masks, and the NumPy
``Generator`` behind initial weights and shuffles. Holds no layers and no initializers; the same
Philox in C is in ``kernels/dropout.c``.

Two rules hold everywhere in fastnn:

* A dropout mask is a pure function of (key, step, stream, row, column). No state is advanced while
  it is computed, so every backend and every number of threads gets the same mask.
* The global ``np.random`` state is neither read nor written. Only ``fastnn.utils.set_random_seed``
  touches it, because the user asks for exactly that.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.errors import ArgumentError

__all__ = [
    "philox4x32",
    "random_words",
    "dropout_uniform",
    "standard_normal",
    "keep_mask",
    "key_from_seed",
    "make_generator",
    "generator_state",
    "restore_generator",
]

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

SEED_LIMIT = 2**64  # seeds are below this: two words of a Philox key


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
    c0, c1, c2, c3, product_0, product_1 = (np.empty(shape, dtype=np.uint64) for _ in range(6))
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
    rows: int, columns: int, key: Sequence[int], step: int, stream: int
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
    step : optimizer iterations done so far; its low 32 bits count.
    stream : index of the random layer in its model, so that two layers never share a mask.

    Examples
    --------
    >>> [hex(word) for word in random_words(1, 2, key=(1, 0), step=0, stream=0)[0].tolist()]
    ['0xe3e80670', '0xac08141b']
    """
    blocks = (columns + 63) // 64
    g = np.arange(16 * blocks, dtype=np.uint64)[np.newaxis, :]
    row = np.arange(rows, dtype=np.uint64)[:, np.newaxis]
    counter = (g, row, np.uint64(step & 0xFFFFFFFF), np.uint64(stream & 0xFFFFFFFF))
    words = np.stack(philox4x32(counter, key), axis=1)  # (rows, word, g)
    words = words.reshape(rows, 4, blocks, 16).transpose(
        0, 2, 1, 3
    )  # (rows, block, word, g mod 16)
    drawn: NDArray[np.uint32] = words.reshape(rows, 64 * blocks)[:, :columns]
    return drawn


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
    rows: int, columns: int, rate: float, key: Sequence[int], step: int, stream: int
) -> NDArray[np.bool_]:
    """Which elements dropout keeps: ``dropout_uniform(...) >= rate``, shape (rows, columns).

    Parameters
    ----------
    rate : share of the elements that is dropped, in [0, 1]; 0 keeps all, 1 keeps none.
    rows, columns, key, step, stream : see ``random_words``.

    Examples
    --------
    >>> keep_mask(1, 8, 0.5, key=(1, 0), step=0, stream=0).astype(int).tolist()
    [[1, 1, 0, 1, 0, 0, 0, 0]]
    """
    return dropout_uniform(rows, columns, key, step, stream) >= rate


def key_from_seed(seed: int) -> tuple[int, int]:
    """The Philox key (low, high) of a seed: its two 32-bit halves.

    Examples
    --------
    >>> key_from_seed(7)
    (7, 0)
    >>> key_from_seed(2**32 + 7)
    (7, 1)
    """
    seed = check_seed(seed, "key_from_seed")
    return seed & 0xFFFFFFFF, seed >> 32


def check_seed(seed: object, where: str, limit: int = SEED_LIMIT) -> int:
    """``seed`` as a Python int in [0, limit); an ``ArgumentError`` naming ``where`` otherwise."""
    try:
        number = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(seed, (bool, np.bool_)) or not 0 <= number < limit:
        raise ArgumentError(
            f"{where}: received seed={seed!r}, expected an integer from 0 to "
            f"2**{limit.bit_length() - 1} - 1. Pass such an integer."
        )
    return number


class _DefaultSeed:
    """The seed set by ``set_random_seed`` and how many seeds have been derived from it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seed: int | None = None
        self.derived = 0


_default = _DefaultSeed()


def set_default_seed(seed: int | None) -> None:
    """Set the seed from which ``next_seed`` derives, and start its sequence; None unsets it."""
    number = None if seed is None else check_seed(seed, "set_default_seed")
    with _default.lock:
        _default.seed = number
        _default.derived = 0


def next_seed() -> int:
    """A seed for an object that was given none.

    After ``set_default_seed`` (called by ``fastnn.utils.set_random_seed``) the n-th call gives a
    number that depends on that seed and n only; otherwise the operating system's entropy is used.
    The result is below 2⁵³, so every JSON reader can hold it.

    Examples
    --------
    >>> set_default_seed(1)
    >>> first, second = next_seed(), next_seed()
    >>> set_default_seed(1)
    >>> (first, second) == (next_seed(), next_seed()), first != second
    (True, True)
    >>> set_default_seed(None)
    """
    with _default.lock:
        if _default.seed is None:
            sequence = np.random.SeedSequence()
        else:
            sequence = np.random.SeedSequence(_default.seed, spawn_key=(_default.derived,))
            _default.derived += 1
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(11))


def make_generator(seed: int | None = None) -> np.random.Generator:
    """A NumPy ``Generator`` (PCG64) of its own, for initial weights and shuffles.

    Parameters
    ----------
    seed : integer in [0, 2⁶⁴), or None to take ``next_seed()``.

    Raises
    ------
    ArgumentError : if the seed is not such an integer.

    Examples
    --------
    >>> bool(make_generator(3).random() == make_generator(3).random())
    True
    """
    number = next_seed() if seed is None else check_seed(seed, "make_generator")
    return np.random.Generator(np.random.PCG64(number))


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """The state of a generator made by ``make_generator``, as a dictionary that JSON can hold.

    The two 128-bit integers are written as hexadecimal strings, because many JSON readers hold
    numbers in 53 bits.

    Examples
    --------
    >>> import json
    >>> generator = make_generator(3)
    >>> text = json.dumps(generator_state(generator))
    >>> expected = generator.random()
    >>> bool(restore_generator(json.loads(text)).random() == expected)
    True
    """
    state = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise ArgumentError(
            f"generator_state: received a generator on {state['bit_generator']}, expected PCG64. "
            "Make it with fastnn.random.make_generator."
        )
    return {
        "bit_generator": "PCG64",
        "state": hex(state["state"]["state"]),
        "inc": hex(state["state"]["inc"]),
        "has_uint32": int(state["has_uint32"]),
        "uinteger": int(state["uinteger"]),
    }


def restore_generator(state: Mapping[str, Any]) -> np.random.Generator:
    """A generator that continues where ``generator_state`` was taken.

    Raises
    ------
    ArgumentError : if ``state`` is not what ``generator_state`` returns (a damaged file).

    Examples
    --------
    >>> generator = make_generator(1)
    >>> state = generator_state(generator)
    >>> bool(generator.random() == restore_generator(state).random())
    True
    """
    generator = make_generator(0)
    try:
        if state["bit_generator"] != "PCG64":
            raise ValueError
        inner = {name: int(state[name], 16) for name in ("state", "inc")}
        buffered = {name: operator.index(state[name]) for name in ("has_uint32", "uinteger")}
        if not all(0 <= number < 2**128 for number in inner.values()) or not inner["inc"] % 2:
            raise ValueError
        if buffered["has_uint32"] not in (0, 1) or not 0 <= buffered["uinteger"] < 2**32:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ArgumentError(
            "restore_generator: received a dictionary that is not a PCG64 state, expected the "
            "keys 'bit_generator', 'state', 'inc', 'has_uint32' and 'uinteger' as "
            "generator_state writes them. Pass an unchanged result of generator_state."
        ) from None
    generator.bit_generator.state = {"bit_generator": "PCG64", "state": inner, **buffered}
    return generator
