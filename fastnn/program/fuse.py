"""Fusion: chains of ops that a backend has one kernel for become one node.

A fused op is defined as its composition, so this pass changes speed and never meaning. A backend
without the fused kernel runs the chain as it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from fastnn.ops import activation, dense, gradient
from fastnn.ops.optimizer import UPDATES, Run, run_tensor
from fastnn.ops.shape import RESHAPE
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


def fuse_processing(
    nodes: Sequence[Node],
    after: Sequence[Sequence[Node]],
    gradients: Mapping[int, Variable],
    available: Callable[[str], bool],
) -> tuple[list[Node], list[list[Node]], dict[int, Variable]]:
    """Clip gradients by their common norm and average the weights in the pass of the step.

    Returns the nodes, the groups behind them and the gradients that are stored: those before they
    are clipped. A step over a run takes in the clipping of all of its gradients or of none.
    """
    stored, groups = dict(gradients), [list(group) for group in after]
    read = {id(tensor) for group in (nodes, *after) for node in group for tensor in node.inputs}
    clips = {
        id(gradients[id(node.outputs[0])]): node
        for node in nodes
        if node.op is gradient.CLIP_BY_NORM and _clips_in_the_step(node, gradients, read)
    }
    made: list[Node] = []
    dropped: set[int] = set()
    for step in nodes:
        op = gradient.PROCESSED_STEPS.get(step.op.name)
        if op is None or not available(op.name):
            made.append(step)
            continue
        variables = _run(step.inputs[0]).variables
        found = [clips.get(id(variable)) for variable in variables]
        clipped = [clip for clip in found if clip is not None and _alike(clip, found[0])]
        if len(clipped) < len(found):
            clipped = []
        average = _average_of(variables, groups)
        if not clipped and average is None:
            made.append(step)
            continue
        inputs = [*step.inputs]
        attributes = {**step.attributes, "norm": None, "average": None, "frequency": 0}
        for clip, variable in zip(clipped, variables, strict=False):
            del stored[id(clip.output)]
            stored[id(clip.inputs[0])] = variable
            dropped.add(clip.id)
        if clipped:
            inputs.append(clipped[0].inputs[1])
            attributes["norm"] = clipped[0].attributes["norm"]
        if average is not None:
            inputs.append(average.inputs[1])
            attributes["average"] = average.attributes["momentum"]
            attributes["frequency"] = average.attributes["frequency"]
            groups = [[node for node in group if node is not average] for group in groups]
        made.append(op.node(inputs, attributes, []))
    return [node for node in made if node.id not in dropped], groups, stored


def _clips_in_the_step(clip: Node, gradients: Mapping[int, Variable], read: set[int]) -> bool:
    """Whether only a step of every step reads what is clipped, and what is not yet can be stored in
    its place.
    """
    before, after = clip.inputs[0], clip.output
    if id(after) not in gradients or id(after) in read or clip.attributes["every"] != 1:
        return False
    return before.node is not None and before.node.op is not RESHAPE and id(before) not in gradients


def _alike(clip: Node, other: Node | None) -> bool:
    """Whether two clip by the same norm to the same length."""
    return other is not None and (
        clip.inputs[1] is other.inputs[1] and clip.attributes == other.attributes
    )


def _average_of(variables: Sequence[Variable], groups: Sequence[Sequence[Node]]) -> Node | None:
    """The node that averages just these variables in every step, before all else that follows."""
    wanted = [id(variable) for variable in variables]
    for node in groups[0] if groups else ():
        if node.op is not gradient.AVERAGE_WEIGHTS or node.attributes["every"] != 1:
            return None
        if [id(variable) for variable in _run(node.inputs[0]).variables] == wanted:
            return node
    return None


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
