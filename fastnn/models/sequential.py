"""``Sequential``: a stack of layers with one input and one output.

This file holds what a model *is*: its layers, weights, configuration and tracing. What one *does*
with it (compile, fit, evaluate, predict) stands in ``trainer.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fastnn import arguments, backends, random
from fastnn.backends.base import Backend
from fastnn.errors import ArgumentError, ShapeError, StateError
from fastnn.layers.assigning import assign_weights
from fastnn.layers.input_spec import checked_shape
from fastnn.layers.layer import Layer, automatic_name
from fastnn.layers.sketch import Sketch, is_sketched
from fastnn.layers.tracking import calling, sources
from fastnn.models.trainer import Trainer
from fastnn.program.results import presented
from fastnn.program.tensor import BATCH, Shape, Tensor
from fastnn.program.variable import Variable, adopt
from fastnn.registry import near_names

Array = np.ndarray[Any, Any]


class Sequential(Trainer, Layer):
    """A stack of layers, each fed with the output of the one before.

    Parameters
    ----------
    layers : layers in order; the first may be ``Input(shape=...)`` or carry ``input_shape=``.
        Without either, the model is built by its first call or ``fit``.
    name : name in summaries and files.
    backend : ``"auto"`` (the fastest available), ``"c"``, ``"numpy"``; an unavailable one raises.
    seed : where initial weights, shuffles and dropout masks come from; drawn from the operating
        system, or from ``fastnn.utils.set_random_seed``, by default. The global state of
        ``numpy.random`` is not touched.
    dtype : ``"float32"`` or ``"float64"`` for layers that do not say otherwise.

    Examples
    --------
    >>> import fastnn
    >>> import numpy as np
    >>> model = fastnn.Sequential(
    ...     [
    ...         fastnn.Input(shape=(2,)),
    ...         fastnn.layers.Dense(4, "tanh"),
    ...         fastnn.layers.Dense(1, "sigmoid"),
    ...     ],
    ...     seed=1,
    ... )
    >>> model.compile(optimizer="adam", loss="binary_crossentropy")
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = np.array([0, 1, 1, 0])
    >>> history = model.fit(x, y, epochs=2, verbose=0)
    >>> len(history.history["loss"])
    2
    >>> model.predict(x, verbose=0).shape
    (4, 1)

    Notes
    -----
    Differs from Keras: ``backend=``, ``seed=`` and ``dtype=`` belong to fastnn; calling the model
    on an array returns a NumPy array.
    """

    def __init__(
        self,
        layers: Iterable[Layer] | None = None,
        name: str | None = None,
        trainable: bool = True,
        *,
        backend: str = "auto",
        seed: int | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        known = ["layers", "name", "trainable", "backend", "seed", "dtype"]
        arguments.unknown("Sequential", kwargs, known)
        Layer.__init__(
            self, name=name or automatic_name("Sequential"), dtype=dtype, trainable=trainable
        )
        self._layers: list[Layer] = []
        self.backend_name = backend
        self.backend: Backend = backends.resolve(backend)
        self.seed: int = (
            random.next_seed() if seed is None else random.check_seed(seed, "Sequential")
        )
        self.generator: np.random.Generator = random.make_generator(self.seed)
        self._init_training()
        if layers is not None:
            if isinstance(layers, Layer) or not isinstance(layers, Iterable):
                raise ArgumentError(
                    "Sequential: layers must be a list of layers, received "
                    f"{type(layers).__name__}. Write Sequential([...])."
                )
            for layer in layers:
                self.add(layer)

    # -- the stack --------------------------------------------------------------------------------

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top of the stack; with ``rebuild``, make its weights as soon as possible.

        Raises
        ------
        ArgumentError : for anything but a layer, or a second layer of the same name.
        """
        if not isinstance(layer, Layer):
            hint = (
                " Write a pair of parentheses behind the class." if isinstance(layer, type) else ""
            )
            raise ArgumentError(
                f"Sequential.add: expected a layer, received {layer!r}.{hint} Layers stand in "
                "fastnn.layers."
            )
        if any(existing.name == layer.name for existing in self._layers):
            raise ArgumentError(
                f"two layers of model {self.name!r} are called {layer.name!r}. Give one of them "
                "another name=."
            )
        if layer is self:
            raise ArgumentError("a model cannot contain itself.")
        before = list(self._layers)
        shape = layer.sample_shape if isinstance(layer, Sequential) and layer.built else None
        shape = layer.input_shape_hint if shape is None else shape
        if not self._layers and shape is not None and not _is_input(layer):
            from fastnn.layers import InputLayer

            self._layers.append(InputLayer(shape=shape, dtype=layer.dtype))
        if _is_input(layer) and self._layers:
            raise ArgumentError(
                f"Input {layer.name!r} must be the first layer, but model {self.name!r} already "
                f"has {len(self.layers)} layer(s). Create the model with it in front."
            )
        if self._explicit_dtype:
            layer._take_dtype(self.dtype)
        if not self._trainable:
            layer.trainable = False
        self._layers.append(layer)
        self._forget_programs()
        if rebuild and (self.built or _is_input(self._layers[0])):
            try:
                self._rebuild()
            except BaseException:
                self._layers = before  # a layer that does not fit is not part of the model
                raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off the stack and return it."""
        if not self.layers:
            raise StateError(f"model {self.name!r} has no layer to pop.")
        layer = self._layers.pop()
        self._forget_programs()
        if self.built and rebuild and self._layers:
            self._rebuild()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the ``InputLayer``."""
        return [layer for layer in self._layers if not _is_input(layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name, or by position in ``layers``.

        Raises
        ------
        ArgumentError : if there is no such layer; it lists those that there are.
        """
        if (name is None) == (index is None):
            raise ArgumentError("get_layer: pass either name= or index=.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(
                    f"get_layer: index {index} is out of range; the model has {len(self.layers)} "
                    "layers."
                )
            return self.layers[index]
        names = [layer.name for layer in self.layers]
        if name not in names:
            near = near_names(str(name), names)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(
                f"get_layer: no layer is called {name!r}.{hint} The layers are: "
                f"{', '.join(map(repr, names))}."
            )
        return self.layers[names.index(str(name))]

    # -- building and tracing ---------------------------------------------------------------------

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Make the weights for inputs of shape ``(batch, ...)``; the batch size (first) is ignored.

        Raises
        ------
        ShapeError, StateError : without layers or without an input shape.
        """
        if input_shape is None:
            if not self._layers or not _is_input(self._layers[0]):
                raise StateError(
                    f"model {self.name!r} does not know its input shape. Call build((None, ...)) "
                    "with it, or put fastnn.Input(shape=...) first."
                )
            self._rebuild()
            return
        sizes = tuple(input_shape)
        if not sizes:
            raise ShapeError("build: expected a shape such as (None, 784), received ().")
        self._build_for(
            checked_shape(sizes[1:], "build: input shape without the batch") if sizes[1:] else ()
        )

    def _rebuild(self) -> None:
        """Build for the known sample shape."""
        first = self._layers[0]
        if _is_input(first) and first.input_shape_hint is not None:
            self._build_for(first.input_shape_hint)
        elif self.built:
            self._build_for(self.sample_shape)

    def _build_for(self, sample_shape: tuple[int, ...]) -> None:
        """Trace once, which builds every layer, then move all weights into one buffer."""
        if not self.layers and not self._layers:
            raise StateError(f"model {self.name!r} has no layers. Add some with model.add(...).")
        self._forget_programs()
        dtypes = {layer.dtype for layer in self.layers}
        if len(dtypes) > 1:
            raise ArgumentError(
                f"the layers of model {self.name!r} have different dtypes: "
                f"{', '.join(sorted(dtypes))}. Give all the same one, for example with "
                "Sequential(..., dtype='float64')."
            )
        if dtypes:
            self.dtype: str = dtypes.pop()
        shape: Shape = (BATCH, *sample_shape)
        self.trace(Tensor(shape, self.dtype), training=False)
        self.sample_shape = sample_shape
        self._input_shape = shape
        self.built = True
        adopt(self.weights, self)

    def trace(self, x: Tensor, training: bool) -> Tensor:
        """The output tensor for an input tensor."""
        lent = sources(self.generator, random.key_from_seed(self.seed), layers=len(self.layers))
        with calling(training, lent):
            for stream, layer in enumerate(self.layers):
                lent.lend(layer, stream)
            for layer in self.layers:
                x = layer(x, training=training)
                if not isinstance(x, Tensor):
                    raise ArgumentError(
                        f"layer {layer.name!r} of model {self.name!r} returned a "
                        f"{type(x).__name__} of tensors, expected one tensor. Merge them in the "
                        "layer, for example with Concatenate()."
                    )
        self._output_shape = x.shape
        return x

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The output tensor for an input tensor (a model inside a model)."""
        return self.trace(inputs, training)

    def ensure_built(self, shape: Any) -> None:
        """Build as a layer of another model."""
        if not self.built:
            self._build_for(tuple(shape[1:]))

    def __call__(
        self, inputs: Any, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any
    ) -> Any:
        """The output for an array of samples, as an array; for a symbolic tensor, a tensor."""
        if isinstance(inputs, Tensor):
            return Layer.__call__(self, inputs, *args, training=training, mask=mask, **kwargs)
        if is_sketched(inputs):
            return Sketch(self, inputs)
        return presented(self._call_on_array(inputs, bool(training)))

    @property
    def inputs_known(self) -> bool:
        """Whether the model knows its input shape."""
        return self.built

    # -- weights ----------------------------------------------------------------------------------

    def _sublayers(self) -> list[tuple[str, Layer]]:
        """The layers by name."""
        return [(layer.name, layer) for layer in self._layers]

    @property
    def input_classes(self) -> int:
        """Those of the first layer."""
        return self.layers[0].input_classes if self.layers else 0

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: the mask is what the layers made of it."""
        return None

    def _own_variables(self) -> list[Variable]:
        """None: all weights belong to layers."""
        return []

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights from arrays as ``get_weights`` returns them; all or none."""
        self._require_built("set_weights")
        assign_weights(self.weights, weights, f"model {self.name!r}")

    def get_weights(self) -> list[Array]:
        """Copies of all weights, layer by layer."""
        self._require_built("get_weights")
        return [v.numpy() for v in self.weights]

    def count_params(self) -> int:
        """Number of elements of all weights."""
        self._require_built("count_params")
        return sum(v.size for v in self.weights)

    def _require_built(self, what: str) -> None:
        if not self.built:
            raise StateError(
                f"{what}: model {self.name!r} has no weights yet, because it does not know its "
                "input shape. Put fastnn.Input(shape=...) first, or call model.build((None, ...))."
            )

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the layers, their output shapes and their numbers of parameters.

        Parameters
        ----------
        line_length : characters of a line; the terminal's width, at most 80, by default.
        print_fn : called with each line instead of ``print``.
        expand_nested : whether the layers of models inside the model are listed; those of
            ``Residual``, ``Parallel`` and wrappers always are.
        show_trainable : whether a column says which layers are trainable (Y or N).
        positions, layer_range : not supported; leave at Keras's defaults.
        """
        from fastnn.models.summary import print_summary

        given = {
            "positions": positions,
            "layer_range": layer_range,
        }
        for argument, value in given.items():
            if value:
                raise ArgumentError(
                    f"summary: the argument {argument!r} is not supported. Leave it out."
                )
        (print_fn or print)(f'Model: "{self.name}"')
        print_summary(self, line_length, print_fn, expand_nested, show_trainable)

    # -- configuration and files ------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Plain data from which ``from_config`` makes an equal model with fresh weights."""
        from fastnn import layers

        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "seed": self.seed,
            "backend": self.backend_name,
            "layers": [layers.serialize(layer) for layer in self._layers],
            "build_input_shape": [None, *self.sample_shape] if self.built else None,
        }

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Sequential:
        """A new model from what ``get_config`` returned, here or in Keras."""
        from fastnn import layers
        from fastnn.saving.keras_config import is_of_keras, native

        if is_of_keras(config):
            config = native(config, custom_objects)
        settings = dict(config)
        made = [layers.deserialize(item, custom_objects) for item in settings.pop("layers", [])]
        shape = settings.pop("build_input_shape", None)
        backend = settings.pop("backend", "auto")
        if not _usable(backend):
            backend = "auto"
        trainable = bool(settings.pop("trainable", True))
        model = cls(made, backend=backend, **settings)
        model._trainable = trainable  # its layers say for themselves whether they are
        if shape is not None and not model.built:
            model.build(shape)
        return model

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON in Keras's form, for ``models.model_from_json`` there and here;
        keyword arguments go to ``json.dumps``. What Keras lacks (``Residual``) only fastnn reads.
        """
        from fastnn.saving.keras_json import to_json

        return to_json(self, **kwargs)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write architecture, weights and training state to a ``.fastnn`` file, or to a ``.keras``
        or ``.h5`` file that Keras loads (extra ``keras``); never to a folder (``zipped`` is None or
        True).

        The file is data only and is written atomically: a failed save leaves an old file as it was.
        """
        from fastnn import saving

        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Write the weights alone to a ``.weights.fastnn`` or ``.weights.h5`` file; one file, so
        ``max_shard_size`` is None.
        """
        from fastnn import saving

        saving.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Read weights that ``save_weights`` or ``save`` wrote; all or none."""
        from fastnn import saving

        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch)

    def __reduce__(self) -> Any:
        from fastnn import saving

        return saving.reduce_model(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sequential:
        rebuild, arguments = self.__reduce__()
        copied: Sequential = rebuild(*arguments)
        memo[id(self)] = copied
        return copied

    def __copy__(self) -> Sequential:
        return self.__deepcopy__({})

    def __repr__(self) -> str:
        return f"<Sequential name={self.name}, built={self.built}>"


def _is_input(layer: Layer) -> bool:
    return type(layer).__name__ == "InputLayer"


def _usable(backend: str) -> bool:
    """Whether a backend that a file names can be used here."""
    try:
        backends.resolve(backend)
    except Exception:
        return False
    return True
