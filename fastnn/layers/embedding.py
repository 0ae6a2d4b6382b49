"""Ids as vectors that are learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn import arguments, constraints, initializers, ops, regularizers
from fastnn.layers.layer import Layer
from fastnn.ops.elementwise import cast, cast_i32
from fastnn.ops.pick import take
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Tensor, product
from fastnn.program.variable import Variable


class Embedding(Layer):
    """Replaces ids by vectors that are learned.

    y[i, t] = embeddings[x[i, t]]

    Parameters
    ----------
    input_dim : number of different ids, positive: ids are in [0, input_dim).
    output_dim : size of a vector, positive.
    embeddings_initializer : a name, an ``Initializer`` or a function of the shape.
    mask_zero : whether id 0 is padding, which the mask leaves out.
    weights : the initial vectors, an array (input_dim, output_dim).
    input_length : old Keras argument without meaning.
    embeddings_regularizer, embeddings_constraint : names, objects or functions: what the vectors
        add to the loss, and what they become after each update.
    lora_rank, lora_alpha, quantization_config : Keras arguments that are not supported; None.
    name, dtype, trainable, input_shape, … : see ``Layer``.

    Shapes
    ------
    inputs (batch, …) → outputs (batch, …, output_dim); embeddings (input_dim, output_dim).

    Raises
    ------
    ArgumentError : if a size is not a positive integer.
    DataError : for an id out of range; as the first layer of a model, also for one that is no
        whole number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.layers import Embedding
    >>> layer = Embedding(3, 2, weights=np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]))
    >>> layer([[2, 1]]).tolist()
    [[[3.0, 4.0], [1.0, 2.0]]]

    Notes
    -----
    Differs from Keras: an id out of range is an error, which names the row where the layer is the
    first of a model. Elsewhere fractions are cut off, and negative ids count from the end, as in
    Keras.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        input_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments.unsupported(
            "Embedding",
            {
                "lora_rank": (lora_rank, None),
                "lora_alpha": (lora_alpha, None),
                "quantization_config": (quantization_config, None),
            },
        )
        super().__init__(**kwargs)
        if input_length is not None:
            arguments.integer("Embedding", "input_length", input_length, 1)
        self.input_dim: int = arguments.integer("Embedding", "input_dim", input_dim, 1)
        self.output_dim: int = arguments.integer("Embedding", "output_dim", output_dim, 1)
        self.embeddings_initializer: Callable[..., Any] = initializers.get(embeddings_initializer)
        self.embeddings_regularizer: Callable[..., Any] | None = regularizers.get(
            embeddings_regularizer
        )
        self.embeddings_constraint: Callable[..., Any] | None = constraints.get(
            embeddings_constraint
        )
        self.mask_zero: bool = arguments.flag("Embedding", "mask_zero", mask_zero)
        self.makes_mask: bool = self.mask_zero
        self.supports_masking: bool = self.mask_zero
        self._embeddings: Variable | None = None
        if weights is not None:
            self.build((None,))
            self.built = True
            self.set_weights(
                weights if isinstance(weights, list) and len(weights) == 1 else [weights]
            )

    @property
    def input_classes(self) -> int:
        """The ids are in [0, this)."""
        return self.input_dim

    @property
    def embeddings(self) -> Variable:
        """The vectors (input_dim, output_dim); there are none before the layer is built."""
        if self._embeddings is None:
            raise AttributeError(
                f"layer {self.name!r} has no embeddings yet. Build the model (give it an Input, or "
                "call it on data) first."
            )
        return self._embeddings

    def build(self, input_shape: Any) -> None:
        """Make the vectors."""
        self._embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Tensor) -> Tensor:
        """The vectors of the ids."""
        ids = inputs if inputs.dtype == "int32" else cast(inputs, "int32")
        steps = product(ids.shape[1:])
        assert isinstance(steps, int)
        index = reshape(ids, (ids.shape[0], steps))
        found = take(self.embeddings.tensor(), index, self.output_dim, table=True)
        return reshape(found, (*ids.shape, self.output_dim))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """1 where the id is not 0, or None without ``mask_zero``."""
        if not self.mask_zero:
            return None
        numbers = isinstance(inputs, Tensor) and inputs.dtype == "int32"
        return ops.not_equal(cast_i32(inputs, self.dtype) if numbers else inputs, 0.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }
