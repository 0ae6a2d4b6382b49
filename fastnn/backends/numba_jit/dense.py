"""The dense layer: z = x·w + b and its gradients, with the activation fused where the layer has
one; walks over the blocks of ``product.py``. The twin of ``kernels/dense.c``, which tells why the
loops stand in this order. Deliberately not here: the activations' formulas (``activation.py``).
"""

from __future__ import annotations

from typing import Any

from fastnn.backends.numba_jit.activation import LINEAR, activation, activation_gradient
from fastnn.backends.numba_jit.jit import I64, device
from fastnn.backends.numba_jit.lanes import VECTOR_BYTES, multiply_add
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
from fastnn.backends.numba_jit.record import integer_attribute, rows_of, smaller, view
from fastnn.backends.numba_jit.reduce import all_finite, column_sums
from fastnn.backends.numba_jit.update import (
    ADAM,
    MOMENTUM,
    NONE,
    RMSPROP,
    SGD,
    apply_update,
    update_of,
)
from fastnn.backends.numba_jit.vector import (
    at,
    lane_sum,
    lanes,
    lanes_below,
    load,
    load_some,
    mask_bits,
    population,
    splat,
    stack,
    store,
    store_some,
    zeros,
)

DEPTH, HEIGHT = 128, 48  # samples and rows of dw of one product
DEPTH_BYTES = DEPTH * NV * VECTOR_BYTES
TILE_BYTES = HEIGHT * NV * VECTOR_BYTES
ROOM_BYTES = 98304  # of x, packed for all panels of a tile of dw
ROOM_SAMPLES = ROOM_BYTES // (HEIGHT * VECTOR_BYTES)  # times the lanes of a register
WIDTH = 64  # columns of dz that are summed before the update of their biases
SUM_BYTES = 8 * WIDTH
INDEX_MOST = 4096  # inputs of a layer whose columns of zeros are looked for
INDEX_LEAST = 8192  # multiply-adds of a block below which looking costs more than it may save
INDEX_BYTES = 8 * INDEX_MOST
LIST_BYTES = 8 * HEIGHT
ASIDE_BYTES = NV * VECTOR_BYTES


@device
def used_columns(used: Any, x: Any, first: Any, rows: Any, begin: Any, end: Any) -> Any:
    """How many of the columns begin .. end have something other than 0 in some of the rows.

    Bit l of used[v] says it of column begin + v·lanes + l.
    """
    vl, count = lanes(x.data), 0
    for k in range(begin, end, vl):
        mask = lanes_below(x.data, 0)
        for i in range(first, first + rows):
            mask = mask | (load_some(x.data, i * x.ld + k, end - k) != 0.0)
        used[(k - begin) // vl] = mask_bits(mask)
        count += population(used[(k - begin) // vl])
    return count


@device
def list_columns(index: Any, used: Any, x: Any, w: Any, first: Any, rows: Any) -> Any:
    """Lists the columns of a block of x that count; their number, or n_in and no list.

    Images have columns that are 0 in a whole block of rows: their terms 0·w leave every sum as it
    is, unless w is not finite.
    """
    n_in, vl, count = x.cols, lanes(x.data), 0
    if n_in > INDEX_MOST or rows * n_in * w.cols < INDEX_LEAST:
        return n_in
    if used_columns(used, x, first, rows, 0, n_in) > n_in - n_in // 8:
        return n_in
    for k in range(n_in):
        here = (used[k // vl] >> (k % vl)) & 1 != 0
        if here or not all_finite(w.data, k * w.ld, w.cols):
            index[count] = k
            count += 1
    return count


@device
def clear(c: Any, count: Any) -> Any:
    """c[0 .. count] = 0, whole registers."""
    for j in range(0, count, lanes(c)):
        store(c, j, zeros(c))


@device
def row_product(x: Any, first: Any, w: Any, n_in: Any) -> Any:
    """Σ_k x[first + k]·w[k]: column k goes to lane k mod VL, ascending, then the lanes join."""
    total = zeros(w)
    for k in range(0, n_in, lanes(w)):
        total = multiply_add(load_some(x, first + k, n_in - k), load_some(w, k, n_in - k), total)
    return lane_sum(total)


@device
def row_products(x: Any, first: Any, ld: Any, w: Any, n_in: Any, c: Any, at_row: Any) -> Any:
    """``row_product`` of four rows at once, the same operations for each."""
    p, q, r, s = zeros(w), zeros(w), zeros(w), zeros(w)
    for k in range(0, n_in, lanes(w)):
        left, place = n_in - k, first + k
        weights = load_some(w, k, left)
        p = multiply_add(load_some(x, place, left), weights, p)
        q = multiply_add(load_some(x, place + ld, left), weights, q)
        r = multiply_add(load_some(x, place + 2 * ld, left), weights, r)
        s = multiply_add(load_some(x, place + 3 * ld, left), weights, s)
    c[at_row], c[at_row + 1] = lane_sum(p), lane_sum(q)
    c[at_row + 2], c[at_row + 3] = lane_sum(r), lane_sum(s)


@device
def forward_vector(
    z: Any, x: Any, w: Any, biased: Any, b: Any, rows: Any, function: Any, c: Any
) -> Any:
    """z of a layer with one output: columns of x and w fill the registers, four rows at a time."""
    for i in range(0, rows, MC):
        block, done = smaller(rows - i, MC), 0
        while done + 4 <= block:
            row_products(x.data, (i + done) * x.ld, x.ld, w, x.cols, c, done)
            done += 4
        while done < block:
            c[done] = row_product(x.data, (i + done) * x.ld, w, x.cols)
            done += 1
        joined = block if z.ld == 1 else 1  # rows that lie as one
        for r in range(0, block, joined):
            for j in range(0, joined, lanes(w)):
                total = load(c, r + j)
                if biased:
                    total = total + splat(b[0])
                y = activation(function, total)
                store_some(z.data, (i + r) * z.ld + j, joined - j, y)


@device
def forward(record: Any, segments: Any, begin: Any, end: Any, function: Any) -> Any:
    """Panels of NR columns outermost, read from w where they lie: by every row tile of a block."""
    z, x = view(record, segments, 0, begin), view(record, segments, 1, begin)
    w = view(record, segments, 2, 0)
    biased = integer_attribute(record, 0) != 0
    b = view(record, segments, 3 if biased else 2, 0).data
    panel, c = stack(w.data, PANEL_BYTES), stack(w.data, BLOCK_BYTES)
    index, used = stack(I64, INDEX_BYTES), stack(I64, INDEX_BYTES)
    vl, nr = lanes(w.data), NV * lanes(w.data)
    if z.cols == 1 and w.ld <= 1:
        forward_vector(z, x, w.data, biased, b, end - begin, function, c)
        return
    for i in range(0, end - begin, MC):
        rows = smaller(end - begin - i, MC)
        count = list_columns(index, used, x, w, i, rows)
        for j in range(0, z.cols, nr):
            cols = smaller(z.cols - j, nr)
            listed = count < x.cols and cols % vl == 0
            terms = count if listed else x.cols
            if terms == 0:
                clear(c, rows * nr)
            for k in range(0, terms, KC):
                depth = smaller(terms - k, KC)
                first = 0 if listed else k
                source, ld = at(w.data, first * w.ld + j), w.ld
                if packs(w.data, ld, cols, rows) and not listed:
                    pack_rows(panel, source, ld, depth, cols)
                    source, ld = panel, nr
                from_x = at(x.data, i * x.ld + first)
                place = at(index, k)
                block_product(
                    rows, cols, depth, listed, place, from_x, x.ld, 1, source, ld, c, k == 0
                )
            for r in range(rows):
                for jj in range(0, cols, vl):
                    total = load(c, r * nr + jj)
                    if biased:
                        total = total + load_some(b, j + jj, cols - jj)
                    store_some(
                        z.data,
                        (i + r) * z.ld + j + jj,
                        cols - jj,
                        activation(function, total),
                    )


def dense_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """z = x·w + b; i0 = 1 if b is present."""
    forward(record, segments, begin, end, LINEAR)


def dense_activation_forward(record: Any, segments: Any, begin: int, end: int) -> None:
    """y = f(x·w + b), f = activation i1, applied while the block is in L1."""
    forward(record, segments, begin, end, integer_attribute(record, 1))


@device
def outer_product(rows: Any, cols: Any, dz: Any, ld: Any, w: Any, c: Any) -> Any:
    """c[r, :] = dz[r]·w: dx of a layer with one output. The 0 that is added is a tile's."""
    vl, nr = lanes(w), NV * lanes(w)
    for k in range(0, cols, vl):
        weights = load_some(w, k, cols - k)
        for r in range(rows):
            store(c, r * nr + k, multiply_add(splat(dz[r * ld]), weights, zeros(w)))


@device
def input_gradient(record: Any, segments: Any, begin: Any, end: Any, function: Any) -> Any:
    """Panels of NR columns of dx = NR rows of w, turned while they are packed."""
    dx, dz = view(record, segments, 0, begin), view(record, segments, 1, begin)
    w = view(record, segments, 2, 0)
    y = view(record, segments, 3 if function != LINEAR else 0, begin)
    index = stack(I64, 8)  # none is listed
    panel, c = stack(w.data, PANEL_BYTES), stack(w.data, BLOCK_BYTES)
    vl, nr = lanes(w.data), NV * lanes(w.data)
    for i in range(0, end - begin, MC):
        rows = smaller(end - begin - i, MC)
        for k in range(0, dx.cols, nr):
            cols = smaller(dx.cols - k, nr)
            vector = dz.cols == 1 and w.ld <= 1
            if vector:
                outer_product(rows, cols, at(dz.data, i * dz.ld), dz.ld, at(w.data, k), c)
            for j in range(0, 0 if vector else dz.cols, KC):
                depth = smaller(dz.cols - j, KC)
                pack_columns(panel, at(w.data, k * w.ld + j), w.ld, depth, cols)
                from_dz = at(dz.data, i * dz.ld + j)
                block_product(
                    rows, cols, depth, False, index, from_dz, dz.ld, 1, panel, nr, c, j == 0
                )
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
def pack_block(
    block: Any, x: Any, i: Any, k: Any, depth: Any, rows: Any, listed: Any, chosen: Any
) -> Any:
    """block[p, r] = x[i + p, k + r], or of the columns that are listed: tiles read x down them."""
    for p in range(depth):
        first = (i + p) * x.ld + k
        if listed:
            for r in range(rows):
                block[p * rows + r] = x.data[first + chosen[r]]
        else:
            for r in range(0, rows, lanes(block)):
                v = load_some(x.data, first + r, rows - r)
                store_some(block, p * rows + r, rows - r, v)


@device
def list_rows(
    chosen: Any, place: Any, used: Any, x: Any, n: Any, k: Any, rows: Any, n_out: Any
) -> Any:
    """Lists the columns of [k, k + rows) of x that are not 0 in the whole batch, and one that is.

    Columns of zeros have rows of dw that are all the same: Σ 0·dz, which is 0, or NaN where dz is
    not finite. place[r]: which row of the product is row r of dw. Returns how many are listed, or
    ``rows`` and no list if there is nothing to save.
    """
    if n * rows * n_out < INDEX_LEAST:
        return rows
    count, listed, vl = used_columns(used, x, 0, n, k, k + rows), 0, lanes(x.data)
    if count + 1 > rows - rows // 8:
        return rows
    for r in range(rows):
        if (used[r // vl] >> (r % vl)) & 1 != 0:
            place[r] = listed
            chosen[listed] = r
            listed += 1
        else:
            place[r] = count
            chosen[count] = r
    return count + 1


@device
def spread_rows(c: Any, place: Any, rows: Any, listed: Any) -> Any:
    """c[r, :] = c[place[r], :], in place: place[r] ≤ r but for the last, which is kept aside."""
    nr, vl = NV * lanes(c), lanes(c)
    aside = stack(c, ASIDE_BYTES)
    for j in range(0, nr, vl):
        store(aside, j, load(c, (listed - 1) * nr + j))
    for back in range(rows):
        r = rows - 1 - back
        for j in range(0, nr, vl):
            if place[r] == listed - 1:
                store(c, r * nr + j, load(aside, j))
            else:
                store(c, r * nr + j, load(c, place[r] * nr + j))


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
def vector_gradient(c: Any, x: Any, dz: Any, n: Any, begin: Any, cols: Any, panel: Any) -> Any:
    """Rows of dw of a layer with one output, Σ_i dz[i]·x[i, :], which fill the registers."""
    index = stack(I64, 8)  # none is listed
    for i in range(0, n, DEPTH):
        depth = smaller(n - i, DEPTH)
        source, ld = at(x.data, i * x.ld + begin), x.ld
        if cols % lanes(x.data) != 0:
            pack_rows(panel, source, ld, depth, cols)
            source, ld = panel, NV * lanes(x.data)
        from_dz = at(dz.data, i * dz.ld)
        block_product(1, cols, depth, False, index, from_dz, 0, dz.ld, source, ld, c, i == 0)


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
    chosen, place = stack(I64, LIST_BYTES), stack(I64, LIST_BYTES)
    used = stack(I64, LIST_BYTES)
    if dw.cols == 1:
        for k in range(begin, end, nr):
            cols = smaller(end - k, nr)
            vector_gradient(c, x, dz, n, k, cols, panel)
            finish_dw(kind, u, dw, 1, cols, c, k)
        return
    for k in range(begin, end, HEIGHT):
        rows = smaller(end - k, HEIGHT)
        packed = list_rows(chosen, place, used, x, n, k, rows, dw.cols)
        for j in range(0, dw.cols, nr):
            cols = smaller(dw.cols - j, nr)
            for i in range(0, n, DEPTH):
                depth, part = smaller(n - i, DEPTH), i % room
                source, ld = at(dz.data, i * dz.ld + j), dz.ld
                if part == 0 and (j == 0 or n > room):
                    count = smaller(n - i, room)
                    pack_block(block, x, i, k, count, packed, packed < rows, chosen)
                if packs(x.data, ld, cols, packed):
                    pack_rows(panel, source, ld, depth, cols)
                    source, ld = panel, nr
                from_x = at(block, part * packed)
                block_product(
                    packed, cols, depth, False, used, from_x, 1, packed, source, ld, c, i == 0
                )
            if packed < rows:
                spread_rows(c, place, rows, packed)
            finish_dw(kind, u, dw, rows, cols, c, k * dw.ld + j)


def dense_dw(record: Any, segments: Any, begin: int, end: int) -> None:
    """dw[k, :] = Σ_i x[i, k]·dz[i, :], i ascending; a tile is rows k of dw."""
    weight_gradient(NONE, record, segments, begin, end)


def dense_db(record: Any, segments: Any, begin: int, end: int) -> None:
    """db[j] = Σ_i dz[i, j], i ascending, in double; a tile is columns."""
    db, dz = view(record, segments, 0, 0), view(record, segments, 1, 0)
    rows = rows_of(record, segments, 1)
    column_sums(at(db.data, begin), dz, rows, begin, end, 1.0)


@device
def bias_step(kind: Any, record: Any, segments: Any, begin: Any, end: Any) -> Any:
    """The sums of dense_db given to the update of the biases, operand 1; its slots follow."""
    dz = view(record, segments, 0, 0)
    u, rows = update_of(kind, record, segments, 1, 2), rows_of(record, segments, 0)
    sums = stack(dz.data, SUM_BYTES)
    for j in range(begin, end, WIDTH):
        cols = smaller(end - j, WIDTH)
        column_sums(sums, dz, rows, j, j + cols, 1.0)
        for column in range(0, cols, lanes(sums)):
            left = cols - column
            apply_update(kind, u, j + column, left, load_some(sums, column, left))


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
