"""Compares two files that ``python -m bench.compare --json`` wrote, variant by variant: old and new
median, their ratio, and whether it is more than noise.

    python -m bench.saved OLD.json NEW.json

Ratios between files of different days or machines say little; fastnn's own are better measured by
``python -m bench.compare --baseline``, which takes turns.
"""

from __future__ import annotations

import argparse

from bench.report import change
from bench.results import Results
from bench.tasks import TASKS


def lines(old: Results, new: Results) -> list[str]:
    """One line per variant that is in both."""
    found = []
    before = {(row.task, row.name): row for row in old.rows}
    for row in new.rows:
        if earlier := before.get((row.task, row.name)):
            found.append(f"{TASKS[row.task].title:40} {row.name:26} {change(earlier, row)}")
    for key in ("cpu", "processors"):
        if old.machine[key] != new.machine[key]:
            found.append(f"NOT COMPARABLE: {key} {old.machine[key]} and {new.machine[key]}")
    for key in ("threads", "data", "samples"):
        if old.protocol[key] != new.protocol[key]:
            found.append(f"NOT COMPARABLE: {key} {old.protocol[key]} and {new.protocol[key]}")
    return found


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.saved", description=__doc__)
    parser.add_argument("old")
    parser.add_argument("new")
    options = parser.parse_args(argv)
    print("\n".join(lines(Results.read(options.old), Results.read(options.new))))


if __name__ == "__main__":
    main()
