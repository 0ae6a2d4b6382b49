"""What the README says that can be checked by running it: its example, its tables of names, its
links.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
TEXT = (CHECKOUT / "README.md").read_text(encoding="utf-8")
MODULES = ["layers", "activations", "metrics", "optimizers", "callbacks", "models"]


def test_the_ten_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"^```python\n(.+?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert (tmp_path / "digits.fastnn").exists()
    loss, accuracy = eval(capsys.readouterr().out.splitlines()[-1])
    assert loss < 0.3
    assert accuracy > 0.9


def test_every_name_in_the_table_exists() -> None:
    table = TEXT.split("## What there is")[1].split("\n## ")[0]
    names = re.findall(r"`([A-Za-z]\w+)`", table)
    modules = [importlib.import_module(f"fastnn.{module}") for module in MODULES]
    assert len(names) > 60
    assert [name for name in names if not any(hasattr(module, name) for module in modules)] == []


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", TEXT) if not link.startswith("https://")]
    assert len(links) > 20
    assert [link for link in links if not (CHECKOUT / link).exists()] == []
