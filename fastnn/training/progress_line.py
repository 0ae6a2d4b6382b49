"""The text of a progress line: numbers, times, the bar, and how it is made to fit a width. Where
and when it is written is decided in ``progress.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BAR_WIDTHS = (30, 20, 10)  # Keras 1 drew 30; the shorter ones are for narrow terminals
LARGEST_PLAIN = 1e10  # values from here on are shown with an exponent


def format_logs(logs: Mapping[str, Any] | None) -> list[str]:
    """``["loss: 0.6558", ...]``, in the order given."""
    return [f"{_printable(name)}: {format_value(value)}" for name, value in (logs or {}).items()]


def format_value(value: Any) -> str:
    """As Keras: four decimals, an exponent up to 0.001; arrays by their mean."""
    try:
        number = float(value.mean() if getattr(value, "ndim", 0) else value)
    except (TypeError, ValueError):
        return _printable(str(value))
    plain = 1e-3 < abs(number) < LARGEST_PLAIN
    return f"{number:.4f}" if plain else f"{number:.4e}"


def format_speed(seconds_per_sample: float) -> str:
    """``33us/sample``, ``12ms/sample`` or ``3s/sample``; below 1 us with two digits."""
    micros = seconds_per_sample * 1e6
    if micros < 0.995:
        return f"{micros:.2g}us/sample"
    if micros < 999.5:
        return f"{micros:.0f}us/sample"
    if micros < 999.5e3:
        return f"{micros / 1e3:.0f}ms/sample"
    return f"{seconds_per_sample:.0f}s/sample"


def format_eta(seconds: float) -> str:
    """``42s``, ``3:05`` or ``1:02:03``."""
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"


def format_bar(share: float, width: int) -> str:
    """``[=====>....]`` for the share that is done, or ``[==========]`` when all is."""
    filled = int(width * share)
    if filled >= width:
        return f"[{'=' * width}]"
    arrow = "=" * (filled - 1) + ">" if filled else ""
    return f"[{arrow}{'.' * (width - filled)}]"


def display_width(text: str) -> int:
    """How many cells of a terminal the text takes (Chinese characters take two)."""
    if text.isascii():
        return len(text)
    import unicodedata  # a library of 1 MB, needed for the first line that is redrawn

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _joined(counts: str, share: float | None, bar_width: int, parts: list[str]) -> str:
    """One line of its pieces; without a bar when the share is not known or the width is 0."""
    bar = f" {format_bar(share, bar_width)}" if share is not None and bar_width else ""
    return " - ".join([counts + bar, *parts])


def cut_line(counts: str, share: float | None, parts: list[str], width: int | None) -> str:
    """A line to be redrawn: the shorter bars first, then fewer quantities, then no bar."""
    if width is None:
        return _joined(counts, share, BAR_WIDTHS[0], parts)
    tries = [(bar_width, len(parts)) for bar_width in BAR_WIDTHS]
    for bar_width in (BAR_WIDTHS[-1], 0):
        tries += [(bar_width, kept) for kept in range(len(parts), -1, -1)]
    for bar_width, kept in tries:
        line = _joined(counts, share, bar_width, parts[:kept])
        if display_width(line) <= width:
            return line
    return counts[:width]


def fold_line(counts: str, share: float | None, parts: list[str], width: int | None) -> list[str]:
    """The final line: a shorter bar if that is enough, else several lines, with nothing lost."""
    if width is None:
        return [_joined(counts, share, BAR_WIDTHS[0], parts)]
    for bar_width in BAR_WIDTHS:
        line = _joined(counts, share, bar_width, parts)
        if display_width(line) <= width:
            return [line]
    lines = [cut_line(counts, share, [], width)]
    for part in parts:
        if display_width(lines[-1]) + 3 + display_width(part) <= width:
            lines[-1] += f" - {part}"
        else:
            lines.append(f"  - {part}")
    return lines


def _printable(text: str) -> str:
    """The text without line breaks and other control characters."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "?" for character in text)
