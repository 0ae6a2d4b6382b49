"""What is probably wrong with a model and its data, found before training: ``fastnn.check``."""

from __future__ import annotations

from fastnn.preflight.checking import check as check
from fastnn.preflight.findings import Finding as Finding
from fastnn.preflight.findings import Findings as Findings

__all__ = ["Finding", "Findings", "check"]
