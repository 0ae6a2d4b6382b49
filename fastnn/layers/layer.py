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

from fastnn import arguments, config, constraints, initializers, regularizers
from fastnn.errors import ArgumentError, StateError
from fastnn.layers import tracking
from fastnn.layers.assigning import assign_weights
from fastnn.layers.calling import call_layer, is_symbolic
from fastnn.layers.input_spec import InputSpec, checked_shape
from fastnn.layers.sketch import Sketch, is_sketched
from fastnn.program import assignments, penalties
from fastnn.program.results import presented
from fastnn.program.tensor import BATCH, Shape, Size, Tensor
from fastnn.program.variable import Variable, unique
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


def user_shapes(shape: Any) -> Any:
    """The same for a shape, or for a list of shapes."""
    return [user_shape(one) for one in shape] if isinstance(shape, list) else user_shape(shape)


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
    activity_regularizer : name, ``Regularizer`` or function; what it makes of the output, divided
        by the rows of the batch, is added to the loss. None is nothing.
    autocast : a Keras argument that is not supported: anything but True raises
        ``UnsupportedError``.

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

    #: whether ``call`` takes ``training`` and ``mask``; set for each subclass
    _call_has_training: bool = False
    _call_has_mask: bool = False
    #: whether a list of arrays is several inputs for layers of this class (merging layers)
    _several_inputs: bool = False
    _hands_masks_on: bool = False
    #: whether the output has a mask although the input has none (Masking, Embedding)
    makes_mask: bool = False
    #: what ``call`` expects of its input, checked before each call
    input_spec: InputSpec | None = None

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
        arguments.unsupported(owner, {"autocast": (autocast, True)})
        self.activity_regularizer: Callable[..., Any] | None = regularizers.get(
            activity_regularizer
        )
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(
                f"{owner}: name must be a non-empty string without '/', received {name!r}."
            )
        self.name: str = name or automatic_name(owner)
        self.dtype: str = config.standardize_dtype(dtype)
        self._explicit_dtype = dtype is not None
        self._trainable: bool = arguments.flag(owner, "trainable", trainable)
        #: whether the output has the steps of the input, so that a mask is handed on
        self.supports_masking: bool = (
            self._hands_masks_on or type(self).compute_mask is not Layer.compute_mask
        )
        self.built: bool = False
        self.input_shape_hint: tuple[int, ...] | None = None
        self._variables: list[Variable] = []
        self._input_shape: Any = None
        self._output_shape: Shape | None = None
        # set by the model that holds the layer: where initial weights and mask streams come from
        self._generator: np.random.Generator | None = None
        self._dropout_key: tuple[int, int] | None = None
        self._dropout_stream = 0
        self._training_calls = 0  # on arrays, outside of models: each has masks of its own
        self._set_input_hint(input_shape, input_dim, batch_input_shape)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parameters = inspect.signature(cls.call).parameters
        cls._call_has_training = "training" in parameters
        cls._call_has_mask = "mask" in parameters
        if "build" in cls.__dict__:
            cls.build = tracking.marking_built(cls.build)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, (Layer, Variable, list, tuple, dict)):
            if name == "_variables" or not tracking.may_hold(value):
                return
            if isinstance(value, Variable) and any(
                value is v for v in self.__dict__.get("_variables", ())
            ):
                return  # made by add_weight
            self.__dict__.setdefault("_holders", {})[name] = None
            for _, inner in tracking.found(value, name, Layer):
                self._attach(inner)

    def _attach(self, inner: Layer) -> None:
        """An inner layer shares the outer one's dtype, and is frozen if the outer one is."""
        if "_trainable" not in self.__dict__:
            raise StateError(
                f"layer class {type(self).__name__!r} holds a layer before it is one itself. Call "
                "super().__init__(**kwargs) first in its __init__."
            )
        inner._take_dtype(self.dtype)
        if not self._trainable:
            inner.trainable = False

    def _take_dtype(self, dtype: str) -> None:
        """Compute in this type, unless the layer says otherwise or has weights already."""
        if self._explicit_dtype or self.built or self.dtype == dtype:
            return
        self.dtype = dtype
        for _, inner in self._sublayers():
            inner._take_dtype(dtype)

    def _set_input_hint(self, shape: Any, dim: Any, batch_shape: Any) -> None:
        owner = f"layer {self.name!r}"
        given = [item for item in (shape, dim, batch_shape) if item is not None]
        if len(given) > 1:
            raise ArgumentError(
                f"{owner}: pass only one of input_shape, input_dim and batch_input_shape."
            )
        if batch_shape is not None:
            shape = arguments.several(self.name, "batch_input_shape", batch_shape, "sizes")[1:]
        elif dim is not None:
            shape = (dim,)
        if shape is None:
            return
        self.input_shape_hint = checked_shape(shape, f"{owner}: input_shape")

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
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

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
        regularizer : name, ``Regularizer`` or function of the weight; it is added to the loss of a
            weight that is trained.
        constraint : name, ``Constraint`` or function of the weight, which gives its value after
            each update.
        name : the last part of its path.
        autocast, aggregation, overwrite_with_gradient : Keras arguments that are not supported:
            leave them at their defaults.
        """
        arguments.unsupported(
            "add_weight",
            {
                "autocast": (autocast, True),
                "aggregation": (aggregation, "none"),
                "overwrite_with_gradient": (overwrite_with_gradient, False),
            },
        )
        sizes = (shape,) if isinstance(shape, int) else tuple(shape or ())
        maker = initializers.get(initializer if initializer is not None else "glorot_uniform")
        dtype = config.standardize_dtype(dtype or self.dtype)
        name = self._free_name(name or "variable")
        take_weight(f"{self.name}/{name}", sizes)
        lent = tracking.current().sources
        generator = lent.generator if self._generator is None and lent else self._generator
        value = initializers.draw(maker, sizes, dtype, generator)
        variable = Variable(value, name=name, dtype=dtype, trainable=trainable)
        variable.path = f"{self.name}/{variable.name}"
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._variables.append(variable)
        return variable

    def _free_name(self, name: str) -> str:
        """The name, numbered if a weight of this layer already has it: paths are keys in files."""
        taken = {variable.name for variable in self._variables}
        numbered = (f"{name}_{number}" for number in range(1, len(taken) + 1))
        return name if name not in taken else next(n for n in numbered if n not in taken)

    def _sublayers(self) -> list[tuple[str, Layer]]:
        """The layers in this layer's attributes, with their names in paths."""
        held = self.__dict__.get("_holders")
        if not held:
            return []
        return [
            pair
            for name in held
            for pair in tracking.held(self.__dict__.get(name), name, Layer)
            if pair[1] is not self
        ]

    def _inside(self) -> list[tuple[str, Layer]]:
        """The layers that a summary lists under this one, each with its path's label."""
        return []

    def _own_variables(self) -> list[Variable]:
        """The variables of this layer itself, those of other layers in its attributes included."""
        held = self.__dict__.get("_holders")
        if not held:
            return self._variables
        others = [
            variable
            for name in held
            for _, variable in tracking.held(self.__dict__.get(name), name, Variable)
        ]
        return unique([*self._variables, *others]) if others else self._variables

    def add_loss(self, loss: Any) -> None:
        """Add to the loss of training and evaluation, in ``call``.

        ``loss`` : a tensor computed with ``fastnn.ops``, whose elements are summed, or a number.
        """
        penalties.add_loss(loss, self.name, self.dtype)

    @property
    def losses(self) -> list[Any]:
        """What the regularizers of the trained weights add to the loss, one number each. (What
        ``add_loss`` and activity regularizers add depends on the batch; ``fit`` reports it.)
        """
        return [
            v.regularizer(v.numpy()) for v in self.trainable_weights if v.regularizer is not None
        ]

    @property
    def weights(self) -> list[Variable]:
        """All variables, trainable or not: this layer's in the order in which they were made, then
        those of the layers inside it.
        """
        return unique(v for layer in tracking.flattened(self) for v in layer._own_variables())

    def named_weights(self) -> dict[str, Variable]:
        """The weights by path inside this layer: ``{"dense/kernel": ...}``."""
        return tracking.named_weights(self)

    @property
    def variables(self) -> list[Variable]:
        """The same as ``weights``."""
        return self.weights

    @property
    def trainable(self) -> bool:
        """Whether training may change the weights. Setting it sets it in all layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in tracking.flattened(self):
            layer._trainable = bool(value)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that training changes: none if the layer is frozen."""
        if not self.trainable:
            return []
        return unique(
            v
            for layer in tracking.flattened(self)
            if layer._trainable
            for v in layer._own_variables()
            if v.trainable
        )

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

    def __call__(
        self, inputs: Any, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any
    ) -> Any:
        """Apply the layer to a symbolic tensor, or to an array (the result is then an array).

        Parameters
        ----------
        inputs : a tensor or array; a list of them for a layer that merges or takes several.
        *args, **kwargs : further arguments of ``call``, on symbolic tensors.
        training : whether random layers are on; that of the outer call, else False, by default.
        mask : which steps count, in place of the mask that the inputs carry.
        """
        if is_symbolic(inputs):
            return call_layer(self, inputs, args, training, mask, kwargs)
        if is_sketched(inputs):
            return Sketch(self, inputs)
        from fastnn.program import eager

        return presented(eager.call_layer(self, inputs, bool(training), mask))

    @property
    def input_classes(self) -> int:
        """For layers that take ids in [0, this): as a model's first layer they get int32 tensors,
        and bad ids are errors. 0 for all others.
        """
        return 0

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: that of the input. Layers that say so, by defining this or by
        ``self.supports_masking = True``, hand a mask on.
        """
        return previous_mask

    def ensure_built(self, shape: Any) -> None:
        """Build for inputs of this symbolic shape (a list of shapes for several inputs), once."""
        self._input_shape = shape
        if not self.built:
            with assignments.outside():  # what build assigns is the weights' first value
                self.build(user_shapes(shape))
            self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input shape (or a list), both with None for the batch."""

        def tensor(shape: Sequence[int | None]) -> Tensor:
            sizes = tuple(int(size) for size in shape[1:] if size is not None)
            return Tensor((BATCH, *sizes), self.dtype)

        several = isinstance(input_shape[0], (list, tuple))
        made = self([tensor(one) for one in input_shape] if several else tensor(input_shape))
        return user_shape(made.shape)

    @property
    def input_shape(self) -> Any:
        """Shape of the input of the last trace, None for the batch."""
        if self._input_shape is None:
            raise StateError(
                f"layer {self.name!r} has not been called yet, so it has no input shape."
            )
        return user_shapes(self._input_shape)

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


LayerMaker = Callable[..., Layer]
CustomObjects = Mapping[str, Any]
