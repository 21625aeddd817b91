"""Real Spike: every channel learns the height of its spikes, for the weights behind to take in."""

from torch import Tensor, nn

from tssd.neurons.base import per_channel
from tssd.neurons.lif import LIF, LIFState
from tssd.surrogates import Surrogate


class RealSpike(LIF):
    """A LIF whose channel c returns scale_c S(t), scale_c trained and 1 at first.

    After training `tssd.rules.fold_real_spikes` moves the scales into the weights behind, where
    that is exact; the neuron then fires 0 and 1 like any LIF.

    Args:
        tau: membrane time constant in timesteps, > 1; the potential decays by 1 - 1/tau a step.
        v_threshold: potential at which the neuron fires.
        v_reset: potential after a spike (hard reset), or None to subtract v_threshold (soft).
        decay_input: whether the input is scaled by 1/tau.
        detach_reset: whether the reset passes no gradient.
        strict: whether it fires above v_threshold only, and not at it.
        surrogate: gradient of the spike; None = rectangular of width 1.
    Shapes: [T, N, C, ...] -> alike, 0 or scale_c.
    Raises: UsageError: as LIF.
    Source: Guo et al. 2022, Real Spike, arXiv 2210.06686. Differs: the neuron below is the paper's
        of TSSD; theirs is `tau 4/3, v_threshold 0.5, v_reset 0`. The scale takes no weight decay.
    """

    def __init__(
        self,
        tau: float = 2.0,
        v_threshold: float = 1.0,
        *,
        v_reset: float | None = None,
        decay_input: bool = False,
        detach_reset: bool = False,
        strict: bool = False,
        surrogate: Surrogate | None = None,
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
        self.scale = nn.Parameter(Tensor([1.0]))  # of all channels, until there are some

    def connect(self, channels: int) -> "RealSpike":
        """One scale for each channel."""
        self.scale = nn.Parameter(self.scale.new_ones(channels))
        return self

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """No weight decay: 0 is no height to be drawn to."""
        return {"scale": {"weight_decay": 0.0}}

    def scan(self, x: Tensor, state: LIFState | None = None) -> tuple[Tensor, LIFState]:
        """All timesteps from `state`; the membrane knows nothing of the scale."""
        spikes, state = super().scan(x, state)
        return spikes * per_channel(self.scale, x[0]).to(spikes.dtype), state
