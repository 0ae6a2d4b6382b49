"""Dropout: each element is kept with probability 1 - rate and then divided by 1 - rate.

The mask comes from the counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC 2011), so it is a function of (seed, row, column, step,
stream) and the same on every backend and for any number of threads: see ``fastnn/random``.
Dropout is linear, so its gradient is dropout with the same mask applied to dy; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.contract import ROW, define
from fastnn.program.tensor import Node, Tensor, matrix_view


def _gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    return [DROPOUT.node((dy,), node.attributes, [(dy.shape, dy.dtype)]).output]


DROPOUT = define(
    "dropout",
    "y = keep ? x / (1 - rate) : 0",
    ROW,
    gradient=_gradient,
    integers=lambda node: (
        *node.attributes["key"],
        node.attributes["stream"],
        matrix_view(node.output.shape)[0].b,
    ),
    floats=lambda node: (node.attributes["rate"],),
    flops=lambda node: 20.0,
)


def dropout(x: Tensor, rate: float, key: tuple[int, int], stream: int) -> Tensor:
    """Dropout with the masks of ``stream`` under ``key``."""
    return DROPOUT.node(
        (x,), {"rate": rate, "key": key, "stream": stream}, [(x.shape, x.dtype)]
    ).output
