"""Contrastive distillation from an ANN: the features of each layer, told apart sample by sample."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Objective, Span, Timesteps, checked_span, named_places
from tssd.objectives.contrast import info_nce, linear_cka
from tssd.objectives.distance import TemperatureKL
from tssd.objectives.frozen import frozen
from tssd.objectives.precise import precise
from tssd.time import time_mean


class ContrastiveDistillation(Objective):
    """Sum over places l of w_l InfoNCE(F_l, A_l), w_l = CKA(F_l, A_l).

    F_l is the mean over time of the network's features, A_l the teacher's at the same place. A
    sample's features are drawn to the teacher's of the same sample and away from those of the rest
    of the batch; places where the two see alike already count more. A reconstruction: no code is
    public.

    Args:
        teacher: a network of the same stages, such as the same one with torch.nn.ReLU; of a run:
            `tssd.Teacher`.
        taps: the places, stages' indices or modules' names; null = all stages, or the middle of a
            network without stages.
        temperature: of the contrast, > 0.
        span: F is the mean over the student's T_s steps, or the teacher's T_t (of this network, in
            training).
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T, N, ...]}, input [T, N, ...], target unused -> [].
    Edge cases: 0 for a batch of one sample; below 0 where samples are told apart, see `info_nce`.
    Raises: UsageError: temperature <= 0; when called: the teacher's features have another shape.
    Source: Zhang et al. 2024, SSCL (AAAI). Temperature and weight are ours.
    """

    needs_taps = True
    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        *,
        taps: Sequence[Tap] | None = None,
        temperature: float = 0.1,
        span: Span = "teacher",
        weight: float = 0.1,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.places = named_places(taps)
        self.temperature = TemperatureKL(temperature).temperature  # which checks it
        self.span: Span = checked_span(span)

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Find the places."""
        every = range(len(net.stages)) if isinstance(net, StagedNet) else (None,)
        places = every if self.places is None else self.places
        self.taps = tuple(dict.fromkeys(map(net.resolve_tap, places)))
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        assert out.input is not None  # the loss saw to it
        taught = self.teacher.features(out.input, self.taps)
        steps = self.timesteps.of(self.span)
        terms = []
        for tap in self.taps:
            own = out.taps[tap]
            own = time_mean(precise(own), steps)
            other = taught[tap].to(own.dtype)
            if own.shape != other.shape:
                raise UsageError(
                    f"teacher: its features at {tap!r} are {list(other.shape[1:])}, but the "
                    f"network's are {list(own.shape[1:])}; take a teacher of the same network, "
                    "such as one trained with --net.neuron torch.nn.ReLU"
                )
            own, other = own.flatten(1), other.flatten(1)
            alike = linear_cka(own.detach(), other)
            terms.append(alike * info_nce(own, other, self.temperature))
        return torch.stack(terms).sum()
