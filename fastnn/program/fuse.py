"""Fusion: chains of ops that a backend has one kernel for become one node.

A fused op is defined as its composition, so this pass changes speed and never meaning. A backend
without the fused kernel runs the chain as it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from fastnn.ops import activation, dense
from fastnn.program.tensor import Node, Tensor


def fuse(nodes: Sequence[Node], keep: set[int], available: Callable[[str], bool]) -> list[Node]:
    """Replace chains by fused nodes where ``available(op name)``.

    ``keep`` holds the ids of tensors that must exist (gradients that something outside reads).
    """
    nodes = list(nodes)
    producers = {id(tensor): node for node in nodes for tensor in node.outputs}
    uses = Counter(id(tensor) for node in nodes for tensor in node.inputs)
    replaced: dict[int, Node] = {}
    dropped: set[int] = set()

    def only_use(tensor: Tensor, op: object) -> Node | None:
        """The node that makes ``tensor``, if it is a use of ``op`` and nobody else reads the
        tensor.
        """
        producer = producers.get(id(tensor))
        if producer is None or producer.op is not op:
            return None
        return producer if uses[id(tensor)] == 1 and id(tensor) not in keep else None

    for node in nodes:
        if node.op is activation.ACTIVATION_FORWARD and available("dense_activation_forward"):
            first = only_use(node.inputs[0], dense.DENSE_FORWARD)
            op = dense.DENSE_ACTIVATION_FORWARD
            extra: tuple[Tensor, ...] = ()
        elif node.op is activation.ACTIVATION_BACKWARD and available("dense_activation_dx"):
            first = only_use(node.inputs[0], dense.DENSE_DX)
            op, extra = dense.DENSE_ACTIVATION_DX, (node.inputs[1],)
        else:
            continue
        if first is not None:
            replaced[node.id] = Node.fused(op, (*first.inputs, *extra), node.attributes, node)
            dropped.add(first.id)
    return [replaced.get(node.id, node) for node in nodes if node.id not in dropped]
