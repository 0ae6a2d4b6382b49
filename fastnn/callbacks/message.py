"""How a callback says something on the screen without spoiling an unfinished progress line. The
display itself is in ``fastnn/training/progress.py``.
"""

from __future__ import annotations


def show_message(text: str) -> None:
    """Print one line; an unfinished progress line is cleared first and drawn again after it."""
    from fastnn.training.progress import show_message as show  # the display may be never needed

    show(text)
