"""What the targets look like: classes that are rare, missing or sorted; numbers that the last
layer cannot reach.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import checks
from fastnn.preflight.findings import Finding
from fastnn.preflight.structure import output_activation
from fastnn.training.inputs import labelled

Array = np.ndarray[Any, Any]

IMBALANCE = 10  # how many times as frequent the most frequent class may be
LARGE = 100.0
RANGES = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}


def counts(y: Array) -> dict[int, int]:
    """How often each class occurs, in labels or one-hot rows."""
    one_hot = y.ndim == 2 and y.shape[1] > 1
    found: dict[int, int] = {}
    for start in range(0, len(y), checks.BLOCK):
        part = y[start : start + checks.BLOCK]
        numbers = np.argmax(part, axis=-1) if one_hot else part.reshape(-1)
        for value, count in zip(*np.unique(numbers, return_counts=True), strict=True):
            found[int(value)] = found.get(int(value), 0) + int(count)
    return dict(sorted(found.items()))


def of_targets(model: Any, y: Array, validation: Array | None) -> list[Finding]:
    """What is wrong with y."""
    loss = model.compiled.loss
    if loss is None or not len(y):
        return []
    if labelled(loss, y):
        return _of_classes(model, y, validation)
    return _of_numbers(model, y)


def _of_classes(model: Any, y: Array, validation: Array | None) -> list[Finding]:
    found = []
    seen = counts(y)
    named = ", ".join(f"{label}: {count}" for label, count in list(seen.items())[:10])
    if len(seen) == 1:
        message = f"y: all {len(y)} samples are of class {next(iter(seen))}."
        found.append(Finding("error", "one-class", message, "Check how y was made."))
    elif max(seen.values()) > IMBALANCE * min(seen.values()):
        total = sum(seen.values())
        weights = {k: round(total / len(seen) / n, 2) for k, n in list(seen.items())[:10]}
        found.append(
            Finding(
                "warning",
                "imbalance",
                f"y: the classes are of very different size ({named}), so a model that always "
                f"says {max(seen, key=lambda k: seen[k])} has an accuracy of "
                f"{max(seen.values()) / total:.3g}.",
                f"Pass class_weight={weights} to fit, and look at metrics such as AUC or F1Score.",
            )
        )
    outputs = int(model.output_shape[-1])
    missing = sorted(set(range(outputs)) - set(seen)) if outputs > 1 else []
    if missing:
        found.append(
            Finding(
                "note",
                "class-without-samples",
                f"y: the last layer has {outputs} outputs, but no sample is of class "
                f"{', '.join(map(str, missing[:5]))}{', …' if len(missing) > 5 else ''}.",
                "Check the labels, or give the last layer fewer units.",
            )
        )
    one_hot = y.ndim == 2 and y.shape[1] > 1
    labels = np.argmax(y, axis=-1) if one_hot else y.reshape(-1)
    if len(seen) > 1 and len(y) > 2 * len(seen) and bool(np.all(labels[1:] >= labels[:-1])):
        found.append(
            Finding(
                "note",
                "sorted",
                "y: the rows are sorted by class, so validation_split would take the last classes "
                "alone.",
                "Shuffle x and y together, or pass validation_data.",
            )
        )
    if validation is not None and len(validation):
        other = counts(validation)
        for lacks, side, has in ((other, "validation_data", seen), (seen, "y", other)):
            absent = [label for label in has if label not in lacks]
            if absent:
                found.append(
                    Finding(
                        "warning",
                        "class-missing",
                        f"{side}: no sample is of class {', '.join(map(str, absent[:5]))}"
                        f"{', …' if len(absent) > 5 else ''}, which the other part has.",
                        "Split so that both parts have all classes: shuffle before splitting.",
                    )
                )
    return found


def _of_numbers(model: Any, y: Array) -> list[Finding]:
    found = []
    if y.dtype.kind == "f" and not all(
        bool(np.isfinite(y[start : start + checks.BLOCK]).all())
        for start in range(0, len(y), checks.BLOCK)
    ):
        return [Finding("error", "not-finite", "y contains NaN or infinity.", "Remove those rows.")]
    low, high = float(np.min(y)), float(np.max(y))
    activation = output_activation(model)
    reach = RANGES.get(activation or "")
    if reach is not None and (low < reach[0] or high > reach[1]):
        found.append(
            Finding(
                "error",
                "out-of-reach",
                f"y has values from {low:.4g} to {high:.4g}, but the last activation "
                f"{activation!r} gives numbers from {reach[0]:g} to {reach[1]:g}.",
                "Leave the activation of the last layer out, or scale y.",
            )
        )
    elif low == high and len(y) > 1:
        message = f"y: all values are {low:.4g}."
        found.append(Finding("warning", "one-value", message, "Check how y was made."))
    elif max(abs(low), abs(high)) > LARGE:
        found.append(
            Finding(
                "note",
                "large-targets",
                f"y has values from {low:.4g} to {high:.4g}; the last layer begins near 0 and "
                "takes long to get there.",
                "Scale y, for example by its mean and deviation, and scale predictions back.",
            )
        )
    names = [str(name) for name in model.compiled.metric_names()]
    counted = activation in (None, "linear") and bool({"accuracy", "acc"} & set(names))
    if counted and not np.array_equal(y, np.round(y)):
        found.append(
            Finding(
                "warning",
                "accuracy-of-numbers",
                "the metric 'accuracy' counts predictions that equal y exactly, which numbers "
                "never do.",
                "Use 'mae' or 'r2_score' for numbers.",
            )
        )
    return found
