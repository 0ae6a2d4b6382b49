"""Draws a comparison: a panel per task, a bar per variant, lengths relative to fastnn. matplotlib
is loaded only here, and only when a picture is asked for.
"""

from __future__ import annotations

from bench.results import OTHER, Results, Row
from bench.tasks import TASKS

OURS, OUR_OTHERS, PEERS, VOID = "#d1495b", "#e8a0a8", "#8d99ae", "#dddddd"
WIDE = 30  # times the shortest bar: beyond it the axis is logarithmic


def _colour(row: Row, ours: Row | None) -> str:
    if row.note:
        return VOID
    return OURS if row is ours else OUR_OTHERS if row.peer.startswith(OTHER) else PEERS


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:.3g} µs"


def draw(results: Results, path: str) -> None:
    """Write a picture (.png, .svg, .pdf by its name)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(dict.fromkeys(row.task for row in results.rows))
    heights = [len(results.of(name)) for name in names]
    figure, panels = pyplot.subplots(
        len(names),
        1,
        figsize=(8, 0.28 * sum(heights) + 0.55 * len(names) + 0.7),
        gridspec_kw={"height_ratios": heights},
        squeeze=False,
        layout="constrained",
    )
    for name, panel in zip(names, panels[:, 0], strict=True):
        rows, ours = results.of(name)[::-1], results.ours(name)
        unit = ours.median if ours else rows[-1].median
        lengths = [row.median / unit for row in rows]
        colours = [_colour(row, ours) for row in rows]
        spread = [
            [(row.median - row.quartiles[0]) / unit for row in rows],
            [(row.quartiles[1] - row.median) / unit for row in rows],
        ]
        panel.barh(range(len(rows)), lengths, color=colours, xerr=spread, ecolor="#555555")
        panel.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
        for position, (row, length, beyond) in enumerate(
            zip(rows, lengths, spread[1], strict=True)
        ):
            note = f" ({row.note})" if row.note else ""
            label = f" {length:.2f}x, {_time(row.median)}{note}"
            panel.text(length + beyond, position, label, va="center", fontsize=7)
        longest = max(map(sum, zip(lengths, spread[1], strict=True)))
        if max(lengths) > WIDE * min(lengths):
            panel.set_xscale("log")
            panel.set_xlim(min(lengths) / 2, 4 * longest)
        else:
            panel.set_xlim(0, 1.4 * longest)
        threads = 1 if TASKS[name].one_thread else results.protocol["threads"]
        title = f"{TASKS[name].title}, {threads} thread{'s' if threads > 1 else ''}"
        panel.set_title(title, fontsize=9, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="x", labelsize=7)
    panels[-1, 0].set_xlabel("time relative to fastnn (shorter is better)", fontsize=8)
    facts, protocol = results.machine, results.protocol
    figure.suptitle(
        f"{facts['cpu']}, {facts['processors']} processors, {protocol['data']} data, "
        f"{facts['date'][:10]}",
        fontsize=9,
    )
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
