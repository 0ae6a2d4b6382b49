"""Philox4x32-10 (Salmon et al., SC 2011), 16 counters at a time: the same words as
``fastnn/random/philox.py`` and ``kernels/philox.h``. Deliberately not here: masks (``dropout.py``).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastnn.backends.numba_jit.lanes import I32, Mask, register

COUNTERS = 16  # 16 counters x 4 words = 64 neighbouring columns, whatever the vector width
WORDS: Any = ir.VectorType(I32, COUNTERS)
WIDE: Any = ir.VectorType(ir.IntType(64), COUNTERS)
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


def _all(builder: Any, number: Any) -> Any:
    """A word in every lane."""
    one = builder.insert_element(ir.Constant(WORDS, ir.Undefined), number, I32(0))
    zeros = ir.Constant(WORDS, [0] * COUNTERS)
    return builder.shuffle_vector(one, ir.Constant(WORDS, ir.Undefined), zeros)


def _product(builder: Any, words: Any, multiplier: Any) -> Any:
    """The high and low halves of words · multiplier."""
    factor = ir.Constant(WIDE, [multiplier] * COUNTERS)
    wide = builder.mul(builder.zext(words, WIDE), factor)
    high = builder.lshr(wide, ir.Constant(WIDE, [32] * COUNTERS))
    return builder.trunc(high, WORDS), builder.trunc(wide, WORDS)


@intrinsic
def philox(
    typing_context: Any,
    words: Any,
    first: Any,
    row: Any,
    step: Any,
    stream: Any,
    low: Any,
    high: Any,
) -> Any:
    """words[w·16 + c] = word w for the counter (first + c, row, step, stream), key (low, high).

    One round: (c0, c1, c2, c3) ← (hi(M1·c2) ^ c1 ^ k0, lo(M1·c2), hi(M0·c0) ^ c3 ^ k1, lo(M0·c0)).
    """
    whole = types.int64

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        target, *numbers = args
        first, row, step, stream, k0, k1 = (builder.trunc(n, I32) for n in numbers)
        lane = ir.Constant(WORDS, list(range(COUNTERS)))
        c0 = builder.add(lane, _all(builder, first))
        c1, c2, c3 = (_all(builder, n) for n in (row, step, stream))
        for _ in range(ROUNDS):
            high_0, low_0 = _product(builder, c0, MULTIPLIERS[0])
            high_1, low_1 = _product(builder, c2, MULTIPLIERS[1])
            c0 = builder.xor(builder.xor(high_1, c1), _all(builder, k0))
            c2 = builder.xor(builder.xor(high_0, c3), _all(builder, k1))
            c1, c3 = low_1, low_0
            k0, k1 = (builder.add(k, I32(s)) for k, s in zip((k0, k1), KEY_STEPS, strict=True))
        place = builder.bitcast(target, WORDS.as_pointer())
        for number, value in enumerate((c0, c1, c2, c3)):
            builder.store(value, builder.gep(place, [I32(number)]), align=4)
        return context.get_dummy_value()

    return types.void(words, *[whole] * 6), emit


@intrinsic
def kept(typing_context: Any, p: Any, words: Any, index: Any, least: Any) -> Any:
    """A mask of the lanes whose word >> 8, from words[index] on, is at least ``least``."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        count = register(p.dtype).count
        kind = ir.VectorType(I32, count)
        place = builder.bitcast(builder.gep(args[1], [args[2]]), kind.as_pointer())
        found = builder.lshr(builder.load(place, align=4), ir.Constant(kind, [8] * count))
        one = builder.insert_element(
            ir.Constant(kind, ir.Undefined), builder.trunc(args[3], I32), I32(0)
        )
        limit = builder.shuffle_vector(
            one, ir.Constant(kind, ir.Undefined), ir.Constant(kind, [0] * count)
        )
        return builder.icmp_unsigned(">=", found, limit)

    return Mask(p.dtype)(p, words, types.int64, types.int64), emit
