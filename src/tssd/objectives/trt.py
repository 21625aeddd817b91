"""TRT: a penalty of weights that lets go of the large ones as time passes."""

import math
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.borrowed import Borrowed

# d t at most: what is left of a penalty by then is nothing, and e^(d t) would leave float32.
MOST = 60.0


class TemporalWeightPenalty(Objective):
    """1/T sum over t < T of the sum over w of w^2 / (1 + (e^(d t) - 1) (|w| + e)), t from 0.

    w are the network's trained parameters but those that are called bias. At the first timestep it
    is a weight decay, later it spares large weights. It does not depend on the batch.

    Args:
        growth: d >= 0, how fast large weights are spared; 0 = T equal timesteps of weight decay.
        epsilon: e >= 0.
        weight: factor of the term, the paper's lambda.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: everything unused -> [].
    Raises: UsageError: growth or epsilon < 0, or not finite.
    Source: TRT, arXiv 2506.19256, and its public code, https://github.com/ZBX05/
        Temporal-Regularization-Training, with T = T_t.
    """

    def __init__(
        self,
        growth: float = 0.25,
        *,
        epsilon: float = 1e-5,
        weight: float = 1e-5,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        for name, value in (("growth", growth), ("epsilon", epsilon)):
            if not 0 <= value < math.inf:
                raise UsageError(f"{name}: got {value}, expected a finite number >= 0")
        self.growth = growth
        self.epsilon = epsilon
        self._net: list[nn.Module] = Borrowed()

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Remember whose weights they are; parts may still build some."""
        self._net = Borrowed([net] if isinstance(net, nn.Module) else [])
        return super().connect(net, timesteps)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        total = out.logits.new_zeros(())
        for net in self._net:
            for name, w in net.named_parameters():
                if w.requires_grad and "bias" not in name:
                    total = total + self._of_parameter(w.to(total.dtype))
        return total

    def _of_parameter(self, w: Tensor) -> Tensor:
        squares, size = w.square(), w.abs() + self.epsilon
        steps = range(self.timesteps.teacher)
        grown = [math.expm1(min(self.growth * t, MOST)) for t in steps]
        each = [(squares / (1 + factor * size)).sum() for factor in grown]
        return torch.stack(each).mean()
