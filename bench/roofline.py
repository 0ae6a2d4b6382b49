"""The least time that work can take on this machine: the larger of its useful floating-point
operations over the measured peak, and of the bytes that it cannot avoid over the measured
bandwidth. Share of the roofline = that floor / measured time. The peaks are measured in
``probe.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.probe import Peaks
from bench.workloads import Workload

FLOAT = 4
# Bytes of Adam per parameter: read gradient, weight and two moments, write the last three
ADAM_BYTES = 7 * FLOAT
# Weight and two moments, which live from step to step
ADAM_STATE = 3 * FLOAT


@dataclass(frozen=True)
class Floor:
    """A least time.

    Attributes
    ----------
    seconds : the floor. bound : what sets it: ``"compute"`` or a level of the memory.
    """

    seconds: float
    bound: str


def floor(
    operations: float, moved: float, place: str, peaks: Peaks, level: str, dtype: str = "float32"
) -> Floor:
    """The floor of so many operations at a CPU level and bytes from a level of the memory."""
    compute = operations / peaks.compute(level, dtype)
    memory = moved / peaks.bandwidth(place)
    return Floor(compute, "compute") if compute >= memory else Floor(memory, place)


def best_level(peaks: Peaks) -> str:
    """The CPU level with the highest peak."""
    name = max((n for n in peaks.gflops if n.endswith("float32")), key=lambda n: peaks.gflops[n])
    return name.split()[0]


def training(workload: Workload, peaks: Peaks) -> Floor:
    """Seconds per sample. The optimizer's bytes count where its arrays do not fit in the cache."""
    fits = workload.parameters * ADAM_STATE <= peaks.caches["L3"]
    moved = 0.0 if fits else workload.parameters * ADAM_BYTES / workload.batch
    return floor(workload.training_flops(), moved, "DRAM", peaks, best_level(peaks))


def inference(workload: Workload, rows: int, peaks: Peaks) -> Floor:
    """Seconds per call of so many rows: the weights are read once, the rows too."""
    weights = workload.parameters * FLOAT
    moved = weights + rows * (workload.sizes[0] + workload.sizes[-1]) * FLOAT
    place = peaks.memory(max(weights, moved) / peaks.threads)
    return floor(rows * workload.forward_flops(), moved, place, peaks, best_level(peaks))
