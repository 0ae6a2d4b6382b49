"""Which targets fit which predictions, and arrays brought into the shapes that a loss is traced
with.

One rule for losses and metrics: shapes must be equal, except that (n,) and (n, 1) stand for each
other. Nothing is ever broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from fastnn import checks
from fastnn.errors import ArgumentError, ShapeError
from fastnn.ops import dispatch
from fastnn.ops.shape import reshape
from fastnn.program.tensor import Shape, Size, Tensor

Array = np.ndarray[Any, Any]


def shape_text(shape: Sequence[Any]) -> str:
    """A shape as messages show it: ``batch`` where the size is not fixed."""
    sizes = ["batch" if s is None or isinstance(s, Size) else str(s) for s in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def match_targets(
    y_true_shape: Sequence[Any],
    y_pred_shape: Sequence[Any],
    loss_name: str,
    *,
    sparse: bool = False,
) -> tuple[Any, ...]:
    """The shape under which targets fit predictions.

    Parameters
    ----------
    y_true_shape, y_pred_shape : shapes with the batch in front, None or a ``Size`` where it is not
        fixed.
    loss_name : what the message begins with.
    sparse : whether targets are integer labels, one for each row of predictions.

    Returns
    -------
    The targets' shape, with or without a last axis of 1 as the loss wants it.

    Raises
    ------
    ShapeError : if they do not fit; the message holds both shapes.

    Examples
    --------
    >>> match_targets((32,), (32, 1), "mean_squared_error")
    (32, 1)
    >>> match_targets((None, 1), (None, 10), "sparse_categorical_crossentropy", sparse=True)
    (None, 1)
    """
    t, p = tuple(y_true_shape), tuple(y_pred_shape)
    if sparse:
        wanted = [(*p[:-1],), (*p[:-1], 1)]
        result = (*p[:-1], 1)
    elif len(p) <= 2 and p[1:] in ((), (1,)):
        wanted, result = [(*p[:1],), (*p[:1], 1)], p
    else:
        wanted, result = [p], p
    if any(_same(t, shape) for shape in wanted):
        return (t[0] if t else result[0], *result[1:]) if result else result
    raise ShapeError(
        f"{loss_name}: received targets of shape {shape_text(t)} for predictions of shape "
        f"{shape_text(p)}, expected targets of shape "
        f"{' or '.join(shape_text(shape) for shape in wanted)}. {_advice(t, p, sparse, loss_name)}"
    )


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two shapes agree; a batch that is not fixed agrees with any."""
    return len(a) == len(b) and all(
        x == y or not (isinstance(x, int) and isinstance(y, int)) for x, y in zip(a, b, strict=True)
    )


def _advice(t: tuple[Any, ...], p: tuple[Any, ...], sparse: bool, loss_name: str) -> str:
    """What to do about targets that do not fit."""
    if len(t) >= 1 and len(p) >= 1 and not _same(t[:1], p[:1]):
        return "Give every row of x one target."
    if sparse and _same(t, p):
        return (
            "For one-hot targets use categorical_crossentropy (or categorical accuracy), or pass "
            "labels: y.argmax(axis=-1)."
        )
    if not sparse and len(p) >= 2 and _same(t, (*p[:-1],)) | _same(t, (*p[:-1], 1)):
        if "categorical" in loss_name.lower():
            return (
                "For integer labels use sparse_categorical_crossentropy, or make one-hot rows with "
                f"fastnn.utils.to_categorical(y, {p[-1]})."
            )
        return (
            "Give the last layer 1 unit, or pass one target for each of its "
            f"{p[-1]} outputs; labels of classes go with sparse_categorical_crossentropy."
        )
    if not sparse and len(t) == len(p) and _same(t[:-1], p[:-1]):
        columns = "1 column" if p[-1] == 1 else f"{p[-1]} columns"
        return f"Give the last layer {t[-1]} units, or pass y with {columns}."
    if len(p) > 2 and len(t) <= 2:  # Dense on images works row by row
        return "Give one prediction per sample, for example by Flatten() before the first Dense."
    return "Reshape y, or change the last layer."


def fit_targets(y_true: Tensor, y_pred: Tensor, name: str, *, sparse: bool = False) -> Tensor:
    """The symbolic targets under the shape that fits the predictions."""
    shape: Shape = match_targets(y_true.shape, y_pred.shape, name, sparse=sparse)
    if (y_true.dtype == "int32") != sparse:
        wanted = "integer labels" if sparse else f"targets of dtype {y_pred.dtype}"
        raise ArgumentError(
            f"{name}: received targets of dtype {y_true.dtype}, expected {wanted}. Set the "
            "attribute sparse of your loss or metric to what it wants."
        )
    return reshape(y_true, shape)


def per_sample(
    formula: Callable[[Tensor, Tensor], Tensor],
    y_true: Any,
    y_pred: Any,
    *,
    name: str,
    key: Hashable,
    sparse: bool,
    checked: bool = True,
    dtype: str | None = None,
    ignored: int | None = None,
    bounded: bool = True,
) -> Array:
    """Losses or metric values of arrays, one per sample: the predictions' shape without its last
    axis; or what the formula makes of the whole batch.

    Two arrays of one axis are one sample, as in Keras.

    Parameters
    ----------
    formula : makes values (…, 1) of symbolic targets and predictions.
    name : what messages begin with.
    key : identifies the formula with its settings.
    sparse : whether targets are integer labels.
    checked : whether targets must fit the predictions.
    dtype : the type to compute in; the predictions' by default.
    ignored : a label that may lie outside of the classes.
    bounded : whether labels must be below the number of predictions of a sample.
    """
    p = dispatch.float_array(y_pred, name, "y_pred")
    p = p.astype(dtype or p.dtype, copy=False)
    t = np.asarray(y_true) if sparse else dispatch.float_array(y_true, name, "y_true")
    if not sparse:
        t = t.astype(p.dtype, copy=False)
    elif t.dtype.kind not in "iubf":
        raise ArgumentError(
            f"{name}: received labels of dtype {t.dtype}, expected integers. Pass class numbers "
            "from 0 on."
        )
    if ignored is not None:
        checks.labels(t, p.shape[-1] if p.ndim else 1, "y_true", ignored)
    single = p.ndim <= 1 and t.ndim <= 1
    if single:
        p, t = p.reshape(1, -1), t.reshape(1, -1)
    if checked:
        t = t.reshape(match_targets(t.shape, p.shape, name, sparse=sparse))
    if p.ndim == 1:
        p, t = p.reshape(-1, 1), t.reshape(-1, 1) if t.ndim == 1 else t
    values = dispatch.run(
        formula,
        [t, p],
        key,
        integer_inputs=(0,) if sparse else (),
        label_classes=p.shape[-1] if sparse and bounded and ignored is None else 0,
        names=("y_true", "y_pred"),
        spread=False,
    )
    if values.ndim == p.ndim and values.shape[-1] == 1:
        values = values[..., 0]
    return values[0] if single and values.shape == (1,) else values
