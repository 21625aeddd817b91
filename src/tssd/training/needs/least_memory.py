"""What a step of training takes at least, known before memory runs out."""

import copy
import logging
from math import ceil
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import SpikingNet
from tssd.objectives import SelfDistillation, as_sequence
from tssd.training.frozen_parts import freeze, wake
from tssd.training.needs.free_memory import free_memory
from tssd.training.parts import Parts

# Timesteps that are tried; more are concluded from these.
FEW, MORE = 2, 4
# Copies of the weights beside themselves: the gradient, and one moment of the optimiser.
COPIES = 2
# Share of the free memory from which on a step's need is said.
MUCH = 0.25

log = logging.getLogger("tssd")


class TooLargeError(UsageError):
    """A step of training can't fit into memory."""


def refuse_too_large(parts: Parts) -> None:
    """Refuse a run whose steps can't fit into memory; say so where they take much of it.

    Raises: TooLargeError: says what a step takes at least, what is free, and what to lower.
    """
    need, free = least_memory(parts), free_memory(parts.device)
    if need is None or free is None or need < MUCH * free:
        return
    shape = " x ".join(map(str, parts.data.sample_shape))
    steps = parts.criterion.timesteps.teacher
    text = (
        f"a step of {_batch(parts)} samples of {shape} values and {steps} timesteps takes at least "
        f"{_gib(need)}, and {_gib(free)} are free on {parts.device}"
    )
    if need <= free:
        log.info("memory: %s", text)
        return
    raise TooLargeError(
        f"memory: {text}; lower --data.batch_size, --timesteps.teacher, the size of the samples or "
        "that of the network"
    )


def least_memory(parts: Parts) -> int | None:
    """Bytes that a step keeps for its backward pass, and copies of the weights that learn.

    Concluded from a pass of a copy without numbers (torch's meta device), which takes no memory;
    None for a network that can't be copied or run so, or is compiled.
    """
    if parts.trainer.compile:
        return None
    steps = parts.criterion.timesteps.teacher
    if parts.rule is not None:
        steps = parts.rule.held(steps)
    try:
        if steps <= MORE:
            kept = kept_bytes(parts, steps)
        else:
            few, more = (kept_bytes(parts, t) for t in (FEW, MORE))
            kept = few + (steps - FEW) * (more - few) // (MORE - FEW)
        weights = [p for p in _Both.without_numbers(parts).parameters() if p.requires_grad]
    except Exception:  # of code that is not ours, and that will run with numbers
        return None
    if parts.trainer.precision != "32-true":
        kept //= 2
    return kept + COPIES * sum(p.numel() * p.element_size() for p in weights)


def kept_bytes(parts: Parts, timesteps: int) -> int:
    """What autograd keeps of a forward pass over a batch, exits included."""
    both = _Both.without_numbers(parts)
    x = torch.empty(_batch(parts), *parts.data.sample_shape, device="meta")
    y = torch.empty(len(x), dtype=torch.long, device="meta")
    storages: dict[int, tuple[int, torch.UntypedStorage]] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage._cdata] = (storage.nbytes(), storage)  # held, so that it is no other's
        return tensor

    with (
        torch.random.fork_rng(devices=[]),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        both(as_sequence(x, y, timesteps))
    weights = (*both.parameters(), *both.buffers())
    known = {value.untyped_storage()._cdata for value in weights}
    return sum(size for key, (size, _) in storages.items() if key not in known)


class _Both(nn.Module):
    """A network with its exits."""

    def __init__(self, net: nn.Module, criterion: SelfDistillation) -> None:
        super().__init__()
        self.net, self.criterion = net, criterion

    @classmethod
    def without_numbers(cls, parts: Parts) -> Self:
        """Copies of both on the meta device, as they are trained: their parts that are frozen too.

        What a network keeps of a pass, such as a grid of its input's size, stays in its copy.
        """
        own = cls(parts.net, parts.criterion)
        # Known to the copy beforehand, so that no weight is there twice in the meantime.
        known: dict[int, Any] = {id(b): b.detach().to("meta") for b in own.buffers()}
        for p in own.parameters():
            known[id(p)] = nn.Parameter(p.detach().to("meta"), requires_grad=p.requires_grad)
        copied = copy.deepcopy(own, known)
        wake(copied.net)
        for module in freeze(copied.net, parts.freeze):
            module.eval()
        return copied

    def forward(self, x: Tensor) -> Tensor:
        net = cast(SpikingNet, self.net)
        return self.criterion.add_exits(net(x, self.criterion.taps)).logits


def _batch(parts: Parts) -> int:
    """Samples of a batch that share one memory: a GPU's own, or that of all processes on a CPU."""
    settings = parts.trainer
    memories = settings.nodes if parts.device.type == "cpu" else settings.processes
    return ceil(min(parts.data.batch_size, parts.data.split_sizes["train"]) / memories)


def _gib(count: int) -> str:
    return f"{count / (1 << 30):.3g} GiB"
