"""What a comparison found: a row per task and variant, with the median, the spread, whether it
counts, and the ratios; to and from JSON. Who is run stands in ``compare.py``, the printing in
``report.py``.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.tasks import TASKS, Task

BASELINE = "baseline"
OTHER = "fastnn on "  # another backend of fastnn, which is no peer
# Of the training loss on real data. It is compared over all timed epochs of all processes: the last
# epoch's alone is chaotic (workload B, the same weights and permutations: libraries 4 % apart).
LOSS_TOLERANCE = 0.02
OUTPUT_TOLERANCE = 0.001  # of the outputs' cross-entropy in inference


@dataclass
class Row:
    """The measurements of one variant on one task.

    Attributes
    ----------
    seconds : per sample (training) or per call (inference), of every timed epoch or block.
    losses : of each process, the mean training loss of its timed epochs; for inference, the mean
        cross-entropy of the outputs. finals : the last epoch's loss.
    note : why the row is void or does less work; empty if it counts.
    share : of the roofline, 0 if unknown.
    """

    task: str
    peer: str
    variant: str
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    note: str = ""
    share: float = 0.0

    @property
    def name(self) -> str:
        """Peer and variant; the variant of another backend of fastnn is the backend."""
        return self.peer if self.peer.startswith(OTHER) else f"{self.peer} {self.variant}"

    @property
    def median(self) -> float:
        """Median of the timed epochs or blocks."""
        return statistics.median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile: the spread."""
        if len(self.seconds) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    @property
    def loss(self) -> float:
        """Mean over the processes of the timed epochs' losses."""
        return statistics.fmean(self.losses)

    @property
    def final_loss(self) -> float:
        """Mean over the processes of the last epoch's loss."""
        return statistics.fmean(self.finals)

    def differs(self, other: Row) -> bool:
        """Whether two medians lie further apart than the noise: the quartiles do not overlap."""
        (low, high), (other_low, other_high) = self.quartiles, other.quartiles
        return high < other_low or other_high < low


@dataclass
class Results:
    """All rows, and what is needed to read them.

    Attributes
    ----------
    protocol : the options of the run. machine : ``machine.facts()``. versions : of each library.
    peaks : of ``probe.py``, by number of threads. races : see ``Race``.
    """

    protocol: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    peaks: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)

    def of(self, task: str) -> list[Row]:
        """The rows of a task, fastest first."""
        return sorted((r for r in self.rows if r.task == task), key=lambda row: row.median)

    def ours(self, task: str) -> Row | None:
        """The row of the fastnn that is measured."""
        return next((row for row in self.rows if row.task == task and row.peer == "fastnn"), None)

    def best_peer(self, task: str) -> Row | None:
        """The fastest row of another library that counts."""
        own = ("fastnn", BASELINE)
        rows = [r for r in self.of(task) if r.peer not in own and not r.peer.startswith(OTHER)]
        peers = [r for r in rows if not r.note]
        return peers[0] if peers else None

    def judge(self, task_name: str) -> None:
        """Write a note into the rows of a task that do not count."""
        task, ours = TASKS[task_name], self.ours(task_name)
        for row in self.of(task_name):
            if not task.complete(row.peer):
                row.note = "without dropout"
            elif ours is not None and row is not ours:
                row.note = _disagreement(task, row.loss, ours.loss, self.protocol["data"])

    def write(self, path: str) -> None:
        """Write JSON; each row with its median, quartiles and ratio, for those who only read."""
        record = asdict(self)
        for plain, row in zip(record["rows"], self.rows, strict=True):
            ours = self.ours(row.task)
            plain["median"], plain["quartiles"] = row.median, row.quartiles
            plain["ratio_to_fastnn"] = row.median / ours.median if ours else None
        text = json.dumps(record, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str) -> Results:
        """What ``write`` wrote."""
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        names = Row.__dataclass_fields__
        record["rows"] = [
            Row(**{k: v for k, v in row.items() if k in names}) for row in record["rows"]
        ]
        record["races"] = [Race(**race) for race in record["races"]]
        return cls(**record)


@dataclass
class Race:
    """Training until a test accuracy is reached.

    Attributes
    ----------
    seconds : until the end of the epoch that reached it, of each process; None if none did.
    accuracies : of every epoch of each process.
    """

    peer: str
    variant: str
    seconds: list[float | None] = field(default_factory=list)
    accuracies: list[list[float]] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """Median of the seconds, if every process reached the accuracy."""
        reached = [value for value in self.seconds if value is not None]
        return statistics.median(reached) if len(reached) == len(self.seconds) else None

    @property
    def epochs(self) -> float:
        """Median number of epochs."""
        return statistics.median(len(run) for run in self.accuracies)


def _disagreement(task: Task, loss: float, ours: float, data: str) -> str:
    """Why a row is void: it did not compute what fastnn computed."""
    difference = abs(loss - ours) / max(abs(ours), 1e-12)
    if task.kind == "infer" and difference > OUTPUT_TOLERANCE:
        return f"void: outputs differ by {difference:.1%}"
    if task.kind == "train" and data == "mnist" and not difference <= LOSS_TOLERANCE:
        return f"void: loss differs by {difference:.1%}"
    return ""
