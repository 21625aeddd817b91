"""Short passes that are noted while they run, to be run again without asking how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.engine.layer import Floats
from tssd.engine.room import Room
from tssd.engine.running import State
from tssd.engine.values import Signal

# So many kinds of passes are noted, and none any more that so many inputs did not suit.
NOTED, MISSES = 16, 8

Found = tuple[Signal, State]


class Tape(Room):
    """Room with a note of what was done in it, so that it can be done again for other values.

    Python takes longer to find out what a small network's layers have to be called with than
    kernels take to run them. Inputs of the same shape have the same calls.

    Args:
        x: an input, of which the tape has a copy.
        state: membranes likewise; None = they begin anew and are not kept.
    """

    def __init__(self, x: Signal, state: Mapping[str, Floats] | None) -> None:
        super().__init__()
        self.x = Signal(x.array.copy(), x.scale, x.top)
        self.given = None if state is None else {name: v.copy() for name, v in state.items()}
        self.sound = True
        self._found: tuple[Signal, Mapping[str, Floats]] = self.x, {}
        self._done: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def do(self, function: Callable[..., Any], *args: Any) -> Any:
        """As `Room.do`; False, which kernels give where they did nothing, spoils the tape."""
        result = function(*args)
        self._done.append((function, args))
        self.sound &= result is not False
        return result

    def made(self, function: Callable[..., NDArray], *args: Any) -> NDArray:
        """As `Room.made`."""
        array = function(*args)
        self._done.append((_fill, (array, function, args)))
        return array

    def keep(self, output: Signal, state: Mapping[str, Floats]) -> None:
        """Say what came out of what was done."""
        self._found = output, state

    def result(self) -> tuple[Signal, dict[str, Floats]]:
        """What came out the last time, as arrays of their own."""
        output, state = self._found
        copied = Signal(output.array.copy(), output.scale, output.top)
        return copied, {name: v.copy() for name, v in state.items()}

    def again(self, x: Signal, state: Mapping[str, Floats] | None) -> bool:
        """Do all of it for another input; whether it could be done."""
        np.copyto(self.x.array, x.array)
        for name, v in (self.given or {}).items():
            np.copyto(v, state[name])  # pyright: ignore[reportOptionalSubscript]
        return all(function(*args) is not False for function, args in self._done)


def _fill(array: NDArray, function: Callable[..., NDArray], args: tuple[Any, ...]) -> None:
    array[...] = function(*args)


class Tapes:
    """What a thread has noted, by the kind of pass."""

    def __init__(self) -> None:
        self._seen: dict[Any, _Seen] = {}

    def run(
        self,
        kind: Any,
        x: Signal,
        state: State | None,
        run: Callable[[Signal, State | None, Room | None], Found],
    ) -> Found:
        """What a pass gives: run the first time, noted the second, then done again.

        Args:
            kind: passes of one kind do the same calls, but that a layer may run dense.
            x, state: its input.
            run: the pass, in a room if one is given.
        """
        if len(self._seen) > NOTED:
            self._seen.clear()
        seen = self._seen.setdefault(kind, _Seen())
        if seen.tape is not None:
            if seen.tape.again(x, state):
                return seen.tape.result()
            seen.misses += 1
            if seen.misses == MISSES:
                seen.tape = None
        elif seen.before and seen.misses < MISSES:
            tape = Tape(x, state)
            tape.keep(*run(tape.x, tape.given, tape))
            if tape.sound:
                seen.tape = tape
            else:
                seen.misses += 1
            return tape.result()
        seen.before = True
        return run(x, state, None)


@dataclass(eq=False)
class _Seen:
    before: bool = False
    tape: Tape | None = None
    misses: int = 0
