"""The perceptron's learning rule, sample after sample; the twin of ``kernels/perceptron.c``, which
tells why no product and sum are contracted here.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.record import control_real, real, rows_of, view
from fastnn.program.control import LEARNING_RATE


@intrinsic
def plain_product(typing_context: Any, a: Any, b: Any) -> Any:
    """a·b, rounded: a fence keeps a sum from swallowing it (the target fuses whatever it may)."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        product = builder.fmul(args[0], args[1])
        kind, module = product.type, builder.module
        name = f"llvm.arithmetic.fence.{'f32' if kind == ir.FloatType() else 'f64'}"
        if name not in module.globals:
            ir.Function(module, ir.FunctionType(kind, [kind]), name)
        return builder.call(module.globals[name], [product])

    return a(a, a), emit


@device
def plain_dot(x: Any, start: Any, w: Any, cols: Any, zero: Any) -> Any:
    """Σ x[k]·w[k], k ascending."""
    total = zero
    for k in range(cols):
        total += plain_product(x[start + k], w[k])
    return total


def perceptron_pass(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, b, x, y; w and b in place."""
    w, b = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    x, y = view(record, segments, 2, 0), view(record, segments, 3, 0)
    rate = real(segments, control_real(segments, LEARNING_RATE))
    one, zero = real(segments, 1.0), real(segments, 0.0)
    for i in range(rows_of(record, segments, 2)):
        total = plain_dot(x.data, i * x.ld, w, x.cols, zero) + b[0]
        step = rate * (y.data[i * y.ld] - (one if total > zero else zero))
        if step != zero:
            for k in range(x.cols):
                w[k] += plain_product(step, x.data[i * x.ld + k])
            b[0] += step
