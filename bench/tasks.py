"""The rows of the comparison: workloads A to D are trained, and A without dropout (A0) on request,
which is the same work for scikit-learn too; of A one row is predicted at a time, by
calling the model and by ``predict``; of B 10,000 rows. Which libraries take part, and their
processes, are elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.workloads import WORKLOADS, Workload


@dataclass(frozen=True)
class Task:
    """One row of the table.

    Attributes
    ----------
    title : in tables and pictures.
    kind : ``"train"`` or ``"infer"``. workload : name. entry : see ``Job``.
    rows : rows of one call; for training 0, which means the workload's samples.
    one_thread : whether it is measured with one thread whatever ``--threads`` says.
    """

    title: str
    kind: str
    workload: str
    entry: str = ""
    rows: int = 0
    one_thread: bool = False

    @property
    def network(self) -> Workload:
        """The network."""
        return WORKLOADS[self.workload]

    @property
    def timed(self) -> int:
        """How often one process is timed, in units of ``--repeats``: epochs or blocks of calls."""
        return 1 if self.kind == "train" else 4

    def complete(self, peer: str) -> bool:
        """Whether a peer can do all of the work: scikit-learn has no dropout."""
        return not (peer == "sklearn" and self.kind == "train" and self.network.dropout)

    def written_for(self, peer: str) -> bool:
        """Whether there is a program of a peer: the elementwise workload's are PyTorch and JAX."""
        return not self.network.elementwise or peer not in ("keras", "sklearn", "numpy")


TASKS = {
    **{name: Task(f"{name} {WORKLOADS[name]}", "train", name) for name in WORKLOADS},
    "one-row": Task("model(x), 1 row of A", "infer", "A", "call", 1, True),
    "one-row-predict": Task("predict(x), 1 row of A", "infer", "A", "predict", 1, True),
    "predict-10000": Task("predict, 10,000 rows of B", "infer", "B", "predict", 10_000),
}
DEFAULT = [name for name in TASKS if name != "A0"]
