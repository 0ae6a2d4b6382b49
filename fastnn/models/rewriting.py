"""A functional graph of layers, written as the ``Sequential`` that computes the same: chains,
shortcuts (``Residual``) and branches that are merged again (``Parallel``).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from fastnn.errors import FastnnError
from fastnn.layers.input import InputLayer

# The order of two inputs is nothing to them, so a shortcut may be written last
_COMMUTE = ("Add", "Multiply", "Average", "Maximum", "Minimum")


class NoChain(Exception):
    """The graph has no form as a Sequential; the text says why."""


def sequential_program(inputs: Any, outputs: Any) -> str:
    """The lines that make the model of a graph.

    Raises
    ------
    NoChain : if there are several inputs or outputs, a shared layer, or branches that Residual and
        Parallel cannot express.
    """
    first = _only(inputs, "inputs")
    last = _only(outputs, "outputs")
    items = [layer_text(first), *_chain(last, first, set())]
    lines = "\n".join(f"    {item}," for item in items)
    return f"model = Sequential([\n{lines}\n])"


def _only(given: Any, name: str) -> Any:
    items = list(given.values()) if isinstance(given, dict) else given
    items = list(items) if isinstance(items, (list, tuple)) else [items]
    if len(items) != 1:
        advice = (
            "join the arrays along the last axis before fit (np.concatenate), and let a layer of "
            "each branch take its columns"
            if name == "inputs"
            else "train one model per output"
        )
        raise NoChain(f"it has {len(items)} {name}: {advice}")
    return items[0]


def _trunk(node: Any) -> list[Any]:
    """The nodes that every way from a node back to the input passes, the node itself first."""
    found = [node]
    while not isinstance(node, InputLayer):
        node = node.parents[0] if len(node.parents) == 1 else _meeting(node.parents)
        found.append(node)
    return found


def _meeting(parents: Sequence[Any]) -> Any:
    """The nearest node from which all of these follow."""
    trunks = [_trunk(parent) for parent in parents]
    for node in trunks[0]:
        if all(any(node is other for other in trunk) for trunk in trunks[1:]):
            return node
    raise NoChain(
        "its branches begin at different inputs: join the arrays along the last axis before fit "
        "(np.concatenate)"
    )


def _chain(node: Any, begin: Any, used: set[int]) -> list[str]:
    """The layers from ``begin`` (left out) to ``node``, as program text."""
    texts: list[str] = []
    while node is not begin:
        if isinstance(node, InputLayer):
            raise NoChain("its output does not follow from its input alone")
        if id(node.layer) in used:
            raise NoChain(
                f"layer {node.layer.name!r} is used twice: make a model of the shared part and "
                "train it by itself"
            )
        used.add(id(node.layer))
        if len(node.parents) == 1:
            texts.append(layer_text(node.layer))
            node = node.parents[0]
        else:
            meeting = _meeting(node.parents)
            branches = [_chain(parent, meeting, used) for parent in node.parents]
            texts.append(_merged(node.layer, branches))
            node = meeting
    return texts[::-1]


def _merged(merge: Any, branches: list[list[str]]) -> str:
    """Branches and their merge as ``Residual`` or ``Parallel``."""
    kind = type(merge).__name__
    text = layer_text(merge)
    empty = [branch for branch in branches if not branch]
    if len(branches) == 2 and len(empty) == 1 and kind in _COMMUTE:
        main = next(branch for branch in branches if branch)
        return _call("Residual", [_listed(main)], "" if text == "Add()" else f"merge={text}")
    items = [branch[0] if len(branch) == 1 else _listed(branch) for branch in branches]
    return _call("Parallel", [_listed(items)], "" if text == "Concatenate()" else f"merge={text}")


def _listed(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _call(name: str, arguments: list[str], last: str) -> str:
    return f"{name}({', '.join([*arguments, last] if last else arguments)})"


def layer_text(layer: Any) -> str:
    """The call that makes a layer like this one, without what is the default anyway."""
    if isinstance(layer, InputLayer):
        return f"Input({_value(tuple(layer.shape))})"
    kind = type(layer)
    given: dict[str, Any] = layer.get_config()
    parameters = [
        parameter
        for parameter in inspect.signature(kind.__init__).parameters.values()
        if parameter.name in given and parameter.name not in ("name", "dtype")
    ]
    required = {p.name: given[p.name] for p in parameters if p.default is p.empty}
    try:
        usual = kind(**required).get_config()
    except (FastnnError, TypeError, ValueError):  # a class of the user's with ways of its own
        usual = {}
    shown = [
        _value(given[p.name]) if p.name in required else f"{p.name}={_value(given[p.name])}"
        for p in parameters
        if p.name in required or given[p.name] != usual.get(p.name)
    ]
    return f"{kind.__name__}({', '.join(shown)})"


def _value(value: Any) -> str:
    """A value of a configuration as program text: an object by the call that makes it."""
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config") or {}
        inside = ", ".join(
            f"{name}={_value(item)}"
            for name, item in inner.items()
            if name not in ("name", "seed") and item is not None
        )
        return f"{value['class_name']}({inside})"
    if isinstance(value, list):
        return _value(tuple(value))
    return repr(value)
