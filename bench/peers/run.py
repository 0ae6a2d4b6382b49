"""The process of one peer: binds itself to its processors, does the job in a JSON file, prints one
JSON line.

    python -m bench.peers.run JOB.json

``processes.py`` starts it and sets the environment variables that limit threads: they must be there
before the peer's libraries are loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from dataclasses import asdict
from typing import Any

from bench.peers.job import Job


def answer(job: Job) -> dict[str, Any]:
    """Do a job."""
    if job.processors:
        os.sched_setaffinity(0, job.processors)
    if job.package:
        sys.path.insert(0, job.package)
    peer = importlib.import_module(f"bench.peers.{job.peer}_")
    if job.kind == "versions":
        return {"versions": peer.versions(), "variants": peer.VARIANTS}
    actions = {"train": "train", "infer": "infer", "accuracy": "time_to_accuracy"}
    return asdict(getattr(peer, actions[job.kind])(job, job.variant))


def main() -> None:
    """Answer on standard output; the peers' warnings and chatter go nowhere."""
    warnings.simplefilter("ignore")
    job = Job.read(sys.argv[1])
    out = os.dup(1)
    os.dup2(2, 1)  # libraries that print on standard output must not spoil the line
    line = json.dumps(answer(job)) + "\n"
    os.write(out, line.encode())


if __name__ == "__main__":
    main()
