"""Curves: activations whose derivative is written in the input, so that they need not rise all the
way. One op with a function name and four numbers, whose meaning depends on the function.

==============  ==================================================================================
curve_forward   y = f(z), f one of

                ramp        z > a1 ? min(max(z, a2), a3) : a0 · (z - a1)
                hard        min(max(a0 · z + a1, a2), a3)
                elu         a1 · (z > 0 ? z : a0 · (e^(a2 · z) - 1))
                gelu        z · Φ(z), Φ the normal distribution
                gelu_tanh   z / 2 · (1 + tanh(√(2/π) · (z + 0.044715 · z³)))
                silu        z / (1 + e^-z)
                softplus    a0 · log(1 + e^(a0 · z)), a0 = 1 or -1
                mish        z · tanh(log(1 + e^z))
                hard_silu   z · min(max(z / 6 + 1/2, 0), 1)
                softsign    z / (1 + |z|)
                squareplus  (z + √(z² + a0)) / 2
                step        z > 0 ? 1 : 0, of slope 0
curve_backward  dz = dy · f'(z)
==============  ==================================================================================

Both may work in place. Activations whose derivative needs the output alone are in
``activation.py``: a dense layer's kernel computes them too.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.ops.codes import CURVE
from fastnn.ops.contract import ROW, Op, define
from fastnn.program.tensor import Node, Tensor

CHEAP = ("ramp", "hard", "hard_silu", "softsign", "squareplus", "step")


def _curve_gradient(node: Node, dy: Tensor) -> Sequence[Tensor | None]:
    inputs = (dy, node.inputs[0])
    return [CURVE_BACKWARD.node(inputs, node.attributes, [(dy.shape, dy.dtype)]).output]


def _flops(node: Node) -> float:
    return 6.0 if node.attributes["function"] in CHEAP else 40.0


CURVE_FORWARD = define(
    "curve_forward",
    "y = f(z)",
    ROW,
    gradient=_curve_gradient,
    integers=lambda node: (CURVE[node.attributes["function"]],),
    floats=lambda node: node.attributes["numbers"],
    flops=_flops,
)
CURVE_BACKWARD: Op = define(
    "curve_backward",
    "dz = dy * f'(z)",
    ROW,
    integers=lambda node: (CURVE[node.attributes["function"]],),
    floats=lambda node: node.attributes["numbers"],
    flops=_flops,
)


def curve(z: Tensor, function: str, *numbers: float) -> Tensor:
    """y = f(z), with the numbers that f takes."""
    four = tuple(float(number) for number in (*numbers, 0.0, 0.0, 0.0, 0.0)[:4])
    attributes = {"function": function, "numbers": four}
    return CURVE_FORWARD.node((z,), attributes, [(z.shape, z.dtype)]).output
