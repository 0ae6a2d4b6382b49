"""Optimizer updates that look at a whole variable: Lamb, Adafactor, Muon, each in several ops. In
place, as in ``optimizer.py``; norms and means are summed in double. Twin: ``kernels/layerwise.c``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastnn.backends.numpy_ref.context import Array, Context, ieee
from fastnn.ops.layerwise import CHUNK


def _decayed(context: Context, w: Array, weight_decay: float) -> Array:
    """w − learning_rate · weight_decay · w."""
    return w - w.dtype.type(context.learning_rate * weight_decay) * w if weight_decay else w


def _sums(parts: Array, x: Array, width: int = CHUNK) -> None:
    """The first elements of ``parts`` ← Σ x² over each ``width`` elements of x, in double."""
    squares = np.square(x.reshape(-1).astype(np.float64))
    found = np.add.reduceat(squares, np.arange(0, squares.size, width))
    parts.reshape(-1)[: found.size] = found


def _norm(parts: Array, size: int, width: int = CHUNK) -> float:
    """The root of what ``_sums`` left, for so many elements."""
    return float(np.sqrt(parts.reshape(-1)[: -(-size // width)].sum(dtype=np.float64)))


def _lamb_move(context: Context, m: Array, v: Array, epsilon: float) -> Array:
    """s1 · m / (√(s2 · v) + epsilon)."""
    T = m.dtype.type
    u: Array = T(context.scalars[0]) * m / (np.sqrt(T(context.scalars[1]) * v) + T(epsilon))
    return u


@ieee
def lamb_moments(
    context: Context,
    m: Array,
    v: Array,
    w: Array,
    g: Array,
    lengths: Array,
    moves: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's m and v; of each chunk, lengths = Σ w² of the decayed weights and moves = Σ u²,
    u = s1 · m / (√(s2 · v) + epsilon), s1 = 1 / (1 − beta_1ᵗ), s2 = 1 / (1 − beta_2ᵗ).
    """
    T = w.dtype.type
    m += (g - m) * T(1.0 - beta_1)
    v += (g * g - v) * T(1.0 - beta_2)
    _sums(lengths, _decayed(context, w, weight_decay))
    _sums(moves, _lamb_move(context, m, v, epsilon))


@ieee
def lamb_step(
    context: Context,
    w: Array,
    m: Array,
    v: Array,
    lengths: Array,
    moves: Array,
    *,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """w ← w − lr · |w| / |u| · u, w decayed; the quotient is 1 where a norm is not above 0."""
    size, length = _norm(lengths, w.size), _norm(moves, w.size)
    ratio = float(np.float64(size) / length) if size > 0 and length > 0 else 1.0
    u = _lamb_move(context, m, v, epsilon)
    w[...] = _decayed(context, w, weight_decay) - w.dtype.type(ratio * context.learning_rate) * u


def _matrices(w: Array, rows: int) -> tuple[int, int, int]:
    """The shape of a variable as matrices of so many rows."""
    return w.size // (rows * w.shape[-1]), rows, w.shape[-1]


def _squares(g: Array, rows: int, epsilon: float) -> NDArray[np.float64]:
    """g² + epsilon of each matrix, as doubles."""
    square = (g * g + g.dtype.type(epsilon)).reshape(_matrices(g, rows))
    doubles: NDArray[np.float64] = square.astype(np.float64)
    return doubles


def _factored(g: Array, r: Array, c: Array, rows: int) -> Array:
    """r cᵀ / mean(r) of each matrix, in the shape of g."""
    count, _, columns = shape = _matrices(g, rows)
    row = r.reshape(-1)[: count * rows].reshape(count, rows, 1)
    col = c.reshape(-1)[: count * columns].reshape(count, 1, columns)
    mean = row.mean(axis=1, keepdims=True, dtype=np.float64)
    v: Array = (row / mean).astype(g.dtype) * col
    return np.broadcast_to(v, shape).reshape(g.shape)


@ieee
def adafactor_rows(
    context: Context,
    r: Array,
    w: Array,
    g: Array,
    lengths: Array,
    *,
    weight_decay: float,
    epsilon_1: float,
    rows: int,
) -> None:
    """r_i ← s2 · r_i + (1 − s2) · mean_j(g² + epsilon_1); lengths_i = Σ_j w², w decayed."""
    beta, means = context.scalars[1], _squares(g, rows, epsilon_1).mean(axis=2).reshape(-1)
    first = r.reshape(-1)[: means.size]
    first[...] = beta * first + (1.0 - beta) * means
    _sums(lengths, _decayed(context, w, weight_decay), w.shape[-1])


@ieee
def adafactor_columns(context: Context, c: Array, g: Array, *, epsilon_1: float, rows: int) -> None:
    """c_j ← s2 · c_j + (1 − s2) · mean_i(g² + epsilon_1)."""
    beta, means = context.scalars[1], _squares(g, rows, epsilon_1).mean(axis=1).reshape(-1)
    first = c.reshape(-1)[: means.size]
    first[...] = beta * first + (1.0 - beta) * means


@ieee
def adafactor_moves(
    context: Context, moves: Array, g: Array, r: Array, c: Array, *, rows: int
) -> None:
    """moves_i = Σ_j u², u = g / √(r cᵀ / mean(r))."""
    _sums(moves, g / np.sqrt(_factored(g, r, c, rows)), g.shape[-1])


@ieee
def adafactor_moments(
    context: Context,
    v: Array,
    w: Array,
    g: Array,
    lengths: Array,
    moves: Array,
    *,
    weight_decay: float,
    epsilon_1: float,
) -> None:
    """v ← s2 · v + (1 − s2) · (g² + epsilon_1); lengths = Σ w², w decayed, moves = Σ g²/v."""
    T, beta = w.dtype.type, context.scalars[1]
    v[...] = T(beta) * v + T(1.0 - beta) * (g * g + T(epsilon_1))
    _sums(lengths, _decayed(context, w, weight_decay))
    _sums(moves, g / np.sqrt(v))


@ieee
def adafactor_step(
    context: Context,
    w: Array,
    g: Array,
    lengths: Array,
    moves: Array,
    r: Array,
    c: Array | None = None,
    *,
    weight_decay: float,
    epsilon_2: float,
    clip: float,
    rows: int,
) -> None:
    """w ← w − α · u / max(1, rms(u) / clip), w decayed, α = max(epsilon_2, rms(w)) · s1, u = g/√v.

    ``rows`` > 0: v is r cᵀ / mean(r) of each matrix of so many rows; else r is v.
    """
    width, root = w.shape[-1] if rows else CHUNK, math.sqrt(max(1, w.size))
    size, length = _norm(lengths, w.size, width) / root, _norm(moves, w.size, width) / root
    rate = float(np.maximum(np.float64(size), epsilon_2)) * context.scalars[0]
    rate /= float(np.maximum(1.0, np.float64(length) / clip))
    v = r if c is None else _factored(g, r, c, rows)
    w[...] = _decayed(context, w, weight_decay) - w.dtype.type(rate) * (g / np.sqrt(v))


def _turned(x: Array, like: Array, turned: bool) -> Array:
    """x, whose elements are those of ``like``, transposed, in the shape of ``like``."""
    return x.reshape(like.shape[::-1]).T if turned else x.reshape(like.shape)


@ieee
def muon_start(
    context: Context,
    m: Array,
    g: Array,
    x: Array,
    lengths: Array,
    *,
    momentum: float,
    nesterov: bool,
    turned: bool,
) -> None:
    """m ← momentum · m + g; x = g + momentum · m, or m, transposed if ``turned``; lengths = Σ x² of
    each chunk (of x as it lies in m).
    """
    T = m.dtype.type
    m *= T(momentum)
    m += g
    start = g + T(momentum) * m if nesterov else m
    _turned(x, m, turned)[...] = start
    _sums(lengths, start)


@ieee
def muon_scale(context: Context, x: Array, lengths: Array) -> None:
    """x ← x / (√Σ lengths + 1e-7)."""
    x *= x.dtype.type(1.0 / (np.float64(_norm(lengths, x.size)) + 1e-7))


@ieee
def muon_product(
    context: Context,
    y: Array,
    p: Array,
    q: Array,
    z: Array,
    *,
    factor: float,
    own: float,
    turned: bool,
) -> None:
    """y = factor · p q + own · z, with pᵀ for p if ``turned``; z is not read where own is 0."""
    T = y.dtype.type
    y[...] = T(factor) * ((p.T if turned else p) @ q) + (T(own) * z if own else 0)


@ieee
def muon_step(
    context: Context, w: Array, x: Array, *, weight_decay: float, scale: float, turned: bool
) -> None:
    """w ← w − lr · scale · x, w decayed, x transposed if ``turned``."""
    move = w.dtype.type(context.learning_rate * scale) * _turned(x, w, turned)
    w[...] = _decayed(context, w, weight_decay) - move
