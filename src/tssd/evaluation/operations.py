"""How many operations an inference takes, layer by layer, and the energy they stand for."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tssd.errors import UsageError
from tssd.evaluation.counting import Column
from tssd.evaluation.spike_counts import Tally, density

RULE = (
    "Convolutions and linear layers, mean per sample over the first T timesteps. A layer behind "
    "spikes: nominal MACs times the share of non-zero inputs, as accumulates. Of these, graded are "
    "those of inputs other than 0 and 1 (averages, sums, counts): on hardware they take a "
    "multiplication or several accumulates, so the energy is also given with them as MACs. A layer "
    "in front of all spikes whose input is not whole numbers >= 0: nominal MACs, once if the input "
    "is the same at every timestep. Nominal: every output costs its whole fan-in, also on padding; "
    "unpadded: operations on zero padding left out, exactly. Not counted: biases, norms, pools, "
    "neurons; exits only in early exit."
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
            if not 0 <= getattr(self, name) < math.inf:
                raise UsageError(f"{name}: got {getattr(self, name)}, expected picojoules >= 0")


@dataclass(frozen=True)
class LayerOperations:
    """One layer's operations; all tuples have an entry for each T = 1..T_max.

    Args:
        kind: "mac" (multiply-accumulates, analogue input) or "ac" (accumulates, spikes).
        count: operations per sample over the first T timesteps.
        density: share of non-zero inputs over the first T timesteps, 0 to 1.
        dense_macs: per sample and timestep if every input counted.
        graded: those of `count` that are accumulates of a graded input, neither 0 nor 1.
        graded_share: graded / count, 0 to 1.
        unpadded: `count` without operations on zero padding.
        unpadded_graded: `graded` without them.
    """

    kind: Literal["mac", "ac"]
    count: tuple[float, ...]
    density: tuple[float, ...]
    dense_macs: float
    graded: tuple[float, ...]
    graded_share: tuple[float, ...]
    unpadded: tuple[float, ...]
    unpadded_graded: tuple[float, ...]


@dataclass(frozen=True)
class Totals:
    """Operations of layers together per sample, with an entry for each T = 1..T_max.

    Args:
        macs: multiply-accumulates over the first T timesteps.
        acs: accumulates over the first T timesteps.
        graded_acs: those of them whose input is graded, neither 0 nor 1.
        energy_uj: energy in microjoules, every accumulate priced as one.
        energy_graded_as_macs_uj: with the graded ones priced as multiply-accumulates.
    """

    macs: tuple[float, ...]
    acs: tuple[float, ...]
    graded_acs: tuple[float, ...]
    energy_uj: tuple[float, ...]
    energy_graded_as_macs_uj: tuple[float, ...]


@dataclass(frozen=True)
class Operations:
    """A network's operations per sample; all tuples have an entry for each T = 1..T_max.

    Args:
        layers: by module name, in the order of execution.
        macs: see `Totals`; so are acs, graded_acs, energy_uj and energy_graded_as_macs_uj.
        graded_share: graded_acs / acs, 0 to 1.
        unpadded: the same totals without operations on zero padding.
        energy_model: the constants.
        uncounted: layers whose calls do not fit T timesteps of N samples, layers of other kinds,
            and modules that multiply by themselves; missing in the totals.
        rule: what was counted, in words.
    """

    layers: dict[str, LayerOperations]
    macs: tuple[float, ...]
    acs: tuple[float, ...]
    graded_acs: tuple[float, ...]
    graded_share: tuple[float, ...]
    energy_uj: tuple[float, ...]
    energy_graded_as_macs_uj: tuple[float, ...]
    unpadded: Totals
    energy_model: EnergyModel
    uncounted: tuple[str, ...]
    rule: str = RULE


def layer_operations(tally: Tally, samples: int, *, analogue: bool) -> LayerOperations:
    """Operations of a layer from its tally over all samples, free of rounding until the end."""
    count, graded, unpadded, unpadded_graded = ([0.0] * tally.timesteps for _ in range(4))
    dense, all_runs = 0, 0
    for geometry, columns, runs in tally.cumulative():
        for t in range(tally.timesteps):
            if analogue:
                count[t] += geometry.macs * runs[t]
                unpadded[t] += geometry.unpadded_macs * runs[t]
            else:
                count[t] += geometry.macs * columns[Column.EVENTS][t] / geometry.values
                graded[t] += geometry.macs * columns[Column.GRADED][t] / geometry.values
                unpadded[t] += geometry.fan_out * columns[Column.TAPS][t]
                unpadded_graded[t] += geometry.fan_out * columns[Column.GRADED_TAPS][t]
        dense += geometry.macs * runs[-1]
        all_runs += runs[-1]

    def per_sample(counts: list[float]) -> tuple[float, ...]:
        return tuple(n / samples for n in counts)

    return LayerOperations(
        kind="mac" if analogue else "ac",
        count=per_sample(count),
        density=density([tally], tally.timesteps),
        dense_macs=dense / all_runs,
        graded=per_sample(graded),
        graded_share=shares(graded, count),
        unpadded=per_sample(unpadded),
        unpadded_graded=per_sample(unpadded_graded),
    )


def shares(parts: Iterable[float], wholes: Iterable[float]) -> tuple[float, ...]:
    """Each part of its whole, 0 of nothing."""
    return tuple(part / all_ if all_ else 0.0 for part, all_ in zip(parts, wholes, strict=True))


def priced(
    layers: Iterable[LayerOperations], energy: EnergyModel, *, padded: bool = True
) -> Totals:
    """Sums over layers, and their energy.

    Args:
        layers: any of a network's.
        energy: of an operation.
        padded: whether operations on zero padding count.
    """
    layers = list(layers)
    steps = range(max((len(layer.count) for layer in layers), default=0))

    def total(kind: str) -> tuple[float, ...]:
        of = [x.count if padded else x.unpadded for x in layers if x.kind == kind]
        return tuple(sum(count[t] for count in of) for t in steps)

    macs, acs = total("mac"), total("ac")
    of = [layer.graded if padded else layer.unpadded_graded for layer in layers]
    graded = tuple(sum(count[t] for count in of) for t in steps)

    def microjoules(macs: float, acs: float) -> float:
        return (macs * energy.mac_pj + acs * energy.ac_pj) * 1e-6

    return Totals(
        macs=macs,
        acs=acs,
        graded_acs=graded,
        energy_uj=tuple(microjoules(macs[t], acs[t]) for t in steps),
        energy_graded_as_macs_uj=tuple(
            microjoules(macs[t] + graded[t], acs[t] - graded[t]) for t in steps
        ),
    )


def total_operations(
    layers: Mapping[str, LayerOperations], uncounted: tuple[str, ...], energy: EnergyModel
) -> Operations:
    """Sums over the layers."""
    nominal = priced(layers.values(), energy)
    return Operations(
        layers=dict(layers),
        macs=nominal.macs,
        acs=nominal.acs,
        graded_acs=nominal.graded_acs,
        graded_share=shares(nominal.graded_acs, nominal.acs),
        energy_uj=nominal.energy_uj,
        energy_graded_as_macs_uj=nominal.energy_graded_as_macs_uj,
        unpadded=priced(layers.values(), energy, padded=False),
        energy_model=energy,
        uncounted=uncounted,
    )
