"""``python -m fastnn``: the same as the command ``fastnn``, which is ``fastnn/cli/main.py``."""

from __future__ import annotations

import sys

from fastnn.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
