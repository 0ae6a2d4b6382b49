"""Optimizer updates that look at a whole variable before they change an element of it.

w, g: a variable and its gradient; m, v, …: the same part of the optimizer's slots; as in
``optimizer.py``, weight decay comes first, and lr, s1, s2 come from the step's control row.

==============  ================================================================================
lamb_step       adam_step's m and v;  u = s1 m / (√(s2 v) + ε);  w -= lr |w|/|u| u,
                s1 = 1/(1-β1^t), s2 = 1/(1-β2^t); the quotient is 1 where a norm is not above 0
adafactor_step  α = max(ε2, rms(w)) s1;  r = s2 r + (1-s2) mean_j(g² + ε1), c the same over i,
                v = r cᵀ / mean(r); or, of a vector, v = s2 v + (1-s2)(g² + ε1);
                u = g/√v;  w -= α u / max(1, rms(u)/clip)
muon_step       m = μ m + g;  x = g + μ m, or m;  x /= |x| + 1e-7;  several times
                A = x xᵀ, x = a x + (b A + c A²) x;  w -= lr scale x
==============  ================================================================================

Each is one tile, so a variable's bits do not depend on the number of threads; several variables are
shared out among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn.ops.contract import TILE, Op, define
from fastnn.program.tensor import Node

# More elements than any variable has: one tile
WHOLE = 1 << 40


def _step(name: str, formula: str, names: Sequence[str], **options: Any) -> Op:
    """A step of one tile with these float attributes."""

    def floats(node: Node) -> Sequence[float]:
        return [float(node.attributes[attribute]) for attribute in ("weight_decay", *names)]

    return define(name, formula, TILE, floats=floats, effect=True, grain=WHOLE, **options)


def _muon_flops(node: Node) -> float:
    """Per element of w: three products a round."""
    rows, cols = (int(size) for size in node.inputs[0].shape if isinstance(size, int))
    small = min(rows, cols)
    each = 2.0 * small * small * (2 * max(rows, cols) + small)
    return each * float(node.attributes["rounds"]) / max(1, rows * cols)


LAMB_STEP = _step(
    "lamb_step",
    "adam_step's m and v; u = s1*m/(sqrt(s2*v) + eps); w -= lr*norm(w)/norm(u)*u",
    ("beta_1", "beta_2", "epsilon"),
    flops=lambda node: 24.0,
)
ADAFACTOR_STEP = _step(
    "adafactor_step",
    "u = g/sqrt(v), v = outer(r, c)/mean(r); w -= max(eps2, rms(w))*s1*u/max(1, rms(u)/clip)",
    ("epsilon_1", "epsilon_2", "clip"),
    integers=lambda node: (int(node.attributes["rows"]),),
    flops=lambda node: 30.0,
)
MUON_STEP = _step(
    "muon_step",
    "m = mu*m + g; x = orthogonalised g + mu*m; w -= lr*scale*x",
    ("momentum", "a", "b", "c", "scale"),
    integers=lambda node: (int(node.attributes["nesterov"]), int(node.attributes["rounds"])),
    flops=_muon_flops,
)
LAYERWISE = (LAMB_STEP, ADAFACTOR_STEP, MUON_STEP)
