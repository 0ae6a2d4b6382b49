"""Softmax as a layer of its own. The function is in ``fastnn/ops/public_along.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import activations, ops
from fastnn.errors import ShapeError
from fastnn.layers.layer import Layer
from fastnn.layers.normalizing import given_axes
from fastnn.ops.axes import sample_axis
from fastnn.program.tensor import Tensor

# What left-out elements become before the exponential, as in Keras: e to its power is 0
LOWEST = -1e9


class Softmax(Layer):
    """Exponentials that sum to 1 along an axis.

    y_j = e^(x_j) / Σ_k e^(x_k)

    Parameters
    ----------
    axis : along which, the last one by default; or several axes, over which the exponentials sum
        to 1 together. Not the batch.
    name, dtype, input_shape, … : see ``Layer``.

    Shapes
    ------
    Outputs are of the shape of the inputs. A call may be given ``mask=``, an array or tensor whose
    sizes are 1 or those of the inputs (its last axis is theirs): where it is 0 or False, the output
    is 0, and the others sum to 1.

    Raises
    ------
    ArgumentError : if ``axis`` is not an integer or a list of integers.
    UnsupportedError : for the batch axis.
    ShapeError : for a mask that does not fit the inputs.

    Examples
    --------
    >>> from fastnn.layers import Softmax
    >>> Softmax()([[0.0, 0.0], [1e4, 0.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    >>> Softmax()([[1.0, 1.0, 5.0]], mask=[[True, True, False]]).tolist()
    [[0.5, 0.5, 0.0]]

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.

    Notes
    -----
    Differs from Keras: the mask of padded steps that inputs carry is handed on and not taken for a
    mask of elements (Keras takes it for one where its shape happens to fit).
    """

    _hands_masks_on = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis: int | list[int] = given_axes("Softmax", axis)

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        """softmax(inputs), of the elements that ``mask`` does not leave out."""
        kept = None if mask is None or mask is inputs.mask else self._kept(mask, inputs)
        x = inputs if kept is None else ops.where(kept, inputs, LOWEST)
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        if len(axes) == 1:
            output: Tensor = activations.softmax(x, axes[0])
        else:
            for axis in axes:
                sample_axis("Softmax", axis, x)
            output = ops.exp(x - ops.logsumexp(x, axis=axes, keepdims=True))
        return output if kept is None else ops.where(kept, output, 0.0)

    def _kept(self, mask: Any, inputs: Tensor) -> Tensor:
        """The mask, 1 for elements that are kept."""
        tensor = ops.convert_to_tensor(mask)
        sizes = zip(tensor.shape[::-1], inputs.shape[::-1], strict=False)
        if tensor.ndim > inputs.ndim or not all(a in (1, b) for a, b in sizes):
            raise ShapeError(
                f"Softmax {self.name!r}: received a mask of shape {tensor.shape} for inputs of "
                f"shape {inputs.shape}, expected sizes that are 1 or those of the inputs, counted "
                "from the last axis."
            )
        kept: Tensor = ops.greater(tensor, 0.5)
        return kept

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of steps that the inputs carry; that of elements ends here."""
        return inputs.mask

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
