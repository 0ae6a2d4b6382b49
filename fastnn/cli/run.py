"""``fastnn run SCRIPT.py``: runs a script that imports ``keras`` or ``tensorflow.keras`` on fastnn,
and otherwise as ``python SCRIPT.py`` would. What those names mean is decided in ``fastnn/compat``.
"""

from __future__ import annotations

import argparse
import builtins
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType

from fastnn.cli.options import (
    FAILED,
    INTERRUPTED,
    Subparsers,
    add_command,
    add_execution,
    execution,
)
from fastnn.errors import ArgumentError

_DESCRIPTION = """\
Run an unmodified Python script on fastnn. In it `keras`, `tensorflow` and `tensorflow.keras` stand
for fastnn, even if the real ones are installed:

  from tensorflow.keras.layers import Dense     is fastnn.layers.Dense
  tf.reduce_mean, tf.constant, tf.nn.relu, ...  are NumPy arrays and fastnn.ops

What fastnn does not have (convolutions, recurrent layers, GradientTape, tf.data, ...) is an error
at the script's line, which names it and says what to do. For a functional Model(inputs, outputs)
that error is the Sequential to write. sys.argv, sys.path, the exit code and tracebacks are as with
`python SCRIPT.py`. Options of fastnn come before SCRIPT.

To have the same without this command, begin the script with
  import fastnn; fastnn.install_as_keras()
or edit its imports: `keras` becomes `fastnn`, `tensorflow` becomes `fastnn.compat.tensorflow`.
"""
_EXAMPLES = """\
  fastnn run train_mnist.py
  fastnn run --threads 1 train_mnist.py --epochs 3
  fastnn run --backend numpy train_mnist.py
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers, "run", "run a Keras script on fastnn, unmodified", _DESCRIPTION, _EXAMPLES
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="what the script gets as sys.argv",
    )
    add_execution(parser)
    parser.set_defaults(function=run)


def run(args: argparse.Namespace) -> int:
    """Run the script; its exit code."""
    with execution(args):
        return run_script(args.script, args.arguments)


def run_script(path: str, arguments: Sequence[str]) -> int:
    """Run a script as ``__main__`` with ``keras`` and ``tensorflow`` as aliases of fastnn."""
    from fastnn.compat import aliases

    file = os.path.abspath(path)  # as python has it since 3.9; sys.argv[0] stays as it was given
    source = _read(path)
    module = ModuleType("__main__")
    loader = SourceFileLoader("__main__", file)
    vars(module).update(
        __file__=file, __loader__=loader, __builtins__=builtins, __cached__=None, __package__=None
    )
    with aliases.installed(), _as_main(module, path, arguments):
        try:
            code = compile(source, file, "exec", dont_inherit=True)
            exec(code, vars(module))
        except SystemExit as stop:
            return _exit_code(stop)
        except BrokenPipeError:
            raise
        except BaseException as error:
            _show(error, file, aliases.__file__)
            return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
    return 0


def _read(path: str) -> bytes:
    """The script's bytes; the compiler finds its encoding."""
    try:
        with io.open_code(os.path.abspath(path)) as file:
            return file.read()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise ArgumentError(
            f"script {path!r} cannot be read ({problem}). Expected a Python file: check the path."
        ) from error


@contextmanager
def _as_main(module: ModuleType, path: str, arguments: Sequence[str]) -> Iterator[None]:
    """``sys.modules``, ``sys.argv`` and ``sys.path`` as they are for a script of its own."""
    before = sys.modules["__main__"], sys.argv, list(sys.path)
    sys.modules["__main__"] = module
    sys.argv = [path, *arguments]
    if not getattr(sys.flags, "safe_path", False):  # python -P has no entry for the script
        sys.path[:1] = [os.path.dirname(os.path.realpath(path))]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = before


def _exit_code(stop: SystemExit) -> int:
    """What python makes of ``sys.exit(...)``."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code
    print(stop.code, file=sys.stderr)
    return FAILED


def _show(error: BaseException, file: str, aliases_file: str | None) -> None:
    """Print the traceback as python would: it begins in the script, and does not show how
    ``keras`` was found.
    """
    frames: list[TracebackType] = []
    current = error.__traceback__
    while current is not None:
        frames.append(current)
        current = current.tb_next
    while frames and frames[0].tb_frame.f_code.co_filename != file:
        del frames[0]
    if frames and _file(frames[-1]) == aliases_file:
        while len(frames) > 1 and _is_import_system(_file(frames[-1]), aliases_file):
            del frames[-1]
        frames[-1].tb_next = None
    sys.stdout.flush()
    trace = frames[0] if frames else None
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _file(frame: TracebackType) -> str:
    """The file of the code of a frame."""
    return frame.tb_frame.f_code.co_filename


def _is_import_system(file: str, aliases_file: str | None) -> bool:
    """Whether a frame belongs to the import of an alias."""
    return file == aliases_file or file.startswith("<frozen importlib")
