"""The table that ``model.summary()`` prints."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastnn.errors import StateError
from fastnn.layers.layer import Layer

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

HEADINGS = ("Layer (type)", "Output Shape", "Param #")


def print_summary(
    model: Sequential, line_length: int | None, print_fn: Callable[[str], object] | None
) -> None:
    """Print the layers with output shapes and parameter counts, and the totals."""
    write = print if print_fn is None else print_fn
    rows = [_row(layer) for layer in model.layers]
    width = line_length or min(shutil.get_terminal_size().columns, 80)
    for line in _table(rows, width):
        write(line)
    if not model.built:
        write(
            " The model is not built: it does not know its input shape yet. Put "
            "fastnn.Input(shape=...) first, call model.build(...) or train it, and the sizes "
            "appear."
        )
        return
    trainable = {id(v) for v in model.trainable_weights}
    counts = {"Total": 0, "Trainable": 0, "Non-trainable": 0}
    sizes = dict.fromkeys(counts, 0)
    for variable in model.weights:
        kind = "Trainable" if id(variable) in trainable else "Non-trainable"
        for name in ("Total", kind):
            counts[name] += variable.size
            sizes[name] += variable.size * np.dtype(variable.dtype).itemsize
    for name, count in counts.items():
        write(f" {name} params: {count:,} ({_bytes(sizes[name])})")


def _row(layer: Layer) -> tuple[str, str, str]:
    """The three cells of a layer; ? for what is not known yet."""
    try:
        shape = str(layer.output_shape)
    except StateError:
        shape = "?"
    params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    return f"{layer.name} ({type(layer).__name__})", shape, params


def _table(rows: Sequence[tuple[str, str, str]], width: int) -> list[str]:
    """Lines of a table with rules, as wide as its contents need and at most ``width``."""
    cells = [HEADINGS, *rows]
    widths = [max(len(row[i]) for row in cells) + 2 for i in range(3)]
    spare = width - sum(widths) - 4
    if spare > 0:
        widths = [size + spare // 3 for size in widths]

    def rule(left: str, middle: str, right: str, stroke: str) -> str:
        return left + middle.join(stroke * size for size in widths) + right

    def line(row: Sequence[str]) -> str:
        padded = [
            f" {text[: size - 2]:<{size - 1}}" for text, size in zip(row[:2], widths, strict=False)
        ]
        return "│" + "│".join([*padded, f"{row[2]:>{widths[2] - 1}} "]) + "│"

    lines = [rule("┌", "┬", "┐", "─"), line(HEADINGS), rule("├", "┼", "┤", "─")]
    lines += [line(row) for row in rows]
    lines.append(rule("└", "┴", "┘", "─"))
    return lines


def _bytes(size: float) -> str:
    """A size in B, KB, MB or GB, as Keras writes it."""
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
