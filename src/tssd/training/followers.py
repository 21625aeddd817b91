"""The other processes of a run on several devices of one machine: started, watched, ended.

Each runs the command line of this process once more, in silence; what it would have said is told
here in one line. They end with this process, however it ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO, Any

from tssd.errors import DataError, TssdError, UsageError
from tssd.processes import deaf_children, lifeline

# Set in a process that was started here: its standard input tells it when this one ends.
FOLLOWS = "TSSD_FOLLOWS"
# Seconds that a process has to end, after which it is killed.
PATIENCE = 5.0
# Seconds after which this process ends with one that has failed: on GPUs it may wait for that one
# inside NCCL, which notices nothing and lets no exception and no signal in.
DEAF_AFTER = 60.0


class Followers:
    """Processes 1, 2, ... of a run.

    Args:
        processes: as started.
        said: what each has said on its standard error.
    """

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]], said: Sequence[IO[bytes]]):
        self._processes = processes
        self._said = said

    def failure(self, *, within: float = 0.0) -> TssdError | None:
        """What ended one of them that ended too early; None = all go on, or are done.

        Args:
            within: seconds to wait for it.
        """
        until = time.monotonic() + within
        while True:
            for rank, process in enumerate(self._processes, start=1):
                if process.poll():
                    return self._told(rank, process.returncode)
            if time.monotonic() >= until:
                return None
            time.sleep(0.02)

    def finish(self) -> None:
        """Wait until all have ended by themselves."""
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)

    def end(self) -> None:
        """End those that still run. Nothing is lost: they write no files."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _told(self, rank: int, code: int) -> TssdError:
        who = f"process {rank + 1} of {len(self._processes) + 1}"
        if code < 0:
            name = signal.Signals(-code).name
            return DataError(
                f"{who} was ended by {name}, which happens where memory runs out; finished epochs "
                "are kept, continue with --resume"
            )
        self._said[rank - 1].seek(0)
        lines = self._said[rank - 1].read().decode(errors="replace").strip().splitlines()
        line = lines[-1].removeprefix("tssd: ") if lines else f"it ended with code {code}"
        return (UsageError if code == UsageError.exit_code else DataError)(f"{who}: {line}")


@contextmanager
def followers(number: int, surroundings: Mapping[str, str]) -> Iterator[Followers]:
    """Start processes 1 to `number`; they end when the block does.

    Args:
        number: how many.
        surroundings: variables of their environment, besides their rank and those of this one.
    Raises: TssdError: what has ended one of them, if that made the block fail.
    """
    with ExitStack() as open_files:
        stdin = open_files.enter_context(lifeline())
        said = [open_files.enter_context(TemporaryFile()) for _ in range(number)]
        started: list[subprocess.Popen[bytes]] = []
        made = Followers(started, said)
        try:
            for rank, stderr in enumerate(said, start=1):
                place = {"RANK": str(rank), "LOCAL_RANK": str(rank), FOLLOWS: "1"}
                environment = {**os.environ, **surroundings, **place}
                started.append(_started(stdin, stderr, environment))
            open_files.enter_context(_ending_with(made))
            yield made
        except TssdError:
            raise
        except Exception as error:
            # Whatever a missing partner makes of this process's step, he knows better.
            if (told := made.failure(within=PATIENCE)) is not None:
                raise told from error
            raise
        else:
            made.finish()
        finally:
            made.end()


@contextmanager
def _ending_with(others: Followers) -> Iterator[None]:
    """End this process if one of the others fails in the block, and the block goes on for long."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            if (told := others.failure()) is not None:
                if not over.wait(DEAF_AFTER):
                    # Nothing is lost: files are written as `tssd.atomic` does.
                    print(f"tssd: {told}", file=sys.stderr, flush=True)
                    os._exit(told.exit_code)
                return

    threading.Thread(target=watch, name="watches the others", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def command() -> list[str]:
    """The command line of this process, to be run once more."""
    main: Any = sys.modules["__main__"]
    python = [sys.executable, *(["-P"] if sys.flags.safe_path else [])]
    if main.__spec__ is None:
        return [*python, os.path.abspath(sys.argv[0]), *sys.argv[1:]]
    return [*python, "-m", main.__spec__.name.removesuffix(".__main__"), *sys.argv[1:]]


def _started(
    stdin: int, stderr: IO[bytes], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with deaf_children():
        return subprocess.Popen(
            command(), stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr, env=environment
        )
