"""Memory of a training step by rule and T: `python -m benchmarks.rule_memory`.

What autograd holds at once, counted, and the peak of a fresh process above its idle state. Without
a rule both grow with T; SLTT's are flat but for the sequence itself and membranes' two copies.
"""

import argparse
import weakref
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from benchmarks.memory import Footprint, in_fresh_process, resident
from benchmarks.tables import MIB, markdown
from tssd.models import StagedNet, vgg9
from tssd.neurons import DSRLIF, LIF
from tssd.objectives import SelfDistillation, tssd
from tssd.rules import SLTT, Rule

TIMESTEPS = (2, 4, 8, 16)
# By name: how a network of a neuron is trained.
WAYS = {
    "all timesteps": (LIF, None),
    "SLTT": (LIF, SLTT()),
    "SLTT-1": (LIF, SLTT(steps=1)),
    "DSR": (DSRLIF, None),
}


class Held:
    """Bytes of tensors that autograd holds for backward passes, and the most of them at once.

    Tensors that share memory count once; `own` is memory that is there in any case.
    """

    def __init__(self, own: Sequence[Tensor] = ()) -> None:
        self._own = {tensor.untyped_storage().data_ptr() for tensor in own}
        self._users: dict[int, int] = {}
        self.now = self.peak = 0

    def pack(self, tensor: Tensor) -> "_Kept":
        """Called by autograd with what it saves."""
        kept, storage = _Kept(tensor.detach()), tensor.untyped_storage()
        where, size = storage.data_ptr(), storage.nbytes()
        if where not in self._own:
            if not self._users.get(where):
                self.now += size
                self.peak = max(self.peak, self.now)
            self._users[where] = self._users.get(where, 0) + 1
            weakref.finalize(kept, self._free, where, size)
        return kept

    def _free(self, where: int, size: int) -> None:
        self._users[where] -= 1
        if not self._users[where]:
            self.now -= size


class _Kept:
    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def most_held(
    net: StagedNet, criterion: SelfDistillation, rule: Rule | None, x: Tensor, y: Tensor
) -> int:
    """Bytes that autograd holds at most during a step, parameters and buffers excluded."""
    run = criterion.run if rule is None else partial(rule.run, criterion)
    held = Held([*net.parameters(), *net.buffers(), *criterion.parameters(), *criterion.buffers()])
    with torch.autograd.graph.saved_tensors_hooks(held.pack, lambda kept: kept.tensor):
        run(net, x, y).total.backward()
    return held.peak


def footprint(way: str, timesteps: int, *, batch: int, width: float, threads: int = 1) -> Footprint:
    """Measure one way at one T; to be called once in a fresh process."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    neuron, rule = WAYS[way]
    net = vgg9(width=width, neuron=neuron)
    criterion = tssd(1, timesteps).connect(net)
    run = criterion.run if rule is None else partial(rule.run, criterion)
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(10, (batch,))
    # One step of few samples brings in the gradients and the libraries' code pages.
    run(net, x[:2], y[:2]).total.backward()
    idle = resident()[0]
    run(net, x, y).total.backward()
    peak = resident()[1] - idle
    return Footprint(most_held(net, criterion, rule, x, y), peak)


def measure(
    *, timesteps: Sequence[int] = TIMESTEPS, batch: int = 32, width: float = 0.25
) -> dict[str, list[Footprint]]:
    """Footprints by way, one for each T, each in a process of its own."""
    return {
        way: [in_fresh_process(footprint, way, t, batch=batch, width=width) for t in timesteps]
        for way in WAYS
    }


def report(found: dict[str, list[Footprint]], timesteps: Sequence[int] = TIMESTEPS) -> str:
    """Both tables, with the growth from the first T to the last."""

    def table(what: str) -> str:
        rows = []
        for way, each in found.items():
            sizes = [getattr(f, what) / MIB for f in each]
            slope = (sizes[-1] - sizes[0]) / (timesteps[-1] - timesteps[0])
            rows.append((way, *(f"{size:.1f}" for size in sizes), f"{slope:.2f}"))
        return markdown(("MiB", *(f"T = {t}" for t in timesteps), "a timestep"), rows)

    return (
        f"Held for backward passes at once:\n\n{table('saved')}\n\n"
        f"Peak above the idle process:\n\n{table('peak')}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--width", type=float, default=0.25, help="of the VGG-9")
    options = parser.parse_args()
    print(report(measure(batch=options.batch, width=options.width)))


if __name__ == "__main__":
    main()
