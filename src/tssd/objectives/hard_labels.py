"""The class of each sample, and what single logits are worth against it."""

import torch.nn.functional as F
from torch import Tensor


def classes_of(target: Tensor) -> Tensor:
    """Class numbers [N]; of shares of classes [N, K] the class with the largest."""
    return target.argmax(1) if target.is_floating_point() else target


def cross_entropies(logits: Tensor, target: Tensor) -> Tensor:
    """Of each sample. Shapes: [N, K], target [N] or shares [N, K] -> [N]."""
    if target.is_floating_point():  # which has to be of the logits' type
        target = target.to(logits.dtype)
    return F.cross_entropy(logits, target, reduction="none")
