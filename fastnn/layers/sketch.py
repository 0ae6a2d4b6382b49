"""What stands in for a tensor when a script uses Keras's functional form, as in
``Dense(4)(Input((8,)))``: it computes nothing and remembers the graph, so that
``fastnn.models.Model`` can say how to write the same network as a ``Sequential``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from fastnn.errors import UnsupportedError

if TYPE_CHECKING:
    from fastnn.layers.layer import Layer

_WITHOUT_GRAPHS = (
    "a layer's output in a functional graph (a layer called on Input(...)) has no values, and "
    "fastnn's models are Sequential"
)


def is_sketched(inputs: Any) -> bool:
    """Whether a layer is being called on ``Input(...)``, or on what came of it."""
    if isinstance(inputs, (list, tuple)):
        return any(getattr(item, "is_sketch", False) for item in inputs)
    return getattr(inputs, "is_sketch", False) is True


class Sketch:
    """A layer in a graph, and what it was called on: ``InputLayer`` objects and sketches."""

    is_sketch = True
    # NumPy must ask this class in `array * sketch`
    __array_ufunc__ = None

    def __init__(self, layer: Layer, inputs: Any) -> None:
        self.layer: Layer = layer
        self.parents: list[Any] = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def __add__(self, other: Any) -> Sketch:
        return self._merge("Add", other)

    def __sub__(self, other: Any) -> Sketch:
        return self._merge("Subtract", other)

    def __mul__(self, other: Any) -> Sketch:
        return self._merge("Multiply", other)

    def __radd__(self, other: Any) -> Sketch:
        return self._merge("Add", other, turned=True)

    def __rsub__(self, other: Any) -> Sketch:
        return self._merge("Subtract", other, turned=True)

    def __rmul__(self, other: Any) -> Sketch:
        return self._merge("Multiply", other, turned=True)

    def _merge(self, kind: str, other: Any, *, turned: bool = False) -> Sketch:
        if not is_sketched(other):
            self._refuse(f"arithmetic with {type(other).__name__}")
        from fastnn import layers

        pair = [other, self] if turned else [self, other]
        return Sketch(getattr(layers, kind)(), pair)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse("a conversion to an array")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"{self!r}: received the attribute {name!r}, but {_WITHOUT_GRAPHS}. Write the network "
            "as a Sequential, and a computation of your own as a Layer whose call uses fastnn.ops"
        )

    def _refuse(self, what: str) -> NoReturn:
        raise UnsupportedError(
            f"{self!r}: received {what}, but {_WITHOUT_GRAPHS}. Write the network as a Sequential, "
            "and a computation of your own as a Layer whose call uses fastnn.ops."
        )

    def __repr__(self) -> str:
        return f"<output of {type(self.layer).__name__} {self.layer.name!r} in a graph>"
