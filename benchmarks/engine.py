"""Time of inference: the engine against ONNX Runtime, PyTorch and SpikingJelly on one core.

    python -m benchmarks.engine [--rates 0.05 0.12 0.3] [--rounds 15] [--network FILE]

The networks are VGG-9s with random weights whose every layer fires at a rate that is imposed, or a
file that `tssd export --format engine` has written, on images of noise, or on those of --images.
All run in one process, one after the other in every round, in one thread; what is compared is that
thread's processor time, which other programs on the machine disturb least. Ratios are those of the
medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks import engine_peers as peers
from benchmarks.engine_networks import images, imposed
from benchmarks.tables import markdown
from tssd.engine import Network
from tssd.graph import Graph, read_graph

SHAPES = ((1, 1), (1, 4), (16, 1), (16, 4))
# What ratios are told of.
OURS = ("engine int7", "engine int8", "engine float32")
THEIRS = ("ONNX Runtime fp32", "ONNX Runtime int8", "PyTorch", "SpikingJelly")


def actions(graph: Graph, x: np.ndarray, timesteps: int) -> dict[str, Callable[[], object]]:
    """Every runtime's run of x [N, C, H, W] for T timesteps, by name."""
    ours = {
        f"engine {weights}": partial(Network(graph, weights=weights).run, x, timesteps)
        for weights in ("int7", "int8", "float32")
    }
    theirs = {
        "ONNX Runtime fp32": peers.onnxruntime(graph, x, timesteps, int8=False),
        "ONNX Runtime int8": peers.onnxruntime(graph, x, timesteps, int8=True),
        "PyTorch": peers.pytorch(graph, x, timesteps),
        "SpikingJelly": peers.spikingjelly(graph, x, timesteps),
    }
    return ours | theirs


def medians(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of this thread's processor time of each, in rounds of all, by name.

    Before a call that counts comes one that does not, which brings weights back into the caches,
    out of which the others have driven them: as it is where one runs by itself.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            run()
            start = time.thread_time()
            run()
            seconds[name].append(time.thread_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(rows: Mapping[tuple[str, int, int], Mapping[str, float]]) -> str:
    """Milliseconds of each runtime, and how many times faster the engine is.

    Args:
        rows: median seconds by runtime, by (network, samples, timesteps).
    """
    lines = []
    for (network, samples, timesteps), seconds in rows.items():
        shown = [f"{1e3 * seconds[name]:.2f}" for name in (*OURS, *THEIRS)]
        ratios = [
            " / ".join(f"{seconds[other] / seconds[ours]:.1f}" for other in THEIRS) for ours in OURS
        ]
        lines.append((network, f"{samples}, {timesteps}", *shown, *ratios))
    head = ("network", "N, T", *(f"{n}, ms" for n in (*OURS, *THEIRS)), *(f"{n}, x" for n in OURS))
    return markdown(head, lines)


def rates(graph: Graph, x: np.ndarray, timesteps: int) -> str:
    """What share of neurons fires in each layer, smallest to largest."""
    spikes = Network(graph, dense_above=np.inf).trace(x, timesteps).spikes
    means = sorted(float(s.mean()) for s in spikes.values())
    return f"{100 * means[0]:.0f} to {100 * means[-1]:.0f} %"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--rates", type=float, nargs="*", default=[0.05, 0.12, 0.3])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--network", type=Path, help="a file of the engine, in place of rates")
    parser.add_argument("--images", type=Path, help=".npy of its input [N, C, H, W]")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = {}
    for samples, timesteps in SHAPES:
        if options.network:
            graph = read_graph(options.network).graph
            x = np.load(options.images)[:samples] if options.images else images(samples)
            networks = {f"{options.network.stem}, {rates(graph, x, timesteps)}": (graph, x)}
        else:
            networks = {
                f"VGG-9, {100 * rate:g} %": (imposed(rate, timesteps), images(samples))
                for rate in options.rates
            }
        for name, (graph, x) in networks.items():
            measured = medians(actions(graph, x, timesteps), options.rounds)
            rows[name, samples, timesteps] = measured
            print(name, samples, timesteps, {k: round(1e3 * v, 2) for k, v in measured.items()})
    print(table(rows))


if __name__ == "__main__":
    main()
