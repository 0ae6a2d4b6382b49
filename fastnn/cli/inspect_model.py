"""``fastnn inspect MODEL``: the command; what it prints is made in ``inspect.py``."""

from __future__ import annotations

import argparse

from fastnn.cli.options import Subparsers, add_command

_DESCRIPTION = """\
Show what a model file says it holds, without trusting it: no class is looked up, no model is made,
no code is run. The last line is a SHA-256 of the weights: equal weights, equal sum.
"""
_EXAMPLES = """\
  fastnn inspect m.fastnn
  fastnn inspect m.fastnn | tail -n 1
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "inspect", "show what a model file holds", _DESCRIPTION, _EXAMPLES
    )
    parser.add_argument("model", metavar="MODEL", help="a .fastnn file")
    parser.set_defaults(function=inspect_model)


def inspect_model(args: argparse.Namespace) -> int:
    """Print the description of a file."""
    from fastnn.cli.inspect import describe

    print(describe(args.model))
    return 0
