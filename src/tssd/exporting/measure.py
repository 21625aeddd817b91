"""Accuracy at every T of what was written, through its runtime, beside the network's own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from tssd.errors import DataError
from tssd.exporting.comparison import answers
from tssd.exporting.request import Ran, Values
from tssd.models.base import NetOutput, eval_mode
from tssd.objectives import as_sequence

Batches = Iterable[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Measured:
    """What was measured on the test samples, at T = 1, 2, ....

    Args:
        samples: how many.
        accuracy: of what was written, 0 to 1.
        accuracy_of_network: of the network itself.
        answers_differing: samples of which both say different classes.
    """

    samples: int
    accuracy: tuple[float, ...]
    accuracy_of_network: tuple[float, ...]
    answers_differing: tuple[int, ...]


def measure(
    run: Callable[[Values], Ran], net: nn.Module, batches: Batches, timesteps: int
) -> Measured:
    """Run all batches through a runtime and through the network.

    Args:
        run: from x [T, N, C, H, W] to what the runtime makes of it.
        net: the network, a `SpikingNet`.
        batches: (x, y), images [N, C, H, W] or sequences, and classes [N].
        timesteps: T.
    Raises: DataError: there are no samples, or logits are not finite.
    """
    right, own_right, differing = np.zeros((3, timesteps), np.int64)
    samples = 0
    for x, y in batches:
        x = as_sequence(x, y, timesteps, net=net)
        with torch.no_grad(), eval_mode(net):
            out = cast(NetOutput, net(x))
        ran = run(array(x))
        if not np.isfinite(ran.logits).all():
            raise DataError(
                "logits: the runtime gives NaN or infinity, expected finite numbers; please "
                "report it, with the network"
            )
        found, own, labels = answers(ran.logits), answers(out.logits.numpy()), y.numpy()
        right += (found == labels).sum(1)
        own_right += (own == labels).sum(1)
        differing += (found != own).sum(1)
        samples += len(labels)
    if not samples:
        raise DataError("data: got no test samples, expected at least one; check the split")
    return Measured(
        samples,
        tuple((right / samples).tolist()),
        tuple((own_right / samples).tolist()),
        tuple(differing.tolist()),
    )


def array(x: Tensor) -> Values:
    """A sequence [T, N, ...] as an array of float32; a repeated image stays a view of one."""
    return x.to(torch.float32).numpy()
