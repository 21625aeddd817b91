"""State dicts without what a wrapper of the network has put before every name."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

Value = TypeVar("Value")

# Of DistributedDataParallel and DataParallel, of torch.compile, and of both.
WRAPPERS = ("module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.")


def unwrapped(tensors: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """Each way to take a prefix from all names, the longest last; none where none has one.

    More than one: a network may have a part of that name itself.
    """
    for prefix in WRAPPERS:
        if all(name.startswith(prefix) for name in tensors):
            yield {name.removeprefix(prefix): value for name, value in tensors.items()}
