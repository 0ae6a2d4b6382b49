"""Fusion: chains of ops that a backend has one kernel for become one node.

A fused op is defined as its composition, so this pass changes speed and never meaning. A backend
without the fused kernel runs the chain as it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from fastnn.ops import activation, dense
from fastnn.ops.optimizer import UPDATES, Run, run_tensor
from fastnn.program.tensor import Node, Tensor
from fastnn.program.variable import Variable


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


def fuse_updates(
    nodes: Sequence[Node], gradients: Mapping[int, Variable], available: Callable[[str], bool]
) -> list[Node]:
    """Compute the gradients that only an optimizer's step reads inside that step.

    ``gradients`` maps the id of a gradient's tensor to its variable. What cannot be fused stays a
    step over the runs of storage that are left: also a gradient made of anything but batches,
    which may be weights that another step of the same stage changes.
    """
    read = {id(tensor) for node in nodes for tensor in node.inputs}
    makers = {
        id(gradients[id(tensor)]): node
        for node in nodes
        for tensor in node.outputs
        if id(tensor) in gradients and id(tensor) not in read and _reads_batch(node)
    }
    made: list[Node] = []
    fused: set[int] = set()
    for step in nodes:
        if step.op.name not in UPDATES:
            made.append(step)
            continue
        rest: list[list[Variable]] = [[]]
        before = len(made)
        for variable in _run(step.inputs[0]).variables:
            maker = makers.get(id(variable))
            pair = (maker.op.name if maker else "", step.op.name)
            op = dense.GRADIENT_STEPS.get(pair)
            if maker is None or op is None or not available(op.name):
                rest[-1].append(variable)
                continue
            parts = [_part(step.inputs[i], variable) for i in range(len(step.inputs)) if i != 1]
            made.append(op.node((*maker.inputs, *parts), step.attributes, []))
            fused.add(maker.id)
            rest.append([])
        if len(made) == before:
            made.append(step)
            continue
        for run in filter(None, rest):
            parts = [run_tensor(_run(tensor).kind, run) for tensor in step.inputs]
            made.append(step.op.node(parts, step.attributes, []))
    return [node for node in made if node.id not in fused]


def _reads_batch(node: Node) -> bool:
    """Whether a node reads only rows of a batch, hence neither weights nor views of them."""
    return all(tensor.has_batch for tensor in node.inputs)


def _run(tensor: Tensor) -> Run:
    """The run of storage that an operand of a step stands for."""
    run: Run = tensor.region
    return run


def _part(tensor: Tensor, variable: Variable) -> Tensor:
    """What a run holds for one variable, in the variable's shape."""
    return Tensor(variable.shape, variable.dtype, region=Run(_run(tensor).kind, (variable,)))
