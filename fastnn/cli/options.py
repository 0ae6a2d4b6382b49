"""Options that several commands share, and the parser that reports a bad one in a single line. What
a value means is decided by the library: only numbers and lists are read here.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from fastnn.registry import near_names

BAD_ARGUMENTS = 2  # exit code, as that of argparse and of python itself
FAILED = 1
INTERRUPTED = 130  # 128 + SIGINT, what a shell reports
BROKEN_PIPE = 141  # 128 + SIGPIPE

Subparsers = Any  # what add_subparsers returns has a private type


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line; argparse adds the usage, which hides the message."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**kwargs)
        self.commands: dict[str, Parser] = {}

    def option_names(self) -> list[str]:
        """``--backend`` and the like."""
        return [name for name in self._option_string_actions if name.startswith("--")]

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line on stderr."""
        stop = "" if message.endswith("?") else "."
        self.exit(BAD_ARGUMENTS, f"fastnn: error: {message}{stop} See {self.prog} --help.\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value or a command that is none of the choices."""
        if action.choices is None or value in action.choices:
            return
        known = list(map(str, action.choices))
        listed = ", ".join(known)
        if action.option_strings:
            text = f"expected one of {listed}, received {str(value)!r}"
            raise argparse.ArgumentError(action, text)
        near = near_names(str(value), known)
        hint = f"; did you mean {near[0]}?" if near else f". Known: {listed}"
        raise argparse.ArgumentError(None, f"unknown command {value!r}{hint}")


def add_command(
    subparsers: Subparsers, name: str, summary: str, description: str, examples: str
) -> Parser:
    """A command's parser; the examples stand at the end of its ``--help``."""
    parser: Parser = subparsers.add_parser(
        name, help=summary, description=description, epilog=f"examples:\n{examples}"
    )
    return parser


def number(
    kind: Callable[[str], float], what: str, accepts: Callable[[float], bool]
) -> Callable[[str], Any]:
    """A converter for argparse: a number of that kind in a range that ``what`` names."""

    def convert(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and accepts(value)):
            raise argparse.ArgumentTypeError(f"expected {what}, received {text!r}")
        return value

    return convert


positive_integer: Callable[[str], int] = number(
    int, "a whole number of at least 1", lambda value: value >= 1
)
natural_number: Callable[[str], int] = number(
    int, "a whole number of at least 0", lambda value: value >= 0
)
positive_number: Callable[[str], float] = number(float, "a number above 0", lambda value: value > 0)
share: Callable[[str], float] = number(
    float, "a number from 0 to below 1", lambda value: 0 <= value < 1
)


def sizes(text: str) -> list[int]:
    """``"128,64"`` as [128, 64]; an empty text is an empty list."""
    try:
        return [positive_integer(part.strip()) for part in text.split(",")] if text.strip() else []
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers of at least 1, separated by commas, received {text!r}"
        ) from error


def names(text: str) -> list[str]:
    """``"cat,dog"`` as ["cat", "dog"]."""
    return [part.strip() for part in text.split(",")]


def add_execution(parser: argparse.ArgumentParser) -> None:
    """``--backend`` and ``--threads``."""
    group = parser.add_argument_group("where it runs")
    group.add_argument(
        "--backend",
        default="auto",
        metavar="NAME",
        help="auto (default: the fastest that is available), c or numpy; c:avx2 asks for one CPU "
        "level. `fastnn info` lists them",
    )
    group.add_argument(
        "--threads",
        metavar="N",
        help="threads of the C backend, 1 to 256 (default: one per core that this process may "
        "use). The results do not depend on it",
    )


@contextmanager
def execution(args: argparse.Namespace) -> Iterator[None]:
    """Run a block with the backend and the threads that were asked for, then go back."""
    from fastnn import backends
    from fastnn.backends.threads import checked_threads, threads

    before = list(backends._default)
    with ExitStack() as stack:
        if args.threads is not None:
            stack.enter_context(threads(checked_threads(args.threads, "--threads")))
        if args.backend != "auto":
            backends.set_backend(args.backend)
            stack.callback(backends._default.__setitem__, slice(None), before)
        yield


def note(text: str) -> None:
    """A remark for the person at the screen, on stderr: stdout may be data."""
    print(f"fastnn: {' '.join(text.split())}", file=sys.stderr, flush=True)
