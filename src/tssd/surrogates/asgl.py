"""ASGL: neurons that at random show the soft step instead of the spike while a network trains."""

import math

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.surrogates.base import Surrogate
from tssd.surrogates.fixed import Rectangular
from tssd.surrogates.spike import fire, straight_through

# Shares of the training after which the noise is multiplied by `noise_factor`.
MILESTONES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)


class ASGL(nn.Module, Surrogate):
    """Adaptive smoothing gradient: spikes of which some are replaced by the soft step.

        H(s) = clamp(s / a + 1/2, 0, 1)
        out  = 1[s >= 0], or with probability p H(s);  d out = d H

    In training every neuron draws anew at every timestep, from torch's global generator; in eval
    mode nothing is drawn and a spike is a spike. The width a is one number a layer and is trained
    with the weights, which it can since H depends on it.

    Over the training p goes from `noise` to `noise_end`, evenly, times `noise_factor` for each of
    MILESTONES that is past. It is logged where it changes.

    Args:
        noise: p >= 0, <= 1; 0 = spikes, with a rectangular surrogate.
        noise_end: p at the end; None = it stays.
        noise_factor: 1 = constant, as in the authors' example.
        width: a > 0 at the beginning, in units of the membrane potential.
        learn_width: whether it is trained, without weight decay.
        lr_factor: its share of the optimiser's learning rate. Those that take steps of one length,
            such as Adam and Muon, want a smaller one: the authors' Adam has a rate of 3e-4.
    Raises: UsageError: an option out of range.
    Source: Wang et al. 2023, ICML, "Adaptive Smoothing Gradient Learning for Spiking Neural
        Networks", and https://github.com/Windere/ASGL-SNN. Differs: see docs/methods/surrogates.md.
    """

    log_slope: nn.Parameter | None  # of 1/a, so that a stays positive

    def __init__(
        self,
        noise: float = 0.2,
        *,
        noise_end: float | None = None,
        noise_factor: float = 1.0,
        width: float = 1.0,
        learn_width: bool = True,
        lr_factor: float = 0.1,
    ) -> None:
        super().__init__()
        for name, p in (("noise", noise), ("noise_end", noise if noise_end is None else noise_end)):
            if not 0 <= p <= 1:
                raise UsageError(f"{name}: got {p}, expected a probability, 0 to 1")
        if not 0 <= noise_factor <= 1:
            raise UsageError(f"noise_factor: got {noise_factor}, expected 0 to 1")
        if not (lr_factor >= 0 and math.isfinite(lr_factor)):
            raise UsageError(f"lr_factor: got {lr_factor}, expected a finite number >= 0")
        self.noise = noise
        self.noise_end = noise if noise_end is None else noise_end
        self.noise_factor = noise_factor
        self.lr_factor = lr_factor
        self.window = Rectangular(width)
        slope = nn.Parameter(torch.tensor(-math.log(width))) if learn_width else None
        self.register_parameter("log_slope", slope)
        self.p = noise

    def set_progress(self, epoch: float, epochs: int) -> dict[str, float] | None:
        """Anneal the noise; it is logged if it is not constant."""
        share = epoch / epochs
        past = sum(share >= milestone for milestone in MILESTONES)
        self.p = (self.noise + (self.noise_end - self.noise) * share) * self.noise_factor**past
        changes = self.noise_end != self.noise or self.noise_factor != 1
        return {"noise": self.p} if changes else None

    def parameter_options(self) -> dict[str, dict[str, float]]:
        """The width takes no weight decay, and a learning rate of its own."""
        if self.log_slope is None:
            return {}
        return {"log_slope": {"weight_decay": 0.0, "lr_factor": self.lr_factor}}

    def current(self) -> Surrogate:
        """The fixed window where nothing is drawn and nobody trains the width."""
        if self._draws():
            return self
        untrained = self.log_slope is None or not torch.is_grad_enabled()
        return self.window if untrained else self

    def spike(self, s: Tensor) -> Tensor:
        """See `Surrogate.spike`; in training some of [...] are the soft step, 0 to 1."""
        if (current := self.current()) is not self:
            return current.spike(s)
        if not self._draws():
            return super().spike(s)
        soft = self.primitive(s)
        with torch.no_grad():
            value = torch.where(torch.rand_like(s) < self.p, soft, fire(s))
        return straight_through(value, soft)

    def derivative(self, s: Tensor) -> Tensor:
        """See `Surrogate.derivative`."""
        if self.log_slope is None:
            return self.window.derivative(s)
        slope = self.log_slope.exp()
        return ((slope * s).abs() < 0.5).to(s.dtype) * slope.to(s.dtype)

    def primitive(self, s: Tensor) -> Tensor:
        """See `Surrogate.primitive`."""
        if self.log_slope is None:
            return self.window.primitive(s)
        return (self.log_slope.exp() * s + 0.5).clamp(0, 1)

    def extra_repr(self) -> str:
        """Show the options in print(net)."""
        return f"noise={self.noise}, window={self.window}"

    def _draws(self) -> bool:
        return self.training and self.p > 0
