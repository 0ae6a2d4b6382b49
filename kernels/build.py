"""How the C kernels are built: the CPU levels, every compiler flag, and the ``build_ext`` that
never hides a failure. Each level is one cffi module of one translation unit, ``#include "all.c"``;
there are no ``sources=``, because setuptools would write the objects of all levels to one path.
What the kernels compute is not here: see ``README.md`` in this folder.

Environment
-----------
CC : the compiler, as usual. ``CC=false`` builds nothing, and the install still succeeds.
FASTNN_REQUIRE_C : ``1`` makes a failed build fatal (CI and wheels).
FASTNN_SANITIZE : for example ``address,undefined`` or ``thread``: a build with these sanitizers.
FASTNN_CFLAGS : further flags, appended last (for example ``-Werror``).
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path

from cffi import FFI
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, ExecError, LinkError

FOLDER = Path(__file__).resolve().parent
PACKAGE = "fastnn.backends.c_cffi"
REPORT = "build_report.json"  # read by ``fastnn info``
REQUIRED = os.environ.get("FASTNN_REQUIRE_C") == "1"

# MSVC's cl.exe lacks vector extensions, so on Windows clang-cl takes the same flags as Clang
# elsewhere, behind /clang:. Windows is not tested outside the workflow.
WINDOWS = sys.platform == "win32"

# No -ffast-math: NaN must stay NaN and sums keep their order. -fno-math-errno lets sqrt be one
# instruction; contraction to FMA is wanted. -g0: Debian's Python adds -g, which triples the wheel.
FLAGS = ["-O3", "-std=gnu11", "-fno-math-errno", "-ffp-contract=fast", "-fvisibility=hidden", "-g0"]
SANITIZER_FLAGS = ["-O1", "-g", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow"]  # for the check of the kernels alone
THREADS = [] if WINDOWS else ["-pthread"]
LIBRARIES = [] if WINDOWS else ["m"]

# -march first, so that a -march=native in CFLAGS cannot raise a level above its name. A level uses
# what cpu_supports() in the kernels checks for, and nothing else.
X86_64 = {
    "baseline": ["-march=x86-64", "-mtune=generic"],
    "avx2": ["-march=x86-64", "-mtune=generic", "-mavx2", "-mfma"],
    "avx512": [
        *["-march=x86-64", "-mtune=generic", "-mavx2", "-mfma"],
        *["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512"],
    ],
}
ELSEWHERE: dict[str, list[str]] = {"baseline": []}  # aarch64's baseline has NEON


def target_machine() -> str:
    """The architecture that is compiled for; on macOS ARCHFLAGS may name another than ours."""
    if sys.platform == "darwin":
        # A universal2 Python would compile each file for both architectures: levels cannot.
        return os.environ.setdefault("ARCHFLAGS", f"-arch {platform.machine()}").split()[-1]
    return platform.machine()


LEVELS = X86_64 if target_machine().lower() in ("x86_64", "amd64") else ELSEWHERE
LIMITED_API = not (sysconfig.get_config_var("Py_GIL_DISABLED") or hasattr(sys, "gettotalrefcount"))


def sanitizers() -> list[str]:
    """``-fsanitize=...`` where FASTNN_SANITIZE asks for it, for compiling and for linking."""
    chosen = os.environ.get("FASTNN_SANITIZE", "")
    return [f"-fsanitize={chosen}"] if chosen else []


def compile_flags(level: str) -> list[str]:
    """Every flag that the kernels of ``level`` are compiled with."""
    flags = [*FLAGS, *THREADS, *LEVELS[level]]
    if sanitizers():
        flags += [*SANITIZER_FLAGS, *sanitizers()]
    flags += shlex.split(os.environ.get("FASTNN_CFLAGS", ""))
    return [f"/clang:{flag}" for flag in flags] if WINDOWS else flags


def record_version() -> int:
    """The number that Python and the modules must share: a digest of all declarations of ``api.h``
    and ``record.h``. Comments and spaces do not count.
    """
    found = hashlib.sha256()
    for name in ("api.h", "record.h"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        found.update("".join(code.split()).encode())
    return int(found.hexdigest()[:8], 16)


def make_ffi(level: str) -> FFI:
    """The cffi module of one CPU level."""
    ffi = FFI()
    ffi.cdef((FOLDER / "api.h").read_text(encoding="utf-8"))
    flags = compile_flags(level)
    # The flags stand in the source, so that other flags make another source, which is rebuilt.
    version = f"#define RECORD_VERSION {record_version():#x}"
    source = f'/* {level}: {" ".join(flags)} */\n{version}\n#include "all.c"\n'
    limited = {"py_limited_api": True} if LIMITED_API else {}  # where false, cffi knows what to do
    ffi.set_source(
        f"{PACKAGE}._kernels_{level}",
        source,
        include_dirs=[str(FOLDER)],
        depends=sorted(
            str(path) for path in FOLDER.iterdir() if path.suffix in (".c", ".h", ".py")
        ),
        extra_compile_args=flags,
        extra_link_args=[*THREADS, *sanitizers()],
        libraries=LIBRARIES,
        **limited,
    )
    return ffi


# What ``cffi_modules`` in setup.py names: ``kernels/build.py:baseline`` and so on.
baseline, avx2, avx512 = (partial(make_ffi, level) for level in X86_64)


class CompilerFailed(ExecError, OSError):
    """A command that failed, with its last lines. Two bases, because setuptools' compilers catch
    the one up to version 83 and the other since.
    """


def run_and_keep_output(command: list[str], **options: object) -> None:
    """Run a compiler; where it fails, the exception holds the command and its last lines."""
    env = options.get("env")
    shown = shlex.join(command)
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env if isinstance(env, dict) else None,
            check=False,
        )
    except OSError as error:
        raise CompilerFailed(f"{shown}\n{error}") from error
    # One write, because the levels are compiled at the same time.
    print(f"{shown}\n{done.stdout}", end="", flush=True)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        telling = [line for line in lines if "error" in line][:6] or lines[-12:]
        raise CompilerFailed("\n".join([shown, *telling, f"exit status {done.returncode}"]))


class BuildKernels(build_ext):
    """``build_ext`` that leaves a report of a failure for ``fastnn info``, and goes on."""

    def initialize_options(self) -> None:
        """Compile the levels at the same time: each has objects of its own."""
        super().initialize_options()
        self.parallel = os.cpu_count()
        self.failures: dict[str, str] = {}

    def run(self) -> None:
        """Build, then write or remove the report beside the modules."""
        for extension in self.extensions:
            extension.optional = not REQUIRED  # setuptools need not find what could not be built
        super().run()
        if self.inplace:
            folder = Path(self.get_finalized_command("build_py").get_package_dir(PACKAGE))
        else:
            folder = Path(self.build_lib, *PACKAGE.split("."))
        (folder / REPORT).unlink(missing_ok=True)
        if self.failures:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / REPORT).write_text(self.report(), encoding="utf-8")

    def build_extensions(self) -> None:
        """Keep what the compiler says, for the report."""
        if WINDOWS:
            self.compiler.initialize()
            self.compiler.cc = shutil.which("clang-cl") or self.compiler.cc
        else:
            self.compiler.spawn = run_and_keep_output  # setuptools up to 83
            self.compiler.call = run_and_keep_output
        super().build_extensions()

    def build_extension(self, extension: object) -> None:
        """Build one level; where that fails, remember why and remove what an earlier build left."""
        try:
            super().build_extension(extension)
        except (CompileError, ExecError, LinkError, OSError) as error:
            if REQUIRED:
                raise
            level = extension.name.rpartition("_")[2]  # type: ignore[attr-defined]
            self.failures[level] = str(error)
            for stale in Path(self.build_lib, *PACKAGE.split(".")).glob(f"_kernels_{level}.*"):
                stale.unlink()
            print(f"fastnn: no C kernels for {level}: {error}", file=sys.stderr)

    def report(self) -> str:
        """What failed, as ``fastnn info`` prints it: all levels usually fail for one reason."""
        first = next(level for level in LEVELS if level in self.failures)
        command, *lines = self.failures[first].split("\n")
        report = {
            "levels": sorted(self.failures),
            "message": "; ".join([f"{shlex.split(command)[0]}: {lines[0]}", *lines[1:]]),
            "command": command,
            "last_lines": lines,
            "remedy": "install a C compiler and Python's headers (Debian: apt-get install gcc "
            "python3-dev), then reinstall with --no-cache-dir: "
            "python -m pip install --force-reinstall --no-cache-dir fastnn",
        }
        return json.dumps(report, indent=2) + "\n"
