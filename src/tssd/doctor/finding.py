"""What a check has come to."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# A note is no fault: tssd works, and there is something to know.
Status = Literal["ok", "note", "fails"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        check: its name.
        status: ok, note or fails.
        text: what was found.
        remedy: what to do about it, a command where one does it.
    """

    check: str
    status: Status
    text: str
    remedy: str = ""

    def line(self) -> str:
        """The finding on one line.

        >>> Finding("disk", "note", "0.3 GB free", "make room").line()
        'note   disk          0.3 GB free; make room'
        """
        told = "; ".join(part for part in (self.text, self.remedy) if part)
        return f"{self.status:<6} {self.check:<13} {told}"


def pip_install(requirements: Sequence[str]) -> str:
    """The command that installs packages for the Python that runs this."""
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def verdict(findings: Sequence[Finding]) -> str:
    """One sentence over all findings.

    >>> verdict([Finding("disk", "ok", "")]), verdict([Finding("torch", "fails", "")])
    ('tssd works here', 'tssd does not work here: torch fails')
    """
    failing = [finding.check for finding in findings if finding.status == "fails"]
    if failing:
        verb = "fails" if len(failing) == 1 else "fail"
        return f"tssd does not work here: {', '.join(failing)} {verb}"
    notes = sum(finding.status == "note" for finding in findings)
    counted = {0: "", 1: " (1 note)"}.get(notes, f" ({notes} notes)")
    return f"tssd works here{counted}"
