"""Firing rates, and which modules fire."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import nn

from tssd.evaluation.spike_counts import Tally, density
from tssd.neurons import Neuron


@dataclass(frozen=True)
class FiringRates:
    """Spikes per neuron and timestep, mean over the first T timesteps, for each T = 1..T_max.

    Args:
        layers: by module name, in the order of execution.
        mean: over all neurons that were counted; None = there are none, so it is unknown.
        uncounted: neurons that we do not know, and modules whose outputs do not fit T timesteps of
            N samples; missing in the mean.
    """

    layers: dict[str, tuple[float, ...]]
    mean: tuple[float, ...] | None
    uncounted: tuple[str, ...]


def firing_rates(
    tallies: Mapping[str, Tally], timesteps: int, unknown: Iterable[str] = ()
) -> FiringRates:
    """Rates of the modules whose outputs were tallied; neurons that were not are `unknown`."""
    placed = {name: tally for name, tally in tallies.items() if not tally.unplaced}
    return FiringRates(
        layers={name: density([tally], timesteps) for name, tally in placed.items()},
        mean=density(placed.values(), timesteps) if placed else None,
        uncounted=(*(name for name in tallies if name not in placed), *unknown),
    )


def is_spiking(module: nn.Module) -> bool:
    """Whether a module's output is spikes: our neurons, SpikingJelly's and snnTorch's.

    Told by the names of its classes, so that neither package needs to be installed.
    """
    if isinstance(module, Neuron):
        return True
    origins = [(c.__module__, c.__name__) for c in type(module).__mro__]
    if any("NonSpiking" in name for _, name in origins):
        return False
    return any(
        package.startswith("spikingjelly.activation_based.neuron")
        or (package.startswith("snntorch.") and name == "SpikingNeuron")
        for package, name in origins
    )
