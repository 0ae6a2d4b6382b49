"""How many threads a run uses: what containers, processors and the environment say, what the user
chooses, and that the pool then has that many. And which CPU level is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn
from fastnn import backends
from fastnn.backends import threads
from fastnn.backends.c_cffi import levels
from fastnn.errors import ArgumentError, BackendUnavailable
from tests.support.training import Training, perceptron


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch):
    """No choice and no cached default from other tests, nor afterwards."""
    monkeypatch.setattr(threads, "_chosen", [])
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    threads.default_threads.cache_clear()
    yield
    threads.default_threads.cache_clear()


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return root


V1 = "cpu_dot_cfs_quota_us", "cpu_dot_cfs_period_us"


def test_quota_of_version_two(tmp_path: Path):
    assert threads.cgroup_quota(write(tmp_path / "a", cpu_dot_max="200000 100000\n")) == 2.0
    assert threads.cgroup_quota(write(tmp_path / "b", cpu_dot_max="50000 100000")) == 0.5
    assert threads.cgroup_quota(write(tmp_path / "c", cpu_dot_max="max 100000\n")) is None


@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct", "."])
def test_quota_of_version_one(tmp_path: Path, folder: str):
    def quota(limit: str, period: str) -> float | None:
        write(tmp_path / folder, **dict(zip(V1, (limit, period), strict=True)))
        return threads.cgroup_quota(tmp_path)

    assert quota("150000\n", "100000\n") == 1.5
    assert quota("-1\n", "100000\n") is None
    assert quota("0", "100000") is None
    assert quota("100000", "0") is None


def test_no_quota_or_one_that_makes_no_sense(tmp_path: Path):
    assert threads.cgroup_quota(tmp_path / "nothing") is None
    for text in ("", "max", "a b", "1000", "1000 b"):
        assert threads.cgroup_quota(write(tmp_path, cpu_dot_max=text)) is None


def test_hardware_threads_of_one_core_count_once(tmp_path: Path):
    for number, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        name = f"cpu{number}__topology__thread_siblings_list"
        write(tmp_path, **{name: siblings + "\n"})
    write(tmp_path, cpufreq__topology__thread_siblings_list="9")
    assert threads.physical_cores(tmp_path) == 2
    assert threads.physical_cores(tmp_path / "nothing") is None


def limited(monkeypatch: pytest.MonkeyPatch, quota: float | None, cores: int | None, cpus: int):
    monkeypatch.setattr(threads, "cgroup_quota", lambda: quota)
    monkeypatch.setattr(threads, "physical_cores", lambda: cores)
    monkeypatch.setattr(threads, "_affinity", lambda: cpus)
    threads.default_threads.cache_clear()
    return threads.default_threads()


def test_the_default_is_the_smallest_limit(monkeypatch: pytest.MonkeyPatch):
    assert limited(monkeypatch, None, None, 8) == (8, "limited by CPU affinity")
    assert limited(monkeypatch, None, 4, 8) == (4, "limited by physical cores")
    assert limited(monkeypatch, 3.7, 4, 8) == (3, "limited by container CPU quota")
    assert limited(monkeypatch, 0.5, 4, 8) == (1, "limited by container CPU quota")
    assert limited(monkeypatch, 64.0, 4, 2) == (2, "limited by CPU affinity")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert limited(monkeypatch, 3.7, 4, 8) == (2, "limited by OMP_NUM_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")  # OpenMP's nested form: not ours to interpret
    assert limited(monkeypatch, None, None, 3) == (3, "limited by CPU affinity")
    monkeypatch.setenv("FASTNN_NUM_THREADS", "7")
    assert limited(monkeypatch, 1.0, 1, 1) == (7, "set by FASTNN_NUM_THREADS")


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "257"])
def test_a_wrong_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("FASTNN_NUM_THREADS", value)
    threads.default_threads.cache_clear()
    with pytest.raises(ArgumentError, match=f"FASTNN_NUM_THREADS.*1 to 256.*{value}"):
        fastnn.get_num_threads()


def test_choosing(monkeypatch: pytest.MonkeyPatch):
    fastnn.set_num_threads(3)
    assert fastnn.get_num_threads() == 3
    assert threads.why() == "set by set_num_threads"
    with fastnn.threads(5):
        assert fastnn.get_num_threads() == 5
        with pytest.raises(RuntimeError, match="stop"), fastnn.threads(1):
            raise RuntimeError("stop")
        assert fastnn.get_num_threads() == 5
    assert fastnn.get_num_threads() == 3
    for wrong in (0, -1, 257, True, 2.0, "x", None):
        with pytest.raises(ArgumentError, match="number of threads must be a whole number"):
            fastnn.set_num_threads(wrong)
    assert fastnn.get_num_threads() == 3


def test_affinity_is_what_the_process_may_use():
    if not hasattr(os, "sched_setaffinity"):
        return
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert threads._affinity() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert threads._affinity() == len(before)


def test_four_threads_are_four_even_on_two_cores(native: str):
    """``set_num_threads(4)``: the caller and three live workers, all of which may get tiles."""
    backend = backends.resolve(native)
    backend.lib.pool_shutdown()
    assert backend.lib.pool_threads() == 0
    fastnn.set_num_threads(4)
    training = Training(perceptron(512, 512, 10), (784,))
    samples = training.samples(256)
    outcome = training.train(native, samples, 128, threads=fastnn.get_num_threads())
    assert backend.lib.pool_threads() == 3
    assert 1 <= outcome.result.workers <= 4
    training.train(native, samples, 128, threads=2)
    assert backend.lib.pool_threads() == 3  # a pool does not shrink
    backend.lib.pool_shutdown()
    assert backend.lib.pool_threads() == 0
    again = Training(perceptron(512, 512, 10), (784,))
    assert again.train(native, samples, 128, threads=4).same_bits(outcome)
    assert backend.lib.pool_threads() == 3


def test_small_work_wakes_nobody(native: str):
    backend = backends.resolve(native)
    backend.lib.pool_shutdown()
    training = Training(perceptron(8, 5), (4,))
    outcome = training.train(native, training.samples(64), 16, 3, threads=4)
    assert outcome.result.workers == 1
    assert backend.lib.pool_threads() == 0


# -- CPU levels -----------------------------------------------------------------------------------


def test_the_level_may_be_forced(monkeypatch: pytest.MonkeyPatch):
    for level in levels.supported_levels():
        monkeypatch.setenv("FASTNN_CPU_LEVEL", level)
        assert backends.resolve("c").level == level
        assert backends.backends()["c"].detail == f"CPU level {level}"
        assert backends.resolve("c:baseline").level == "baseline"
    monkeypatch.delenv("FASTNN_CPU_LEVEL")
    assert backends.resolve("c").level == levels.supported_levels()[-1]


def test_a_level_that_the_cpu_lacks_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(levels, "supported_levels", lambda: ["baseline"])
    loaded = []
    monkeypatch.setattr(levels, "load", loaded.append)
    monkeypatch.setattr(levels, "compiled_levels", lambda: ["baseline", "avx2", "avx512"])
    backends._resolve.cache_clear()
    monkeypatch.setenv("FASTNN_CPU_LEVEL", "avx512")
    try:
        for name in ("c", "c:avx512"):
            with pytest.raises(BackendUnavailable, match=r"avx512.*this CPU lacks it.*baseline"):
                backends.resolve(name)
        assert loaded == []  # its module is not even loaded
        info = backends.backends()["c"]
        assert not info.available
        assert "this CPU lacks it" in info.reason
        assert backends.resolve("numpy").name == "numpy"
        monkeypatch.setattr(levels, "compiled_levels", lambda: ["baseline"])
        with pytest.raises(BackendUnavailable, match="not built for this machine"):
            backends.resolve("c")
        monkeypatch.setenv("FASTNN_CPU_LEVEL", "avx1024")
        with pytest.raises(ArgumentError, match="avx1024"):
            backends.resolve("c")
    finally:
        backends._resolve.cache_clear()


def test_what_this_cpu_lacks_is_really_refused(monkeypatch: pytest.MonkeyPatch):
    """With the real modules: nothing is mocked where a level is missing."""
    for level in set(levels.LEVELS) - set(levels.supported_levels()):
        monkeypatch.setenv("FASTNN_CPU_LEVEL", level)
        with pytest.raises(BackendUnavailable, match=level):
            backends.resolve("c")


def test_every_module_is_the_level_that_its_name_says():
    for level in levels.supported_levels():
        module = levels.load(level)
        assert module.ffi.string(module.lib.level()).decode() == level
        which = [module.lib.cpu_supports(i) for i in range(3)]
        assert which[: len(levels.supported_levels())] == [1] * len(levels.supported_levels())
        assert module.lib.cpu_supports(3) == module.lib.cpu_supports(-1) == 0
        assert module.lib.kernel_name(-1) == module.ffi.NULL
        assert module.lib.kernel_name(module.lib.kernel_count()) == module.ffi.NULL


def test_a_source_folder_without_kernels_says_so(tmp_path: Path) -> None:
    """Python takes the package in its own folder first: a checkout hides the installed fastnn."""
    package = Path(fastnn.__file__).parent
    only_python = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "build_report.json")
    shutil.copytree(package, tmp_path / "fastnn", ignore=only_python)
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "build.py").touch()
    environment = {**os.environ, "FASTNN_BACKEND": ""}
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fastnn\n"
        "fastnn.backends._numba = lambda: fastnn.backends.BackendInfo('numba', False)\n"
        "for _ in range(2): print(fastnn.Sequential().backend.name)\n"
        "print(fastnn.backends()['c'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    reason = f"{tmp_path} is a source folder in which nothing was compiled. Start Python in another"
    assert done.stdout.startswith(f"numpy\nnumpy\nc: unavailable: {reason}")
    assert done.stderr.count("without compiled kernels fastnn runs on NumPy") == 1
    assert "<string>:3: UserWarning" in done.stderr  # the line that made the first model
    assert reason in done.stderr
