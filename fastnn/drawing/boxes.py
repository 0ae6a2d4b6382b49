"""A network as boxes with arrows: a chain; a block with paths holds chains side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastnn.drawing import captions
from fastnn.layers.branches import Parallel, Residual
from fastnn.layers.layer import Layer

if TYPE_CHECKING:
    from fastnn.models.sequential import Sequential

# Inches: a character and a line of text of 9 points, space in a box, between boxes along the flow
# and across it, and round the whole
_CHARACTER, _PADDING, _GAP, _ASIDE, _MARGIN = 0.085, 0.1, 0.32, 0.25, 0.2
_JOIN = 0.28  # the strip in which paths come together
_SPACE = 0.35  # between entries of the legend


@dataclass
class Box:
    """One layer; with ``paths``, a frame round the chains inside of it.

    Attributes
    ----------
    lines : its text.
    role : which colour it has.
    paths : chains of boxes side by side; an empty one hands its input on.
    join : how the paths come together; empty where there is only one.
    """

    lines: list[str]
    role: str
    paths: list[list[Box]] = field(default_factory=list)
    join: str = ""

    @property
    def text_height(self) -> float:
        """Inches that the text takes, with the space around."""
        return captions.LINE * len(self.lines) + 2 * _PADDING

    def roles(self) -> set[str]:
        """The role of the box and of those in it."""
        return {self.role}.union(*(box.roles() for path in self.paths for box in path))

    def size(self, vertical: bool) -> tuple[float, float]:
        """Width and height."""
        width = _CHARACTER * max(len(line) for line in self.lines) + 2 * _PADDING
        if not self.paths:
            return width, self.text_height
        inner = [_chain_size(path, vertical) for path in self.paths]
        along, across = 1 if vertical else 0, 0 if vertical else 1
        wide = sum(size[across] for size in inner) + _ASIDE * (len(inner) + 1)
        deep = max(size[along] for size in inner) + 2 * _GAP + (_JOIN if self.join else 0.0)
        if vertical:
            return max(width, wide), deep + self.text_height
        return max(width, deep), wide + self.text_height


def _chain_size(chain: list[Box], vertical: bool) -> tuple[float, float]:
    sizes = [box.size(vertical) for box in chain] or [(0.0, 0.0)]
    widths, heights = zip(*sizes, strict=True)
    gaps = _GAP * (len(sizes) - 1)
    if vertical:
        return max(widths), sum(heights) + gaps
    return sum(widths) + gaps, max(heights)


def draw(model: Sequential, rankdir: str, expand: bool, shown: Mapping[str, bool]) -> Any:
    """The figure of a model."""
    from matplotlib.figure import Figure

    vertical = rankdir == "TB"
    first = ["Input"]
    if shown["shapes"]:
        first.append(str(model.input_shape))
    chain = [Box(first, "input"), *_boxes(model.layers, expand, shown)]
    inner = _chain_size(chain, vertical)
    found = set().union(*(box.roles() for box in chain))
    legend = [role for role in captions.COLOURS if role in found]
    entries = [0.22 + 0.075 * len(role) for role in legend]
    room = sum(entries) + _SPACE * (len(legend) - 1)
    width = max(inner[0], room) + 2 * _MARGIN
    height = inner[1] + 2 * _MARGIN + 0.35
    figure = Figure(figsize=(width, height), facecolor="white")
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")  # y grows downwards
    axes.axis("off")
    pen = _Pen(axes, vertical)
    pen.chain(chain, (width - inner[0]) / 2, _MARGIN, inner)
    left = (width - room) / 2
    for role, entry in zip(legend, entries, strict=True):
        pen.rectangle(left, height - 0.3, 0.16, 0.16, role)
        captions.write(axes, left + 0.22, height - 0.22, [role], ha="left", fontsize=8)
        left += entry + _SPACE
    return figure


def _boxes(layers: list[Layer], expand: bool, shown: Mapping[str, bool]) -> list[Box]:
    roles = captions.roles(layers)
    return [_box(layer, roles[id(layer)], expand, shown) for layer in layers]


def _box(layer: Layer, role: str, expand: bool, shown: Mapping[str, bool]) -> Box:
    box = Box(captions.lines(layer, shown), role)
    if not expand:
        return box
    if isinstance(layer, Residual):
        chains = [layer.layers, layer.shortcut]
    elif isinstance(layer, Parallel):
        chains = layer.branches
    else:  # a wrapper, or a model inside a model
        held = [inner for _, inner in layer._inside()] or getattr(layer, "layers", None)
        chains = [held] if isinstance(held, list) else []
    box.paths = [
        [
            _box(one, "hidden" if one.count_params() else "no weights", expand, shown)
            for one in chain
        ]
        for chain in chains
    ]
    if isinstance(layer, Residual | Parallel):
        box.join = type(layer.merge).__name__
    return box


class _Pen:
    """Draws boxes on axes whose y grows downwards."""

    def __init__(self, axes: Any, vertical: bool) -> None:
        self.axes = axes
        self.vertical = vertical

    def rectangle(
        self, x: float, y: float, width: float, height: float, role: str, hollow: bool = False
    ) -> None:
        """A rectangle with round corners, filled with the role's colour unless it is hollow."""
        from matplotlib.patches import FancyBboxPatch

        fill, edge = captions.COLOURS[role]
        style = "round,pad=0,rounding_size=0.05"
        self.axes.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                style,
                facecolor="white" if hollow else fill,
                edgecolor=edge,
                lw=1.2,
            )
        )

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], head: bool = True
    ) -> None:
        """A straight line, with a head where it enters a box."""
        look = {"arrowstyle": "-|>" if head else "-", "color": "#444444", "lw": 1.0}
        self.axes.annotate("", end, start, arrowprops={**look, "shrinkA": 0, "shrinkB": 0})

    def chain(self, boxes: list[Box], x: float, y: float, size: tuple[float, float]) -> None:
        """Boxes one after another, centred across the flow, with arrows between."""
        for position, box in enumerate(boxes):
            width, height = box.size(self.vertical)
            if self.vertical:
                middle = x + size[0] / 2
                self.box(box, middle - width / 2, y, (width, height))
                y += height
                start, end = (middle, y), (middle, y + _GAP)
                y += _GAP
            else:
                middle = y + size[1] / 2
                self.box(box, x, middle - height / 2, (width, height))
                x += width
                start, end = (x, middle), (x + _GAP, middle)
                x += _GAP
            if position < len(boxes) - 1:
                self.arrow(start, end)

    def box(self, box: Box, x: float, y: float, size: tuple[float, float]) -> None:
        """A box with its text on top and its paths below."""
        width, height = size
        self.rectangle(x, y, width, height, box.role, hollow=bool(box.paths))
        middle = x + width / 2
        top = y + box.text_height / 2 if box.paths else y + height / 2
        captions.write(self.axes, middle, top, box.lines)
        if not box.paths:
            return
        edge = captions.COLOURS[box.role][1]
        below, bottom, right = y + box.text_height, y + height, x + width
        self.axes.plot([x, right], [below, below], color=edge, lw=0.8)
        if box.join and self.vertical:
            bottom -= _JOIN
            self.axes.plot([x, right], [bottom, bottom], color=edge, lw=0.8)
            captions.write(self.axes, middle, bottom + _JOIN / 2, [box.join])
        elif box.join:
            right -= _JOIN
            self.axes.plot([right, right], [below, bottom], color=edge, lw=0.8)
            spot = (right + _JOIN / 2, (below + bottom) / 2)
            captions.write(self.axes, *spot, [box.join], upright=True)
        self.paths(box, x, below, (right - x, bottom - below))

    def paths(self, box: Box, x: float, y: float, room: tuple[float, float]) -> None:
        """Chains side by side; each begins and ends at the frame."""
        sizes = [_chain_size(path, self.vertical) for path in box.paths]
        across = 0 if self.vertical else 1
        used = sum(size[across] for size in sizes) + _ASIDE * (len(sizes) + 1)
        aside = _ASIDE + (room[across] - used) / 2
        for path, size in zip(box.paths, sizes, strict=True):
            if self.vertical:
                left, top = x + aside, y + (room[1] - size[1]) / 2
                middle = left + size[0] / 2
                before, into = (middle, y), (middle, top)
                out, after = (middle, top + size[1]), (middle, y + room[1])
            else:
                left, top = x + (room[0] - size[0]) / 2, y + aside
                middle = top + size[1] / 2
                before, into = (x, middle), (left, middle)
                out, after = (left + size[0], middle), (x + room[0], middle)
            if path:
                self.chain(path, left, top, size)
                self.arrow(before, into)
                self.arrow(out, after, head=bool(box.join))
            else:
                self.arrow(before, after, head=bool(box.join))
            aside += size[across] + _ASIDE
