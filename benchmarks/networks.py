"""An optimisation step of every network at full size: `python -m benchmarks --only networks`.

Each is taken in a process of its own on random data of the right shape, with the vanilla method and
with TSSD: the processor's time for a sample, and the peak of memory for the batch.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from benchmarks.memory import in_fresh_process, resident
from benchmarks.parts import Step
from benchmarks.tables import markdown
from tssd.config import build, load_recipe
from tssd.dry_run.shapes import data_shape, with_stand_in

METHODS = ("vanilla_ts", "tssd")
GIB = 2**30


class Setting(NamedTuple):
    """Networks that are measured on one kind of input."""

    data: str
    batch: int
    networks: tuple[str, ...]


# A batch that fits into 12 GiB with the largest of them.
SETTINGS = (
    Setting(
        "cifar10",
        16,
        (
            "vgg9", "vgg11", "vgg16", "vggsnn", "resnet18", "resnet19", "resnet20",
            "resnet20_modified", "sewresnet18", "msresnet8", "msresnet18", "standard_resnet18",
            "dsresnet14", "dsresnet20", "plif_cifar10", "spikformer", "spikformer_4_256",
            "spike_driven",
        ),
    ),
    Setting(
        "cifar10dvs",
        4,
        (
            "vgg9", "vgg11", "vggsnn", "resnet18", "dsresnet14", "dsresnet20", "widenet7b_glif",
            "widenet7b_sew", "spikformer_events", "spike_driven_events",
        ),
    ),
    Setting(
        "imagenet",
        2,
        ("resnet34", "sewresnet18", "sewresnet34", "standard_resnet18", "standard_resnet34"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What a step takes: network steps a sample, seconds a sample, bytes above the idle process."""

    timesteps: int
    seconds: float
    peak: int


def step_of(data: str, net: str, method: str, batch: int, width: str | None = None) -> Taken:
    """Measure one network; to be called once in a fresh process.

    Args:
        data: the recipe's data set, whose files are not needed.
        net: piece of the recipe.
        method: piece of the recipe.
        batch: samples.
        width: factor on the network's channels; None = full size.
    """
    logging.getLogger("tssd").setLevel(logging.WARNING)
    torch.set_num_threads(1)
    options = [("data.batch_size", str(batch))]
    if width is not None:
        options.append(("net.width", width))
    config = load_recipe(f"{data}+{net}+{method}", options)
    step = Step(build(with_stand_in(config, data_shape(config))))
    # Weights, gradients and the optimiser's memory belong to the idle state, and so does code.
    whole = step.x, step.y
    in_time = step.x.dim() == 5
    step.x, step.y = step.x[:, :2] if in_time else step.x[:2], step.y[:2]
    step.take()
    step.x, step.y = whole
    idle = resident()[0]
    start = time.process_time()
    step.take()
    seconds = (time.process_time() - start) / len(step.y)
    return Taken(step.parts.criterion.timesteps.teacher, seconds, resident()[1] - idle)


def measure(
    settings: Sequence[Setting] = SETTINGS,
    *,
    width: str | None = None,
    announce: Callable[[str], None],
) -> dict[tuple[str, str], list[Taken]]:
    """By data set and network, what a step takes with each method."""
    found: dict[tuple[str, str], list[Taken]] = {}
    for setting in settings:
        for net in setting.networks:
            announce(f"{setting.data}+{net}")
            found[setting.data, net] = [
                in_fresh_process(step_of, setting.data, net, method, setting.batch, width)
                for method in METHODS
            ]
    return found


def report(
    found: Mapping[tuple[str, str], Sequence[Taken]], settings: Sequence[Setting] = SETTINGS
) -> str:
    """A table for each kind of input."""
    parts: list[str] = []
    for setting in settings:
        rows = []
        for net in setting.networks:
            cells = [f"`{net}`"]
            for taken in found[setting.data, net]:
                cells += [
                    str(taken.timesteps),
                    f"{taken.seconds:.2f}",
                    f"{taken.peak / GIB:.2f}",
                ]
            rows.append(cells)
        header = ["network"]
        for method in METHODS:
            header += [f"{method}: T", "s a sample", f"GiB for {setting.batch}"]
        parts += [f"### {setting.data}, batches of {setting.batch}", markdown(header, rows)]
    return "\n\n".join(parts)
