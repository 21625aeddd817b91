"""Random numbers of a pass that is not to count."""

from contextlib import AbstractContextManager

import torch
from torch import Tensor


def drawn_again(x: Tensor) -> AbstractContextManager[None]:
    """Random numbers that are drawn inside are drawn again afterwards: dropout and noise repeat.

    Args:
        x: a tensor of the device whose numbers are meant, besides the CPU's.
    """
    return torch.random.fork_rng([x.device] if x.is_cuda else [])
