"""Builds the models, losses, metrics and optimizers of the golden cases, from plain JSON.

The same function builds a case with Keras (`make.py`, which writes the numbers) and with fastnn
(`test_golden.py`, which reads them), because the two libraries share every name used here: what is
compared is the same text run twice. This module imports neither library; the caller passes one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# An object in JSON: {"class": "SGD", "config": {"momentum": 0.9}}, made by library.optimizers.SGD.
Spec = dict[str, Any]


def build_object(namespace: Any, spec: Spec) -> Any:
    """The instance that `spec` describes, its class taken from `namespace`."""
    config = dict(spec["config"])
    if isinstance(config.get("layer"), dict):
        config["layer"] = build_object(namespace, config["layer"])
    return getattr(namespace, spec["class"])(**config)


def build_model(library: Any, input_shape: list[int], layers: list[Spec], **arguments: Any) -> Any:
    """A built Sequential model with an explicit Input and the layers in `layers`."""
    stack = [library.layers.Input(shape=tuple(input_shape))]
    stack += [build_object(library.layers, spec) for spec in layers]
    return library.Sequential(stack, **arguments)


def compile_arguments(library: Any, spec: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `compile`: every {"class": …} inside `spec` becomes an object."""

    def resolve(namespace: Any, value: Any) -> Any:
        if isinstance(value, dict):
            return build_object(namespace, value)
        if isinstance(value, list):
            return [resolve(namespace, item) for item in value]
        return value

    namespaces = {
        "optimizer": library.optimizers,
        "loss": library.losses,
        "metrics": library.metrics,
        "weighted_metrics": library.metrics,
    }
    return {name: resolve(namespaces[name], value) for name, value in spec.items()}


def class_weight_of(fit: dict[str, Any]) -> dict[str, Any]:
    """The fit arguments with the keys of class_weight as integers (JSON has text keys only)."""
    weights = fit.get("class_weight")
    if weights is None:
        return fit
    return {**fit, "class_weight": {int(name): value for name, value in weights.items()}}


def batches(rows: int, batch_size: int, steps: int) -> list[slice]:
    """The row ranges of `steps` training steps through unshuffled data, the last batch partial."""
    starts = range(0, rows, batch_size)
    epoch = [slice(start, min(start + batch_size, rows)) for start in starts]
    return [epoch[step % len(epoch)] for step in range(steps)]


def flatten(weights: list[np.ndarray]) -> np.ndarray:
    """All tensors one after another, in the order of `get_weights`."""
    return np.concatenate([np.ravel(w) for w in weights])


def unflatten(flat: np.ndarray, shapes: list[list[int]]) -> list[np.ndarray]:
    """The inverse of `flatten`."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
