"""Prints what a comparison found: a table per task, a summary in ratios, the races. Medians and
spreads come from ``results.py``; the picture is drawn in ``chart.py``.
"""

from __future__ import annotations

import math

from bench.results import BASELINE, Results, Row
from bench.tasks import TASKS

WIDTH, TITLE = 30, 40


def _time(row: Row) -> str:
    """Median and quartiles in microseconds."""
    low, high = (1e6 * value for value in row.quartiles)
    return f"{1e6 * row.median:10.3f} {f'{low:.3f} - {high:.3f}':>21}"


def task_table(results: Results, name: str) -> list[str]:
    """All variants of a task, fastest first."""
    task, ours = TASKS[name], results.ours(name)
    unit = "us/sample" if task.kind == "train" else "us/call"
    threads = 1 if task.one_thread else results.protocol["threads"]
    lines = [
        f"{task.title} ({threads} thread{'s' if threads > 1 else ''}, {results.protocol['data']})",
        f"  {'':{WIDTH}} {unit:>10} {'quartiles':>21} {'x fastnn':>9} {'loss':>9} {'last':>9}",
    ]
    for row in results.of(name):
        ratio = f"{row.median / ours.median:9.2f}" if ours else f"{'':9}"
        share = f"  {row.share:.0%} of the roofline" if row.share else ""
        note = f"  ({row.note})" if row.note else share
        lines.append(
            f"  {row.name:{WIDTH}} {_time(row)} {ratio} {row.loss:9.5f} {row.final_loss:9.5f}{note}"
        )
    return lines


def summary(results: Results) -> list[str]:
    """How many times faster fastnn is, by task."""
    lines = [f"{'times faster than':{TITLE}} {'best peer':>10} {'PyTorch eager':>14}  best peer is"]
    for name in dict.fromkeys(row.task for row in results.rows):
        ours, best = results.ours(name), results.best_peer(name)
        eager = next((r for r in results.of(name) if r.name == "torch eager" and not r.note), None)
        if ours is None or best is None:
            continue
        against = f"{eager.median / ours.median:13.2f}x" if eager else f"{'':14}"
        line = f"{TASKS[name].title:{TITLE}} {best.median / ours.median:9.2f}x {against}"
        lines.append(f"{line}  {best.name}")
    return lines if len(lines) > 1 else []


def against_baseline(results: Results) -> list[str]:
    """What changed since the baseline, and whether that is more than noise."""
    lines = []
    for name in dict.fromkeys(row.task for row in results.rows):
        ours = results.ours(name)
        old = next((row for row in results.of(name) if row.peer == BASELINE), None)
        if ours is not None and old is not None:
            lines.append(f"{TASKS[name].title:{TITLE}} {change(old, ours)}")
    return lines


def change(old: Row, new: Row) -> str:
    """Old and new time, their ratio and what it means."""
    ratio = new.median / old.median
    verdict = "within the noise"
    if new.differs(old):
        verdict = "faster" if ratio < 1 else "SLOWER"
    return f"{1e6 * old.median:10.3f} -> {1e6 * new.median:10.3f} us  {ratio:5.2f}x  {verdict}"


def races(results: Results) -> list[str]:
    """Seconds to the test accuracy."""
    if not results.races:
        return []
    target = results.protocol["accuracy"]
    lines = [
        f"seconds to {target:g} % test accuracy on MNIST, {results.protocol['race']}",
        f"  {'':{WIDTH}} {'median s':>10} {'epochs':>7} {'final accuracy':>15}",
    ]
    order = sorted(results.races, key=lambda race: race.median or math.inf)
    for race in order:
        seconds = "not reached" if race.median is None else f"{race.median:.2f}"
        final = min(run[-1] for run in race.accuracies)
        name = f"{race.peer} {race.variant}"
        lines.append(f"  {name:{WIDTH}} {seconds:>10} {race.epochs:7g} {100 * final:14.2f}%")
    return lines


def text(results: Results) -> str:
    """The whole report."""
    facts = results.machine
    head = [
        f"{facts['cpu']}, {facts['processors']} processors, {facts['system']}, {facts['date']}, "
        f"load before {facts['load_before']:.1f}"
    ]
    versions = [f"{k} {v}" for found in results.versions.values() for k, v in found.items()]
    parts = [head, ["; ".join(dict.fromkeys(versions))]]
    parts += [task_table(results, name) for name in dict.fromkeys(row.task for row in results.rows)]
    parts += [summary(results), against_baseline(results), races(results)]
    return "\n\n".join("\n".join(part) for part in parts if part)
