"""Atomic words: what threads share. Numba has none for the CPU, so they are intrinsics here. All
are sequentially consistent but ``take``, whose order nobody relies on; ``pause`` is for loops that
wait.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_X86, _ARM = ("x86_64", "AMD64", "i686", "x86"), ("aarch64", "arm64")


def _pair(builder: Any, args: Any) -> Any:
    """The address of a word, and what follows in the arguments."""
    return builder.gep(args[0], [args[1]]), args[2:]


def _declared(builder: Any, name: Any, shape: Any) -> Any:
    """One of LLVM's own functions in the present module."""
    found = builder.module.globals.get(name)
    return found or ir.Function(builder.module, shape, name)


@intrinsic
def read(typing_context: Any, words: Any, index: Any) -> Any:
    """words[index]."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, _ = _pair(builder, args)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(words, types.int64), emit


@intrinsic
def write(typing_context: Any, words: Any, index: Any, value: Any) -> Any:
    """words[index] = value."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, (value,) = _pair(builder, args)
        builder.store_atomic(value, place, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(words, types.int64, types.int64), emit


@intrinsic
def add(typing_context: Any, words: Any, index: Any, value: Any) -> Any:
    """words[index] += value; gives what was there before."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, (value,) = _pair(builder, args)
        return builder.atomic_rmw("add", place, value, "seq_cst")

    return types.int64(words, types.int64, types.int64), emit


@intrinsic
def take(typing_context: Any, words: Any, index: Any) -> Any:
    """The number in words[index], which grows by one: everybody gets another one."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, _ = _pair(builder, args)
        return builder.atomic_rmw("add", place, ir.IntType(64)(1), "monotonic")

    return types.int64(words, types.int64), emit


@intrinsic
def clear_bits(typing_context: Any, words: Any, index: Any, mask: Any) -> Any:
    """words[index] &= mask; gives what was there before."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, (mask,) = _pair(builder, args)
        return builder.atomic_rmw("and", place, mask, "seq_cst")

    return types.int64(words, types.int64, types.int64), emit


@intrinsic
def swap(typing_context: Any, words: Any, index: Any, expected: Any, value: Any) -> Any:
    """Write ``value`` if ``expected`` is there; whether it was."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place, (expected, value) = _pair(builder, args)
        outcome = builder.cmpxchg(place, expected, value, "seq_cst", "seq_cst")
        return builder.extract_value(outcome, 1)

    return types.boolean(words, types.int64, types.int64, types.int64), emit


@intrinsic
def pause(typing_context: Any) -> Any:
    """Tell the core that this is a waiting loop: it saves power and serves a sibling thread."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        nothing, number = ir.VoidType(), ir.IntType(32)
        if platform.machine() in _X86:
            shape = ir.FunctionType(nothing, [])
            builder.call(_declared(builder, "llvm.x86.sse2.pause", shape), [])
        elif platform.machine() in _ARM:
            shape = ir.FunctionType(nothing, [number])
            builder.call(_declared(builder, "llvm.aarch64.hint", shape), [number(1)])
        return context.get_dummy_value()

    return types.void(), emit
