"""Why a run has no results: what was raised, wherever it was, as an object."""

import json
import signal
from dataclasses import dataclass
from typing import Self

from tssd.errors import TssdError, printable
from tssd.last_words import last_words
from tssd.many_runs.planned import PlannedRun

# What to do after a signal; also where it came to one of several processes.
INTERRUPTED = "interrupted; finished epochs are kept, the same command continues"

# Last lines that are shown of a process that says no more.
SHOWN = 20


@dataclass(frozen=True)
class Failure:
    """Why a run has no results.

    Args:
        run: which.
        kind: class of what was raised, such as DivergedError; empty where its process ended without
            a word.
        message: one line, the run's folder in front.
        exit_code: of `tssd train` with this run.
        details: the traceback of an error that nobody expected, or the last lines that a process
            without a word has left on standard error; else empty.
    """

    run: PlannedRun
    kind: str
    message: str
    exit_code: int
    details: str = ""

    @classmethod
    def of(cls, run: PlannedRun, error: BaseException) -> Self:
        """The failure of a run that has raised something."""
        if isinstance(error, KeyboardInterrupt):
            # The exit code is that of Ctrl-C; of another signal the process that it ended says it.
            return cls(run, "KeyboardInterrupt", named(run, INTERRUPTED), 128 + signal.SIGINT)
        line, code, details = last_words(error)
        return cls(run, type(error).__name__, named(run, line), code, details)

    @classmethod
    def of_process(cls, run: PlannedRun, code: int, answer: str, complaints: str) -> Self:
        """The failure of a run whose process has ended.

        Args:
            run: which.
            code: of the process, negative after a signal.
            answer: what it has said with `to_json`; empty = nothing.
            complaints: its standard error.
        """
        if answer:
            # Who is interrupted while it tells of something else says two things.
            said: dict[str, str] = json.loads(answer.splitlines()[-1])
            line = named(run, said["message"])
            return cls(run, said["kind"], line, code, said["details"])
        lines = [line for line in complaints.splitlines() if line.strip()]
        line = f"its process {_ending(code)}" + (f": {lines[-1]}" if lines else "")
        exit_code = 128 - code if code < 0 else code
        details = "".join(f"{line}\n" for line in lines[-SHOWN:])
        return cls(run, "", named(run, printable(line)), exit_code, printable(details))

    def to_json(self) -> str:
        """One line for the process that waits for the run."""
        said = {"kind": self.kind, "message": self.message, "details": self.details}
        return json.dumps(said) + "\n"


class RunFailedError(TssdError):
    """A run among others has failed, and none goes on without it.

    Args:
        failure: of the run.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.exit_code = failure.exit_code


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "was killed (SIGKILL), which is what happens where memory runs out"
    return f"crashed ({name})"


def named(run: PlannedRun, message: str) -> str:
    """A message of a run with its folder in front, once."""
    folder = str(run.folder)
    return message if message.startswith(folder) else f"{folder}: {message}"
