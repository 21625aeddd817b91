"""Modules of the network that a term looks at, and that are no part of it."""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn


class Borrowed(list[nn.Module]):
    """Modules of somebody else's, in a list, where torch does not look for parameters.

    A copy that is made along with the modules holds their copies, one that is made alone the same
    modules: it goes on to train the network that it is connected to.

    Args:
        modules: whose parameters and weights the owner has.
    """

    def __init__(self, modules: Iterable[nn.Module] = ()) -> None:
        super().__init__(modules)
        # What copy.deepcopy has copied, or will have until it ends: the network may come later.
        self._copies: dict[int, Any] | None = None

    def __iter__(self) -> Iterator[nn.Module]:
        if self._copies is not None:
            copies, self._copies = self._copies, None
            self[:] = [copies.get(id(module), module) for module in super().__iter__()]
        return super().__iter__()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Borrowed":
        """The same modules until it is asked for them, which is after all has been copied."""
        copied = Borrowed(self)
        copied._copies = memo
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """What a pickle holds."""
        return Borrowed, ([*self],)
