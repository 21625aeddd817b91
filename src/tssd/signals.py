"""Ctrl-C, SIGTERM and SIGHUP end a command once, wherever it stands."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, ClassVar, Self

# SIGHUP: the terminal was closed. Windows does not know it.
ENDING = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]

# Seconds that a command has to put things away; what it then leaves is as after `kill -9`.
GRACE = 10.0


class Interrupted(KeyboardInterrupt):
    """What the first signal raises."""


def under_signals(
    work: Callable[[], int],
    told: Callable[[Exception], int],
    interrupted: Callable[[], object],
    *,
    program: bool,
) -> int:
    """Do some work that a signal ends once, wherever it stands; returns the exit code.

    Args:
        work: returns its own exit code.
        told: tells of an error that is not a signal's doing; returns the exit code.
        interrupted: tells that a signal came.
        program: see `Signals`.
    """
    with Signals(interrupted, program=program) as signals:
        try:
            try:
                code = work()
            except Exception as error:
                if signals.received is not None:
                    raise
                code = told(error)
                signals.failed = True
            if signals.received is None:
                signals.finished(code)
                return code
        except BaseException as error:
            # What is raised after a signal comes of it, whatever it is.
            if signals.received is None and not isinstance(error, KeyboardInterrupt):
                raise
        interrupted()
        signals.finished(signals.exit_code)
        return signals.exit_code


def is_interrupted() -> bool:
    """Whether a signal has come to the work that is under way, whatever became of its exception."""
    return Signals.active is not None and Signals.active.received is not None


@contextmanager
def signals_later() -> Iterator[None]:
    """Inside, a signal is heard when the block has ended, and a second one at once.

    For what an exception in its midst would leave broken, such as a lock that another thread waits
    for; it must be short. Elsewhere than in the main thread, signals are not heard anyway.
    """
    came: list[tuple[int, FrameType | None]] = []
    heard: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def keep(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))
        if len(came) > 1:
            heard[number](number, frame)

    try:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if callable(handler := signal.getsignal(number)):
                    heard[number] = handler
                    signal.signal(number, keep)
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
        for number, frame in came[:1]:
            heard[number](number, frame)


class Signals:
    """Inside, the first signal raises `Interrupted` and further ones are ignored.

    An exception can get lost on its way out: C++ that calls Python makes another of it (torch.save
    a RuntimeError), a destructor swallows it. Therefore `received` tells of the signal whatever
    came of the exception, and the process ends after GRACE seconds even if nothing came of it.

    Nor does Python complain of destructors once `received` or `failed` is set, which whoever tells
    of another error sets: objects that were half made say no more than that again.

    Signals that are ignored (nohup), or that the calling program handles, are left as they are.

    Args:
        last_words: says that the command was interrupted, when GRACE is over.
        program: whether this process is the command, and nothing else that would have to go on
            after GRACE.
    """

    # The innermost of this process: signals are the process's, too.
    active: "ClassVar[Signals | None]" = None

    def __init__(self, last_words: Callable[[], object], *, program: bool) -> None:
        self._program = program
        self.received: int | None = None
        self.failed = False
        self._last_words = last_words
        self._before: dict[int, Any] = {}
        self._hook = sys.unraisablehook
        self._process = os.getpid()
        self._exit_code: int | None = None
        self._outer: Signals | None = None

    @property
    def exit_code(self) -> int:
        """130 of SIGINT, 143 of SIGTERM, 129 of SIGHUP: 128 and its number, as shells have it."""
        return 128 + (self.received or signal.SIGINT)

    def __enter__(self) -> Self:
        self._outer, Signals.active = Signals.active, self
        if self._program:
            atexit.register(self._leave)  # the first to be registered is the last to be called
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                handler = signal.getsignal(number)
                if handler in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = handler
                    signal.signal(number, self._handle)
        sys.unraisablehook = self._unraisable
        return self

    def __exit__(self, *_: object) -> None:
        Signals.active = self._outer
        if self._exit_code is not None:
            return
        sys.unraisablehook = self._hook
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def finished(self, code: int) -> None:
        """The command has ended: the program exits with this code, whatever signals come."""
        if self._program:
            self._exit_code = code

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A child that was forked, and has copied this handler: it is its parent that decides.
            if number == signal.SIGTERM:
                os._exit(128 + number)
            return
        if self._exit_code is not None:
            os._exit(self._exit_code)
        if self.received is not None:
            return
        self.received = number
        if self._program:
            timer = threading.Timer(GRACE, self._give_up)
            timer.daemon = True
            timer.start()
        raise Interrupted

    def _leave(self) -> None:
        # Python takes seconds to tidy up after torch, and then no longer answers signals: one that
        # came late would make a finished command look killed.
        if self._exit_code is not None:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(self._exit_code)

    def _give_up(self) -> None:
        if self._exit_code is None:
            self._last_words()
        os._exit(self.exit_code)

    def _unraisable(self, found: "sys.UnraisableHookArgs") -> None:
        if self.received is None and not self.failed:
            self._hook(found)
