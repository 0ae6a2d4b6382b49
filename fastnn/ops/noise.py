"""Random tensors: functions of (seed, row, column, step, stream) alone, as dropout's masks are, and
from the same words of Philox, so they are the same on every backend and for any number of threads.

==============  ================================================================================
random_uniform  y = (word >> 8) · 2⁻²⁴, in [0, 1); exact
random_normal   y = Φ⁻¹((word + ½) · 2⁻³²), standard normal, |y| < 6.4; in double, rounded once
==============  ================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.contract import ROW, Op, define
from fastnn.program.tensor import Node, Tensor


def _key_and_stream(node: Node) -> Sequence[int]:
    return (*node.attributes["key"], node.attributes["stream"])


RANDOM_UNIFORM = define(
    "random_uniform",
    "y = uniform in [0, 1)",
    ROW,
    integers=_key_and_stream,
    flops=lambda node: 20.0,
)
RANDOM_NORMAL = define(
    "random_normal", "y = standard normal", ROW, integers=_key_and_stream, flops=lambda node: 40.0
)


def _like(op: Op, x: Tensor, key: tuple[int, int], stream: int) -> Tensor:
    attributes = {"shape": x.shape[1:], "dtype": x.dtype, "key": key, "stream": stream}
    return op.node((), attributes, [(x.shape, x.dtype)]).output


def random_uniform(like: Tensor, key: tuple[int, int], stream: int) -> Tensor:
    """Uniform numbers in [0, 1) of the shape and dtype of ``like``, whose batch axis is first."""
    return _like(RANDOM_UNIFORM, like, key, stream)


def random_normal(like: Tensor, key: tuple[int, int], stream: int) -> Tensor:
    """Standard normal numbers of the shape and dtype of ``like``, whose batch axis is first."""
    return _like(RANDOM_NORMAL, like, key, stream)
