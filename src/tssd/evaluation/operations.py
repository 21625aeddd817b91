"""How many operations an inference takes, layer by layer, and the energy they stand for."""

from collections.abc import Iterable, Mapping

from tssd.evaluation.counting import Column
from tssd.evaluation.spike_counts import Tally, density
from tssd.runs.evaluation import EnergyModel, LayerOperations, Operations, Totals

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
# Follows where a network has attention whose products are layers.
ATTENTION_RULE = (
    "Attention: a product of spikes with spikes, or with sums of them: nominal MACs times the "
    "share of non-zero values in that factor which has 0 and 1 alone, in the sparser one if both "
    "have, as accumulates; a sum over tokens: its non-zero values. Not counted: masks, which add "
    "nothing."
)


def layer_operations(tally: Tally, samples: int, *, analogue: bool) -> LayerOperations:
    """Operations of a layer from its tally over all samples, free of rounding until the end."""
    count, graded, unpadded, unpadded_graded = ([0.0] * tally.timesteps for _ in range(4))
    dense = 0
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
        # Of the first timestep, at which every layer runs as often as at any.
        dense += geometry.macs * runs[0]

    def per_sample(counts: list[float]) -> tuple[float, ...]:
        return tuple(n / samples for n in counts)

    return LayerOperations(
        kind="mac" if analogue else "ac",
        count=per_sample(count),
        density=density([tally], tally.timesteps),
        dense_macs=dense / samples,
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
    layers: Mapping[str, LayerOperations],
    uncounted: tuple[str, ...],
    energy: EnergyModel,
    *,
    rule: str = RULE,
) -> Operations:
    """Sums over the layers, which were counted by a rule."""
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
        rule=rule,
    )
