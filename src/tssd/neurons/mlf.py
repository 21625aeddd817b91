"""MLF: several leaky integrate-and-fire units of different thresholds that share one input."""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.neurons.base import Neuron
from tssd.neurons.lif import LIF, LIFState
from tssd.neurons.numbers import numbers
from tssd.surrogates import Surrogate


class MLFState(NamedTuple):
    """The state of each level, the lowest threshold first."""

    levels: tuple[LIFState, ...]


class MLF(Neuron):
    """Multi-level firing: the sum of the spikes of K units, each with a membrane of its own.

        S(t) = S_1(t) + ... + S_K(t),  S_k that of a LIF with the k-th threshold

    A unit that fires resets itself alone. Where the surrogate is a window, the windows of all
    levels together cover more potentials than one of them does. With one level it is a LIF.

    The units are in `levels`, each a `LIF` that shows its own membrane. The output is graded: what
    stands behind it counts numbers of spikes.

    Args:
        thresholds: potentials at which the levels fire, rising.
        tau: membrane time constant in timesteps, > 1; the potential decays by 1 - 1/tau a step.
        v_reset: potential of a unit after its spike (hard reset), or None to subtract its
            threshold (soft).
        detach_reset: whether the reset passes no gradient.
        strict: whether a unit fires above its threshold only, and not at it.
        surrogate: gradient of a spike; None = rectangular of width 1.
    Shapes: [T, N, ...] -> [T, N, ...] in {0, 1, ..., K}.
    Raises: UsageError: no threshold, or not rising; and as LIF.
    Source: Feng et al. 2022, arXiv 2210.06386, and https://github.com/langfengQ/MLF-DSResNet.
    """

    def __init__(
        self,
        thresholds: Sequence[float] = (0.6, 1.6, 2.6),
        *,
        tau: float = 4 / 3,
        v_reset: float | None = 0.0,
        detach_reset: bool = False,
        strict: bool = True,
        surrogate: Surrogate | None = None,
    ) -> None:
        super().__init__()
        rising = "expected potentials > 0, each above the one before it, such as [0.6, 1.6, 2.6]"
        thresholds = numbers("thresholds", thresholds, rising)
        if not thresholds or any(low >= high for low, high in pairwise((0.0, *thresholds))):
            raise UsageError(f"thresholds: got {list(thresholds)}, {rising}")
        self.levels = nn.ModuleList(
            LIF(
                tau,
                threshold,
                v_reset=v_reset,
                detach_reset=detach_reset,
                strict=strict,
                surrogate=surrogate,
            )
            for threshold in thresholds
        )

    def initial_state(self, x_t: Tensor) -> MLFState:
        """Every membrane at v_reset, 0 for the soft reset."""
        return MLFState(tuple(unit.initial_state(x_t) for unit in self._units))

    def scan(self, x: Tensor, state: MLFState | None = None) -> tuple[Tensor, MLFState]:
        """All timesteps from `state`, one level after the other."""
        given = [None] * len(self.levels) if state is None else state.levels
        pairs = zip(self._units, given, strict=True)
        spikes, states = zip(*(unit.scan(x, before) for unit, before in pairs), strict=True)
        return reduce(torch.add, spikes), MLFState(states)

    @property
    def _units(self) -> Sequence[LIF]:
        return cast("Sequence[LIF]", self.levels)
