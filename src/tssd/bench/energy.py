"""Energy of the arithmetic of a sample, estimated for what a runtime computes."""

from collections.abc import Collection, Iterable

from tssd.engine.plan import plan, whole_layers
from tssd.engine.quantisation import bits_of
from tssd.exporting.request import Weights
from tssd.graph import Graph
from tssd.runs.evaluation import EnergyModel, Operations

# Integers of 8 bits, as `EnergyModel` has floating point.
WHOLE = EnergyModel(0.23, 0.03, "8-bit integers in 45 nm CMOS at 0.9 V, Horowitz, ISSCC 2014")
# Under which an adapted network has what was adapted, while a graph has the names in it.
INSIDE = "module."


def energy_uj(
    operations: Operations | None, timesteps: int, *, events: bool, whole: Collection[str]
) -> float | None:
    """Microjoules of one sample; None = the run's operations are not known for so many timesteps.

    Args:
        operations: of the run.
        timesteps: T.
        events: whether only non-zero inputs are computed; else all are multiplied, those of an
            image once.
        whole: layers whose weights are whole numbers of 8 bits or fewer.
    """
    if operations is None or not 1 <= timesteps <= len(operations.macs):
        return None
    total = 0.0
    for name, layer in operations.layers.items():
        model = WHOLE if name in whole else operations.energy_model
        # What is the same at every timestep is computed once, which the count says.
        count = layer.count[timesteps - 1]
        if events and layer.kind == "ac":
            total += count * model.ac_pj
        else:
            dense = count if layer.kind == "mac" else timesteps * layer.dense_macs
            total += dense * model.mac_pj
    return 1e-6 * total


def whole_in_engine(names: Iterable[str], graph: Graph, weights: Weights) -> frozenset[str]:
    """Those of a run's counted layers whose weights the engine has as whole numbers.

    Args:
        names: of the layers, as they were counted.
        graph: the network.
        weights: as what the engine has them.
    """
    steps = plan(graph, bits_of(weights))
    whole = whole_layers(steps)
    layers = {node.name for node in graph.nodes if node.op in ("conv", "linear")}
    # A layer that runs twice is counted once: all of it or nothing.
    real = {name.split(":")[0] for name in layers - whole}
    return frozenset(n for n in names if n.removeprefix(INSIDE) in whole - real)
