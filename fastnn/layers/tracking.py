"""Layers inside layers: which there are, what their weights are called, and where they draw from.

A layer that is assigned to an attribute of a layer, alone or in a list, tuple or dict, belongs to
it: its weights are found, saved, frozen and restored with the outer layer's. Names come from the
structure (attribute names, positions), so they are the same in every process.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.program.variable import Variable

if TYPE_CHECKING:
    from fastnn.layers.layer import Layer


CONTAINERS = (list, tuple, dict)


def found(value: Any, name: str, kind: type) -> Iterator[tuple[str, Any]]:
    """The objects of a kind in an attribute's value, each with its name: ``blocks/0``."""
    if isinstance(value, kind):
        yield name, value
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            yield from found(item, f"{name}/{key}", kind)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from found(item, f"{name}/{number}", kind)


def marking_built(build: Callable[..., None]) -> Callable[..., None]:
    """A ``build`` after which the layer is built: a layer that builds what is inside it itself
    (``self.inner.build(shape)``) does not find it built a second time when it is called.
    """

    @functools.wraps(build)
    def marked(self: Layer, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        self.built = True

    return marked


def held(value: Any, name: str, kind: type) -> Iterable[tuple[str, Any]]:
    """``found``, without a generator for what most attributes hold."""
    if isinstance(value, CONTAINERS):
        return found(value, name, kind) if value else ()
    return ((name, value),) if isinstance(value, kind) else ()


def may_hold(value: Any) -> bool:
    """Whether layers or variables are in an attribute's value or may be put into it later."""
    if isinstance(value, tuple):
        return any(may_hold(item) for item in value)
    return isinstance(value, (list, dict, Variable)) or hasattr(value, "_sublayers")


def flattened(layer: Layer) -> list[Layer]:
    """The layer and all layers inside it, each once, outer ones first."""
    layers: list[Layer] = []
    _collect(layer, layers, set())
    return layers


def _collect(layer: Layer, layers: list[Layer], seen: set[int]) -> None:
    """Add a layer and what is inside it."""
    seen.add(id(layer))
    layers.append(layer)
    for _, inner in layer._sublayers():
        if id(inner) not in seen:
            _collect(inner, layers, seen)


def named_weights(layer: Layer) -> dict[str, Variable]:
    """All variables by path, each once, in the order of ``weights``."""
    named: dict[str, Variable] = {}
    known: set[int] = set()
    visited: set[int] = set()

    def visit(current: Layer, path: str) -> None:
        if id(current) in visited:
            return
        visited.add(id(current))
        for variable in current._own_variables():
            if id(variable) not in known:
                known.add(id(variable))
                named[path + variable.name] = variable
        for name, inner in current._sublayers():
            visit(inner, f"{path}{name}/")

    visit(layer, "")
    return named


@dataclass
class Sources:
    """Where the layers of a model draw from while the model is traced.

    Attributes
    ----------
    generator : initial weights.
    key : the Philox key of random masks.
    streams : numbers for the random layers that are not layers of the model itself.
    """

    generator: np.random.Generator
    key: tuple[int, int]
    streams: Iterator[int]
    given: set[int] = field(default_factory=set)

    def lend(self, layer: Layer, stream: int | None = None) -> None:
        """Give a layer its sources; the second time in a trace it keeps what it has."""
        if id(layer) in self.given:
            return
        self.given.add(id(layer))
        layer._generator = self.generator
        layer._dropout_key = self.key
        layer._dropout_stream = next(self.streams) if stream is None else stream


@dataclass(frozen=True)
class Context:
    """What an inner layer learns from the call that it is part of."""

    training: bool = False
    sources: Sources | None = None


_OUTSIDE = Context()
_context: ContextVar[Context | None] = ContextVar("fastnn_call", default=None)


def current() -> Context:
    """The context of the call in progress."""
    return _context.get() or _OUTSIDE


@contextmanager
def calling(training: bool, sources: Sources | None) -> Iterator[None]:
    """While this context is open, layers are called as part of an outer layer or model."""
    token = _context.set(Context(training, sources))
    try:
        yield
    finally:
        _context.reset(token)


def sources(generator: np.random.Generator, key: tuple[int, int], layers: int) -> Sources:
    """The sources of a model of so many layers; inner layers have streams beyond theirs."""
    return Sources(generator, key, itertools.count(layers))
