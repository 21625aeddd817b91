"""How many operations an inference takes, layer by layer, and the energy they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tssd.errors import UsageError
from tssd.evaluation.events import Tally, density

RULE = (
    "Convolutions and linear layers, mean per sample over the first T timesteps. A layer behind "
    "spikes: nominal MACs (padding counted) times the share of non-zero inputs, as accumulates; "
    "a graded input counts as one event. A layer in front of all spikes whose input is not whole "
    "numbers >= 0: nominal MACs, once if the input is the same at every timestep. Not counted: "
    "biases, norms, pools, neurons, weak classifiers."
)


@dataclass(frozen=True)
class EnergyModel:
    """Energy of an operation.

    Args:
        mac_pj: of a multiply-accumulate, in pJ.
        ac_pj: of an accumulate, in pJ.
        source: where the constants come from.
    Raises: UsageError: a negative energy.
    """

    mac_pj: float = 4.6
    ac_pj: float = 0.9
    source: str = "32-bit floating point in 45 nm CMOS at 0.9 V, Horowitz, ISSCC 2014"

    def __post_init__(self) -> None:
        for name in ("mac_pj", "ac_pj"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name}: got {getattr(self, name)}, expected picojoules >= 0")


@dataclass(frozen=True)
class LayerOperations:
    """One layer's operations; all tuples have an entry for each T = 1..T_max.

    Args:
        kind: "mac" (multiply-accumulates, analogue input) or "ac" (accumulates, spikes).
        count: operations per sample over the first T timesteps.
        density: share of non-zero inputs over the first T timesteps, 0 to 1.
        dense_macs: per sample and timestep if every input counted.
    """

    kind: Literal["mac", "ac"]
    count: tuple[float, ...]
    density: tuple[float, ...]
    dense_macs: float


@dataclass(frozen=True)
class Operations:
    """A network's operations per sample; all tuples have an entry for each T = 1..T_max.

    Args:
        layers: by module name, in the order of execution.
        macs: multiply-accumulates over the first T timesteps.
        acs: accumulates over the first T timesteps.
        energy_uj: their energy in microjoules, by `energy_model`.
        energy_model: the constants.
        uncounted: layers whose calls do not fit T timesteps of N samples; missing in the totals.
        rule: what was counted, in words.
    """

    layers: dict[str, LayerOperations]
    macs: tuple[float, ...]
    acs: tuple[float, ...]
    energy_uj: tuple[float, ...]
    energy_model: EnergyModel
    uncounted: tuple[str, ...]
    rule: str = RULE


def layer_operations(tally: Tally, samples: int, *, analogue: bool) -> LayerOperations:
    """Operations of a layer from its tally over all samples, free of rounding until the end."""
    count = [0.0] * tally.timesteps
    dense, all_runs = 0, 0
    for geometry, events, runs in tally.cumulative():
        for t in range(tally.timesteps):
            if analogue:
                count[t] += geometry.macs * runs[t]
            else:
                count[t] += geometry.macs * events[t] / geometry.values
        dense += geometry.macs * runs[-1]
        all_runs += runs[-1]
    return LayerOperations(
        kind="mac" if analogue else "ac",
        count=tuple(n / samples for n in count),
        density=density([tally], tally.timesteps),
        dense_macs=dense / all_runs,
    )


def total_operations(
    layers: Mapping[str, LayerOperations], uncounted: tuple[str, ...], energy: EnergyModel
) -> Operations:
    """Sums over the layers."""
    steps = range(max((len(layer.count) for layer in layers.values()), default=0))

    def total(kind: str) -> tuple[float, ...]:
        counts = [layer.count for layer in layers.values() if layer.kind == kind]
        return tuple(sum(count[t] for count in counts) for t in steps)

    macs, acs = total("mac"), total("ac")
    joules = zip(macs, acs, strict=True)
    return Operations(
        layers=dict(layers),
        macs=macs,
        acs=acs,
        energy_uj=tuple((m * energy.mac_pj + a * energy.ac_pj) * 1e-6 for m, a in joules),
        energy_model=energy,
        uncounted=uncounted,
    )
