"""The matrix product of one block, which ``dense.py`` is built from: a register tile written as
LLVM's own instructions, the walk over a block's row tiles, and the packing of panels. The twin of
``kernels/product.h``, which draws the blocks.

Every element of c is one chain c = c + a·b over ascending depth, whichever tile or block it falls
in: a row's bits depend neither on the number of rows nor on where blocks end.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import (
    F32,
    I1,
    I32,
    MANY_REGISTERS,
    VECTOR_BYTES,
    register,
    spread,
)
from fastnn.backends.numba_jit.record import smaller
from fastnn.backends.numba_jit.vector import at, lanes, load_some, store, zeros

I64: Any = ir.IntType(64)
NV = 4 if MANY_REGISTERS else 2  # registers of columns of a tile; the height is at most MR rows
MR = 6
MC = 256  # rows of a block: how often a packed panel is used again
PANEL_BYTES = 16384  # a packed panel of b: half of a 32 KiB L1 cache
BLOCK_BYTES = MC * NV * VECTOR_BYTES
KC = PANEL_BYTES // (NV * VECTOR_BYTES)  # depth of a packed panel


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c, as one operation where the CPU has it."""
    kind = a.type
    name = f"llvm.fmuladd.v{kind.count}{'f32' if kind.element == F32 else 'f64'}"
    if name not in builder.module.globals:
        ir.Function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
    return builder.call(builder.module.globals[name], [a, b, c])


def _emit_tile(
    builder: Any, rows: int, columns: int, indexed: bool, real: types.Float, values: Any
) -> None:
    """The instructions of one tile; sums stay in registers from the first step to the last."""
    depth, index, a, a_row, a_step, b, b_step, c, first = values
    kind, size = register(real), real.bitwidth // 8
    none = ir.Constant(kind, [0.0] * kind.count)

    def place(pointer: Any, index: int) -> Any:
        return builder.bitcast(builder.gep(pointer, [I32(index)]), kind.as_pointer())

    cells = [(r, v) for r in range(rows) for v in range(columns)]
    places = [place(c, (r * NV + v) * kind.count) for r, v in cells]
    begun = [builder.select(first, none, builder.load(where, align=size)) for where in places]
    row_offsets = [builder.mul(a_row, I64(r)) for r in range(rows)]
    before = builder.block
    loop, done = builder.append_basic_block("depth"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    left, walk_a, walk_b = builder.phi(I64), builder.phi(a.type), builder.phi(b.type)
    sums = [builder.phi(kind) for _ in cells]
    from_a, from_b = walk_a, walk_b
    if indexed:
        p = builder.load(builder.gep(index, [builder.sub(depth, left)]))
        from_a = builder.gep(a, [builder.mul(p, a_step)])
        from_b = builder.gep(b, [builder.mul(p, b_step)])
    row = [builder.load(place(from_b, v * kind.count), align=size) for v in range(columns)]
    ends = []
    for r in range(rows):
        number = builder.load(builder.gep(from_a, [row_offsets[r]]))
        each = spread(builder, number, real)
        for v in range(columns):
            ends.append(_multiply_add(builder, each, row[v], sums[r * columns + v]))
    less = builder.sub(left, I64(1))
    pairs = [(left, depth, less), (walk_a, a, builder.gep(walk_a, [a_step]))]
    pairs += [(walk_b, b, builder.gep(walk_b, [b_step])), *zip(sums, begun, ends, strict=True)]
    for phi, start, following in pairs:
        phi.add_incoming(start, before)
        phi.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed(">", less, I64(0)), loop, done)
    builder.position_at_end(done)
    for value, where in zip(ends, places, strict=True):
        builder.store(value, where, align=size)


@intrinsic
def tile(
    typing_context: Any,
    height: Any,
    width: Any,
    listed: Any,
    depth: Any,
    index: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    c: Any,
    first: Any,
) -> Any:
    """c[r, :] = (first ? 0 : c[r, :]) + Σ_p a[r, p]·b[p, :] for r < height ≤ MR.

    p runs over 0, 1, … below depth, or, if ``listed``, over index[0], index[1], …; ``width`` counts
    registers; a[r, p] = a[r·a_row + p·a_step]; b has row stride b_step, c row stride NV registers.
    One loop per height and width, so that the sums stay in registers.
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        height, width, listed, *values = args
        shapes = [
            (rows, columns, indexed)
            for rows in range(MR, 0, -1)
            for columns in range(NV, 0, -1)
            for indexed in (False, True)
        ]
        code = builder.add(builder.mul(height, I64(2 * NV)), builder.mul(width, I64(2)))
        code = builder.add(code, builder.zext(listed, I64))
        end = builder.append_basic_block("end")
        blocks = [builder.append_basic_block(f"tile_{r}_{v}") for r, v, _ in shapes]
        chosen = builder.switch(code, blocks[-1])
        for (rows, columns, indexed), block in zip(shapes, blocks, strict=True):
            chosen.add_case(I64(2 * rows * NV + 2 * columns + indexed), block)
            builder.position_at_end(block)
            _emit_tile(builder, rows, columns, indexed, a.dtype, values)
            builder.branch(end)
        builder.position_at_end(end)
        return context.get_dummy_value()

    whole, flag = types.int64, types.boolean
    left = (whole, whole, flag, whole, index)
    return types.void(*left, a, whole, whole, b, whole, c, flag), emit


def multiply_block(
    rows: Any,
    cols: Any,
    depth: Any,
    listed: Any,
    index: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    c: Any,
    first: Any,
) -> Any:
    """c (rows x NR) = (first ? 0 : c) + a·b for any rows, in row tiles as even as can be.

    (32 rows are 6+6+5+5+5+5: a tile of 2 rows has too few sums to fill the multiply-add units.)
    """
    nr = NV * lanes(c)
    width = (cols + lanes(c) - 1) // lanes(c)
    number = (rows + MR - 1) // MR
    least, row = rows // number, 0
    for t in range(number):
        height = least + (1 if t < rows - least * number else 0)
        from_a, to = at(a, row * a_row), at(c, row * nr)
        tile(height, width, listed, depth, index, from_a, a_row, a_step, b, b_step, to, first)
        row += height


def block_signature(real: types.Float) -> Any:
    """What ``multiply_block`` takes, for one float type."""
    whole, pointer = types.int64, types.CPointer(real)
    flag, index = types.boolean, types.CPointer(types.int64)
    left = (whole, whole, whole, flag, index, pointer, whole, whole)
    return types.void(*left, pointer, whole, pointer, flag)


@intrinsic
def block_product(
    typing_context: Any,
    rows: Any,
    cols: Any,
    depth: Any,
    listed: Any,
    index: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    c: Any,
    first: Any,
) -> Any:
    """``multiply_block``, called by its name: its tiles are compiled once, not per kernel."""
    shape = block_signature(a.dtype)
    name = "fastnn_block_product_" + ("f32" if a.dtype == types.float32 else "f64")

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        args = [builder.zext(v, ir.IntType(8)) if v.type == I1 else v for v in args]
        function = ir.FunctionType(ir.VoidType(), [value.type for value in args])
        module = builder.module
        if name not in module.globals:
            ir.Function(module, function, name)
        builder.call(module.globals[name], args)
        return context.get_dummy_value()

    return shape, emit


@device
def packs(p: Any, ld: Any, cols: Any, rows: Any) -> Any:
    """Whether a panel of b is packed.

    Where its last register would reach beyond the row; and where it is one cache line wide (AVX2,
    SSE) in a matrix whose rows are a page or more apart, for more than two row tiles.
    """
    narrow = NV * VECTOR_BYTES <= 64 and rows > 2 * MR
    return cols % lanes(p) != 0 or (narrow and ld * (VECTOR_BYTES // lanes(p)) >= 4096)


@device
def pack_rows(panel: Any, b: Any, ld: Any, depth: Any, cols: Any) -> Any:
    """panel[p, j] = b[p, j] for cols ≤ NR; the last register is filled with zeros."""
    nr = NV * lanes(panel)
    for p in range(depth):
        for j in range(0, cols, lanes(panel)):
            store(panel, p * nr + j, load_some(b, p * ld + j, cols - j))


@intrinsic
def transpose(typing_context: Any, to: Any, to_ld: Any, source: Any, ld: Any) -> Any:
    """to[l, m] = source[m, l] for a square of registers, by rounds of interleaving."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        target, to_ld, source, ld = args
        real = sig.args[0].dtype
        kind, size = register(real), real.bitwidth // 8
        count, half = kind.count, kind.count // 2
        mask = ir.VectorType(I32, count)

        def place(pointer: Any, stride: Any, number: int) -> Any:
            index = builder.mul(stride, ir.IntType(64)(number))
            return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())

        v = [builder.load(place(source, ld, m), align=size) for m in range(count)]
        patterns = [
            ir.Constant(mask, [i for m in range(part, part + half) for i in (m, m + count)])
            for part in (0, half)
        ]
        for _ in range(count.bit_length() - 1):
            v = [
                builder.shuffle_vector(v[m], v[m + half], pattern)
                for m in range(half)
                for pattern in patterns
            ]
        for number, value in enumerate(v):
            builder.store(value, place(target, to_ld, number), align=size)
        return context.get_dummy_value()

    return types.void(to, types.int64, source, types.int64), emit


@device
def pack_columns(panel: Any, b: Any, ld: Any, depth: Any, cols: Any) -> Any:
    """panel[p, j] = b[j, p] for cols ≤ NR rows j of b: squares in registers, the rest one by one.

    Columns up to a whole register are filled with zeros.
    """
    nr, vl = NV * lanes(panel), lanes(panel)
    for j in range(0, cols, vl):
        width, done = smaller(cols - j, vl), 0
        if width == vl:
            done = depth - depth % vl
            for p in range(0, done, vl):
                transpose(at(panel, p * nr + j), nr, at(b, j * ld + p), ld)
        for p in range(done, depth):
            store(panel, p * nr + j, zeros(panel))
            for m in range(width):
                panel[p * nr + j + m] = b[(j + m) * ld + p]
