"""Seeds, and the NumPy ``Generator`` behind initial weights and shuffles.

The global ``np.random`` state is neither read nor written. Only ``fastnn.utils.set_random_seed``
touches it, because the user asks for exactly that.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError

SEED_LIMIT = 2**64  # seeds are below this: two words of a Philox key


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
