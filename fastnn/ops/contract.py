"""What an op is. Each family file beside this one declares its ops with ``define``; a backend looks
an op's kernel up by the op's name, and a native backend packs it with the op's ``integers`` and
``floats``.

The contract common to all ops: results go to outputs that never alias inputs unless the op says "in
place"; inputs are not modified; outputs are overwritten, not accumulated, unless the op says so;
NaN in gives NaN out; the same inputs give the same bits for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastnn.program.tensor import Node, Shape, Size, Tensor, constant

ROW, TILE, SERIAL, HOST = "row", "tile", "serial", "host"

Gradient = Callable[[Node, Tensor], Sequence["Tensor | None"]]
Integers = Callable[[Node], Sequence[int]]
Floats = Callable[[Node], Sequence[float]]


def _no_integers(node: Node) -> Sequence[int]:
    return ()


def _no_floats(node: Node) -> Sequence[float]:
    return ()


def _first_dtype(node: Node) -> str:
    return (node.outputs or node.inputs)[0].dtype


@dataclass(frozen=True)
class Op:
    """One entry of the vocabulary.

    Attributes
    ----------
    name : the name in every backend.
    formula : what it computes, in one line.
    stage : ``"row"`` if row i of the output needs only row i of the batch-sized inputs, ``"tile"``
        if the output is cut into independent tiles, ``"serial"`` if one thread computes it in a
        fixed order, ``"host"`` if Python computes it.
    gradient : given a node and the gradient of its output, the gradient of each input (None where
        there is none); absent for ops that nothing differentiates through.
    integers, floats : the attributes that a native kernel reads, in order.
    typed_by : the dtype that chooses between the variants of the kernel ("" where there is one
        variant).
    subject : the tensor whose elements are computed and that tiles are cut from: the first output
        (the first input, without outputs).
    flops : floating-point operations per element of the subject; a ``Size`` where an element sums
        over the batch.
    effect : whether the op is run for what it changes and must not be dropped.
    whole : whether a row op reads its inputs beyond its own row, so that they must be complete
        first.
    grain : for tile ops, units of the output that make one tile, whatever the number of threads.
    by_rows : whether these units are rows of the subject, rather than columns.
    in_place : which input's memory the output may take, if nothing else needs that input by then.
    """

    name: str
    formula: str
    stage: str
    gradient: Gradient | None = None
    integers: Integers = _no_integers
    floats: Floats = _no_floats
    typed_by: Callable[[Node], str] = _first_dtype
    subject: Callable[[Node], Tensor] = lambda node: (node.outputs or node.inputs)[0]
    flops: Callable[[Node], float | Size] = lambda node: 1.0
    effect: bool = False
    whole: Callable[[Node], bool] = lambda node: False
    grain: int = 1
    by_rows: bool = False
    in_place: int | None = None

    def node(
        self,
        inputs: Sequence[Tensor],
        attributes: dict[str, Any],
        outputs: Sequence[tuple[Shape, str]],
    ) -> Node:
        """A use of this op."""
        return Node(self, inputs, attributes, outputs)


OPS: dict[str, Op] = {}


def define(name: str, formula: str, stage: str, **options: Any) -> Op:
    """Add an op to the vocabulary."""
    if name in OPS:
        raise ValueError(f"op {name!r} is defined twice.")
    op = Op(name, formula, stage, **options)
    OPS[name] = op
    return op


def as_tensor(value: Any, dtype: str) -> Tensor:
    """A tensor for a tensor, a variable, or a number or array that becomes a constant."""
    if isinstance(value, Tensor):
        return value
    tensor = getattr(value, "tensor", None)
    if tensor is not None:
        made: Tensor = tensor()
        return made
    return constant(value, dtype)
