"""Networks for inference, in which neurons are what they fold into."""

import copy
from typing import TypeVar

from torch import nn

from tssd.errors import UsageError

Net = TypeVar("Net", bound=nn.Module)


def folded(net: Net) -> Net:
    """A copy of a network in eval mode in which every part is replaced by its `folded()`.

    It computes what the network does in eval mode, up to rounding: a membrane that lies within
    rounding of its threshold may fall on the other side.

    Args:
        net: any network, such as `tssd.load(RUN).net`; it is left as it is.
    Raises: UsageError: nothing in it folds, or a part can't.
    """
    copied = copy.deepcopy(net).eval()
    if callable(getattr(copied, "folded", None)):
        return copied.folded()  # pyright: ignore[reportCallIssue]
    found = [
        (name, part)
        for name, part in copied.named_modules()
        if callable(getattr(part, "folded", None))
    ]
    if not found:
        raise UsageError(
            f"net: {type(net).__name__} has no part that folds, such as tssd.neurons.MPBNLIF; run "
            "it as it is"
        )
    for name, part in found:
        above, _, own = name.rpartition(".")
        try:
            setattr(copied.get_submodule(above), own, part.folded())  # pyright: ignore[reportCallIssue]
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
    return copied
