"""Optimizer updates that look at a whole variable: Lamb, Adafactor, Muon; the twin of
``kernels/layerwise.c``, which gives the formulas.
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
from fastnn.ops.layerwise import CHUNK
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
def decay_of(record: Any, segments: Any) -> Any:
    """lr·a0: what of w decays."""
    rate = control_real(segments, LEARNING_RATE) * float_attribute(record, segments, 0)
    return real(segments, rate)


@device
def norm_of(parts: Any, count: Any) -> Any:
    """The root of what the chunks, rows or columns of an operand add up to."""
    total = 0.0
    for t in range(count):
        total += F64(parts[t])
    return double_root(total)


@device
def chunks_of(n: Any) -> Any:
    """How many chunks so many elements have."""
    return (n + CHUNK - 1) // CHUNK


@device
def lamb_move(first: Any, second: Any, s1: Any, s2: Any, epsilon: Any) -> Any:
    """u = s1·m/(√(s2·v) + a3)."""
    return s1 * first / (square_root(s2 * second) + epsilon)


def lamb_moments(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands m, v, w, g, lengths, moves; a tile is chunks."""
    m, v = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    w, g = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    lengths, moves = view(record, segments, 4, 0).data, view(record, segments, 5, 0).data
    decay = decay_of(record, segments)
    epsilon = splat(real(segments, float_attribute(record, segments, 3)))
    rest_1 = splat(real(segments, 1.0 - float_attribute(record, segments, 1)))
    rest_2 = splat(real(segments, 1.0 - float_attribute(record, segments, 2)))
    s1 = splat(real(segments, control_real(segments, SCALAR_1)))
    s2 = splat(real(segments, control_real(segments, SCALAR_2)))
    n = size_of_operand(record, segments, 0)
    for t in range(begin, end):
        length, move = 0.0, 0.0
        last = smaller(n, (t + 1) * CHUNK)
        for e in range(t * CHUNK, last, lanes(m)):
            gradient = load_some(g, e, last - e)
            first, second = load_some(m, e, last - e), load_some(v, e, last - e)
            first = multiply_add(gradient - first, rest_1, first)
            second = multiply_add(multiply_add(gradient, gradient, -second), rest_2, second)
            store_some(m, e, last - e, first)
            store_some(v, e, last - e, second)
            length += squares(decayed(load_some(w, e, last - e), decay), last - e)
            move += squares(lamb_move(first, second, s1, s2, epsilon), last - e)
        lengths[t] = real(segments, length)
        moves[t] = real(segments, move)


def lamb_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, m, v, lengths, moves."""
    w, m = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    v, decay = view(record, segments, 2, 0).data, decay_of(record, segments)
    epsilon = splat(real(segments, float_attribute(record, segments, 3)))
    s1 = splat(real(segments, control_real(segments, SCALAR_1)))
    s2 = splat(real(segments, control_real(segments, SCALAR_2)))
    chunks = chunks_of(size_of_operand(record, segments, 0))
    size = norm_of(view(record, segments, 3, 0).data, chunks)
    length = norm_of(view(record, segments, 4, 0).data, chunks)
    ratio = size / length if size > 0.0 and length > 0.0 else 1.0
    rate = splat(real(segments, ratio * control_real(segments, LEARNING_RATE)))
    for e in range(begin, end, lanes(w)):
        first, second = load_some(m, e, end - e), load_some(v, e, end - e)
        move = lamb_move(first, second, s1, s2, epsilon)
        weight = decayed(load_some(w, e, end - e), decay)
        store_some(w, e, end - e, multiply_add(-rate, move, weight))


def adafactor_rows(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands r, w, g, lengths; a tile is rows of all matrices."""
    r, w = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    g, lengths = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    decay, cols = decay_of(record, segments), cols_of(record, 0)
    epsilon = real(segments, float_attribute(record, segments, 1))
    beta = control_real(segments, SCALAR_2)
    for i in range(begin, end):
        first, total, length = i * cols, 0.0, 0.0
        for j in range(cols):
            one = g[first + j]
            total += F64(one * one + epsilon)
        for j in range(0, cols, lanes(w)):
            length += squares(decayed(load_some(w, first + j, cols - j), decay), cols - j)
        r[i] = real(segments, beta * F64(r[i]) + (1.0 - beta) * total / F64(cols))
        lengths[i] = real(segments, length)


def adafactor_columns(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands c, g; a tile is columns of all matrices."""
    c, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    rows, cols = integer_attribute(record, 0), cols_of(record, 0)
    epsilon = real(segments, float_attribute(record, segments, 0))
    beta = control_real(segments, SCALAR_2)
    for j in range(begin, end):
        first, total = j // cols * rows * cols + j % cols, 0.0
        for i in range(rows):
            one = g[first + i * cols]
            total += F64(one * one + epsilon)
        c[j] = real(segments, beta * F64(c[j]) + (1.0 - beta) * total / F64(rows))


@device
def mean_of_rows(r: Any, first: Any, rows: Any) -> Any:
    """The mean of the elements of r that belong to one matrix."""
    mean = 0.0
    for i in range(rows):
        mean += F64(r[first + i]) / F64(rows)
    return mean


def adafactor_moves(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands moves, g, r, c; a tile is rows of all matrices."""
    moves, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    r, c = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    rows, cols = integer_attribute(record, 0), cols_of(record, 0)
    matrix, mean = -1, 0.0
    for i in range(begin, end):
        if i // rows != matrix:
            matrix = i // rows
            mean = mean_of_rows(r, matrix * rows, rows)
        row, move = splat(real(segments, F64(r[i]) / mean)), 0.0
        for j in range(0, cols, lanes(g)):
            square = row * load_some(c, matrix * cols + j, cols - j)
            move += squares(load_some(g, i * cols + j, cols - j) / square_root(square), cols - j)
        moves[i] = real(segments, move)


def adafactor_moments(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands v, w, g, lengths, moves; a tile is chunks."""
    v, w = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    g, lengths = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    moves, decay = view(record, segments, 4, 0).data, decay_of(record, segments)
    epsilon = splat(real(segments, float_attribute(record, segments, 1)))
    beta = control_real(segments, SCALAR_2)
    keep, rest = splat(real(segments, beta)), splat(real(segments, 1.0 - beta))
    n = size_of_operand(record, segments, 0)
    for t in range(begin, end):
        length, move = 0.0, 0.0
        last = smaller(n, (t + 1) * CHUNK)
        for e in range(t * CHUNK, last, lanes(v)):
            gradient = load_some(g, e, last - e)
            fresh = rest * multiply_add(gradient, gradient, epsilon)
            square = multiply_add(keep, load_some(v, e, last - e), fresh)
            store_some(v, e, last - e, square)
            length += squares(decayed(load_some(w, e, last - e), decay), last - e)
            move += squares(gradient / square_root(square), last - e)
        lengths[t] = real(segments, length)
        moves[t] = real(segments, move)


def adafactor_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, g, lengths, moves, then r and c, or v."""
    w, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    r = view(record, segments, 4, 0).data
    c = view(record, segments, record[RECORD_OPERANDS] - 1, 0).data
    n, rows = size_of_operand(record, segments, 0), integer_attribute(record, 0)
    cols = cols_of(record, 0) if rows != 0 else n
    parts = n // cols if rows != 0 else chunks_of(n)
    decay, root = decay_of(record, segments), double_root(F64(n))
    least, most = float_attribute(record, segments, 1), float_attribute(record, segments, 2)
    size = norm_of(view(record, segments, 2, 0).data, parts) / root
    length = norm_of(view(record, segments, 3, 0).data, parts) / root / most
    rate = (size if size > least or size != size else least) * control_real(segments, SCALAR_1)
    step = splat(real(segments, rate / (length if length > 1.0 or length != length else 1.0)))
    matrix, mean, first = -1, 0.0, begin
    while first < end:
        i, j = first // cols, first % cols
        last = smaller(end, first - j + cols)
        row = splat(real(segments, 1.0))
        if rows != 0:
            if i // rows != matrix:
                matrix = i // rows
                mean = mean_of_rows(r, matrix * rows, rows)
            row = splat(real(segments, F64(r[i]) / mean))
        start = matrix * cols + j if rows != 0 else first
        for e in range(first, last, lanes(w)):
            square = load_some(c, start + e - first, last - e)
            if rows != 0:
                square = row * square
            move = load_some(g, e, last - e) / square_root(square)
            weight = decayed(load_some(w, e, last - e), decay)
            store_some(w, e, last - e, multiply_add(-step, move, weight))
        first = last


def muon_start(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands m, g, x, lengths; a tile is chunks."""
    m, g = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    x, lengths = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    nesterov, turned = integer_attribute(record, 0) != 0, integer_attribute(record, 1) != 0
    rows, cols = rows_of(record, segments, 0), cols_of(record, 0)
    mu = splat(real(segments, float_attribute(record, segments, 0)))
    for t in range(begin, end):
        length = 0.0
        last = smaller(rows * cols, (t + 1) * CHUNK)
        for e in range(t * CHUNK, last, lanes(m)):
            gradient = load_some(g, e, last - e)
            velocity = multiply_add(mu, load_some(m, e, last - e), gradient)
            start = multiply_add(mu, velocity, gradient) if nesterov else velocity
            store_some(m, e, last - e, velocity)
            length += squares(start, last - e)
            if turned:
                for number in range(smaller(last - e, lanes(m))):
                    at_row, at_col = (e + number) // cols, (e + number) % cols
                    x[at_col * rows + at_row] = lane(start, number)
            else:
                store_some(x, e, last - e, start)
        lengths[t] = real(segments, length)


def muon_scale(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands x, lengths."""
    x = view(record, segments, 0, 0).data
    chunks = chunks_of(size_of_operand(record, segments, 0))
    length = norm_of(view(record, segments, 1, 0).data, chunks)
    factor = splat(real(segments, 1.0 / (length + 1e-7)))
    for e in range(begin, end, lanes(x)):
        store_some(x, e, end - e, factor * load_some(x, e, end - e))


def muon_product(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands y, p, q, z: y = a0·p·q + a1·z, with i0 of the transposed p; a tile is rows of y."""
    y, p = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    q, z = view(record, segments, 2, 0).data, view(record, segments, 3, 0).data
    turned, n, ld = integer_attribute(record, 0) != 0, cols_of(record, 0), cols_of(record, 1)
    depth = rows_of(record, segments, 1) if turned else ld
    p_row, p_step = (1, ld) if turned else (ld, 1)
    share = real(segments, float_attribute(record, segments, 1))
    factor, own = splat(real(segments, float_attribute(record, segments, 0))), splat(share)
    panel, c, index = stack(p, PANEL_BYTES), stack(p, BLOCK_BYTES), stack(types.int64, 8)
    nr = NV * lanes(p)
    for i in range(begin, end, MC):
        for j in range(0, n, nr):
            rows, cols = smaller(end - i, MC), smaller(n - j, nr)
            for k in range(0, depth, KC):
                part, step, source = smaller(depth - k, KC), nr, panel
                if packs(q, n, cols, rows):
                    pack_rows(panel, at(q, k * n + j), n, part, cols)
                else:
                    source, step = at(q, k * n + j), n
                left = at(p, i * p_row + k * p_step)
                block_product(
                    rows, cols, part, False, index, left, p_row, p_step, source, step, c, k == 0
                )
            for number in range(rows):
                for v in range(0, cols, lanes(p)):
                    place = (i + number) * n + j + v
                    total = factor * load(c, number * nr + v)
                    if share != 0.0:
                        total = multiply_add(own, load_some(z, place, cols - v), total)
                    store_some(y, place, cols - v, total)


def muon_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """Operands w, x; i0: x is transposed."""
    w, x = view(record, segments, 0, 0).data, view(record, segments, 1, 0).data
    rows, cols = rows_of(record, segments, 0), cols_of(record, 0)
    turned, decay = integer_attribute(record, 0) != 0, decay_of(record, segments)
    scale = control_real(segments, LEARNING_RATE) * float_attribute(record, segments, 1)
    rate, some = splat(real(segments, scale)), stack(w, 64)
    for e in range(begin, end, lanes(w)):
        weight = decayed(load_some(w, e, end - e), decay)
        if turned:
            for number in range(smaller(end - e, lanes(w))):
                some[number] = x[(e + number) % cols * rows + (e + number) // cols]
            move = load_some(some, 0, end - e)
        else:
            move = load_some(x, e, end - e)
        store_some(w, e, end - e, multiply_add(-rate, move, weight))
