"""Numbers precise enough to be compared."""

import torch
from torch import Tensor


def precise(values: Tensor) -> Tensor:
    """Values in float32 at least: terms compare means that hardly differ."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
