"""Arrays that a thread fills again and again."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tssd.engine.packing import LANES, aligned
from tssd.engine.prepared import Call, Prepared, call
from tssd.engine.row_sums import TOGETHER
from tssd.engine.values import Signal

# Shapes of inputs that are remembered; shapes of arrays that are kept to be filled again, and how
# many of each.
REMEMBERED, KEPT_SHAPES, KEPT_ALIKE = 1024, 32, 4


class Room:
    """Room to work in, of one thread."""

    def __init__(self) -> None:
        self._named: dict[str, NDArray] = {}
        self._kept: dict[Any, list[NDArray]] = {}
        self._calls: dict[Any, Call] = {}

    def do(self, function: Callable[..., Any], *args: Any) -> Any:
        """What a function gives that fills arrays of the room from others."""
        return function(*args)

    def made(self, function: Callable[..., NDArray], *args: Any) -> NDArray:
        """A new array that a function gives."""
        return function(*args)

    def take(self, shape: tuple[int, ...], dtype: Any) -> NDArray:
        """An array to be filled: one that was released, since new memory costs a fault a page."""
        kept = self._kept.get((shape, np.dtype(dtype)))
        return kept.pop() if kept else np.empty(shape, dtype)

    def release(self, array: NDArray) -> None:
        """Keep an array that nobody will look at again, to be filled again."""
        arrays = self._kept.setdefault((array.shape, array.dtype), [])
        if len(arrays) < KEPT_ALIKE:
            arrays.append(array)
        if len(self._kept) > KEPT_SHAPES:
            self._kept.clear()

    def call(self, name: str, layer: Prepared, x: Signal) -> Call:
        """What a layer's kernel gets for inputs of one shape."""
        key = (name, x.array.shape, x.scale, x.top)
        if key not in self._calls:
            if len(self._calls) == REMEMBERED:
                self._calls.clear()
            self._calls[key] = call(layer, x, self.array)
        return self._calls[key]

    def array(self, name: str, size: int, dtype: Any) -> NDArray:
        """The array of a name; all layers share it."""
        held = self._named.get(name)
        if held is None or len(held) < size:
            held = self._named[name] = aligned((size,), dtype)
            held[: LANES * TOGETHER] = 0
        return held
