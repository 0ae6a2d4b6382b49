"""The beginning of a model: the shape of one sample. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError
from fastnn.layers.input_spec import checked_batch_shape, checked_shape
from fastnn.layers.layer import Layer
from fastnn.program.tensor import Tensor

# Data of these types may be announced; layers compute in floats all the same
INTEGERS = ("bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
Sizes = Sequence[int | None]


class InputLayer(Layer):
    """Says what a model's input looks like.

    Parameters
    ----------
    shape : shape of one sample, without the batch: ``(784,)``.
    batch_size : kept in the configuration; batches of any size are accepted.
    dtype : ``"float32"`` or ``"float64"``; ``floatx()`` by default. Data of any numeric type may be
        passed to the model, it is converted batch by batch; integer types say what the data is and
        change nothing.
    batch_shape : shape with the batch in front, ``(None, 784)``, instead of ``shape``.
    input_shape, batch_input_shape : old spellings of ``shape`` and ``batch_shape``.
    sparse, ragged, input_tensor, optional : not supported.
    name : automatic (``input_layer``) by default.

    Raises
    ------
    ArgumentError : without a shape, or with two.
    ShapeError : if a size is unknown or not positive.
    UnsupportedError : for sparse or ragged input, an existing tensor, or optional input.

    Examples
    --------
    >>> from fastnn.layers import InputLayer
    >>> InputLayer(shape=(28, 28)).batch_shape
    (None, 28, 28)
    """

    #: layers may be called on it, as in Keras's functional form; see ``Model``
    is_sketch: bool = True

    def __init__(
        self,
        shape: Sizes | int | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sizes | None = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        arguments.unsupported(
            "InputLayer",
            {
                "sparse": (sparse, False),
                "ragged": (ragged, False),
                "input_tensor": (input_tensor, None),
                "optional": (optional, False),
            },
        )
        if batch_shape is None:
            batch_shape = kwargs.pop("batch_input_shape", None)
        old = kwargs.pop("input_shape", None)
        given = [item for item in (shape, batch_shape, old) if item is not None]
        if len(given) != 1:
            raise ArgumentError(
                f"InputLayer: received {len(given)} of shape, batch_shape and input_shape, "
                "expected exactly one. Pass the shape of one sample: shape=(784,)."
            )
        if batch_shape is not None:
            if batch_size is not None:
                raise ArgumentError(
                    "InputLayer: received batch_size and batch_shape, expected one of them. Leave "
                    "out batch_size: batch_shape begins with it."
                )
            batch_size, *shape = checked_batch_shape(batch_shape, "InputLayer", "batch_shape")
        whole = dtype is not None and str(dtype) in INTEGERS
        super().__init__(name=name, dtype=None if whole else dtype, **kwargs)
        self._input_dtype = str(dtype) if whole else None
        sizes = checked_shape(shape if old is None else old, f"InputLayer {self.name!r}: shape")
        self.batch_size: int | None = (
            None
            if batch_size is None
            else arguments.integer("InputLayer", "batch_size", batch_size, 1)
        )
        self.shape = sizes
        self.input_shape_hint: tuple[int, ...] | None = sizes
        self.built = True

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The shape with the batch size in front, None if it is not fixed."""
        return (self.batch_size, *self.shape)

    def call(self, inputs: Tensor) -> Tensor:
        """The input itself."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self._input_dtype or self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": False,
        }


def Input(  # noqa: N802 - Keras's name
    shape: Sizes | int | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sizes | None = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> InputLayer:
    """What a model's input looks like, as the first item of a ``Sequential``.

    Parameters
    ----------
    shape, batch_size, dtype, batch_shape, name : see ``InputLayer``.
    sparse, ragged, tensor, optional : not supported.

    Returns
    -------
    An ``InputLayer``. Differs from Keras, where it is a symbolic tensor.

    Examples
    --------
    >>> from fastnn.layers import Input
    >>> Input((784,)).shape
    (784,)
    """
    arguments.unsupported("Input", {"tensor": (tensor, None)})
    return InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, None, optional, name=name
    )
