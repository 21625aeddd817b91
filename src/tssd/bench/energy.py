"""Energy of the arithmetic of a sample, estimated for what a runtime computes."""

from tssd.runs.evaluation import EnergyModel, Operations

# Integers of 8 bits, as `EnergyModel` has floating point.
WHOLE = EnergyModel(0.23, 0.03, "8-bit integers in 45 nm CMOS at 0.9 V, Horowitz, ISSCC 2014")


def energy_uj(
    operations: Operations | None, timesteps: int, *, events: bool, whole: bool
) -> float | None:
    """Microjoules of one sample; None = the run's operations are not known for so many timesteps.

    Args:
        operations: of the run.
        timesteps: T.
        events: whether only non-zero inputs are computed; else all are multiplied, those of an
            image once.
        whole: whether weights are whole numbers of 8 bits or fewer. By events the layers that see
            real numbers, not spikes, stay in floating point.
    """
    if operations is None or not 1 <= timesteps <= len(operations.macs):
        return None
    plain, layers = operations.energy_model, operations.layers.values()
    if not events:
        # What is the same at every timestep is computed once, which the count says.
        macs = sum(
            layer.count[timesteps - 1] if layer.kind == "mac" else timesteps * layer.dense_macs
            for layer in layers
        )
        return 1e-6 * macs * (WHOLE if whole else plain).mac_pj
    counted = {"mac": plain.mac_pj, "ac": (WHOLE if whole else plain).ac_pj}
    return 1e-6 * sum(layer.count[timesteps - 1] * counted[layer.kind] for layer in layers)
