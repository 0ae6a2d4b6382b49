"""Every example in the guides (``docs/*.md``) shows what really happens."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

GUIDES = sorted((Path(__file__).resolve().parent.parent / "docs").glob("*.md"))


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_examples(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, attempted = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert attempted > 5


def test_there_are_guides() -> None:
    assert GUIDES
