"""What a runtime makes of a network, beside what the network does itself."""

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from tssd.adapters.net import AdaptedNet
from tssd.exporting.request import Ran, Values
from tssd.graph import Graph
from tssd.models.base import NetOutput, Tap, eval_mode
from tssd.neurons import MLF

# Logits may differ by so much in what is called faithful: rounding of float32, and no spike.
LOGITS = 1e-4
# And heights of spikes, in which a network in float64 is rounded otherwise.
HEIGHT = 1e-3

Label = Literal["faithful", "approximate"]


@dataclass(frozen=True)
class Comparison:
    """How a runtime differs from the network on some samples.

    Args:
        samples: how many.
        timesteps: T.
        spikes: that could have been, over all samples, timesteps and neurons compared.
        spikes_differing: how many of them differ, by layer, of those where any do.
        not_compared: layers whose spikes the runtime, or the network, does not show.
        logits_difference: largest, of one timestep's.
        classes_differing: samples of which the class differs at T = 1, 2, ....
        exits_difference: largest, of logits of exits that the runtime shows; None = of none.
        own_rounding: spikes in which the network itself, computed in float64, differs from what it
            is in float32; None = not looked at.
    """

    samples: int
    timesteps: int
    spikes: int
    spikes_differing: dict[str, int]
    not_compared: tuple[str, ...]
    logits_difference: float
    classes_differing: tuple[int, ...]
    exits_difference: float | None = None
    own_rounding: int | None = None

    @property
    def label(self) -> Label:
        """Faithful where all spikes compared are equal, and logits up to rounding."""
        farthest = max(self.logits_difference, self.exits_difference or 0.0)
        return "faithful" if not self.spikes_differing and farthest <= LOGITS else "approximate"

    def __add__(self, other: "Comparison") -> "Comparison":
        """Of both samples together."""
        exits = [d for d in (self.exits_difference, other.exits_difference) if d is not None]
        differing = Counter(self.spikes_differing) + Counter(other.spikes_differing)
        both = zip(self.classes_differing, other.classes_differing, strict=True)
        return Comparison(
            samples=self.samples + other.samples,
            timesteps=self.timesteps,
            spikes=self.spikes + other.spikes,
            spikes_differing=dict(differing),
            not_compared=self.not_compared,
            logits_difference=max(self.logits_difference, other.logits_difference),
            classes_differing=tuple(a + b for a, b in both),
            exits_difference=max(exits, default=None),
        )

    def in_words(self) -> str:
        """The label and its figures, in one line."""
        differing, of = sum(self.spikes_differing.values()), f"{self.samples} samples"
        if self.spikes:
            spikes = f"{differing or 'none'} of {self.spikes:,} spikes differ"
        else:
            spikes = "no spikes are shown"
        classes = max(self.classes_differing)
        told = (
            f"{self.label}: on {of} at T = {self.timesteps}, {spikes}, logits by at most "
            f"{self.logits_difference:.1g}, classes of {classes or 'none'}"
        )
        if self.own_rounding is None:
            return told
        return f"{told}; in float64 {self.own_rounding:,} of the network's own spikes differ"


@dataclass(frozen=True, eq=False)
class OwnRun:
    """What a network makes of an input: as `Ran`, spikes by the neurons' names in the network."""

    logits: Values
    spikes: Mapping[str, Values]
    exits: Mapping[str, Values]


def run_network(
    graph: Graph, net: nn.Module, x: Tensor, exits: Mapping[Tap, nn.Module] | None = None
) -> OwnRun:
    """Run a network in eval mode on x [T, N, C, H, W], and watch its neurons.

    Args:
        graph: made of it.
        net: a `SpikingNet`.
        x: its input.
        exits: heads by the place whose spikes they get.
    """
    exits = exits or {}
    parts = _parts(net, exits)
    shown: dict[str, list[Tensor]] = {}

    def watch(name: str) -> torch.utils.hooks.RemovableHandle:
        def keep(part: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                shown.setdefault(name, []).append(output.detach().cpu())

        return parts[name].register_forward_hook(keep)

    watched = [watch(name) for name in _neurons(graph, parts) if name in parts]
    try:
        with torch.no_grad(), eval_mode(net, *exits.values()):
            out: NetOutput = net(x, tuple(exits)) if exits else net(x)
            heads = {str(tap): head(out.taps[tap]) for tap, head in exits.items()}
    finally:
        for hook in watched:
            hook.remove()
    # A module that is called once a timestep, or once for all, gives the same values in this order.
    spikes = {name: torch.cat([y.flatten() for y in ys]).numpy() for name, ys in shown.items()}
    return OwnRun(
        out.logits.float().cpu().numpy(),
        spikes,
        {tap: logits.float().cpu().numpy() for tap, logits in heads.items()},
    )


def own_rounding(graph: Graph, net: nn.Module, x: Tensor) -> int | None:
    """Spikes that change if the network computes in float64: what rounding alone is worth.

    Args:
        graph: made of it.
        net: a `SpikingNet`, in float32.
        x: its input [T, N, C, H, W].
    Returns None for a network of others that can't compute in float64.
    """
    own = run_network(graph, net, x).spikes
    try:
        precise = run_network(graph, copy.deepcopy(net).double(), x.double()).spikes
    except RuntimeError:
        return None
    # Heights of spikes are rounded, too; what is there or not differs by more.
    return sum(int((np.abs(own[name] - precise[name]) > HEIGHT).sum()) for name in own)


def compare(
    graph: Graph,
    net: nn.Module,
    own: OwnRun,
    ran: Ran,
    exits: Mapping[Tap, nn.Module] | None = None,
) -> Comparison:
    """Compare a runtime's outputs with the network's on the same input.

    Args:
        graph: what was written.
        net: the network, whose parts' names its nodes have.
        own: what it made of the input.
        ran: what the runtime made of it.
        exits: heads by the place whose spikes they get.
    """
    steps, samples = own.logits.shape[:2]
    compared, differing, missing = 0, {}, []
    for name, nodes in _neurons(graph, _parts(net, exits or {})).items():
        shown = [ran.spikes[node] for node in nodes if node in ran.spikes]
        output = own.spikes.get(name)
        if len(shown) != len(nodes) or output is None or output.size != shown[0].size:
            missing.append(name)
            continue
        # The spikes of several levels are a number, those of some neurons have a height.
        expected = output if len(nodes) > 1 else output != 0
        found = int((np.sum(shown, axis=0).ravel() != expected).sum())
        compared += output.size
        if found:
            differing[name] = found
    shared = own.exits.keys() & ran.exits.keys()
    farthest = [_farthest(own.exits[tap], ran.exits[tap]) for tap in shared]
    classes = (answers(own.logits) != answers(ran.logits)).sum(1)
    return Comparison(
        samples=samples,
        timesteps=steps,
        spikes=compared,
        spikes_differing=differing,
        not_compared=tuple(missing),
        logits_difference=_farthest(own.logits, ran.logits),
        classes_differing=tuple(classes.tolist()),
        exits_difference=max(farthest, default=None),
    )


def answers(logits: Values) -> np.ndarray:
    """The class at T = 1, 2, ..., of the mean logits so far: [T, N, K] -> [T, N]."""
    counts = np.arange(1, len(logits) + 1).reshape(-1, 1, 1)
    return (logits.astype(np.float64).cumsum(0) / counts).argmax(-1)


def _parts(net: nn.Module, exits: Mapping[Tap, nn.Module]) -> dict[str, nn.Module]:
    """The parts of a network and its exits, by the names that a graph's nodes have."""
    parts = dict((net.module if isinstance(net, AdaptedNet) else net).named_modules())
    for tap, head in exits.items():
        parts |= {f"exits.{tap}.{name}": part for name, part in head.named_modules()}
    return parts


def _neurons(graph: Graph, parts: Mapping[str, nn.Module]) -> dict[str, list[str]]:
    """The nodes that each of a network's neurons has become, by its name."""
    found: dict[str, list[str]] = {}
    for node in graph.neurons():
        name = node.name.partition(":")[0]
        above = name.rpartition(".levels.")[0]
        found.setdefault(above if isinstance(parts.get(above), MLF) else name, []).append(node.name)
    return found


def _farthest(expected: Values, found: Values) -> float:
    return float(np.abs(expected.astype(np.float64) - found).max(initial=0.0))
