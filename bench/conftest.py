"""Makes ``bench`` and ``tests.support`` importable under ``pytest bench/``, and keeps the caller's
choice of threads. What is measured stands in the test files.
"""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = str(Path(__file__).resolve().parent.parent)
if CHECKOUT not in sys.path:
    sys.path.append(CHECKOUT)

import bench  # noqa: E402, F401 - decides which fastnn is measured, before anything imports it
