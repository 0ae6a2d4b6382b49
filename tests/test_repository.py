"""The rules that keep the repository readable, checked on its files: sizes, names, who imports
whom, docstrings, where flags may stand. What a built package must be: ``test_packaging.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
FASTNN = CHECKOUT / "fastnn"
KERNELS = CHECKOUT / "kernels"

# Folder names of the backends; only fastnn/backends chooses among them.
BACKENDS = {"numpy_ref", "c_cffi", "numba_jit", "cuda_jit"}
# Nothing of these may be loaded by `import fastnn`: they are slow to import or optional.
HEAVY = {
    *("numba", "llvmlite", "scipy", "sklearn", "h5py", "matplotlib", "pandas", "PIL", "cuda"),
    *("keras", "tensorflow", "torch", "jax", "onnx", "optuna", "mpi4py", "tqdm"),
}
# Op families have the same file name in the contract, in every backend and in the kernels. Pooling
# is left out: the kernels' pool.c is the thread pool.
FAMILIES = {
    *("dense", "activation", "loss", "dropout", "optimizer", "conv", "recurrent"),
    *(
        "elementwise",
        "reduce",
        "shape",
        "data",
        "metric",
        "normalization",
        "strided",
        "pick",
        "matrices",
    ),
}


def files(
    *suffixes: str, inside: tuple[str, ...] = ("fastnn", "kernels", "tests", "bench")
) -> list[Path]:
    """The repository's files with these suffixes, without what a build leaves."""
    found = []
    for folder in inside:
        for path in sorted((CHECKOUT / folder).rglob("*")):
            generated = path.name.startswith("_kernels_") or "__pycache__" in path.parts
            if path.suffix in suffixes and path.is_file() and not generated:
                found.append(path)
    return found


def name(path: Path) -> str:
    """A path as messages show it."""
    return str(path.relative_to(CHECKOUT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path, statements: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[str]:
    """The full names of what these statements import, ``from a import b`` as ``a.b``."""
    package = list(path.relative_to(CHECKOUT).with_suffix("").parts[:-1])
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant))


def test_the_search_finds_the_repository() -> None:
    """The other tests would pass on an empty list of files."""
    found = {name(path) for path in files(".py", ".c", ".h")}
    assert {
        "fastnn/errors.py",
        "kernels/all.c",
        "kernels/api.h",
        "tests/test_repository.py",
    } <= found


def test_no_file_is_over_500_lines() -> None:
    long = {}
    for path in files(".py", ".c", ".h"):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > 500 and not name(path).startswith("tests/golden"):
            long[name(path)] = count
    assert not long, "split these by concept"


@pytest.mark.parametrize(
    "folder",
    [
        *("kernels", "fastnn/program", "fastnn/saving", "fastnn/datasets"),
        *("fastnn/backends/numba_jit", "fastnn/backends/numpy_ref"),
    ],
)
def test_contents_pages_name_every_file(folder: str) -> None:
    page = (CHECKOUT / folder / "README.md").read_text(encoding="utf-8")
    missing = [
        path.name
        for path in sorted((CHECKOUT / folder).iterdir())
        if path.suffix in (".py", ".c", ".h") and path.name != "__init__.py"
        if f"`{path.name}`" not in page and f"{path.name}`" not in page
    ]
    assert not missing, f"{folder}/README.md says what its files hold, but not these"


def test_no_file_is_named_after_nothing() -> None:
    vague = {"util", "utils", "helper", "helpers", "misc", "common"}
    named = [name(path) for path in files(".py", ".c", ".h") if path.stem in vague]
    folders = [
        name(path)
        for folder in ("fastnn", "kernels", "tests", "bench")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_dir()
        and path.name in vague
        and path not in {FASTNN / "utils", CHECKOUT / "tests/utils"}
    ]
    assert named + folders == [], "a file is named after the concept it holds"


def test_every_python_file_says_what_it_holds() -> None:
    silent = [name(path) for path in files(".py") if not ast.get_docstring(tree(path))]
    assert silent == []


def test_every_kernel_file_says_what_it_holds() -> None:
    silent = [
        name(path)
        for path in files(".c", ".h", inside=("kernels",))
        if not path.read_text(encoding="utf-8").lstrip().startswith("/*")
    ]
    assert silent == []


def test_a_backend_is_imported_by_backends_alone() -> None:
    """Outside fastnn/backends nobody knows a backend's folder; inside, none knows another's."""
    wrong = []
    for path in files(".py", inside=("fastnn",)):
        parts = path.relative_to(FASTNN).parts
        chooses = parts[0] == "backends" and len(parts) == 2  # fastnn/backends/*.py: the selection
        own = parts[1] if parts[0] == "backends" and len(parts) > 2 else ""
        for imported in imports(path, ast.walk(tree(path))):
            steps = imported.split(".")
            named = steps[2] if steps[:2] == ["fastnn", "backends"] and len(steps) > 2 else ""
            if named in BACKENDS and named != own and not chooses:
                wrong.append(f"{name(path)} imports {imported}")
            if "_kernels_" in imported and own != "c_cffi":
                wrong.append(f"{name(path)} imports {imported}")
    assert wrong == []


def test_nothing_heavy_is_imported_at_the_top_of_a_module() -> None:
    """Optional packages are imported in the function that needs them."""
    wrong = [
        f"{name(path)} imports {imported}"
        for path in files(".py", inside=("fastnn",))
        for imported in imports(path, tree(path).body)
        if imported.split(".")[0] in HEAVY - allowed(path)
    ]
    assert wrong == []


def allowed(path: Path) -> set[str]:
    """The Numba backend's chapters are Numba's own language; what runs kernels from the cache needs
    the loader (llvmlite) alone.
    """
    if path.parent != FASTNN / "backends" / "numba_jit":
        return set()
    start = {"executor", "table", "cache", "pool", "job", "machine", "__init__"}
    return {"llvmlite"} if path.stem in start else {"llvmlite", "numba"}


@pytest.mark.parametrize(
    "column", ["fastnn/backends/numpy_ref", "fastnn/backends/numba_jit", "kernels"]
)
def test_op_families_have_one_file_name_everywhere(column: str) -> None:
    in_ops = {path.stem for path in (FASTNN / "ops").glob("*.py")} & FAMILIES
    here = {path.stem for path in (CHECKOUT / column).glob("*.*") if path.suffix in (".py", ".c")}
    assert in_ops
    assert here & FAMILIES == in_ops


def test_compiler_flags_stand_in_one_file() -> None:
    flag = re.compile(
        r"-march=|-mtune=|-mavx|-mfma|-O[23s]\b|-std=|-ff?p?-?contract|-ffast-math|/arch:"
    )
    places = [*files(".py", inside=("fastnn",)), CHECKOUT / "setup.py", CHECKOUT / "pyproject.toml"]
    places += [path for path in (CHECKOUT / ".ci").iterdir() if path.is_file()]
    assert [name(path) for path in places if flag.search(path.read_text(encoding="utf-8"))] == []
    assert flag.search((KERNELS / "build.py").read_text(encoding="utf-8"))


def test_no_level_is_built_with_fast_math() -> None:
    """-ffast-math would let the compiler drop NaN and reorder sums."""
    strings = [
        node.value
        for node in ast.walk(tree(KERNELS / "build.py"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert "-fno-math-errno" in strings
    assert not {"-ffast-math", "-Ofast", "-funsafe-math-optimizations"} & set(strings)


def test_the_header_is_prototypes_alone() -> None:
    """api.h is included by C and read by cffi, which knows no preprocessor."""
    text = (KERNELS / "api.h").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.lstrip().startswith("#")]
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(int|long|short|unsigned|bool|float|double)\b", code), (
        "only sized integer types"
    )


def test_nothing_is_left_for_later() -> None:
    left = re.compile(
        r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError\s*(\(\))?\s*$", re.MULTILINE
    )
    found = [
        name(path)
        for path in files(".py", ".c", ".h", inside=("fastnn", "kernels"))
        if left.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
