"""Rows of ``cases.py`` for state, normalisation and noise: see there."""

from __future__ import annotations

from typing import Any

from fastnn.ops import state
from fastnn.program.tensor import Node
from tests.support.one_op import Bench


def assign_of(b: Bench) -> Node:
    (variable,) = b.run_of("parameters")
    return state.ASSIGN.node((variable, b.fixed(b.size)), {}, [])


ROWS: list[dict[str, Any]] = [
    {"op": "assign", "variant": "", "build": assign_of},
]
