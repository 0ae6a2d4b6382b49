"""How Sphinx makes the pages: the guides of this folder, and a reference page per public module
from its docstrings. Nothing is loaded from the network, neither when building nor when reading.

What of a module is public stands in its ``__all__``. A docstring's prose is plain text with
````literals```` and sections in NumPy's form, so `docstring` turns it into reStructuredText, rather
than an extension that would read "name : description" as a type.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import fastnn

project = "fastnn"
author = "The fastnn authors"
copyright = "the fastnn authors, Apache-2.0"
version = release = fastnn.__version__
extensions = ["sphinx.ext.autodoc", "myst_parser"]
exclude_patterns = ["README.md", "_build"]
html_theme = "alabaster"  # Sphinx's own: no web fonts
html_theme_options = {
    "page_width": "1160px",
    "sidebar_width": "230px",
    "font_family": "system-ui, sans-serif",
    "head_font_family": "system-ui, sans-serif",
    "font_size": "16px",
    "code_font_size": "0.82em",  # 100 characters fit beside the sidebar
    "table_border": "#cccccc",
    "show_powered_by": False,
}
html_show_sourcelink = False
html_copy_source = False
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what goes in and comes out
autodoc_preserve_defaults = True
myst_heading_anchors = 3

HERE = Path(__file__).resolve().parent
REPOSITORY_FILES = "https://github.com/fastnn/fastnn/blob/main/"
PROSE = {"Returns", "Notes", "Examples", "References"}  # the other sections are lists of names
MODULES = [name for name in fastnn.__all__ if inspect.ismodule(getattr(fastnn, name))]
PAGES = ["fastnn", *(f"fastnn.{name}" for name in MODULES), "fastnn.optimizers.schedules"]


def write_reference(app: Any) -> None:
    """One page per public module."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    for name in PAGES:
        page = f"{name}\n{'=' * len(name)}\n\n.. automodule:: {name}\n   :no-members:\n\n"
        page += table(name) + f"\n.. currentmodule:: {name}\n\n" + "".join(entries(name))
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != page:
            path.write_text(page, encoding="utf-8")


def table(module: str) -> str:
    """What a module has: each name with the first sentence about it, and a link."""
    rows = [".. list-table::", "   :widths: 30 70", ""]
    for name, thing in public(module).items():
        home = described_in(module, name)
        rows += [f"   * - :py:obj:`{name} <{home}>`", f"     - {plain(first_sentence(thing))}"]
    return "\n".join(rows) + "\n"


def entries(module: str) -> list[str]:
    """The directives that describe the names of a module, but those that have another home."""
    found = []
    for name, thing in public(module).items():
        if described_in(module, name) != f"{module}.{name}" or f"{module}.{name}" in PAGES:
            continue
        if inspect.ismodule(thing):
            found.append(f".. automodule:: {module}.{name}\n\n.. currentmodule:: {module}\n\n")
        else:
            kind = "autoclass" if inspect.isclass(thing) else "autofunction"
            found.append(f".. {kind}:: {name}\n\n")
    return found


def public(module: str) -> dict[str, Any]:
    """The modules, classes and functions that a module's ``__all__`` names."""
    owner = importlib.import_module(module)
    found = {name: getattr(owner, name) for name in owner.__all__}
    return {
        name: thing for name, thing in found.items() if callable(thing) or inspect.ismodule(thing)
    }


def described_in(module: str, name: str) -> str:
    """Where the reference describes a name: the package's in the module that has it too."""
    thing = getattr(importlib.import_module(module), name)
    if inspect.ismodule(thing):
        return str(thing.__name__)
    others = {"fastnn": MODULES, "fastnn.utils": ["saving"]}.get(module, [])
    for other in others:
        if getattr(getattr(fastnn, other), name, None) is thing:
            return f"fastnn.{other}.{name}"
    return f"{module}.{name}"


def first_sentence(thing: Any) -> str:
    """The first sentence of a docstring, without what leads to a formula below."""
    paragraph = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`]\.) ", paragraph)[0].removesuffix("::").removesuffix(":")


def signature(
    app: Any, what: str, name: str, thing: Any, options: Any, text: str | None, returned: str | None
) -> tuple[str | None, str | None] | None:
    """The arguments of ``__init__``, where a base class has a ``__new__`` that takes any."""
    if what != "class" or text is None or "*args" not in text:
        return None
    found = inspect.signature(thing.__init__)
    if thing.__init__ is object.__init__:
        return "()", returned
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for parameter in list(found.parameters.values())[1:]
    ]
    return str(inspect.Signature(parameters)), returned


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
    page = re.sub(r"\n\n```$", "\n```", page, flags=re.MULTILINE)  # doctest needs the empty line
    text[0] = re.sub(r"\]\(\.\./(?=[\w.])", f"]({REPOSITORY_FILES}", page)


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("builder-inited", write_reference)
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-signature", signature)
    app.connect("source-read", guide)
