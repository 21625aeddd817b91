"""Programs that are given a time and end with it, whatever they do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Seconds that a program has to end by itself once it is asked to.
GRACE = 5.0


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Args:
        status: done, failed or out of time.
        seconds: that it took.
        last: the last line of what it said.
    """

    status: str
    seconds: float
    last: str


def command(module: str, *options: object) -> list[str]:
    """That runs a module of this checkout."""
    return [sys.executable, "-m", module, *map(str, options)]


def surroundings(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment in which this checkout is what is imported."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **(more or {})}


def run(words: Sequence[str], *, seconds: float, log: Path) -> Ended:
    """Run a program, and end it and all that it has started when its time is over.

    Args:
        words: of the command.
        seconds: that it may take.
        log: where what it says goes.
    """
    began = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        child = subprocess.Popen(
            words,
            cwd=ROOT,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = "done" if child.wait(seconds) == 0 else "failed"
        except subprocess.TimeoutExpired:
            status = "out of time"
        finally:
            end(child)
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return Ended(status, round(time.monotonic() - began, 1), last)


def end(child: subprocess.Popen[bytes]) -> None:
    """End a program that leads a session, and its children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
    child.wait()
