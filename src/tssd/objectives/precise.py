"""Numbers precise enough to be compared."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def precise(values: Tensor) -> Tensor:
    """Values in float32 at least: terms compare means that hardly differ."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


@contextmanager
def no_autocast(like: Tensor) -> Iterator[None]:
    """Inside, products of matrices on the device of a tensor keep the type of what is multiplied.

    Autocast would round them to a few digits, in terms that divide them or compare them.
    """
    if like.is_meta:  # shapes without numbers know none
        yield
        return
    with torch.autocast(like.device.type, enabled=False):
        yield
