"""The entry point: puts the commands together, and turns what goes wrong into one line on stderr
and an exit code. Each command is in the file of its name.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn, TextIO

from fastnn.cli import evaluate, info, inspect_model, predict, run, train
from fastnn.cli.options import (
    BAD_ARGUMENTS,
    BROKEN_PIPE,
    FAILED,
    INTERRUPTED,
    Parser,
    note,
)
from fastnn.errors import FastnnError, NonFiniteLossError
from fastnn.registry import near_names
from fastnn.version import __version__

_COMMANDS = (train, evaluate, predict, inspect_model, run, info)
_DESCRIPTION = """\
Fast neural networks for MNIST-sized data, behind the Keras Sequential API.

`fastnn train` needs no arguments: it trains on MNIST if that is on this machine, else on the 1,797
real handwritten digits that come with fastnn.
"""
_EPILOG = """\
examples:
  fastnn train --save digits.fastnn
  fastnn evaluate digits.fastnn --dataset digits
  fastnn run my_keras_script.py

`fastnn COMMAND --help` explains every option. Environment: FASTNN_DATA (folder with mnist/ and
fashion_mnist/), FASTNN_BACKEND, FASTNN_NUM_THREADS, FASTNN_CPU_LEVEL, FASTNN_CACHE,
FASTNN_OFFLINE=1. Exit codes: 0 done, 1 failed, 2 bad arguments or data, 130 stopped by Ctrl-C.
"""


def make_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(prog="fastnn", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"fastnn {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", parser_class=Parser
    )
    for command in _COMMANDS:
        command.register(commands)
    parser.commands = commands.choices
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : the arguments after the program's name; by default those of this process.

    Returns
    -------
    The exit code: 0 done, 1 failed, 2 bad arguments or data, 130 stopped by Ctrl-C.

    Examples
    --------
    >>> from fastnn.cli.main import main
    >>> main(["--version"])  # doctest: +ELLIPSIS
    fastnn ...
    0
    """
    code = _run(argv)
    if argv is None and code == INTERRUPTED:
        # this process ends now: a late Ctrl-C must not change how
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _run(argv: Sequence[str] | None) -> int:
    """The command line without what belongs to the process alone."""
    parser = make_parser()
    try:
        args, unknown = parser.parse_known_args(argv)
        if unknown:
            _refuse(parser, args.command, unknown[0])
    except SystemExit as stop:  # --help, --version and bad arguments
        return stop.code if isinstance(stop.code, int) else FAILED
    if args.command is None:
        parser.print_help()
        return 0
    try:
        with _short_warnings(args.command):
            code: int = args.function(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        note("interrupted.")
        return INTERRUPTED
    except NonFiniteLossError as error:
        return _fail(error, FAILED)
    except FastnnError as error:
        return _fail(error, BAD_ARGUMENTS)
    except OSError as error:
        return _fail(error, BAD_ARGUMENTS)
    except MemoryError as error:
        return _fail(error, FAILED)


def _refuse(parser: Parser, command: str | None, argument: str) -> NoReturn:
    """End with the message for an argument that no parser took, and the option that is near."""
    owner = parser.commands[command] if command else parser
    option = argument.partition("=")[0]
    near = near_names(option, list(owner.option_names()))
    hint = f"; did you mean {near[0]}?" if near else ""
    owner.error(f"unknown argument {argument!r}{hint}")


def _fail(error: BaseException, code: int) -> int:
    """Print an error as one line, without advice that only callers in Python can follow; the exit
    code.
    """
    if isinstance(error, FastnnError) and error.alternative:
        text = str(error).removesuffix(error.alternative)
    elif isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{error.strerror}: {error.filename}"
    else:
        text = str(error) or "not enough memory"
    note(f"error: {text}")
    return code


@contextlib.contextmanager
def _short_warnings(command: str) -> Iterator[None]:
    """Show the library's warnings as one line each, without the place in the code.

    A script under ``fastnn run`` gets them as Python shows them.
    """
    with warnings.catch_warnings():
        if command != "run":
            warnings.showwarning = _show_warning
        yield


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """What ``warnings.showwarning`` is replaced by."""
    note(f"warning: {message}")


def _drop_stdout() -> None:
    """Nobody reads stdout any more: let Python's last flush at exit go nowhere, without a word."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
