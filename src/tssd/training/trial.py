"""An optimiser of a single weight: what it says of itself before it has a network's."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

# Torch's own Muon, on anything else than a matrix.
MATRICES = "Muon only supports 2D parameters"


def on_one_weight(make_optimizer: Callable[[Iterable[Any]], Optimizer]) -> Optimizer:
    """An optimiser of one weight of 1: a number, or a matrix where it takes matrices alone.

    Raises: whatever the optimiser refuses its options with.
    """
    try:
        return make_optimizer([nn.Parameter(torch.ones(1))])
    except ValueError as error:
        if not takes_matrices(error):
            raise
        return make_optimizer([nn.Parameter(torch.ones(1, 1))])


def takes_matrices(error: Exception) -> bool:
    """Whether an optimiser was refused because it takes matrices alone."""
    return str(error).startswith(MATRICES)
