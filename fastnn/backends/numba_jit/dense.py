"""The dense layer: z = x·w + b and its gradients, with the activation fused where the layer has
one; walks over the blocks of ``product.py``. The twin of ``kernels/dense.c``, which tells why the
loops stand in this order. Deliberately not here: the activations' formulas (``activation.py``).
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.activation import LINEAR, activation, activation_gradient
from fastnn.backends.numba_jit.jit import device
from fastnn.backends.numba_jit.lanes import VECTOR_BYTES
from fastnn.backends.numba_jit.product import (
    BLOCK_BYTES,
    KC,
    MC,
    NV,
    PANEL_BYTES,
    block_product,
    pack_columns,
    pack_rows,
)
from fastnn.backends.numba_jit.record import integer_attribute, rows_of, smaller, view
from fastnn.backends.numba_jit.reduce import WIDTH, column_sums
from fastnn.backends.numba_jit.update import (
    ADAM,
    MOMENTUM,
    NONE,
    RMSPROP,
    SGD,
    apply_update,
    update_of,
)
from fastnn.backends.numba_jit.vector import at, lanes, load, load_some, stack, store_some

DEPTH, HEIGHT = 128, 48  # samples and rows of dw of one product
DEPTH_BYTES = DEPTH * NV * VECTOR_BYTES
TILE_BYTES = HEIGHT * NV * VECTOR_BYTES
ROOM_BYTES = 98304  # of x, packed for all panels of a tile of dw
ROOM_SAMPLES = ROOM_BYTES // (HEIGHT * VECTOR_BYTES)  # times the lanes of a register
SUM_BYTES = 8 * WIDTH


@device
def forward(record: Any, segments: Any, begin: Any, end: Any, function: Any) -> Any:
    """Panels of NR columns outermost, read from w where they lie: by every row tile of a block."""
    z, x = view(record, segments, 0, begin), view(record, segments, 1, begin)
    w = view(record, segments, 2, 0)
    biased = integer_attribute(record, 0) != 0
    b = view(record, segments, 3 if biased else 2, 0).data
    panel, c = stack(w.data, PANEL_BYTES), stack(w.data, BLOCK_BYTES)
    vl, nr = lanes(w.data), NV * lanes(w.data)
    for i in range(0, end - begin, MC):
        rows = smaller(end - begin - i, MC)
        for j in range(0, z.cols, nr):
            cols = smaller(z.cols - j, nr)
            for k in range(0, x.cols, KC):
                depth = smaller(x.cols - k, KC)
                source, ld = at(w.data, k * w.ld + j), w.ld
                if cols % vl != 0:  # a register would reach beyond the row
                    pack_rows(panel, source, ld, depth, cols)
                    source, ld = panel, nr
                from_x = at(x.data, i * x.ld + k)
                block_product(rows, cols, depth, from_x, x.ld, 1, source, ld, c, k == 0)
            for jj in range(0, cols, vl):
                for r in range(rows):
                    total = load(c, r * nr + jj)
                    if biased:
                        total = total + load_some(b, j + jj, cols - jj)
                    place = (i + r) * z.ld + j + jj
                    store_some(z.data, place, cols - jj, activation(function, total))


def dense_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """z = x·w + b; i0 = 1 if b is present."""
    forward(record, segments, begin, end, LINEAR)


def dense_activation_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(x·w + b), f = activation i1, applied while the block is in L1."""
    forward(record, segments, begin, end, integer_attribute(record, 1))


@device
def input_gradient(record: Any, segments: Any, begin: Any, end: Any, function: Any) -> Any:
    """Panels of NR columns of dx = NR rows of w, turned while they are packed."""
    dx, dz = view(record, segments, 0, begin), view(record, segments, 1, begin)
    w = view(record, segments, 2, 0)
    y = view(record, segments, 3 if function != LINEAR else 0, begin)
    panel, c = stack(w.data, PANEL_BYTES), stack(w.data, BLOCK_BYTES)
    vl, nr = lanes(w.data), NV * lanes(w.data)
    for i in range(0, end - begin, MC):
        rows = smaller(end - begin - i, MC)
        for k in range(0, dx.cols, nr):
            cols = smaller(dx.cols - k, nr)
            for j in range(0, dz.cols, KC):
                depth = smaller(dz.cols - j, KC)
                pack_columns(panel, at(w.data, k * w.ld + j), w.ld, depth, cols)
                from_dz = at(dz.data, i * dz.ld + j)
                block_product(rows, cols, depth, from_dz, dz.ld, 1, panel, nr, c, j == 0)
            for r in range(rows):
                for kk in range(0, cols, vl):
                    total = load(c, r * nr + kk)
                    if function != LINEAR:
                        out = load_some(y.data, (i + r) * y.ld + k + kk, cols - kk)
                        total = activation_gradient(function, total, out)
                    store_some(dx.data, (i + r) * dx.ld + k + kk, cols - kk, total)


def dense_dx(record: Any, segments: Any, begin: int, end: int) -> None:
    """dx = dz·wᵀ."""
    input_gradient(record, segments, begin, end, LINEAR)


def dense_activation_dx(record: Any, segments: Any, begin: int, end: int) -> None:
    """dz_below = (dz·wᵀ)·f'(y), f = activation i0 of the layer below, y its output."""
    input_gradient(record, segments, begin, end, integer_attribute(record, 0))


@device
def pack_block(block: Any, x: Any, i: Any, k: Any, depth: Any, rows: Any) -> Any:
    """block[p, r] = x[i + p, k + r] for a tile's rows r of dw: tiles read x down its columns."""
    for p in range(depth):
        for r in range(0, rows, lanes(block)):
            v = load_some(x.data, (i + p) * x.ld + k + r, rows - r)
            store_some(block, p * rows + r, rows - r, v)


@device
def finish_dw(kind: Any, u: Any, dw: Any, rows: Any, cols: Any, c: Any, place: Any) -> Any:
    """A finished block of dw, at element ``place``: stored, or given to the optimizer's update."""
    vl, nr = lanes(c), NV * lanes(c)
    if kind != NONE and cols == dw.ld and cols % vl != 0:
        # few columns: whole registers of joined rows
        for r in range(1, rows):
            for j in range(cols):
                c[r * cols + j] = c[r * nr + j]
        cols, rows = cols * rows, 1
    for r in range(rows):
        for j in range(0, cols, vl):
            gradient, first = load(c, r * nr + j), place + r * dw.ld + j
            if kind == NONE:
                store_some(dw.data, first, cols - j, gradient)
            else:
                apply_update(kind, u, first, cols - j, gradient)


@device
def weight_gradient(kind: Any, record: Any, segments: Any, begin: Any, end: Any) -> Any:
    """The rows begin .. end of dw, HEIGHT at a time, panels of NR columns outermost.

    The sum over the batch is complete before the next panel, so that an update can have it from L1.
    Up to ``room`` samples of x stay packed for all panels.
    """
    first = 1 if kind == NONE else 0  # dw is the first operand, or the weights are the third
    x, dz = view(record, segments, first, 0), view(record, segments, first + 1, 0)
    dw = view(record, segments, 0 if kind == NONE else 2, 0)
    u = update_of(NONE if kind == NONE else kind, record, segments, 0 if kind == NONE else 2, 3)
    block, panel = stack(x.data, ROOM_BYTES), stack(x.data, DEPTH_BYTES)
    c = stack(x.data, TILE_BYTES)
    vl, nr = lanes(x.data), NV * lanes(x.data)
    room = ROOM_SAMPLES * vl
    n = rows_of(record, segments, first)
    for k in range(begin, end, HEIGHT):
        rows = smaller(end - k, HEIGHT)
        for j in range(0, dw.cols, nr):
            cols = smaller(dw.cols - j, nr)
            for i in range(0, n, DEPTH):
                depth, part = smaller(n - i, DEPTH), i % room
                source, ld = at(dz.data, i * dz.ld + j), dz.ld
                if part == 0 and (j == 0 or n > room):
                    pack_block(block, x, i, k, smaller(n - i, room), rows)
                if cols % vl != 0:  # a register would reach beyond the row
                    pack_rows(panel, source, ld, depth, cols)
                    source, ld = panel, nr
                from_x = at(block, part * rows)
                block_product(rows, cols, depth, from_x, 1, rows, source, ld, c, i == 0)
            finish_dw(kind, u, dw, rows, cols, c, k * dw.ld + j)


def dense_dw(record: Any, segments: Any, begin: int, end: int) -> None:
    """dw[k, :] = Σ_i x[i, k]·dz[i, :], i ascending; a tile is rows k of dw."""
    weight_gradient(NONE, record, segments, begin, end)


def dense_db(record: Any, segments: Any, begin: int, end: int) -> None:
    """db[j] = Σ_i dz[i, j], i ascending, in double; a tile is columns."""
    db, dz = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rows = rows_of(record, segments, 1)
    column_sums(segments, at(db.data, begin), dz, rows, begin, end, 1.0)


@device
def bias_step(kind: Any, record: Any, segments: Any, begin: Any, end: Any) -> Any:
    """The sums of dense_db given to the update of the biases, operand 1; its slots follow."""
    dz = view(record, segments, 0, 0)
    u, rows = update_of(kind, record, segments, 1, 2), rows_of(record, segments, 0)
    sums = stack(dz.data, SUM_BYTES)
    for j in range(begin, end, WIDTH):
        cols = smaller(end - j, WIDTH)
        column_sums(segments, sums, dz, rows, j, j + cols, 1.0)
        for column in range(0, cols, lanes(sums)):
            apply_update(kind, u, j + column, cols - column, load(sums, column))


# dense_dw_…_step, dense_db_…_step: dense_dw or dense_db followed by the optimizer's step on that
# weight or bias, with the same bits; the gradient is never stored. x, dz, w, slots or dz, b, slots.


def dense_dw_sgd_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_dw, then sgd_step."""
    weight_gradient(SGD, record, segments, begin, end)


def dense_dw_momentum_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_dw, then momentum_step."""
    weight_gradient(MOMENTUM, record, segments, begin, end)


def dense_dw_rmsprop_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_dw, then rmsprop_step."""
    weight_gradient(RMSPROP, record, segments, begin, end)


def dense_dw_adam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_dw, then adam_step."""
    weight_gradient(ADAM, record, segments, begin, end)


def dense_db_sgd_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_db, then sgd_step."""
    bias_step(SGD, record, segments, begin, end)


def dense_db_momentum_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_db, then momentum_step."""
    bias_step(MOMENTUM, record, segments, begin, end)


def dense_db_rmsprop_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_db, then rmsprop_step."""
    bias_step(RMSPROP, record, segments, begin, end)


def dense_db_adam_step(record: Any, segments: Any, begin: int, end: int) -> None:
    """dense_db, then adam_step."""
    bias_step(ADAM, record, segments, begin, end)
