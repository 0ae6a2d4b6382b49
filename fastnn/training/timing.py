"""Where the time of a ``fit`` goes, by parts that exclude each other."""

from __future__ import annotations

from time import perf_counter
from types import TracebackType

PARTS = ("compile", "data", "training", "validation", "callbacks")


class Timing:
    """Measures parts; time in an inner part is not the outer part's.

    Examples
    --------
    >>> timing = Timing()
    >>> with timing.part("training"):
    ...     pass
    >>> list(timing.finish())
    ['compile', 'data', 'training', 'validation', 'callbacks', 'other', 'total']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys((*PARTS, "other"), 0.0)
        self._parts = {name: _Part(self, name) for name in PARTS}
        self._current = "other"
        self._began = self._since = perf_counter()

    def part(self, name: str) -> _Part:
        """What ``with`` measures as a part."""
        return self._parts[name]

    def switch(self, name: str) -> str:
        """From now on the time is another part's; returns whose it was."""
        now, before = perf_counter(), self._current
        self.seconds[before] += now - self._since
        self._since, self._current = now, name
        return before

    def finish(self) -> dict[str, float]:
        """The seconds of each part, of the rest and of all together."""
        self.switch(self._current)
        return {**self.seconds, "total": self._since - self._began}


class _Part:
    """One part, which may be entered again inside itself."""

    def __init__(self, timing: Timing, name: str) -> None:
        self._timing = timing
        self._name = name
        self._before: list[str] = []

    def __enter__(self) -> None:
        self._before.append(self._timing.switch(self._name))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timing.switch(self._before.pop())
