"""How Sphinx makes the pages: the guides of this folder, and a reference page per public module
from its docstrings. Nothing is loaded from the network, neither when building nor when reading.

What of a module is public stands in its ``__all__``. A docstring's prose is plain text with
````literals```` and sections in NumPy's form, so `docstring` turns it into reStructuredText, rather
than an extension that would read "name : description" as a type.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import fastnn

project = "fastnn"
author = "The fastnn authors"
version = release = fastnn.__version__
extensions = ["sphinx.ext.autodoc", "myst_parser"]
exclude_patterns = ["README.md", "_build"]
html_theme = "alabaster"  # Sphinx's own: no web fonts
html_theme_options = {"page_width": "1100px", "sidebar_width": "240px"}
html_show_sourcelink = False
html_copy_source = False
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what goes in and comes out
autodoc_preserve_defaults = True
myst_heading_anchors = 3

HERE = Path(__file__).resolve().parent
REPOSITORY_FILES = "https://github.com/fastnn/fastnn/blob/main/"
PROSE = {"Returns", "Notes", "Examples", "References"}  # the other sections are lists of names
MODULES = [name for name in fastnn.__all__ if inspect.ismodule(getattr(fastnn, name))]


def write_reference(app: Any) -> None:
    """One page per public module."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    names = ["fastnn", *(f"fastnn.{name}" for name in MODULES), "fastnn.optimizers.schedules"]
    for name in names:
        page = f"{name}\n{'=' * len(name)}\n\n.. automodule:: {name}\n"
        if name == "fastnn.utils":  # described with fastnn.saving, where they belong
            page += "   :exclude-members: CustomObjectScope, custom_object_scope\n"
        if name == "fastnn":
            page += "   :no-index:\n"  # its classes are indexed in their modules
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != page:
            path.write_text(page, encoding="utf-8")


def plain(text: str) -> str:
    """Prose with what reStructuredText would read as markup escaped, but for ````literals````."""
    pieces = re.split(r"(``.+?``)", text)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"([*|`\\]|_(?!\w))", r"\\\1", pieces[i])
    for i in range(1, len(pieces), 2):  # a literal beside a letter needs a border
        if pieces[i - 1][-1:].isalnum():
            pieces[i] = "\\ " + pieces[i]
        if pieces[i + 1][:1].isalnum():
            pieces[i + 1] = "\\ " + pieces[i + 1]
    return "".join(pieces)


def docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """A docstring as reStructuredText, in place."""
    found: list[str] = []
    listed = False
    i = 0
    while i < len(lines):
        line = lines[i]
        if line and set(lines[i + 1] if i + 1 < len(lines) else "") == {"-"}:
            listed = line not in PROSE
            found += ["", f".. rubric:: {line}", ""]
            i += 2
        elif line.lstrip().startswith(">>>"):  # an example, up to the next empty line
            found.append("")
            while i < len(lines) and lines[i].strip():
                found.append(lines[i])
                i += 1
            found.append("")
        elif line.rstrip().endswith("::"):  # a formula: what is indented below, as it stands
            found.append(plain(line.rstrip()[:-2]) + "::")
            i += 1
            while i < len(lines) and (not lines[i].strip() or lines[i].startswith(" ")):
                found.append(lines[i])
                i += 1
            found.append("")
        elif listed and re.match(r"\S.* :( |$)", line):
            names, text = re.split(r" :(?: |$)", line, maxsplit=1)
            i += 1
            while i < len(lines) and lines[i].startswith(" "):
                text += " " + lines[i].strip()
                i += 1
            found.append(f"* **{plain(names)}** – {plain(text)}")
            if i < len(lines) and " : " not in lines[i]:
                found.append("")
        else:
            found.append(plain(line))
            i += 1
    lines[:] = [*found, ""]


def guide(app: Any, name: str, text: list[str]) -> None:
    """Sessions as such, and links to files that are no pages."""
    if name.startswith("api/"):
        return
    page = re.sub(r"^```python\n>>>", "```pycon\n>>>", text[0], flags=re.MULTILINE)
    text[0] = re.sub(r"\]\(\.\./(?=[\w.])", f"]({REPOSITORY_FILES}", page)


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("builder-inited", write_reference)
    app.connect("autodoc-process-docstring", docstring)
    app.connect("source-read", guide)
