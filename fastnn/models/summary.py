"""The table that ``model.summary()`` prints."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastnn.errors import StateError
from fastnn.layers.layer import Layer

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

HEADINGS = ("Layer (type)", "Output Shape", "Param #", "Trainable")
Row = tuple[str, ...]
_PLAIN = str.maketrans("┌┬┐├┼┤└┴┘─│", "+++++++++-|")


def print_summary(
    model: Sequential,
    line_length: int | None,
    print_fn: Callable[[str], object] | None,
    expand_nested: bool = False,
    show_trainable: bool = False,
) -> None:
    """Print the layers with output shapes and parameter counts, and the totals."""
    write = _print if print_fn is None else print_fn
    rows = [row for layer in model.layers for row in _rows(layer, expand_nested)]
    if not show_trainable:
        rows = [row[:3] for row in rows]
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


def _print(line: str) -> None:
    """Print a line; where the output cannot show the table's frame (a file on Windows, ``LANG=C``),
    with a frame in ASCII.
    """
    try:
        print(line)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        print(line.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding))


def _rows(layer: Layer, expand_nested: bool, level: int = 0, label: str = "") -> Iterator[Row]:
    """The rows of a layer and of the layers that it shows: indented, after the path they are on."""
    name, *rest = _row(layer)
    indent = f"{'   ' * level}└ " if level else ""
    yield (f"{indent}{f'{label}: ' if label else ''}{name}", *rest)
    inside = [(path, inner) for path, inner in layer._inside()]
    if expand_nested and isinstance(getattr(layer, "layers", None), list) and not inside:
        inside = [("", inner) for inner in layer.layers]  # type: ignore[attr-defined]
    for path, inner in inside:
        yield from _rows(inner, expand_nested, level + 1, path)


def _row(layer: Layer) -> Row:
    """The cells of a layer; ? for what is not known yet."""
    try:
        shape = str(layer.output_shape)
    except StateError:
        shape = "?"
    params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    trainable = "Y" if layer.trainable else "N"
    return f"{layer.name} ({type(layer).__name__})", shape, params, trainable


def _table(rows: Sequence[Row], width: int) -> list[str]:
    """Lines of a table with rules, as wide as its contents need and at most ``width``."""
    columns = len(rows[0]) if rows else 3
    cells = [HEADINGS[:columns], *rows]
    widths = [max(len(row[i]) for row in cells) + 2 for i in range(columns)]
    spare = width - sum(widths) - columns - 1
    if spare > 0:
        widths = [size + spare // columns for size in widths]

    def rule(left: str, middle: str, right: str, stroke: str) -> str:
        return left + middle.join(stroke * size for size in widths) + right

    def line(row: Sequence[str]) -> str:
        padded = [
            f" {text[: size - 2]:<{size - 1}}" for text, size in zip(row[:2], widths, strict=False)
        ]
        numbers = [f"{text:>{size - 1}} " for text, size in zip(row[2:], widths[2:], strict=True)]
        return "│" + "│".join([*padded, *numbers]) + "│"

    lines = [rule("┌", "┬", "┐", "─"), line(HEADINGS[:columns]), rule("├", "┼", "┤", "─")]
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
