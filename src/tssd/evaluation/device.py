"""Devices that are asked for: where the batches of an evaluation go, and what torch refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from tssd.errors import UsageError
from tssd.reading import one_line


def device_of_batches(net: nn.Module, device: torch.device | str | None) -> torch.device:
    """The device asked for, if the network can take batches there.

    Args:
        net: that the batches are for.
        device: asked for; None = where the network is, the CPU for one without parameters.
    Raises: UsageError: no device of this machine, or the network is on none of its kind.
    """
    kinds = list(dict.fromkeys(p.device.type for p in net.parameters()))
    if device is None:
        return next((p.device for p in net.parameters()), torch.device("cpu"))
    with one_line_refusal(device):
        wanted = torch.empty(0, device=device).device
    if kinds and wanted.type not in kinds:
        raise UsageError(
            f"device: got {str(device)!r}, but the network is on {' and '.join(kinds)}; move it "
            "there (net.to(device)), or leave device out"
        )
    return wanted


@contextmanager
def one_line_refusal(device: torch.device | str | None) -> Iterator[None]:
    """What torch says of a device inside the block, as a mistake in the option.

    Raises: UsageError: torch refused.
    """
    try:
        yield
    except (RuntimeError, AssertionError, TypeError) as error:
        raise UsageError(f"device: got {device!r}, and torch says: {one_line(error)}") from error
