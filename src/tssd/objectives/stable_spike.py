"""Stable Spike: spikes that last from one timestep to the next are what the others should be."""

from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Objective, Timesteps, named_places
from tssd.objectives.between_timesteps import check_several
from tssd.objectives.borrowed import Borrowed
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.precise import precise
from tssd.time import time_mean

Noise = Literal["or", "and"]


class StableSpikes(Objective):
    """Mean over places and neurons of (rate - stable rate)^2.

    The stable rate is the mean over t < T_t of S(t) AND S(t + 1), the rate that of S over T_t. In
    a network that adds spikes up, AND is the smaller of two numbers. A reconstruction: no code was
    to be had.

    Args:
        taps: the places, stages' indices or modules' names; null = the last stage, or the middle
            of a network without stages.
        detach_stable: whether the stable rate passes no gradient, so that spikes give way to it
            and it does not come to them.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T_t, N, ...]}, target unused -> [].
    Edge cases: 0 where every neuron does at all timesteps what it does at one.
    Raises: UsageError: no place; when connected: T_t = 1.
    Source: Ding et al. 2026, arXiv 2603.11676 (CVPR); which layers, and the detaching, are ours.
    """

    needs_taps = True

    def __init__(
        self,
        taps: Sequence[Tap] | None = None,
        *,
        detach_stable: bool = True,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.places = named_places(taps, such_as=-1)
        self.detach_stable = detach_stable

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Find the places."""
        check_several(self, timesteps)
        last = -1 if isinstance(net, StagedNet) else None
        places = (last,) if self.places is None else self.places
        self.taps = tuple(dict.fromkeys(map(net.resolve_tap, places)))
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        return torch.stack([self._of_spikes(precise(out.taps[tap])) for tap in self.taps]).mean()

    def _of_spikes(self, spikes: Tensor) -> Tensor:
        spikes = spikes[: self.timesteps.teacher]
        stable = lasting(spikes).mean(0)
        return (
            (spikes.mean(0) - (stable.detach() if self.detach_stable else stable)).square().mean()
        )


class PerturbedPredictions(Objective):
    """k^2 KL(softmax(m / k) || softmax(m' / k)), m the mean of the logits over T_t, m' of others.

    These are what the network's head says of its lasting spikes S(t) AND S(t + 1), t < T_t, with
    noise: neurons that also spike at random (or), or of which only some do (and), each with its own
    stable rate for probability. A reconstruction: no code was to be had.

    Args:
        temperature: k > 0, dimensionless.
        noise: or = spikes of noise are added; and = only where noise spikes, too, a spike stays.
        detach_teacher: whether m passes no gradient.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T_t, N, K], taps {last stage: [T_t, N, ...]}, target unused -> [].
    Raises: UsageError: an unknown noise, temperature <= 0; when connected: T_t = 1, or a network
        without stages and a head.
    Source: Ding et al. 2026, arXiv 2603.11676 (CVPR), on noise that knows the amplitude; how it
        meets the spikes is ours.
    """

    needs_taps = True

    def __init__(
        self,
        temperature: float = 2.0,
        *,
        noise: Noise = "or",
        detach_teacher: bool = True,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        if noise not in ("or", "and"):
            raise UsageError(f"noise: got {noise!r}, expected or, or and")
        self.distance = TemperatureKL(temperature)
        self.noise: Noise = noise
        self.detach_teacher = detach_teacher
        self._head: list[nn.Module] = Borrowed()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Find the network's head."""
        check_several(self, timesteps)
        if not isinstance(net, StagedNet):
            raise UsageError(
                f"net: got {type(net).__name__}, but {type(self).__name__} shows other spikes to "
                "the head of a network of tssd (tssd.StagedNet); leave the term out"
            )
        self.taps = (net.resolve_tap(-1),)
        self._head = Borrowed([net.head])
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        steps, spikes = self.timesteps.teacher, out.taps[self.taps[0]]
        stable = lasting(spikes[:steps])
        rate = stable.detach().mean(0).clamp(0, 1).expand_as(stable)
        drawn = torch.bernoulli(rate)
        if self.noise == "and":
            other = stable * drawn
        else:  # what is below 0, of a stage that shows currents, stays as it is
            other = torch.where(drawn > 0, torch.maximum(stable, drawn), stable)
        perturbed = precise(self._of_head(other)).mean(0)
        mean = time_mean(out.logits, steps)
        return self.distance(perturbed, mean.detach() if self.detach_teacher else mean)

    def _of_head(self, spikes: Tensor) -> Tensor:
        """The head's logits; norms in it don't take these spikes into their statistics."""
        (head,) = self._head
        buffers = {name: buffer.clone() for name, buffer in head.named_buffers()}
        return functional_call(head, buffers, (spikes,))


def lasting(spikes: Tensor) -> Tensor:
    """Spikes that are there at a timestep and at the next. Shapes: [T, N, ...] -> [T - 1, N, ...].

    >>> lasting(torch.tensor([1.0, 1.0, 0.0, 2.0, 1.0])).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    return torch.minimum(spikes[:-1], spikes[1:])
