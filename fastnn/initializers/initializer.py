"""The base classes of initializers and ``draw``, by which layers call them. The formulas are in the
other files of this folder; names and configurations are resolved in ``__init__.py``.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastnn import arguments, config
from fastnn.errors import ArgumentError, ShapeError, UnsupportedError
from fastnn.random import check_seed, make_generator, next_seed

Array = NDArray[Any]
Self = TypeVar("Self", bound="Initializer")


class Initializer(arguments.NamesItsArguments):
    """Base class of initializers: callables that make the first value of a weight.

    A subclass defines ``__call__(shape, dtype=None)`` and, to be saved with a model,
    ``get_config``. If its ``__call__`` has a keyword ``generator``, layers pass their model's NumPy
    ``Generator``, so that ``Sequential(seed=...)`` decides the numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.initializers import Initializer
    >>> class Staircase(Initializer):
    ...     def __init__(self, step=1.0):
    ...         self.step = step
    ...     def __call__(self, shape, dtype=None):
    ...         return self.step * np.arange(np.prod(shape)).reshape(shape)
    ...     def get_config(self):
    ...         return {"step": self.step}
    >>> Staircase(0.5)((2, 2)).tolist()
    [[0.0, 0.5], [1.0, 1.5]]
    >>> Staircase(0.5).clone().step
    0.5

    Notes
    -----
    Differs from Keras: no ``layout`` argument (it distributes tensors over devices).
    """

    def __call__(
        self,
        shape: Iterable[int],
        dtype: Any = None,
        *,
        generator: np.random.Generator | None = None,
    ) -> Array:
        """A new array of that shape.

        Parameters
        ----------
        shape : sizes of the axes.
        dtype : ``"float32"``, ``"float64"`` or None for ``fastnn.config.floatx()``.
        generator : source of random numbers for an initializer without a seed of its own.
        """
        name = type(self).__name__
        raise UnsupportedError(
            f"initializer {name} was called, but does not define __call__. "
            f"Define {name}.__call__(self, shape, dtype=None), returning an array of that shape."
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as a dictionary that JSON can hold."""
        return {}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any]) -> Self:
        """An initializer from what ``get_config`` returned.

        Raises
        ------
        ArgumentError : if the configuration has other keys than the constructor has arguments.

        Examples
        --------
        >>> from fastnn.initializers import RandomUniform
        >>> RandomUniform.from_config({"minval": -1.0, "maxval": 1.0}).maxval
        1.0
        """
        try:
            inspect.signature(cls).bind(**config)
        except TypeError as error:
            raise ArgumentError(
                f"initializer {cls.__name__}: received a configuration with the keys "
                f"{sorted(map(str, config))}, expected its constructor's arguments ({error}). "
                "Pass what get_config returned."
            ) from None
        return cls(**config)

    def clone(self: Self) -> Self:
        """A new initializer with the same configuration."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """Base class of random initializers: keeps the seed and chooses the generator.

    Parameters
    ----------
    seed : integer in [0, 2⁶⁴), or None. With a seed, every call with the same shape gives the same
        numbers. Without one, a layer's model supplies the numbers; outside a model the seed is
        drawn at the first call (see ``fastnn.utils.set_random_seed``) and kept.
    """

    def __init__(self, seed: int | None = None) -> None:
        name = type(self).__name__
        self.seed: int | None = None if seed is None else check_seed(seed, f"initializer {name}")
        self._drawn_seed: int | None = None

    def get_config(self) -> dict[str, Any]:
        """The seed as it was given."""
        return {"seed": self.seed}

    def choose_generator(self, generator: np.random.Generator | None) -> np.random.Generator:
        """The generator of this call: the own seed's, else the given one, else a kept seed's."""
        if self.seed is not None:
            return make_generator(self.seed)
        if generator is not None:
            return generator
        if self._drawn_seed is None:
            self._drawn_seed = next_seed()
        return make_generator(self._drawn_seed)


def draw(
    initializer: Callable[..., Any],
    shape: Iterable[int],
    dtype: Any = None,
    generator: np.random.Generator | None = None,
) -> Array:
    """The initial value of a weight: what ``initializer`` returns, checked and in its dtype.

    Parameters
    ----------
    initializer : an ``Initializer``, or a function f(shape, dtype=None); ``generator`` is passed on
        if the callable has a parameter of that name.
    shape : sizes of the axes.
    dtype : ``"float32"``, ``"float64"`` or None for ``fastnn.config.floatx()``.
    generator : the model's generator, or None outside a model.

    Raises
    ------
    ShapeError : if the returned array has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.initializers import draw
    >>> draw(lambda shape, dtype=None: np.eye(*shape), (2, 2), "float32")
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    sizes, name = check_shape(shape), config.standardize_dtype(dtype)
    options = {"generator": generator} if _takes_generator(initializer) else {}
    value = np.asarray(initializer(sizes, dtype=name, **options))
    if value.shape != sizes:
        title = getattr(initializer, "__name__", type(initializer).__name__)
        raise ShapeError(
            f"initializer {title}: it returned an array of shape {value.shape} for a weight of "
            f"shape {sizes}. It must return an array of the shape that it is called with."
        )
    return value.astype(name, copy=False)


def _takes_generator(initializer: Callable[..., Any]) -> bool:
    """Whether the callable has a parameter ``generator``."""
    try:
        return "generator" in inspect.signature(initializer).parameters
    except (TypeError, ValueError):  # a callable of C code without a signature
        return False


def check_shape(shape: Iterable[int]) -> tuple[int, ...]:
    """The shape as a tuple of sizes that are not negative."""
    try:
        sizes = tuple(operator.index(size) for size in shape)
    except TypeError:
        sizes = (-1,)
    if any(size < 0 for size in sizes):
        raise ShapeError(
            f"initializer: received shape={shape!r}, expected a sequence of sizes, for example "
            "(784, 128). Pass such a sequence."
        )
    return sizes


def check_number(owner: Initializer, name: str, value: object, low: float = -math.inf) -> float:
    """A finite number of at least ``low`` as a float; an error naming class and argument."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < low or isinstance(value, str):
        bound = "" if low == -math.inf else f" of at least {low:g}"
        raise ArgumentError(
            f"initializer {type(owner).__name__}: received {name}={value!r}, expected a finite "
            f"number{bound}. Pass such a number."
        )
    return number
