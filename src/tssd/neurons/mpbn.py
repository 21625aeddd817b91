"""MPBN: a neuron that normalises its membrane before it fires, and what it becomes for inference.

    H(t) = decay V(t-1) + gain x(t) + offset          charge
    S(t) = 1[norm(H(t)) >= threshold], or > if strict   fire
    V(t) = H(t) + (v_reset - H(t)) S(t)               reset, of H and not of norm(H)

With running statistics the norm of a channel is a straight line, so that the spike says on which
side of a potential H(t) lies: the neuron is a LIF with a threshold for each channel.
"""

from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.base import check_state, per_channel
from tssd.neurons.lif import LIF, LinearIntegrator
from tssd.neurons.scan import Dynamics, Scanned, in_steps
from tssd.surrogates import Surrogate


class MembraneNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm of one timestep's membranes [N, C, ...], over N and what follows C.

    Args:
        num_features: C; 1 takes all channels for one.
    """

    # What it returns resets the membranes that it is given next: see `tssd.evaluation.recalibrate`.
    feeds_back = True

    def forward(self, input: Tensor) -> Tensor:
        """Norm of input [N, C, ...]. Raises: UsageError: one value a channel, in training."""
        per_channel(self.weight, input)  # refuses another number of channels
        # In the type of its parameters: torch's has no other, should those be of half precision.
        samples, neurons = input.shape[:1].numel(), input.shape[1:].numel()
        h = input.to(self.weight.dtype).reshape(
            samples, self.num_features, neurons // self.num_features
        )
        try:
            return super().forward(h).view_as(input).to(input.dtype)
        except ValueError as error:
            raise UsageError(
                f"input: got one value a channel, which has no variance ({error}); use batches of "
                "at least 2 (drop_last=True), or net.eval()"
            ) from error

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of axes will do."""


class MPBNLIF(LIF):
    """LIF with batch norm of the membrane, each timestep by its own statistics in training.

    The equations stand at the top of this file. The norm is in addition to those between
    convolutions and neurons; all timesteps share it, so that its running statistics are updated T
    times a batch.

    Args:
        tau: membrane time constant in timesteps, > 1; the potential decays by 1 - 1/tau a step.
        v_threshold: normalised potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        decay_input: whether the input is scaled by 1/tau.
        detach_reset: whether the reset passes no gradient.
        strict: whether it fires above v_threshold only, and not at it, as in the authors' code.
        surrogate: gradient of the spike; None = rectangular of width 1.
        foldable: whether the norm has to fold into thresholds, which asks for a hard reset.
    Shapes: [T, N, C, ...] -> spikes [T, N, C, ...] in {0, 1}.
    Raises: UsageError: as LIF; foldable with a soft reset.
    Source: Guo et al. 2023, Membrane Potential Batch Normalization for Spiking Neural Networks,
        arXiv 2308.08359.
    """

    def __init__(
        self,
        tau: float = 2.0,
        v_threshold: float = 1.0,
        *,
        v_reset: float | None = 0.0,
        decay_input: bool = False,
        detach_reset: bool = False,
        strict: bool = False,
        surrogate: Surrogate | None = None,
        foldable: bool = True,
    ) -> None:
        super().__init__(
            tau,
            v_threshold,
            v_reset=v_reset,
            decay_input=decay_input,
            detach_reset=detach_reset,
            strict=strict,
            surrogate=surrogate,
        )
        self.check_fold(v_reset=v_reset, foldable=foldable)
        self.foldable = foldable
        self.norm = MembraneNorm(1)

    @staticmethod
    def check_fold(*, v_reset: float | None = 0.0, foldable: bool = True) -> None:
        """Refuse these options together. Raises: UsageError: foldable with a soft reset."""
        if foldable and v_reset is None:
            raise UsageError(
                "v_reset: got null, a soft reset, behind which MPBN's norm does not fold into "
                "thresholds of a LIF: that would subtract them; use a hard reset (the part "
                "hard_reset, v_reset 0.0), or foldable false, and the norm stays in inference"
            )

    def connect(self, channels: int) -> Self:
        """A mean, a variance, a scale and a shift for each channel."""
        self.norm = MembraneNorm(channels).to(self.norm.weight)
        return self

    def scanned(self, x: Tensor, v: Tensor, *, wants_h: bool) -> Scanned:
        """See `LinearIntegrator.scanned`; H is the membrane as it is, not its norm."""
        check_state(x[0], v)
        return in_steps(x, v, self.dynamics, self._fire, wants_h=wants_h)

    def _fire(self, h: Tensor) -> Tensor:
        s = self.norm(h) - self.dynamics.threshold
        return self.surrogate.spike(self.dynamics.firing(s))

    def sides(self) -> tuple[Tensor, Tensor]:
        """In eval mode, on which side of which potential it fires: see `ThresholdLIF`.

        Shapes: side [C], bound [C], in float64.
        """
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None and variance is not None
        scale, deviation = self.norm.weight.double(), (variance.double() + self.norm.eps).sqrt()
        distance = self.dynamics.threshold - self.norm.bias.double()
        side = scale.sign()
        # Without a scale the norm is its shift, whatever the membrane.
        threshold = mean.double() + distance * deviation / scale
        return side, torch.where(side == 0, distance, side * threshold)

    def folded(self) -> "ThresholdLIF":
        """What computes the same in eval mode, up to rounding, without a norm.

        Raises: UsageError: a soft reset.
        """
        if self.dynamics.v_reset is None:
            raise UsageError(
                "v_reset: got a soft reset, behind which MPBN's norm does not fold into thresholds "
                "of a LIF; train with a hard reset (v_reset 0.0), or run the network as it is"
            )
        side, bound = self.sides()
        mean = self.norm.running_mean
        assert mean is not None
        folded = ThresholdLIF(self.dynamics, self.surrogate, side.to(mean), bound.to(mean))
        return folded.train(self.training)


class ThresholdLIF(LinearIntegrator):
    """LIF that fires on one side of a threshold for each channel: what `MPBNLIF` folds into.

        S(t) = 1[side H(t) >= bound], or > if strict

    A channel with side 1 fires from the threshold `bound` upwards, one with -1 from `-bound`
    downwards, and one with 0 always or never.

    Args:
        dynamics: the constants of the recurrence, with a hard reset.
        surrogate: gradient of the spike.
        side: [C] of 1, -1 and 0, or [1].
        bound: likewise.
    Shapes: [T, N, C, ...] -> spikes [T, N, C, ...] in {0, 1}.
    """

    side: Tensor
    bound: Tensor

    def __init__(
        self, dynamics: Dynamics, surrogate: Surrogate, side: Tensor, bound: Tensor
    ) -> None:
        super().__init__(dynamics, surrogate)
        self.register_buffer("side", side.detach())
        self.register_buffer("bound", bound.detach())

    def scanned(self, x: Tensor, v: Tensor, *, wants_h: bool) -> Scanned:
        """See `LinearIntegrator.scanned`."""
        check_state(x[0], v)
        return in_steps(x, v, self.dynamics, self._fire, wants_h=wants_h)

    def _fire(self, h: Tensor) -> Tensor:
        s = per_channel(self.side, h) * h - per_channel(self.bound, h)
        return self.surrogate.spike(self.dynamics.firing(s))
