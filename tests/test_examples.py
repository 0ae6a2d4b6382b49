"""Every file in ``examples/`` runs at its small size, is short, and is in the list there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path), "--quick"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("\n") >= 1
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It was executed from top to bottom, and its code still runs (here without a notebook)."""
    monkeypatch.chdir(tmp_path)
    assert path.stat().st_size < 200_000
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]
    kinds = {kind for cell in code for out in cell["outputs"] for kind in out.get("data", {})}
    assert "image/png" in kinds
    assert not any(out["output_type"] == "error" for cell in code for out in cell["outputs"])
    names: dict[str, object] = {}
    for cell in code:
        exec("".join(cell["source"]), names)
        stored = "".join(
            "".join(out["text"]) for out in cell["outputs"] if out["output_type"] == "stream"
        )
        # the numbers depend on the CPU's level in their last digits
        assert capsys.readouterr().out.count("\n") == stored.count("\n")


def test_all_are_listed() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(SCRIPTS) >= 9
    assert len(NOTEBOOKS) >= 1
    for path in [*SCRIPTS, *NOTEBOOKS]:
        assert f"({path.name})" in listed
