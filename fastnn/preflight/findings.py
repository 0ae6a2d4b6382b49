"""What a check finds: readable as text, usable in programs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

KINDS = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or probably wrong.

    Attributes
    ----------
    kind : ``"error"`` (training would stop, or learn nothing), ``"warning"`` (it would suffer) or
        ``"note"``.
    code : a short name of what was found, such as ``"unscaled"``.
    message : what was found.
    advice : what to do.

    Examples
    --------
    >>> print(Finding("note", "constant", "x: column 3 is constant.", "Leave it out."))
    note: x: column 3 is constant. Leave it out.
    """

    kind: str
    code: str
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message} {self.advice}".rstrip()


class Findings(list[Finding]):
    """All findings, the worst first; prints as text.

    Examples
    --------
    >>> Findings()
    Nothing found: the model and the data look right.
    >>> found = Findings([Finding("note", "constant", "x: column 3 is constant.", "Leave it out.")])
    >>> found
    note: x: column 3 is constant. Leave it out.
    >>> found.codes, len(found.errors)
    (['constant'], 0)
    """

    @property
    def codes(self) -> list[str]:
        """The short names, in order."""
        return [finding.code for finding in self]

    @property
    def errors(self) -> list[Finding]:
        """Those that would stop training or keep it from learning."""
        return [finding for finding in self if finding.kind == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Those from which training would suffer."""
        return [finding for finding in self if finding.kind == "warning"]

    def __str__(self) -> str:
        if not self:
            return "Nothing found: the model and the data look right."
        wrapped = (textwrap.fill(str(item), 96, subsequent_indent="    ") for item in self)
        return "\n".join(wrapped)

    __repr__ = __str__
