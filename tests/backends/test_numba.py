"""What the Numba backend has beside its kernels: a cache that is never stale and may be missing, a
start without Numba itself, a note while it compiles, an explanation where it is not installed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from llvmlite import binding

import fastnn
from fastnn import backends
from fastnn.backends.numba_jit import cache, executor, jit
from fastnn.backends.numba_jit.table import KernelTable
from fastnn.errors import BackendUnavailable

RELU = """
import sys
import numpy as np
import fastnn
fastnn.set_backend("numba")
y = fastnn.ops.relu(np.array([[-1.0, 2.0]], dtype=np.float32))
print(y.tolist(), "numba" in sys.modules)
"""


def run(
    folder: Path, script: str = RELU, package: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, whose cache is ``folder``."""
    settings = {**os.environ, "FASTNN_CACHE": str(folder), **environment}
    if package is not None:
        settings["PYTHONPATH"] = str(package)
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=settings
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_a_changed_kernel_is_compiled_anew(tmp_path: Path):
    """Pitfall 23: an edit in one file changes kernels in another, and no stale code is loaded."""
    package = tmp_path / "site"
    ignore = shutil.ignore_patterns("__pycache__", "_kernels_*", "*.npz")
    shutil.copytree(Path(fastnn.__file__).parent, package / "fastnn", ignore=ignore)
    first = run(tmp_path / "cache", package=package)
    assert first.stdout.split("\n")[0] == "[[0.0, 2.0]] True"
    again = run(tmp_path / "cache", package=package)
    assert again.stdout.split("\n")[0] == "[[0.0, 2.0]] False"  # loaded, without Numba
    source = package / "fastnn/backends/numba_jit/lanes.py"
    text = source.read_text(encoding="utf-8")
    assert text.count('self._arithmetic("fadd", "add", other)') == 1
    relu = package / "fastnn/backends/numba_jit/activation.py"
    formula = relu.read_text(encoding="utf-8")
    assert formula.count("return select(z < 0.0, 0.0, z)") == 1
    relu.write_text(formula.replace("z < 0.0, 0.0, z", "z < 0.0, 7.0, z"), encoding="utf-8")
    changed = run(tmp_path / "cache", package=package)
    assert changed.stdout.split("\n")[0] == "[[7.0, 2.0]] True"
    source.write_text(text.replace('"fadd", "add"', '"fsub", "sub"'), encoding="utf-8")
    assert len(list((tmp_path / "cache").glob("numba-*"))) == 2
    run(tmp_path / "cache", package=package)
    assert len(list((tmp_path / "cache").glob("numba-*"))) == 3


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names CPUs of x86-64")
def test_another_cpu_has_code_of_its_own(tmp_path: Path):
    """Pitfall 23: code for one CPU is not loaded on another; registers are as wide as the CPU's."""
    plain = "+64bit,+cx8,+fxsr,+mmx,+sse,+sse2"
    wide = f"{plain},+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+xsave,+avx,+avx2,+fma,+bmi,+bmi2"
    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip("the CPU lacks AVX2")
    sizes = []
    for cpu, features in (("x86-64", plain), ("haswell", wide)):
        settings = {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features}
        script = f"{RELU}\nfrom fastnn.backends.numba_jit.lanes import VECTOR_BYTES as n; print(n)"
        first, size, *_ = run(tmp_path, script, **settings).stdout.split("\n")
        assert first == "[[0.0, 2.0]] True"
        assert run(tmp_path, **settings).stdout.split("\n")[0] == "[[0.0, 2.0]] False"
        sizes.append(int(size))
    assert sizes == [16, 32]
    assert len(list(tmp_path.glob("numba-*"))) == 2


def test_a_damaged_file_is_compiled_anew(tmp_path: Path):
    run(tmp_path)
    (kept,) = tmp_path.glob("numba-*/activation_forward_f32.bin")
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 0xFF
    kept.write_bytes(data)
    assert run(tmp_path).stdout.split("\n")[0] == "[[0.0, 2.0]] True"
    assert run(tmp_path).stdout.split("\n")[0] == "[[0.0, 2.0]] False"


PREDICT = """
import sys
import numpy as np
import fastnn
fastnn.set_num_threads(2)
model = fastnn.Sequential([fastnn.Input((512,)), fastnn.layers.Dense(512)], backend="numba")
model.predict(np.zeros((256, 512), np.float32), verbose=0)
print(model.backend.lib.pool_threads(), "numba" in sys.modules)
"""


def test_what_helpers_run_is_kept_too(tmp_path: Path):
    """The helpers' part is compiled before they are woken, not by a thread that ends with us."""
    assert run(tmp_path, PREDICT).stdout.split("\n")[0] == "1 True"
    assert run(tmp_path, PREDICT).stdout.split("\n")[0] == "1 False"


def test_a_cache_that_cannot_be_written_is_one_note(tmp_path: Path):
    """A file where the folder should be: unwritable for root too."""
    (tmp_path / "cache").write_text("in the way")
    done = run(tmp_path / "cache")
    assert done.stdout.split("\n")[0] == "[[0.0, 2.0]] True"
    assert done.stderr.count("compiled kernels cannot be kept") == 1
    assert "FASTNN_CACHE" in done.stderr


def test_folders_of_other_sources_go_when_unused_for_long(tmp_path: Path):
    names = ("numba-" + "0" * 16, "numba-" + "1" * 16, "numba-of-somebody-else")
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.bin").write_text("code")
    long_ago = time.time() - 31 * 86400
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, (long_ago, long_ago))
    run(tmp_path)
    kept = {folder.name for folder in tmp_path.glob("numba-*")}
    assert kept > set(names[1:])
    assert names[0] not in kept
    (own,) = kept - set(names)
    os.utime(tmp_path / own, (long_ago, long_ago))
    assert run(tmp_path).stdout.split("\n")[0] == "[[0.0, 2.0]] False"
    assert (tmp_path / own).stat().st_mtime > long_ago + 86400  # use is noted


def test_without_a_home(tmp_path: Path):
    """HOME unset and no cache named: the user database says where home is."""
    settings = {key: value for key, value in os.environ.items() if key not in ("HOME",)}
    settings.update(FASTNN_CACHE=str(tmp_path / "c"), XDG_CACHE_HOME="")
    command = [sys.executable, "-c", RELU]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=settings
    )
    assert done.returncode == 0, done.stderr


def test_a_note_when_compiling_takes_over_a_second(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    monkeypatch.setenv("FASTNN_CACHE", str(tmp_path))
    table = KernelTable()
    table._note(0.6)
    assert capsys.readouterr().err == ""
    table._note(0.6)
    table._note(5.0)
    noted = capsys.readouterr().err
    assert noted.count("fastnn: compiling kernels with Numba") == 1
    assert str(tmp_path) in noted


def test_kernels_are_compiled_when_they_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("FASTNN_CACHE", str(tmp_path))
    table = KernelTable()
    assert not table.addresses.any()
    table.make_ready("cast_i32_f32")
    assert table.compiled == ["cast_i32_f32"]
    assert np.count_nonzero(table.addresses) == 1
    again = KernelTable()
    again.make_ready("cast_i32_f32")
    assert again.compiled == []
    table.make_ready("dense_dw_f64")
    assert table.compiled[1:] == ["block_product_f64", "dense_dw_f64"]


def test_a_table_calls_its_own_shared_routines_whatever_others_publish():
    from llvmlite import binding

    table, other = KernelTable(), KernelTable()
    own = table.shared("block_product_f64")
    assert other.shared("block_product_f64") != own
    table.make_ready("muon_step_f64")
    assert binding.address_of_symbol("fastnn_block_product_f64") == own


def test_warmup_makes_everything_ready(monkeypatch: pytest.MonkeyPatch):
    backend = executor.NumbaBackend()
    monkeypatch.setattr(executor, "backend", lambda: backend)
    backends._resolve.cache_clear()
    try:
        fastnn.warmup(dtype="float64")
    finally:
        backends._resolve.cache_clear()
    ready = {
        name
        for name, address in zip(backend.table.names, backend.table.addresses, strict=True)
        if address
    }
    assert ready == {name for name in backend.table.names if not name.endswith("_f32")}
    fastnn.warmup("numpy")  # has nothing to prepare


def test_the_options_keep_nan_and_infinity():
    assert set(jit.OPTIONS["fastmath"]) == {"contract"}
    assert not jit.OPTIONS.get("parallel")


def test_the_key_covers_sources_versions_and_the_machine(monkeypatch: pytest.MonkeyPatch):
    key = cache.source_key("one machine")
    assert key == cache.source_key("one machine") != cache.source_key("another")
    monkeypatch.setattr(cache.metadata, "version", lambda package: "0.1")
    assert cache.source_key("one machine") != key


def test_the_key_covers_every_module_that_kernels_import():
    """What a chapter takes from elsewhere in fastnn is compiled into its kernels."""
    root = Path(fastnn.__file__).parent
    known = {f"fastnn.{name[:-3].replace('/', '.')}" for name in cache.OUTSIDE}
    loader = {"executor", "table", "cache", "pool", "machine", "user_functions"}
    for path in (root / "backends/numba_jit").glob("*.py"):
        if path.stem in loader:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("from fastnn.") and ".numba_jit" not in line:
                module, _, names = line[5:].partition(" import ")
                found = {module} | {f"{module}.{n.strip()}" for n in names.split(",")}
                assert found & known, f"{path.name}: {line}"


def test_an_absent_numba_is_explained(monkeypatch: pytest.MonkeyPatch):
    def absent(name: str) -> str:
        raise backends_metadata.PackageNotFoundError(name)

    from importlib import metadata as backends_metadata

    monkeypatch.setattr(backends_metadata, "version", absent)
    backends._resolve.cache_clear()
    try:
        info = backends.backends()["numba"]
        assert not info.available
        assert "pip install 'fastnn[numba]'" in info.reason
        with pytest.raises(BackendUnavailable, match=r"pip install 'fastnn\[numba\]'"):
            backends.resolve("numba")
        assert backends.resolve("auto").name in ("c", "numpy")
    finally:
        backends._resolve.cache_clear()


def test_auto_takes_numba_where_c_is_missing(monkeypatch: pytest.MonkeyPatch):
    from fastnn.backends.c_cffi import levels

    def missing(asked: str | None = None) -> str:
        raise BackendUnavailable("no compiler")

    monkeypatch.setattr(levels, "choose_level", missing)
    backends._resolve.cache_clear()
    try:
        assert backends.resolve("auto").name == "numba"
        assert not backends.backends()["c"].available
    finally:
        backends._resolve.cache_clear()
