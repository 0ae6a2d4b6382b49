"""The files that ``fastnn train`` writes: the model, the history and the picture. They are checked
before anything is trained, so that hours of training are not lost to a misspelled folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from fastnn.cli.options import note
from fastnn.errors import ArgumentError

if TYPE_CHECKING:
    from fastnn.callbacks import History
    from fastnn.models import Sequential


def check_outputs(args: argparse.Namespace) -> None:
    """Refuse, before anything is trained, files that could not be written in the end."""
    if args.save is not None:
        from fastnn.saving.files import checked_target

        checked_target(args.save, True, "--save")
    for option in ("save", "history", "plot"):
        path = getattr(args, option)
        if path is None:
            continue
        folder = Path(path).parent
        if not path or Path(path).is_dir() or not folder.is_dir():
            is_folder = Path(path).is_dir()
            problem = "that is a folder" if is_folder else f"there is no folder {str(folder)!r}"
            raise ArgumentError(
                f"--{option}: received {path!r}, but {problem}. Expected the name of a file in a "
                "folder that exists."
            )
    if args.plot is not None:
        from fastnn.drawing import figures

        figures.check("--plot", args.plot, ", or leave out --plot")


def write_outputs(
    args: argparse.Namespace, model: Sequential, history: History, name: str
) -> list[str]:
    """Write the files that were asked for; their names."""
    written = []
    if args.save is not None:
        model.save(args.save)
        written.append(args.save)
    if args.history is not None:
        # json writes floats by repr, so that they come back bit for bit
        Path(args.history).write_text(
            json.dumps(history.history, indent=1) + "\n", encoding="utf-8"
        )
        written.append(args.history)
    if args.plot is None:
        return written
    if not history.epoch:
        note(f"no epoch was completed, so {args.plot} was not drawn.")
        return written
    from fastnn.cli.network import describe_network

    history.plot(args.plot, f"{name}, {describe_network(model)}", dpi=120)
    return [*written, args.plot]
