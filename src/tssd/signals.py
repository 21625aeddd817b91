"""Ctrl-C, SIGTERM and SIGHUP end a command once, wherever it stands."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Self

# SIGHUP: the terminal was closed. Windows does not know it.
ENDING = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]

# Seconds that a command has to put things away; what it then leaves is as after `kill -9`.
GRACE = 10.0


class Interrupted(KeyboardInterrupt):
    """What the first signal raises."""


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

    def __init__(self, last_words: Callable[[], object], *, program: bool) -> None:
        self._program = program
        self.received: int | None = None
        self.failed = False
        self._last_words = last_words
        self._before: dict[int, Any] = {}
        self._hook = sys.unraisablehook
        self._process = os.getpid()
        self._exit_code: int | None = None

    @property
    def exit_code(self) -> int:
        """130 of SIGINT, 143 of SIGTERM, 129 of SIGHUP: 128 and its number, as shells have it."""
        return 128 + (self.received or signal.SIGINT)

    def __enter__(self) -> Self:
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
