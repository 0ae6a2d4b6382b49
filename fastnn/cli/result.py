"""The last line of stdout of ``train`` and ``evaluate``: results as ``name=value``, for programs to
read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastnn.models import Sequential


def level_of(model: Sequential) -> str:
    """The CPU level that a model's backend uses; ``-`` for a backend without levels."""
    return str(getattr(model.backend, "level", None) or "-")


def result_line(model: Sequential, logs: Mapping[str, Any], samples: int, seconds: float) -> str:
    """``test_accuracy=0.9831 test_loss=0.0612 samples=10000 backend=c level=avx512 threads=2
    seconds=41.2``, on one line; accuracy is ``-`` for a model that has none.
    """
    from fastnn.backends.threads import get_num_threads

    accuracy = next((value for name, value in logs.items() if "accuracy" in name), None)
    shown = "-" if accuracy is None else f"{accuracy:.4f}"
    return (
        f"test_accuracy={shown} test_loss={logs['loss']:.4f} samples={samples} "
        f"backend={model.backend.name} level={level_of(model)} threads={get_num_threads()} "
        f"seconds={seconds:.1f}"
    )
