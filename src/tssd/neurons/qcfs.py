"""A quantised activation that trains as an ANN's, and runs as integrate-and-fire neurons.

In training mode, each timestep by itself, with the trained threshold V of the layer:

    A(x) = V floor(L clamp(x / V, 0, 1) + 1/2) / L            floor passes the gradient on

In eval mode, from U(0) = V/2:

    H(t) = U(t-1) + x(t)                charge
    S(t) = 1[H(t) >= V]                 fire
    U(t) = H(t) - V S(t)                soft reset
    y(t) = V S(t)

An input that is the same at all timesteps gives A(x) as the mean of y over T = L, exactly. Behind
other neurons spikes come unevenly, and the mean may miss it. Of that the residual membrane U tells:
with p pre-steps (SRP)

    M = 1[U(p) > 0.001 V],   U(p) = V/2 again,   y(t) = V M S(t) for t > p

so that a neuron which has fired too often in the pre-steps is silent from then on.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.neurons import membranes
from tssd.neurons.base import Neuron, check_sequence, membrane_like
from tssd.neurons.lif import check_threshold
from tssd.neurons.scan import Dynamics, Scanned, lif_scan
from tssd.surrogates import Rectangular, straight_through
from tssd.time import fold
from tssd.whole import whole

# Below which the threshold counts as this: training may pull it to 0, where nothing would be left.
LEAST_THRESHOLD = 0.01
# Of the threshold: a membrane that is left with no more has fired too often.
RESIDUAL = 1e-3
# Membranes in thresholds.
START = 0.5
DYNAMICS = Dynamics(
    decay=1.0, gain=1.0, offset=0.0, threshold=1.0, v_reset=None, detach_reset=False
)


class QCFSState(NamedTuple):
    """What a network in eval mode carries on.

    Membranes after the reset v [N, ...], in thresholds; which neurons may fire, 1 or 0 [N, ...];
    timesteps so far.
    """

    v: Tensor
    may_fire: Tensor
    seen: int


class QCFS(Neuron):
    """Quantisation-clip-floor-shift: an ANN's activation in training, IF neurons in eval mode.

    Conversion is `net.eval()`: weights, batch norm and thresholds are the ANN's. A spike is as high
    as the threshold. A network of tssd whose neurons have pre-steps counts them as timesteps:
    see `tssd.models.presteps`.

    Args:
        levels: L, steps of the activation.
        v_threshold: V at first, of the whole layer; it is trained.
        pre_steps: p, timesteps that find out which neurons are to be silent (SRP); 0 = none.
        spiking: whether it spikes in eval mode; false = the ANN's activation there, too.
    Shapes: [T, N, ...] -> alike: A(x), or 0 and V.
    Raises: UsageError: levels < 1, pre_steps < 0, v_threshold <= 0.
    Source: Bu et al. 2022, arXiv 2303.04347 (ICLR); pre-steps: Hao et al. 2023, arXiv 2302.02091
        (AAAI), whose T does not count them; and their public code.
    """

    # See `Neuron.trains_without_time`.
    trains_without_time = True

    def __init__(
        self,
        levels: int = 4,
        v_threshold: float = 8.0,
        *,
        pre_steps: int = 0,
        spiking: bool = True,
    ) -> None:
        super().__init__()
        self.levels, pre_steps = whole("levels", levels, 1), whole("pre_steps", pre_steps, 0)
        check_threshold(v_threshold, None)
        self.pre_steps = pre_steps if spiking else 0
        self.spiking = spiking
        self.v_threshold = nn.Parameter(torch.tensor(float(v_threshold)))

    def threshold(self) -> Tensor:
        """V, kept above 0. Shapes: -> []."""
        least = self.v_threshold.detach().clamp(min=LEAST_THRESHOLD)
        return straight_through(least, self.v_threshold)

    def activation(self, x: Tensor) -> Tensor:
        """A(x), which knows no time. Shapes: [...] -> [...]."""
        threshold = self.threshold()
        share = (x * threshold.reciprocal()).clamp(0, 1)
        level = (share.detach() * self.levels + 0.5).floor() / self.levels
        return straight_through(level, share) * threshold

    def initial_state(self, x_t: Tensor) -> QCFSState:
        """Membrane at half of the threshold; all may fire."""
        v = membrane_like(x_t, START)
        return QCFSState(v, torch.ones_like(v), 0)

    def scan(self, x: Tensor, state: QCFSState | None = None) -> tuple[Tensor, QCFSState]:
        """All timesteps from `state`; in training mode there is none to carry on."""
        check_sequence(x)
        state = self.initial_state(x[0]) if state is None else state
        if self.training or not self.spiking:
            return fold(self.activation, x), state._replace(seen=state.seen + len(x))
        threshold = self.threshold()
        # An image that is repeated in time stays a view.
        currents = fold(lambda values: values * threshold.reciprocal(), x)
        until = min(max(self.pre_steps - state.seen, 0), len(x))
        spikes, shown = [], []
        for piece in (currents[:until], currents[until:]):
            if not len(piece):
                continue
            fired, v, h = self._fire(piece, state.v)
            spikes.append(fired * (threshold * state.may_fire).to(fired.dtype))
            shown.append(h)
            state = self._judged(QCFSState(v, state.may_fire, state.seen + len(piece)))
        if membranes.is_recorded(self):
            self.show_membranes(torch.cat(shown) * threshold)
        return torch.cat(spikes) if len(spikes) > 1 else spikes[0], state

    def _fire(self, currents: Tensor, v: Tensor) -> Scanned:
        shows = membranes.is_recorded(self)
        return lif_scan(currents, v, DYNAMICS, Rectangular(), wants_h=shows)

    def _judged(self, state: QCFSState) -> QCFSState:
        """At the end of the pre-steps: who may fire, and membranes as at the beginning."""
        if not self.pre_steps or state.seen != self.pre_steps:
            return state
        # What is not finite stays so: a network that diverged must not look silent.
        v = torch.where(state.v.isfinite(), START, state.v)
        return QCFSState(v, (state.v > RESIDUAL).to(v.dtype), state.seen)

    def extra_repr(self) -> str:
        """Show the constants in print(net)."""
        return f"levels={self.levels}, pre_steps={self.pre_steps}, spiking={self.spiking}"
