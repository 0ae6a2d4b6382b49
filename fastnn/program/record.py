"""Packing a planned Program into records: int64 words that native executors read.

The words hold a header, the stage table, the index of the records and the records; a table of
float64 attributes lies beside them. ``kernels/README.md`` draws the format. ``VERSION`` is a digest
of the declarations in ``kernels/api.h`` and ``kernels/record.h``; a native module that was built
from others is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.ops.contract import HOST, ROW, SERIAL, TILE
from fastnn.program.memory import FIRST_STORAGE, Plan
from fastnn.program.stages import ROW_GRAIN, Stage
from fastnn.program.tensor import Node, Size, Tensor, matrix_view

MAGIC = 0x464E4E31
VERSION = 0x38B52ED5  # what `record_version` in kernels/build.py finds
HEADER_WORDS = 8
STAGE_WORDS = 8
RECORD_WORDS = 8
OPERAND_WORDS = 6
KIND = {ROW: 0, TILE: 1, SERIAL: 2, HOST: 3}
SUFFIX = {"float32": "_f32", "float64": "_f64", "int32": "_i32", "": ""}


@dataclass(frozen=True)
class Packed:
    """A Program as native executors take it; ``hosts`` holds the nodes of each host stage."""

    words: np.ndarray[Any, Any]
    attributes: np.ndarray[Any, Any]
    hosts: dict[int, list[Node]]


def kernel_name(node: Node) -> str:
    """The name of the kernel that runs a node, such as ``dense_forward_f32``."""
    return node.op.name + SUFFIX[node.op.typed_by(node)]


def pack(stages: Sequence[Stage], plan: Plan, kernel_id: Callable[[str], int]) -> Packed:
    """Pack the stages; ``kernel_id`` gives the number of a kernel's name."""
    attributes: list[float] = []
    records: list[list[int]] = []
    table: list[int] = []
    hosts: dict[int, list[Node]] = {}
    for stage in stages:
        nodes = [node for node in stage.nodes if node.op.name != "reshape"]
        if not nodes:
            continue
        first = len(records)
        cost = Size(0, 0)
        if stage.kind == HOST:
            hosts[len(table) // STAGE_WORDS] = nodes
            nodes = []
        for node in nodes:
            extent = _extent(node, stage.kind)
            work = _work(node)
            cost = Size(cost.a + work.a, cost.b + work.b)
            records.append(_record(node, stage.kind, extent, plan, kernel_id, attributes))
        table += [KIND[stage.kind], first, len(nodes), ROW_GRAIN, cost.a, cost.b, stage.every, 0]
    n_stages = len(table) // STAGE_WORDS
    start = HEADER_WORDS + len(table) + len(records)
    index: list[int] = []
    for record in records:
        index.append(start)
        start += len(record)
    n_segments = FIRST_STORAGE + len(plan.storage)
    header = [
        MAGIC,
        VERSION,
        start,
        n_stages,
        len(records),
        n_segments,
        plan.capacity,
        HEADER_WORDS,
    ]
    words = [*header, *table, *index, *(word for record in records for word in record)]
    return Packed(
        np.array(words, dtype=np.int64), np.array(attributes or [0.0], dtype=np.float64), hosts
    )


def _record(
    node: Node,
    kind: str,
    extent: Size,
    plan: Plan,
    kernel_id: Callable[[str], int],
    attributes: list[float],
) -> list[int]:
    """The words of one record; its float attributes are appended to the common table."""
    operands = [*node.outputs, *node.inputs]
    words = [kernel_id(kernel_name(node)), KIND[kind], extent.a, extent.b, node.op.grain]
    words += [len(attributes), len(operands)]
    attributes.extend(float(value) for value in node.op.floats(node))
    row_kernel = node.op.stage == ROW
    for tensor in operands:
        words += _operand(tensor, plan, row_kernel)
    words += [int(value) for value in node.op.integers(node)]
    return [len(words) + 1, *words]


def _operand(tensor: Tensor, plan: Plan, row_kernel: bool) -> list[int]:
    """Segment, offset, rows a, rows b, columns, stride; stride 0 repeats one row for every row."""
    location = plan.of(tensor)
    rows, columns = matrix_view(tensor.shape)
    repeated = row_kernel and rows == Size(1, 0)
    stride = 0 if repeated else location.stride
    return [location.segment, location.offset, rows.a, rows.b, columns, stride]


def _extent(node: Node, kind: str) -> Size:
    """How many units the record is cut into: rows, output elements or rows of a weight gradient."""
    rows, columns = matrix_view(node.op.subject(node).shape)
    if node.op.stage == ROW:
        return _row_extent(node)
    if node.op.by_rows:
        return rows
    if kind == TILE:
        return Size(columns, 0)
    return Size(1, 0)


def _row_extent(node: Node) -> Size:
    """Rows of a row op: those of its batch-sized operands."""
    for tensor in (*node.outputs, *node.inputs):
        rows, _ = matrix_view(tensor.shape)
        if rows.b:
            return rows
    return matrix_view((node.outputs or node.inputs)[0].shape)[0]


def _work(node: Node) -> Size:
    """Estimated operations of a node as a + b·n; decides whether threads are worth waking."""
    rows, columns = matrix_view(node.op.subject(node).shape)
    per_element = node.op.flops(node)
    if isinstance(per_element, Size):  # sums over the batch, whose elements have no batch axis
        return per_element * (rows.a * columns)
    return Size(int(rows.a * columns * per_element), int(rows.b * columns * per_element))
