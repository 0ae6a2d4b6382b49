"""A function written in ``fastnn.ops`` as a layer. Files hold its name, never its code."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from fastnn.errors import ArgumentError
from fastnn.layers.input_spec import shown
from fastnn.layers.layer import Layer, user_shape
from fastnn.program.tensor import Tensor


class Lambda(Layer):
    """Applies a function written in ``fastnn.ops``.

    y = function(x)

    Parameters
    ----------
    function : takes a tensor (or a list of tensors) and returns one. It may have the parameters
        ``training`` and ``mask``.
    output_shape : the shape of an output sample, or a function of the input shape; only compared
        with what the function gives.
    mask : the mask of the output, or a function (inputs, mask) that gives it.
    arguments : further arguments of the function, by name.
    name, dtype, input_shape, … : see ``Layer``.

    Raises
    ------
    ArgumentError : if ``function`` cannot be called; when a lambda is to be written to a file.
    ShapeError : if the output is not of ``output_shape``.

    Examples
    --------
    >>> from fastnn import ops
    >>> from fastnn.layers import Lambda
    >>> Lambda(lambda x: ops.square(x) + 1.0)([[1.0, 2.0]]).tolist()
    [[2.0, 5.0]]

    Notes
    -----
    Differs from Keras: the function is written in ``fastnn.ops`` and so is differentiated and runs
    natively. A model file holds the name of a function and never code: save functions made with
    ``def``, and pass them to ``load_model`` as ``custom_objects``. A lambda cannot be saved.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function) or isinstance(function, type):
            raise ArgumentError(
                f"Lambda {self.name!r}: received function={function!r}, expected a function "
                "written in fastnn.ops. After load_model, pass it by name: "
                "custom_objects={'my_function': my_function}."
            )
        if arguments is not None and not isinstance(arguments, Mapping):
            raise ArgumentError(
                f"Lambda {self.name!r}: received arguments={arguments!r}, expected a dictionary of "
                "further arguments of the function. Pass {'factor': 2.0}, for example."
            )
        self.function: Callable[..., Any] = function
        self.output_shape_given = output_shape
        self.mask = mask
        if not isinstance(arguments, (Mapping, type(None))):
            raise ArgumentError(
                f"Lambda {self.name!r}: received arguments={arguments!r}, expected a dictionary. "
                "Pass arguments={'factor': 2.0}, for example."
            )
        for argument, value in (("mask", mask), ("output_shape", output_shape)):
            if not (callable(value) or isinstance(value, (type(None), list, tuple, Tensor))):
                raise ArgumentError(
                    f"Lambda {self.name!r}: received {argument}={value!r}, expected a function or "
                    "a tuple. Leave it out, or pass one."
                )
        self.arguments: dict[str, Any] = dict(arguments or {})
        self.supports_masking: bool = mask is not None
        self._wanted = set(inspect.signature(function).parameters)

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """function(inputs)."""
        given = dict(self.arguments)
        if "mask" in self._wanted:
            given["mask"] = mask
        if "training" in self._wanted:
            given["training"] = training
        output = self.function(inputs, **given)
        self._check(inputs, output)
        return output

    def _check(self, inputs: Any, output: Any) -> None:
        """Compare the output with ``output_shape``."""
        expected = self.output_shape_given
        if expected is None or isinstance(inputs, list):
            return
        if callable(expected):
            expected = tuple(expected(user_shape(inputs.shape)))[1:]
        sizes = (expected,) if isinstance(expected, int) else tuple(expected)
        if user_shape(output.shape)[1:] != sizes:
            raise ArgumentError(
                f"Lambda {self.name!r}: the function returned shape {shown(output.shape)}, "
                f"expected {shown((None, *sizes))}. Correct output_shape, or leave it out."
            )

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The ``mask`` that was given, or its value."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; functions by their names."""
        found = {
            **super().get_config(),
            "function": self._named(self.function),
            "arguments": self.arguments,
        }
        for key, value in (("output_shape", self.output_shape_given), ("mask", self.mask)):
            if value is not None:
                found[key] = self._named(value) if callable(value) else value
        return found

    def _named(self, function: Callable[..., Any]) -> str:
        """The name under which a file holds a function."""
        title: str = getattr(function, "__name__", "<lambda>")
        if title == "<lambda>":
            raise ArgumentError(
                f"Lambda {self.name!r}: a lambda has no name that a file could hold, and files "
                "never hold code. Define the function with def, and pass it to load_model as "
                "custom_objects={'my_function': my_function}; or write a Layer subclass."
            )
        return title
