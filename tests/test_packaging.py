"""What an installed fastnn must be: light to import, small, with compiled modules that hold the
instructions of their CPU level and no others. The rules on the sources: ``test_repository.py``.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn

PACKAGE = Path(fastnn.__file__).resolve().parent
MODULES = sorted((PACKAGE / "backends" / "c_cffi").glob("_kernels_*.so"))
HEAVY = [
    *("numba", "llvmlite", "scipy", "sklearn", "h5py", "matplotlib", "pandas", "PIL"),
    *("tqdm.auto", "tqdm.notebook", "keras", "tensorflow", "torch", "jax", "numba.cuda"),
]
FIT = """
import numpy as np
model = fastnn.Sequential([fastnn.layers.Dense(3, activation="relu"), fastnn.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((8, 4), "float32"), np.ones((8, 1), "float32"), epochs=2, verbose=1)
model.predict(np.ones((2, 4), "float32"), verbose=0)
"""
LARGEST_WHEEL = 5_000_000  # bytes


def module_of(level: str) -> Path:
    """The compiled module of a level; where there is none, the test is skipped with the reason."""
    for path in MODULES:
        if path.name.startswith(f"_kernels_{level}."):
            return path
    pytest.skip(f"no compiled module for {level} on {platform.machine()} {sys.platform}")


def output_of(*command: str) -> str:
    """What a binary tool prints; where the tool is missing, the test is skipped with the reason."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("code", ["fastnn.Sequential", FIT], ids=["import", "small-fit"])
def test_nothing_heavy_is_loaded(code: str, tmp_path: Path) -> None:
    script = f"import sys\nimport fastnn\n{code}\nprint('LOADED', *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert "numpy" in loaded
    assert [module for module in HEAVY if module in loaded] == []


@pytest.mark.parametrize(
    ("level", "present", "absent"),
    [
        ("baseline", "xmm", ["ymm", "zmm"]),
        ("avx2", "ymm", ["zmm"]),
        ("avx512", "zmm", []),
    ],
)
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86-64's registers")
def test_a_level_holds_its_registers_and_no_wider(
    level: str, present: str, absent: list[str]
) -> None:
    """AVX-512 code in baseline would crash on other machines, not on the one that built it."""
    code = output_of("objdump", "-d", "--no-show-raw-insn", str(module_of(level)))
    assert f"%{present}" in code
    assert [register for register in absent if f"%{register}" in code] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ldd is Linux's")
@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_no_openmp_is_linked(level: str) -> None:
    """Two OpenMP runtimes in one process abort it; fastnn brings none."""
    libraries = output_of("ldd", str(module_of(level)))
    assert libraries.strip()
    assert not re.search(r"lib(g|i)?omp", libraries), libraries


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nm -D reads ELF")
@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_only_the_entry_point_is_exported(level: str) -> None:
    """The kernels have the same names at every level, so they must stay inside their module."""
    listed = output_of("nm", "-D", "--defined-only", str(module_of(level))).splitlines()
    symbols = {line.split()[-1].partition("@")[0] for line in listed}
    assert f"PyInit__kernels_{level}" in symbols
    sanitizers = re.compile(r"__(a|ub|t|l)san|_edata|_end|__bss_start|_init|_fini|_cffi_pypyinit")
    assert [s for s in symbols if not s.startswith("PyInit_") and not sanitizers.match(s)] == []


def test_each_module_is_of_the_level_in_its_name() -> None:
    """``level()`` reports what the compiler was told, so that a mixed-up build is seen."""
    if not MODULES:
        pytest.skip("no compiled modules")
    levels = pytest.importorskip("fastnn.backends.c_cffi.levels")
    for level in levels.supported_levels():
        module = __import__(f"fastnn.backends.c_cffi._kernels_{level}", fromlist=["lib"])
        assert module.ffi.string(module.lib.level()).decode() == level


def test_the_package_is_typed_and_has_its_data() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert (PACKAGE / "datasets" / "digits.npz").is_file()


def test_the_version_is_written_once() -> None:
    from fastnn.version import __version__

    assert fastnn.__version__ == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+([a-z]+\d+)?", __version__)


@pytest.fixture(scope="module")
def installed() -> importlib.metadata.Distribution:
    """The installed distribution, if it is what is tested."""
    for found in importlib.metadata.distributions(name="fastnn"):
        if Path(str(found.locate_file("fastnn"))).resolve() == PACKAGE and found.files:
            return found
    pytest.skip("fastnn is built in place, not installed: .ci/run tests the installed wheel")


def test_the_licences_are_installed(installed: importlib.metadata.Distribution) -> None:
    files = {path.name: path for path in installed.files or []}
    assert "Apache License" in files["LICENSE"].read_text()
    notice = files["NOTICE"].read_text()
    assert "CC BY 4.0" in notice
    assert "Optical Recognition of Handwritten Digits" in notice
    assert "D. E. Shaw Research" in notice


def test_the_installation_is_small(installed: importlib.metadata.Distribution) -> None:
    """The wheel is compressed; what is installed bounds it from above."""
    sizes = {
        str(path): Path(str(path.locate())).stat().st_size
        for path in installed.files or []
        if path.suffix != ".pyc" and Path(str(path.locate())).is_file()
    }
    assert sizes
    assert sum(sizes.values()) <= LARGEST_WHEEL, sorted(sizes.items(), key=lambda item: -item[1])[
        :5
    ]


def test_the_requirements_are_the_stated_four(
    installed: importlib.metadata.Distribution,
) -> None:
    required = [line for line in installed.requires or [] if "extra ==" not in line]
    names = {re.split(r"[^A-Za-z0-9_-]", line)[0] for line in required}
    assert names == {"numpy", "cffi", "safetensors", "tqdm"}
