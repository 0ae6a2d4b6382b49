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
    ROW_PRODUCT_MAX,
    block_product,
    pack_columns,
    pack_rows,
)
from fastnn.backends.numba_jit.record import integer_attribute, rows_of, smaller, view
from fastnn.backends.numba_jit.reduce import column_sums
from fastnn.backends.numba_jit.vector import at, lanes, load, load_some, stack, store_some

DEPTH, HEIGHT = min(KC, 128), 48  # the block of x that a tile of dw copies
HEIGHT_BYTES = DEPTH * HEIGHT * 8
DEPTH_BYTES = DEPTH * NV * VECTOR_BYTES
TILE_BYTES = HEIGHT * NV * VECTOR_BYTES


@device
def forward(record: Any, segments: Any, begin: Any, end: Any, function: Any) -> Any:
    """Panels of NR columns outermost: a panel of w is packed once per block of rows.

    One or two row tiles read full panels of w where they lie: nothing is used again.
    """
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
                if cols % vl != 0 or rows > ROW_PRODUCT_MAX:
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


def dense_dw(record: Any, segments: Any, begin: int, end: int) -> None:
    """dw[k, :] = Σ_i x[i, k]·dz[i, :], i ascending; a tile is rows k of dw.

    The tile's columns of x are copied to a dense block first; batches deeper than the block keep
    their partial sums in dw.
    """
    dw, x = view(record, segments, 0, 0), view(record, segments, 1, 0)
    dz = view(record, segments, 2, 0)
    block, panel = stack(dw.data, HEIGHT_BYTES), stack(dw.data, DEPTH_BYTES)
    c = stack(dw.data, TILE_BYTES)
    vl, nr = lanes(dw.data), NV * lanes(dw.data)
    n = rows_of(record, segments, 1)
    for k in range(begin, end, HEIGHT):
        rows = smaller(end - k, HEIGHT)
        for i in range(0, n, DEPTH):
            depth = smaller(n - i, DEPTH)
            for p in range(depth):
                for r in range(0, rows, vl):
                    v = load_some(x.data, (i + p) * x.ld + k + r, rows - r)
                    store_some(block, p * rows + r, rows - r, v)
            for j in range(0, dw.cols, nr):
                cols = smaller(dw.cols - j, nr)
                source, ld = at(dz.data, i * dz.ld + j), dz.ld
                to = at(dw.data, k * dw.ld + j)
                if cols % vl != 0 or rows > ROW_PRODUCT_MAX:
                    pack_rows(panel, source, ld, depth, cols)
                    source, ld = panel, nr
                if i != 0:
                    pack_rows(c, to, dw.ld, rows, cols)
                block_product(rows, cols, depth, block, 1, rows, source, ld, c, i == 0)
                for r in range(rows):
                    for jj in range(0, cols, vl):
                        store_some(to, r * dw.ld + jj, cols - jj, load(c, r * nr + jj))


def dense_db(record: Any, segments: Any, begin: int, end: int) -> None:
    """db[j] = Σ_i dz[i, j], i ascending, in double; a tile is columns."""
    db, dz = view(record, segments, 0, 0), view(record, segments, 1, 0)
    column_sums(segments, db.data, dz, rows_of(record, segments, 1), begin, end, 1.0)
