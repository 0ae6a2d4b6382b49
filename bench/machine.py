"""What the numbers were measured on: processor, caches, load, versions; and which processors a
benchmark of N threads is bound to. What the machine can do at best is measured in ``probe.py``.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
from pathlib import Path
from typing import Any

CPU = Path("/sys/devices/system/cpu")
# Where the system is silent: sizes that are common on desktops
DEFAULT_CACHES = {"L1": 32 << 10, "L2": 512 << 10, "L3": 16 << 20}


def _read(path: Path) -> str:
    """The text of a small system file; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def cpu_name() -> str:
    """The processor's model name."""
    found = re.search(r"^model name\s*:\s*(.+)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def caches() -> dict[str, int]:
    """Bytes of the data cache at each level, of one instance."""
    sizes = {}
    for index in sorted((CPU / "cpu0" / "cache").glob("index*")):
        text = _read(index / "size")
        if _read(index / "type") != "Instruction" and text[:-1].isdigit():
            unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1], 1)
            sizes["L" + _read(index / "level")] = int(text[:-1]) * unit
    return {**DEFAULT_CACHES, **sizes} if "L1" in sizes else dict(DEFAULT_CACHES)


def processors(count: int) -> list[int]:
    """The processors to bind ``count`` threads to: of those allowed, one of each core first.

    Empty where the system does not bind processes.
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    seen: set[str] = set()
    first: list[int] = []
    second: list[int] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        core = _read(CPU / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu)
        (second if core in seen else first).append(cpu)
        seen.add(core)
    return (first + second)[:count]


def load() -> float:
    """Processes that wanted a processor during the last minute, on average."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def facts() -> dict[str, Any]:
    """What a file of results says about the machine."""
    governor = _read(CPU / "cpu0" / "cpufreq" / "scaling_governor")
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "cpu": cpu_name(),
        "processors": len(processors(1 << 20)) or os.cpu_count(),
        "caches": caches(),
        "governor": governor or "unknown",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": load(),
    }


def load_warning() -> str:
    """A sentence if other programs are at work, else an empty string."""
    now = load()
    if now < 0.5:
        return ""
    return (
        f"The load is {now:.1f} before anything was started: numbers will be worse than they are."
    )
