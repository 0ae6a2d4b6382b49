"""``fastnn.check``, the look at a model and its data before training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from fastnn import arguments
from fastnn.errors import ArgumentError, FastnnError
from fastnn.preflight.columns import Columns, compared, of_features
from fastnn.preflight.findings import KINDS, Finding, Findings
from fastnn.preflight.structure import structure
from fastnn.preflight.targets import of_targets
from fastnn.training.batches import gives_batches
from fastnn.training.inputs import Arrays, validation_arrays


def check(
    model: Any,
    x: Any,
    y: Any = None,
    validation_data: Any = None,
    *,
    batch_size: int | None = None,
) -> Findings:
    """Look for mistakes in a compiled model and its data, before training.

    Parameters
    ----------
    model : a compiled ``Sequential``.
    x, y : samples and targets as for ``fit``.
    validation_data : (x, y) as for ``fit``.
    batch_size : the batch size that ``fit`` will get.

    Returns
    -------
    Findings : a list that prints as text, the worst first. Looked for are: data that ``fit`` would
        refuse (shapes, labels out of range); NaN and infinity; columns that are constant or far
        beyond 1; a last activation that does not go with the loss or cannot reach the targets;
        classes that are rare, without samples, sorted, or missing in validation data; validation
        data on another scale, or the same as x; a batch larger than the data.

    Raises
    ------
    ArgumentError : for an x that gives batches: look at one of them.
    StateError : if the model is not compiled.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1, "softmax")])
    >>> model.compile("adam", "binary_crossentropy")
    >>> x = np.array([[1.0, 900.0], [2.0, 500.0], [3.0, 700.0]])
    >>> found = fastnn.check(model, x, [0, 1, 1])
    >>> found.codes
    ['softmax-of-one', 'unscaled']
    >>> print(found[1].advice)
    Subtract each column's mean and divide by its deviation, or begin with layers.Normalization().

    Notes
    -----
    One pass over the data, in blocks: memory-mapped and sparse data stay what they are. ``fit``
    itself looks for what shows in the model alone, and warns. Not in Keras.
    """
    model.compiled  # noqa: B018 - raises before compile
    if gives_batches(x):
        raise ArgumentError(
            f"check: x is a {type(x).__name__}, which gives batches. Pass arrays, for example one "
            "batch: check(model, *next(iter(x)))."
        )
    names = _names(x)
    found: list[Finding] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arrays, held_out = _checked(model, x, y, validation_data, found)
    found += [Finding("warning", "warned", str(item.message), "") for item in caught]
    found += structure(model)
    columns = None
    if arrays is not None and arrays.rows:
        columns = Columns(arrays.x)
        found += of_features(model, columns, "", names)
    if held_out is not None and columns is not None and arrays is not None:
        other = Columns(held_out.x)
        found += of_features(model, other, "validation_data: ", names)
        found += compared(columns, other)
        if validation_data[0] is x:
            message = "validation_data: x is the x of the training itself."
            advice = "Validate on rows that are not trained on, or use validation_split."
            found.append(Finding("warning", "validates-on-training", message, advice))
    if arrays is not None:
        found += of_targets(model, arrays.y, None if held_out is None else held_out.y)
        size = (
            None if batch_size is None else arguments.integer("check", "batch_size", batch_size, 1)
        )
        if size is not None and size > arrays.rows:
            message = f"batch_size={size} is more than the {arrays.rows} samples: a step an epoch."
            found.append(Finding("note", "large-batch", message, "Take smaller batches."))
    return Findings(sorted(found, key=lambda finding: KINDS.index(finding.kind)))


def _checked(
    model: Any, x: Any, y: Any, validation_data: Any, found: list[Finding]
) -> tuple[Arrays | None, Arrays | None]:
    """The data as ``fit`` would take it, or None where it would refuse it."""
    arrays = held_out = None
    try:
        arrays = Arrays.of(model, x, y, None, "check")
        if validation_data is not None:
            held_out = validation_arrays(model, validation_data)
    except FastnnError as error:
        found.append(Finding("error", "refused", str(error), ""))
    return arrays, held_out


def _names(x: Any) -> Sequence[str] | None:
    """The names of the columns of a DataFrame."""
    columns = getattr(x, "columns", None)
    return None if columns is None else [str(name) for name in columns]
