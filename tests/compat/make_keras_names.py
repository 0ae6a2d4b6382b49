"""Makes ``fastnn/compat/keras_names.py``: every public name of the installed Keras, by module.

KERAS_BACKEND=jax python -m tests.compat.make_keras_names
"""

from __future__ import annotations

import importlib
import textwrap
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).parents[2] / "fastnn" / "compat" / "keras_names.py"
_HEAD = '''"""Every public name of Keras {version}, by module: with it a name that fastnn lacks is
told from one that is misspelt. Made by ``tests/compat/make_keras_names.py``; not edited by hand.
"""

from __future__ import annotations

VERSION = "{version}"

# module, without "keras." in front → its names, submodules left out
NAMES: dict[str, str] = {{
'''


def public_names() -> dict[str, list[str]]:
    """The names of each module of Keras, submodules left out."""
    found: dict[str, list[str]] = {}

    def visit(full: str) -> None:
        module = importlib.import_module(full)
        shown = {n: v for n, v in vars(module).items() if not n.startswith("_")}
        modules = {n for n, v in shown.items() if isinstance(v, ModuleType)}
        short = full.removeprefix("keras").removeprefix(".")
        found[short] = sorted(set(shown) - modules - {"annotations"})
        for name in sorted(modules - {"src"}):
            if shown[name].__name__ == f"{full}.{name}":
                visit(f"{full}.{name}")

    visit("keras")
    return found


def main() -> None:
    """Write the file."""
    import keras

    lines = [_HEAD.format(version=keras.__version__)]
    for module, names in public_names().items():
        wrapped = textwrap.wrap(" ".join(names), 88, break_on_hyphens=False)
        if len(" ".join(names)) + len(module) < 86:
            lines.append(f'    "{module}": "{"".join(wrapped)}",\n')
            continue
        lines.append(f'    "{module}": (\n')
        lines += [f'        "{row} "\n' for row in wrapped[:-1]]
        lines += [f'        "{wrapped[-1]}"\n    ),\n']
    FILE.write_text("".join([*lines, "}\n"]), encoding="utf-8")
    print(f"{FILE}: Keras {keras.__version__}")


if __name__ == "__main__":
    main()
