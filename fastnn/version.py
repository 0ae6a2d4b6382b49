"""The version of fastnn: written here and nowhere else (``pyproject.toml`` reads it)."""

from __future__ import annotations

__version__ = "0.1.0"
