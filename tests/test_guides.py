"""Every example in the guides (``docs/*.md``) shows what really happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from fastnn.layers.layer import reset_names

DOCS = Path(__file__).resolve().parent.parent / "docs"
NO_GUIDES = {"README.md", "index.md"}  # how the pages are made, and their list
GUIDES = sorted(path for path in DOCS.glob("*.md") if path.name not in NO_GUIDES)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_examples(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reset_names()  # examples show automatic names such as dense
    failed, attempted = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted > 5


def test_there_are_guides() -> None:
    assert len(GUIDES) >= 9


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (DOCS / link).exists(), link
