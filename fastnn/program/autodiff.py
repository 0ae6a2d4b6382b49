"""Reverse-mode differentiation of a graph of ops: each op says what the gradients of its inputs
are, in ops again, so a gradient is more graph and every backend runs it without knowing that it is
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastnn.errors import StateError
from fastnn.ops.penalty import add_gradients
from fastnn.program.tensor import Node, Tensor, constant
from fastnn.program.variable import Variable


def ancestors(roots: Iterable[Node]) -> list[Node]:
    """The roots and all nodes that they depend on, in the order in which they were traced."""
    found: dict[int, Node] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.id in found:
            continue
        found[node.id] = node
        waiting.extend(t.node for t in node.inputs if t.node is not None)
    return [found[key] for key in sorted(found)]


def _key(tensor: Tensor) -> int:
    """Identity of a value: two tensors of one variable are one value."""
    return id(tensor) if tensor.variable is None else id(tensor.variable)


def gradients(loss: Tensor, targets: Sequence[Variable | Tensor]) -> list[Tensor | None]:
    """∂loss/∂target for each target; None where the loss does not depend on it.

    Only nodes between a target and the loss are differentiated: no dx is computed for the first
    layer, nothing at all below frozen layers.
    """
    if loss.node is None:
        raise StateError("the loss does not depend on any op.")
    wanted = {id(target) for target in targets}
    nodes = ancestors([loss.node])
    active = set(wanted)
    for node in nodes:
        if any(_key(tensor) in active for tensor in node.inputs):
            active.update(id(tensor) for tensor in node.outputs)
    received: dict[int, Tensor] = {id(loss): constant(1.0, "float64")}
    for node in reversed(nodes):
        if len(node.outputs) != 1 or id(node.output) not in active:
            continue
        incoming = received.get(id(node.output))
        if incoming is None:
            continue
        if not any(_key(tensor) in active for tensor in node.inputs):
            continue  # the node that makes a target, such as the gather of the batch
        if node.op.gradient is None:
            raise StateError(
                f"op {node.op.name!r} has no gradient, but a trained weight depends on the loss "
                "through it. Use a differentiable function of fastnn.ops in its place."
            )
        for tensor, gradient in zip(node.inputs, node.op.gradient(node, incoming), strict=True):
            key = _key(tensor)
            if gradient is None or key not in active:
                continue
            received[key] = add_gradients(received[key], gradient) if key in received else gradient
    return [received.get(id(target)) for target in targets]
