"""The base class of all layers: names, weights, building, and calls on tensors or arrays.

A layer owns its variables and says in ``call`` how its output follows from its input, written in
``fastnn.ops``; it holds no arithmetic of its own and knows no backend.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, config, initializers
from fastnn.errors import ArgumentError, ShapeError, StateError
from fastnn.program import assignments
from fastnn.program.tensor import BATCH, Shape, Size, Tensor
from fastnn.program.variable import Variable
from fastnn.program.weight_limit import take_weight

_name_counts: dict[str, int] = {}


def snake_case(class_name: str) -> str:
    """``InputLayer`` → ``input_layer``."""
    spaced = re.sub(r"\W+", "", class_name)
    spaced = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", spaced)
    return re.sub("([a-z])([A-Z])", r"\1_\2", spaced).lower()


def automatic_name(class_name: str) -> str:
    """Keras's automatic names: dense, dense_1, dense_2, … per process."""
    prefix = snake_case(class_name)
    count = _name_counts.get(prefix, 0)
    _name_counts[prefix] = count + 1
    return prefix if count == 0 else f"{prefix}_{count}"


def reset_names() -> None:
    """Start the automatic names again (``fastnn.utils.clear_session``)."""
    _name_counts.clear()


def user_shape(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """A symbolic shape as Keras writes it, with None for the batch."""
    return tuple(None if isinstance(size, Size) else int(size) for size in shape)


class Layer:
    """Base class of layers.

    Parameters
    ----------
    name : name in summaries and files; automatic (``dense``, ``dense_1``, …) by default.
    dtype : ``"float32"`` or ``"float64"``; ``fastnn.config.floatx()`` by default.
    trainable : whether ``fit`` may change the weights.
    input_shape, input_dim, batch_input_shape : old spellings, accepted on the first layer of a
        model: the shape of one sample, its size if it is a vector, or the shape with the batch in
        front.
    activity_regularizer, autocast : Keras arguments that are not supported: anything but their
        defaults, None and True, raises ``UnsupportedError``.

    A subclass defines ``__init__`` with its own arguments, ``build(input_shape)``, which makes
    weights with ``add_weight``, ``call(inputs)``, and ``get_config()``.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(3)
    >>> layer([[1.0, 2.0]]).shape
    (1, 3)
    >>> layer.count_params()
    9
    """

    #: whether ``call`` takes ``training``; set for each subclass
    _call_has_training: bool = False

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int] | int | None = None,
        input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        activity_regularizer: Any = None,
        autocast: bool = True,
        **kwargs: Any,
    ) -> None:
        owner = type(self).__name__
        arguments.unknown(owner, kwargs, argument_names(type(self)))
        arguments.unsupported(
            owner,
            {"activity_regularizer": (activity_regularizer, None), "autocast": (autocast, True)},
        )
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(
                f"{owner}: name must be a non-empty string without '/', received {name!r}."
            )
        self.name: str = name or automatic_name(owner)
        self.dtype: str = config.standardize_dtype(dtype)
        self._explicit_dtype = dtype is not None
        self.trainable: bool = bool(trainable)
        self.built: bool = False
        self.input_shape_hint: tuple[int, ...] | None = None
        self._variables: list[Variable] = []
        self._input_shape: Shape | None = None
        self._output_shape: Shape | None = None
        # set by the model that holds the layer: where initial weights and mask streams come from
        self._generator: np.random.Generator | None = None
        self._dropout_key: tuple[int, int] | None = None
        self._dropout_stream = 0
        self._training_calls = 0  # on arrays, outside of models: each has masks of its own
        self._set_input_hint(input_shape, input_dim, batch_input_shape)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._call_has_training = "training" in inspect.signature(cls.call).parameters

    def _set_input_hint(self, shape: Any, dim: Any, batch_shape: Any) -> None:
        given = [item for item in (shape, dim, batch_shape) if item is not None]
        if len(given) > 1:
            raise ArgumentError(
                f"layer {self.name!r}: pass only one of input_shape, input_dim and "
                "batch_input_shape."
            )
        if batch_shape is not None:
            shape = tuple(batch_shape)[1:]
        elif dim is not None:
            shape = (dim,)
        if shape is None:
            return
        self.input_shape_hint = checked_shape(shape, f"layer {self.name!r}: input_shape")

    # -- what subclasses define -------------------------------------------------------------------

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights; ``input_shape`` has None for the batch. Nothing to do by default."""

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The output for the input, written in ``fastnn.ops``."""
        raise ArgumentError(
            f"layer class {type(self).__name__!r} does not define call(inputs). Define it with "
            "functions of fastnn.ops."
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A new layer from what ``get_config`` returned."""
        return cls(**config)

    # -- weights ----------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] | int | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to this layer.

        Parameters
        ----------
        shape : its shape; () by default.
        initializer : a name, an ``Initializer`` or a function of the shape; ``glorot_uniform`` by
            default.
        dtype : the layer's by default.
        trainable : whether optimizers change it.
        name : the last part of its path.
        autocast, regularizer, constraint, aggregation, overwrite_with_gradient : Keras arguments
            that are not supported: leave them at their defaults.
        """
        arguments.unsupported(
            "add_weight",
            {
                "autocast": (autocast, True),
                "regularizer": (regularizer, None),
                "constraint": (constraint, None),
                "aggregation": (aggregation, "none"),
                "overwrite_with_gradient": (overwrite_with_gradient, False),
            },
        )
        sizes = (shape,) if isinstance(shape, int) else tuple(shape or ())
        maker = initializers.get(initializer if initializer is not None else "glorot_uniform")
        dtype = config.standardize_dtype(dtype or self.dtype)
        name = self._free_name(name or "variable")
        take_weight(f"{self.name}/{name}", sizes)
        value = initializers.draw(maker, sizes, dtype, self._generator)
        variable = Variable(value, name=name, dtype=dtype, trainable=trainable)
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def _free_name(self, name: str) -> str:
        """The name, numbered if a weight of this layer already has it: paths are keys in files."""
        taken = {variable.name for variable in self._variables}
        numbered = (f"{name}_{number}" for number in range(1, len(taken) + 1))
        return name if name not in taken else next(n for n in numbered if n not in taken)

    @property
    def weights(self) -> list[Variable]:
        """All variables, trainable or not, in the order in which they were made."""
        return list(self._variables)

    @property
    def variables(self) -> list[Variable]:
        """The same as ``weights``."""
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that training changes: none if the layer is frozen."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The variables that training leaves alone."""
        kept = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in kept]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as ``non_trainable_weights``."""
        return self.non_trainable_weights

    def count_params(self) -> int:
        """Number of weights' elements; the layer must be built."""
        if not self.built:
            raise StateError(
                f"layer {self.name!r} has no weights yet, because it does not know its input "
                "shape. Build the model (give it an Input, or call it on data) first."
            )
        return sum(v.size for v in self.weights)

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Copies of the weights, in the order of ``weights``."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights at once, from arrays of the shapes of ``get_weights()``."""
        assign_weights(self.weights, weights, f"layer {self.name!r}")

    # -- calls ------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *, training: bool | None = None) -> Any:
        """Apply the layer to a symbolic tensor, or to an array (the result is then an array)."""
        if isinstance(inputs, Tensor):
            self.ensure_built(inputs.shape)
            with assignments.tracing():
                if self._call_has_training:
                    output = self.call(inputs, training=bool(training))
                else:
                    output = self.call(inputs)
            if not isinstance(output, Tensor):
                raise ArgumentError(
                    f"layer {self.name!r}: call() must return a symbolic tensor, returned "
                    f"{type(output).__name__}. Compute the output from the input with fastnn.ops."
                )
            self._output_shape = output.shape
            return output
        from fastnn.program import eager

        return eager.call_layer(self, inputs, training=bool(training))

    def ensure_built(self, shape: Shape) -> None:
        """Build for inputs of this symbolic shape, once."""
        self._input_shape = shape
        if not self.built:
            with assignments.outside():  # what build assigns is the weights' first value
                self.build(user_shape(shape))
            self.built = True

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for an input shape, both with None for the batch."""
        symbolic: Shape = (BATCH, *(int(size) for size in input_shape[1:] if size is not None))
        return user_shape(self(Tensor(symbolic, self.dtype)).shape)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the input of the last trace, None for the batch."""
        if self._input_shape is None:
            raise StateError(
                f"layer {self.name!r} has not been called yet, so it has no input shape."
            )
        return user_shape(self._input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Shape of the output of the last trace, None for the batch."""
        if self._output_shape is None:
            raise StateError(
                f"layer {self.name!r} has not been called yet, so it has no output shape."
            )
        return user_shape(self._output_shape)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def argument_names(cls: type) -> list[str]:
    """The argument names of a class's constructor, base classes included, as users may write
    them.
    """
    names: dict[str, None] = {}
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or base is object:
            continue
        parameters = inspect.signature(init).parameters.values()
        names.update(
            {
                p.name: None
                for p in parameters
                if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
            }
        )
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return list(names)


def checked_shape(shape: Any, what: str) -> tuple[int, ...]:
    """The shape of one sample as a tuple of positive integers."""
    sizes: Sequence[Any] = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    for size in sizes:
        if size is None:
            raise ShapeError(
                f"{what} {tuple(sizes)} has an unknown size (None). Only the batch size may be "
                "unknown, and it is not part of the shape of one sample: give every size."
            )
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise ShapeError(f"{what} must hold positive integers, received {tuple(sizes)}.")
    return tuple(int(size) for size in sizes)


def assign_weights(variables: Sequence[Variable], values: Sequence[Any], owner: str) -> None:
    """Assign arrays to variables, all or none: count and shapes are compared first."""
    arrays = [_number_array(value, owner) for value in values]
    if len(arrays) != len(variables):
        raise ShapeError(
            f"{owner} has {len(variables)} weights, received {len(arrays)} arrays. Pass arrays as "
            "get_weights() returns them."
        )
    for variable, array in zip(variables, arrays, strict=True):
        if variable.shape != array.shape:
            raise ShapeError(
                f"{owner}: weight {variable.path!r} has shape {variable.shape}, received an array "
                f"of shape {array.shape}. Pass arrays as get_weights() returns them."
            )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _number_array(value: Any, owner: str) -> np.ndarray[Any, Any]:
    """An array of numbers, or an error that says that it is none."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise ShapeError(
            f"{owner}: received a weight of dtype {array.dtype}, which is not a number. Pass "
            "arrays as get_weights() returns them."
        )
    return array


LayerMaker = Callable[..., Layer]
CustomObjects = Mapping[str, Any]
