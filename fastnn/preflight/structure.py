"""Mistakes that show in the model alone: its last layer beside its loss. They cost nothing to
find, so ``fit`` looks for them too.
"""

from __future__ import annotations

from typing import Any

from fastnn import checks
from fastnn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from fastnn.preflight.findings import Finding

# Layers that leave the values of their input as they are, or only put them into another shape
PASSES_ON = ("Dropout", "Flatten", "Reshape", "Permute", "Identity", "RepeatVector")
# Activations whose values are not from 0 to 1
NOT_PROBABILITIES = ("linear", "relu", "leaky_relu", "elu", "selu", "softplus", "tanh", "gelu")


def output_activation(model: Any) -> str | None:
    """The name of the last activation, or None if it is not one that is known."""
    for layer in reversed(model.layers):
        kind = type(layer).__name__
        if kind in PASSES_ON:
            continue
        if kind in ("Dense", "Activation"):
            return getattr(layer.activation, "__name__", None)
        return {"Softmax": "softmax", "ReLU": "relu"}.get(kind)
    return None


def warn_of_structure(model: Any) -> None:
    """What ``fit`` says, once after ``compile``."""
    if model.compiled.looked_at:
        return
    model.compiled.looked_at = True
    for finding in structure(model):
        # not-logits is an error of its own; a softmax with binary_crossentropy may be meant
        if finding.code not in ("not-logits", "softmax-with-binary"):
            checks.warn(f"{finding.message} {finding.advice}")


def structure(model: Any) -> list[Finding]:
    """What is wrong between the last layer and the loss."""
    loss = model.compiled.loss
    activation = output_activation(model)
    if loss is None or activation is None or not model.built:
        return []
    units = int(model.output_shape[-1])
    if activation == "softmax" and units == 1:
        return [
            Finding(
                "error",
                "softmax-of-one",
                "the last layer is a softmax of 1 unit, which is always 1.0: nothing is learned.",
                "Use activation='sigmoid' with loss='binary_crossentropy', or one unit per class.",
            )
        ]
    categorical = isinstance(loss, (CategoricalCrossentropy, SparseCategoricalCrossentropy))
    if not categorical and not isinstance(loss, BinaryCrossentropy):
        return []
    if loss.from_logits:
        if activation not in ("softmax", "sigmoid"):
            return []
        return [
            Finding(
                "error",
                "not-logits",
                f"the last activation {activation!r} makes probabilities, but {loss.name} was made "
                "with from_logits=True.",
                "Leave out from_logits=True, or the activation.",
            )
        ]
    right = "softmax" if categorical else "sigmoid"
    if activation in NOT_PROBABILITIES:
        return [
            Finding(
                "error" if activation != "linear" else "warning",
                "not-probabilities",
                f"{loss.name} expects probabilities, but the last activation is {activation!r}.",
                f"Give the last layer activation={right!r}, or make the loss with "
                "from_logits=True and leave the activation out.",
            )
        ]
    if categorical and activation == "sigmoid":
        return [
            Finding(
                "warning",
                "sigmoid-with-categorical",
                f"{loss.name} compares classes that exclude each other, but each of the {units} "
                "outputs is a sigmoid by itself.",
                "Use activation='softmax'; for several labels per sample 'binary_crossentropy'.",
            )
        ]
    if not categorical and activation == "softmax":
        return [
            Finding(
                "warning",
                "softmax-with-binary",
                f"binary_crossentropy takes each of the {units} outputs as a yes or no of its own, "
                "but a softmax makes them sum to 1.",
                "Use 'categorical_crossentropy' for one class per sample, or a sigmoid.",
            )
        ]
    return []
