"""Optimizer updates that look at a whole variable before they change an element of it.

w, g: a variable and its gradient; m, v, r, c: the same part of the optimizer's slots, of which r
and c use one element a row or a column; as in ``optimizer.py``, weight decay comes first, and lr,
s1, s2 come from the step's control row. An update is several ops, in stages one after the other
(``program/stages.py``). What they hand on lies in scratch as large as w: lengths and moves, sums of
which one element a chunk of 4,096 elements is used (or one a row, in adafactor_rows and _moves).

==================  ============================================================================
lamb_moments        adam_step's m and v;  lengths_t = Σ w², moves_t = Σ u² over chunk t, w decayed,
                    u = s1 m / (√(s2 v) + ε), s1 = 1/(1-β1^t), s2 = 1/(1-β2^t)
lamb_step           w -= lr |w|/|u| u;  the quotient is 1 where a norm is not above 0
adafactor_rows      of matrices: r_i = s2 r_i + (1-s2) mean_j(g² + ε1);  lengths_i = Σ_j w²
adafactor_columns   c_j = s2 c_j + (1-s2) mean_i(g² + ε1)
adafactor_moves     moves_i = Σ_j u²,  u = g/√v, v = r cᵀ / mean(r)
adafactor_moments   of anything else: v = s2 v + (1-s2)(g² + ε1);  lengths_t = Σ w², moves_t = Σ u²
adafactor_step      w -= α u / max(1, rms(u)/clip),  α = max(ε2, rms(w)) s1
muon_start          m = μ m + g;  x = g + μ m, or m, transposed where it is wider than tall;
                    lengths_t = Σ x²
muon_scale          x /= √Σ lengths + 1e-7
muon_product        y = factor p q + own z, with pᵀ for p: A = xᵀx, B = c A² + b A, x' = x B + a x
muon_step           w -= lr scale x, x turned back
==================  ============================================================================

A variable's bits do not depend on the number of threads: sums are cut into chunks, rows or columns,
and each tile of the last op adds them up for itself, in one order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastnn.ops.contract import TILE, Op, define
from fastnn.program.tensor import Node, Tensor, product

# elements of one sum, and of a tile of what is elementwise here
CHUNK = 4096


def elements(node: Node) -> Tensor:
    """The elements of what is changed, without a shape."""
    tensor = node.inputs[0]
    return Tensor((product(tensor.shape),), tensor.dtype)


def chunks(node: Node) -> Tensor:
    """One element for each chunk."""
    count = product(node.inputs[0].shape)
    assert isinstance(count, int)
    return Tensor((-(-count // CHUNK),), node.inputs[0].dtype)


def _columns(node: Node) -> int:
    columns = node.inputs[0].shape[-1]
    assert isinstance(columns, int)
    return columns


def all_rows(node: Node) -> Tensor:
    """One element for each row of all matrices."""
    count = product(node.inputs[0].shape)
    assert isinstance(count, int)
    return Tensor((count // _columns(node),), node.inputs[0].dtype)


def all_columns(node: Node) -> Tensor:
    """One element for each column of all matrices."""
    count = product(node.inputs[0].shape)
    assert isinstance(count, int)
    return Tensor((count // int(node.attributes["rows"]),), node.inputs[0].dtype)


def _update(
    name: str,
    formula: str,
    floats: Sequence[str] = (),
    integers: Sequence[str] = (),
    *,
    subject: Callable[[Node], Tensor] = elements,
    grain: int = CHUNK,
    flops: Callable[[Node], float] = lambda node: 12.0,
    **options: Any,
) -> Op:
    """An op in place with these attributes."""
    return define(
        name,
        formula,
        TILE,
        floats=lambda node: [float(node.attributes[attribute]) for attribute in floats],
        integers=lambda node: [int(node.attributes[attribute]) for attribute in integers],
        subject=subject,
        grain=grain,
        flops=flops,
        effect=True,
        **options,
    )


def _depth(node: Node) -> float:
    """Multiply-adds of an element of a product."""
    sizes = node.inputs[1].shape
    return 2.0 * float(sizes[0] if node.attributes["turned"] else sizes[-1])  # type: ignore[arg-type]


_BETAS = ("weight_decay", "beta_1", "beta_2", "epsilon")
LAMB_MOMENTS = _update(
    "lamb_moments",
    "adam_step's m and v; lengths = sum(w*w), moves = sum(u*u), u = s1*m/(sqrt(s2*v) + eps)",
    _BETAS,
    subject=chunks,
    grain=1,
    flops=lambda node: 24.0 * CHUNK,
)
LAMB_STEP = _update("lamb_step", "w -= lr*norm(w)/norm(u)*u", _BETAS)
ADAFACTOR_ROWS = _update(
    "adafactor_rows",
    "r_i = s2*r_i + (1-s2)*mean_j(g*g + eps1); lengths_i = sum_j(w*w)",
    ("weight_decay", "epsilon_1"),
    ("rows",),
    subject=all_rows,
    grain=16,
    flops=lambda node: 6.0 * _columns(node),
)
ADAFACTOR_COLUMNS = _update(
    "adafactor_columns",
    "c_j = s2*c_j + (1-s2)*mean_i(g*g + eps1)",
    ("epsilon_1",),
    ("rows",),
    subject=all_columns,
    grain=64,
    flops=lambda node: 4.0 * float(node.attributes["rows"]),
)
ADAFACTOR_MOVES = _update(
    "adafactor_moves",
    "moves_i = sum_j(u*u), u = g/sqrt(outer(r, c)/mean(r))",
    (),
    ("rows",),
    subject=all_rows,
    grain=16,
    flops=lambda node: 10.0 * _columns(node),
)
ADAFACTOR_MOMENTS = _update(
    "adafactor_moments",
    "v = s2*v + (1-s2)*(g*g + eps1); lengths = sum(w*w), moves = sum(g*g/v)",
    ("weight_decay", "epsilon_1"),
    subject=chunks,
    grain=1,
    flops=lambda node: 16.0 * CHUNK,
)
ADAFACTOR_STEP = _update(
    "adafactor_step",
    "w -= max(eps2, rms(w))*s1*u/max(1, rms(u)/clip)",
    ("weight_decay", "epsilon_2", "clip"),
    ("rows",),
)
MUON_START = _update(
    "muon_start",
    "m = mu*m + g; x = nesterov ? g + mu*m : m; lengths = sum(x*x)",
    ("momentum",),
    ("nesterov", "turned"),
    subject=chunks,
    grain=1,
    flops=lambda node: 8.0 * CHUNK,
)
MUON_SCALE = _update("muon_scale", "x /= sqrt(sum(lengths)) + 1e-7", flops=lambda node: 1.0)
# rows of a tile: 16 register tiles, so that what is packed of q is used often enough
MUON_PRODUCT = _update(
    "muon_product",
    "y = factor*p*q + own*z",
    ("factor", "own"),
    ("turned",),
    subject=lambda node: node.inputs[0],
    grain=96,
    by_rows=True,
    flops=_depth,
)
MUON_STEP = _update(
    "muon_step",
    "w -= lr*scale*x",
    ("weight_decay", "scale"),
    ("turned",),
    flops=lambda node: 4.0,
)
LAYERWISE = (
    *(LAMB_MOMENTS, LAMB_STEP),
    *(ADAFACTOR_ROWS, ADAFACTOR_COLUMNS, ADAFACTOR_MOVES, ADAFACTOR_MOMENTS, ADAFACTOR_STEP),
    *(MUON_START, MUON_SCALE, MUON_PRODUCT, MUON_STEP),
)
