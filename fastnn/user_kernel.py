"""``@fastnn.kernel``: a scalar Python function as an activation or an elementwise loss. It is
compiled by Numba and called by address from the C and the Numba backend alike; the NumPy backend
calls the function itself. The op behind it is ``user_function`` in ``fastnn/ops/elementwise.py``;
the guide is ``docs/write-your-own-kernel.md``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastnn.errors import ArgumentError
from fastnn.ops.dispatch import elementwise
from fastnn.ops.elementwise import user_function
from fastnn.program.tensor import Tensor

Array = np.ndarray[Any, Any]
Scalar = Callable[..., Any]

# Where a derivative is compared with central differences; those where f is not finite are left out.
_STEP, _TOLERANCE = 1e-5, 1e-4


class Kernel:
    """A scalar function of one or two numbers, usable where fastnn takes a function of tensors.

    Made by ``fastnn.kernel``.

    Attributes
    ----------
    function : the scalar function.
    derivatives : per argument its derivative, or None where no gradient flows.
    """

    def __init__(self, function: Scalar) -> None:
        self.names: tuple[str, ...] = _parameters(function)
        functools.update_wrapper(self, function)
        self.__name__: str = function.__name__
        self.__qualname__: str = function.__qualname__
        self.function: Scalar = function
        self.derivatives: tuple[Scalar | None, ...] = (None,) * len(self.names)
        self._by_arrays: dict[Scalar, bool] = {}
        self._call = self._dispatched()

    def _dispatched(self) -> Callable[..., Any]:
        """The call on tensors or arrays."""

        def symbolic(**given: Any) -> Tensor:
            return user_function(self, [given[name] for name in self.names])

        symbolic.__name__ = self.__name__
        symbolic.__signature__ = inspect.signature(self.function)  # type: ignore[attr-defined]
        return elementwise(*self.names)(symbolic)

    def derivative(self, *functions: Scalar | None) -> Kernel:
        """Set the derivative: of the last argument, or one function per argument.

        Each takes the arguments of the function itself. They are compared with central differences.

        Raises
        ------
        ArgumentError : if they disagree with the differences, with an example.

        Examples
        --------
        >>> import fastnn
        >>> @fastnn.kernel
        ... def cube(x):
        ...     return x * x * x
        >>> cube.derivative(lambda x: 3.0 * x * x)
        <Kernel cube>
        """
        given = functions
        if len(given) == 1:
            given = (None,) * (len(self.names) - 1) + given
        if len(given) != len(self.names):
            raise ArgumentError(
                f"kernel {self.__name__!r}: received {len(functions)} derivatives for "
                f"{len(self.names)} arguments. Pass one per argument, or the last one's."
            )
        for number, function in enumerate(given):
            if function is not None:
                _check_derivative(self, number, function)
        self.derivatives = tuple(given)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """f(x), of tensors in a trace or of arrays."""
        return self._call(*args, **kwargs)

    def part(self, which: int) -> Scalar:
        """The function itself (-1), or its derivative by an argument."""
        if which < 0:
            return self.function
        found = self.derivatives[which]
        if found is None:
            raise ArgumentError(
                f"kernel {self.__name__!r} has no derivative by {self.names[which]!r}, but a "
                "trained weight depends on it. Give one: @fastnn.kernel(derivative=...)."
            )
        return found

    def evaluate(self, which: int, arrays: Sequence[Array]) -> Array:
        """The function or a derivative by NumPy: on whole arrays if it can, else one by one."""
        function = self.part(which)
        if function not in self._by_arrays:
            self._by_arrays[function] = _takes_arrays(function, len(self.names))
        dtype = np.result_type(*arrays)
        if self._by_arrays[function]:
            found = function(*arrays)
        else:
            found = np.frompyfunc(_quiet(function), len(arrays), 1)(*arrays)
        # a derivative may not need every argument, nor have its shape
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        return np.broadcast_to(np.asarray(found).astype(dtype), shape)

    def __reduce__(self) -> str:
        """Pickled by its name, as a function is: loading imports, and never runs text of a file."""
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<Kernel {self.__name__}>"


def kernel(function: Scalar | None = None, *, derivative: Any = None) -> Any:
    """A scalar function as an activation or an elementwise loss that runs at native speed.

    Parameters
    ----------
    function : f(x), an activation, or f(y_true, y_pred), a loss; numbers in, a number out, in
        Python, ``math`` and NumPy functions that Numba compiles.
    derivative : its derivative by the last argument, taking the same arguments; or a tuple of one
        per argument, None where no gradient flows. Checked against central differences. Without
        one the kernel computes, but nothing is trained through it.

    Returns
    -------
    A ``Kernel``: callable on tensors and arrays. Model files hold its name only; pass
    ``custom_objects={"name": the_kernel}`` to ``load_model``.

    Raises
    ------
    ArgumentError : for anything but a function of one or two numbers, or a wrong derivative.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> @fastnn.kernel(derivative=lambda x: 1.0 / (1.0 + np.exp(-x)))
    ... def softplus(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> softplus([0.0, 2.0]).round(4)
    array([0.6931, 2.1269], dtype=float32)
    >>> layer = fastnn.layers.Dense(4, activation=softplus)
    """

    def make(scalar: Scalar) -> Kernel:
        made = Kernel(scalar)
        if derivative is not None:
            made.derivative(*(derivative if isinstance(derivative, tuple) else (derivative,)))
        return made

    return make if function is None else make(function)


def _parameters(function: Scalar) -> tuple[str, ...]:
    """The names of the one or two arguments."""
    if not inspect.isfunction(function):
        raise ArgumentError(
            f"kernel: received {function!r}, expected a Python function of one or two numbers. "
            "Decorate one with @fastnn.kernel."
        )
    parameters = inspect.signature(function).parameters.values()
    plain = all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in parameters)
    if not plain or len(parameters) not in (1, 2):
        given = ", ".join(map(str, parameters))
        raise ArgumentError(
            f"kernel {function.__name__!r}: received a function of ({given}), expected one number "
            "(an activation) or two (a loss), without defaults."
        )
    return tuple(parameter.name for parameter in parameters)


def _quiet(function: Scalar) -> Scalar:
    """A scalar function with IEEE's answers where Python raises: x / 0, exp(1000)."""

    def answer(*numbers: Any) -> Any:
        try:
            return function(*(np.float64(number) for number in numbers))
        except (OverflowError, ZeroDivisionError):
            return np.inf
        except ValueError:
            return np.nan

    return answer


def _samples(count: int) -> list[Array]:
    """Points at which functions are compared: of either sign, and between 0 and 1."""
    random = np.random.default_rng(0)
    return [np.concatenate([random.uniform(-3, 3, 24), random.random(24)]) for _ in range(count)]


def _takes_arrays(function: Scalar, count: int) -> bool:
    """Whether the function gives for arrays what it gives for each number."""
    arrays = _samples(count)
    with np.errstate(all="ignore"):
        one_by_one = np.frompyfunc(_quiet(function), count, 1)(*arrays).astype(np.float64)
        try:
            whole = np.asarray(function(*arrays), dtype=np.float64)
        except (TypeError, ValueError):
            return False
    return whole.shape == one_by_one.shape and np.allclose(whole, one_by_one, equal_nan=True)


def _check_derivative(made: Kernel, which: int, derivative: Scalar) -> None:
    """Compare a derivative with central differences."""
    points = _samples(len(made.names))
    function, slope = _quiet(made.function), _quiet(derivative)
    checked = 0
    with np.errstate(all="ignore"):
        for values in zip(*points, strict=True):
            up, down = list(values), list(values)
            up[which] += _STEP
            down[which] -= _STEP
            expected = (function(*up) - function(*down)) / (2.0 * _STEP)
            found = slope(*values)
            if not np.isfinite(expected):
                continue
            checked += 1
            if not abs(found - expected) <= _TOLERANCE * max(1.0, abs(expected)):
                at = ", ".join(
                    f"{name}={v:.4g}" for name, v in zip(made.names, values, strict=True)
                )
                raise ArgumentError(
                    f"kernel {made.__name__!r}: its derivative by {made.names[which]!r} is "
                    f"{found:.6g} at {at}, where central differences give {expected:.6g}. Correct "
                    "the derivative; it takes the same arguments as the function."
                )
    if not checked:
        raise ArgumentError(
            f"kernel {made.__name__!r}: the function is finite at none of the points in [-3, 3] "
            "where its derivative would be checked. Shift its argument."
        )
