"""Optimizer steps that look at a whole variable: Lamb, Adafactor, Muon; the twin of
``kernels/layerwise.c``, which gives the formulas. One tile per variable.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastnn.backends.numba_jit.jit import F64, device
from fastnn.backends.numba_jit.lanes import multiply_add, square_root
from fastnn.backends.numba_jit.product import (
    BLOCK_BYTES,
    KC,
    MC,
    NV,
    PANEL_BYTES,
    block_product,
    pack_columns,
    pack_rows,
    packs,
)
from fastnn.backends.numba_jit.record import (
    RECORD_OPERANDS,
    cols_of,
    control_real,
    float_attribute,
    integer_attribute,
    real,
    rows_of,
    smaller,
    view,
)
from fastnn.backends.numba_jit.update import SCALAR_1, SCALAR_2, decayed
from fastnn.backends.numba_jit.vector import (
    at,
    lane,
    lanes,
    lanes_in,
    load,
    load_some,
    splat,
    stack,
    store_some,
)
from fastnn.program.control import LEARNING_RATE


@intrinsic
def double_root(typing_context: Any, x: Any) -> Any:
    """√x of a double."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.DoubleType()
        name = "llvm.sqrt.f64"
        if name not in builder.module.globals:
            ir.Function(builder.module, ir.FunctionType(kind, [kind]), name)
        return builder.call(builder.module.globals[name], args)

    return types.float64(types.float64), emit


@device
def squares(v: Any, count: Any) -> Any:
    """Σ v² of the first lanes, in double."""
    total = 0.0
    for number in range(smaller(count, lanes_in(v))):
        one = F64(lane(v, number))
        total += one * one
    return total


@device
def size_of_operand(record: Any, segments: Any, operand: Any) -> Any:
    """Elements of an operand, all rows."""
    return rows_of(record, segments, operand) * cols_of(record, operand)


@device
def decay_all(record: Any, segments: Any) -> Any:
    """w ← w - lr·a0·w where a0 is not 0; returns Σ w²."""
    w, total = view(record, segments, 0, 0).data, 0.0
    rate = control_real(segments, LEARNING_RATE) * float_attribute(record, segments, 0)
    decay, n = real(segments, rate), size_of_operand(record, segments, 0)
    for e in range(0, n, lanes(w)):
        weight = decayed(load_some(w, e, n - e), decay)
        store_some(w, e, n - e, weight)
        total += squares(weight, n - e)
    return total


def lamb_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, v."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    m, v = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    epsilon = splat(real(segments, float_attribute(record, segments, 3)))
    rest_1 = splat(real(segments, 1.0 - float_attribute(record, segments, 1)))
    rest_2 = splat(real(segments, 1.0 - float_attribute(record, segments, 2)))
    s1 = splat(real(segments, control_real(segments, SCALAR_1)))
    s2 = splat(real(segments, control_real(segments, SCALAR_2)))
    n = size_of_operand(record, segments, 0)
    size, length = double_root(decay_all(record, segments)), 0.0
    for e in range(0, n, lanes(w)):
        gradient = load_some(g, e, n - e)
        first, second = load_some(m, e, n - e), load_some(v, e, n - e)
        first = multiply_add(gradient - first, rest_1, first)
        second = multiply_add(multiply_add(gradient, gradient, -second), rest_2, second)
        store_some(m, e, n - e, first)
        store_some(v, e, n - e, second)
        length += squares(s1 * first / (square_root(s2 * second) + epsilon), n - e)
    length = double_root(length)
    ratio = size / length if size > 0.0 and length > 0.0 else 1.0
    rate = splat(real(segments, ratio * control_real(segments, LEARNING_RATE)))
    for e in range(0, n, lanes(w)):
        first, second = load_some(m, e, n - e), load_some(v, e, n - e)
        move = s1 * first / (square_root(s2 * second) + epsilon)
        store_some(w, e, n - e, multiply_add(-rate, move, load_some(w, e, n - e)))


@device
def factor_means(
    r: Any, c: Any, g: Any, rows: Any, cols: Any, beta: Any, epsilon: Any, segments: Any
) -> Any:
    """r[i] ← s2·r[i] + (1 - s2)·mean_j(g² + a1), c[j] the same over i, for one matrix."""
    for i in range(rows):
        total = 0.0
        for j in range(cols):
            one = g[i * cols + j]
            total += F64(one * one + epsilon)
        r[i] = real(segments, beta * F64(r[i]) + (1.0 - beta) * total / F64(cols))
    for j in range(cols):
        total = 0.0
        for i in range(rows):
            one = g[i * cols + j]
            total += F64(one * one + epsilon)
        c[j] = real(segments, beta * F64(c[j]) + (1.0 - beta) * total / F64(rows))


def adafactor_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, then r and c, or v."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    r = view(record, segments, 2, 0).data
    c = view(record, segments, record[RECORD_OPERANDS] - 1, 0).data
    n, rows = size_of_operand(record, segments, 0), integer_attribute(record, 0)
    cols = cols_of(record, 0) if rows != 0 else n
    matrices = n // (rows * cols) if rows != 0 else 1
    beta = control_real(segments, SCALAR_2)
    size = double_root(decay_all(record, segments) / F64(n))
    least, most = float_attribute(record, segments, 2), float_attribute(record, segments, 3)
    epsilon = real(segments, float_attribute(record, segments, 1))
    rate = (size if size > least or size != size else least) * control_real(segments, SCALAR_1)
    total, step = 0.0, splat(real(segments, 0.0))
    keep, rest = splat(real(segments, beta)), splat(real(segments, 1.0 - beta))
    for turn in range(2):
        if turn == 1:
            length = double_root(total / F64(n)) / most
            step = splat(
                real(segments, rate / (length if length > 1.0 or length != length else 1.0))
            )
        for number in range(matrices):
            row, col = at(r, number * rows), at(c, number * cols)
            source, target = at(g, number * rows * cols), at(w, number * rows * cols)
            if rows != 0 and turn == 0:
                factor_means(row, col, source, rows, cols, beta, epsilon, segments)
            mean = 0.0
            for i in range(rows):
                mean += F64(row[i]) / F64(rows)
            for i in range(rows if rows != 0 else 1):
                for j in range(0, cols, lanes(w)):
                    gradient = load_some(source, i * cols + j, cols - j)
                    square = load_some(col, j, cols - j)
                    if rows != 0:
                        square = splat(real(segments, F64(row[i]) / mean)) * square
                    elif turn == 0:
                        fresh = multiply_add(gradient, gradient, splat(epsilon))
                        square = multiply_add(keep, square, rest * fresh)
                        store_some(col, j, cols - j, square)
                    move = gradient / square_root(square)
                    if turn == 1:
                        weight = load_some(target, i * cols + j, cols - j)
                        weight = multiply_add(-step, move, weight)
                        store_some(target, i * cols + j, cols - j, weight)
                    else:
                        total += squares(move, cols - j)


@device
def matrix_product(
    out: Any, m: Any, n: Any, depth: Any, p: Any, p_row: Any, p_step: Any, q: Any, turned: Any
) -> Any:
    """out (m, n) = p·q; p[i, k] = p[i·p_row + k·p_step]; q (depth, n), or turned (n, depth)."""
    panel, c, index = stack(p, PANEL_BYTES), stack(p, BLOCK_BYTES), stack(types.int64, 8)
    nr = NV * lanes(p)
    for i in range(0, m, MC):
        for j in range(0, n, nr):
            rows, cols = smaller(m - i, MC), smaller(n - j, nr)
            for k in range(0, depth, KC):
                part, ld, source = smaller(depth - k, KC), nr, panel
                if turned:
                    pack_columns(panel, at(q, j * depth + k), depth, part, cols)
                elif packs(q, n, cols, rows):
                    pack_rows(panel, at(q, k * n + j), n, part, cols)
                else:
                    source, ld = at(q, k * n + j), n
                left = at(p, i * p_row + k * p_step)
                block_product(
                    rows, cols, part, False, index, left, p_row, p_step, source, ld, c, k == 0
                )
            for number in range(rows):
                for v in range(0, cols, lanes(p)):
                    store_some(out, (i + number) * n + j + v, cols - v, load(c, number * nr + v))


@device
def combine(y: Any, x: Any, n: Any, factor: Any, own: Any) -> Any:
    """y ← f·x + h·y over n elements."""
    for e in range(0, n, lanes(y)):
        total = multiply_add(
            splat(factor), load_some(x, e, n - e), splat(own) * load_some(y, e, n - e)
        )
        store_some(y, e, n - e, total)


def muon_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, m, and scratch as large as w: x, the product, A, B."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    m, x = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    y, a = view(record, segments, 4, 0).data, view(record, segments, 5, 0).data
    b = view(record, segments, 6, 0).data
    rows, cols = rows_of(record, segments, 0), cols_of(record, 0)
    n, k, nesterov = rows * cols, smaller(rows, cols), integer_attribute(record, 0) != 0
    mu = splat(real(segments, float_attribute(record, segments, 1)))
    first = real(segments, float_attribute(record, segments, 2))
    second = real(segments, float_attribute(record, segments, 3))
    third = real(segments, float_attribute(record, segments, 4))
    one, total = real(segments, 1.0), 0.0
    for e in range(0, n, lanes(w)):
        gradient = load_some(g, e, n - e)
        velocity = multiply_add(mu, load_some(m, e, n - e), gradient)
        start = multiply_add(mu, velocity, gradient) if nesterov else velocity
        store_some(m, e, n - e, velocity)
        store_some(x, e, n - e, start)
        total += squares(start, n - e)
    combine(x, x, n, real(segments, 1.0 / (double_root(total) + 1e-7)), real(segments, 0.0))
    tall = rows > cols
    for _ in range(integer_attribute(record, 1)):
        if tall:
            matrix_product(a, k, k, rows, x, 1, cols, x, False)
        else:
            matrix_product(a, k, k, cols, x, cols, 1, x, True)
        matrix_product(b, k, k, k, a, k, 1, a, False)
        combine(b, a, k * k, second, third)
        if tall:
            matrix_product(y, rows, cols, k, x, cols, 1, b, False)
        else:
            matrix_product(y, rows, cols, k, b, k, 1, x, False)
        combine(x, y, n, one, first)
    decay_all(record, segments)
    scale = control_real(segments, LEARNING_RATE) * float_attribute(record, segments, 5)
    combine(w, x, n, real(segments, -scale), one)
