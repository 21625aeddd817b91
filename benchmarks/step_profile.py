"""Where the time of a training step goes: convolutions, norms, neurons, pools, data, the rest."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile, record_function

from benchmarks.tables import markdown
from tssd import tssd
from tssd.data.images import ImageData
from tssd.data.stored import Facts, MemoryPart, Stored
from tssd.models import msresnet8
from tssd.models.pool import MaxPool2x2
from tssd.neurons import scan
from tssd.objectives import SelfDistillation, TaskCrossEntropy
from tssd.objectives.base import Timesteps
from tssd.training.memory import memory_kept

# Rows of the table: a kind, and the names that an operation, or what it is part of, starts with.
KINDS: Mapping[str, tuple[str, ...]] = {
    "data": ("data",),
    "optimiser": ("optimiser",),
    "neurons": ("_Scan",),
    "pools": ("_Halve", "aten::max_pool", "aten::avg_pool", "aten::adaptive", "aten::_adaptive"),
    "norms": ("aten::native_batch_norm", "aten::batch_norm", "aten::_batch_norm"),
    "convolutions": ("aten::conv", "aten::mkldnn_conv", "aten::_conv"),
    "linear": ("aten::linear", "aten::addmm", "aten::mm", "MmBackward", "AddmmBackward"),
    "loss": ("loss",),
}
REST = "rest"
ALL = "all"


def kind_of(names: Iterable[str]) -> str:
    """Kind of an operation, from its name and the names of what it is part of, inside out."""
    # The autograd engine says so around what it calls: "autograd::engine::evaluate_function: X".
    for name in names:
        called = name.rpartition(": ")[2]
        for kind, starts in KINDS.items():
            if called.startswith(starts):
                return kind
    return REST


def shares(step: Callable[[], object]) -> dict[str, float]:
    """Seconds of one step by kind, and of `all`."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        step()
    seconds = dict.fromkeys([*KINDS, REST], 0.0)
    for event in profiled.events() or ():
        kind = kind_of(parent.name for parent in _outwards(event))
        seconds[kind] += event.self_cpu_time_total / 1e6
    return seconds | {ALL: sum(seconds.values())}


def _outwards(event: Any) -> Iterator[Any]:
    while event is not None:
        yield event
        event = event.cpu_parent


@dataclass(eq=False)
class Noise(ImageData):
    """Images of random pixels in memory: what they show costs nothing and changes nothing."""

    facts: ClassVar[Facts] = Facts(
        "noise", class_names=tuple("0123456789"), mean=(0.5,) * 3, std=(0.3,) * 3
    )

    def read(self) -> Stored:
        """Four batches for training, and one to be tested on."""
        return Stored(train=self._part(4 * self.batch_size), test=self._part(10))

    def _part(self, samples: int) -> MemoryPart:
        pixels = torch.randint(256, (samples, 3, 32, 32), dtype=torch.uint8)
        return MemoryPart(pixels, (torch.arange(samples) % 10).numpy(), self.image_size)


@dataclass(frozen=True)
class Step:
    """A column of the table: what is trained, and how.

    Args:
        timesteps: T_t; 1 is the vanilla network, more is TSSD with T_s = 1.
        precision: of the arithmetic.
        plain: whether the pools are PyTorch's, the scan runs all samples at once, and what a step
            frees goes back to the system.
    """

    timesteps: int
    precision: torch.dtype
    plain: bool = False

    @property
    def name(self) -> str:
        """Heading of the column."""
        method = "vanilla, T = 1" if self.timesteps == 1 else f"TSSD, T = 1 and {self.timesteps}"
        how = f"{method}, {str(self.precision).removeprefix('torch.')}"
        return f"{how}, plain" if self.plain else how


BFLOAT16 = torch.bfloat16
STEPS = (
    Step(1, torch.float32, plain=True),
    Step(1, torch.float32),
    Step(1, BFLOAT16, plain=True),
    Step(1, BFLOAT16),
    Step(4, torch.float32, plain=True),
    Step(4, BFLOAT16),
)


def _criterion(timesteps: int) -> SelfDistillation:
    if timesteps == 1:
        return SelfDistillation({"task": TaskCrossEntropy()}, Timesteps(1, 1))
    return tssd(student=1, teacher=timesteps)


def action(column: Step, *, width: float, batch: int) -> Callable[[], object]:
    """A training step of MS-ResNet-8 with all that belongs to one, as `tssd train` takes it."""
    net = msresnet8(width=width)
    criterion = _criterion(column.timesteps).connect(net)
    parameters = [*net.parameters(), *criterion.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=1e-6, momentum=0.9)
    data = Noise(batch_size=batch, val_share=0)
    data.setup()
    batches: Iterator[tuple[Tensor, Tensor]] = iter(())

    def step() -> None:
        nonlocal batches
        with record_function("data"):
            if (found := next(batches, None)) is None:
                batches = iter(data.train_dataloader())
                found = next(batches)
        x, y = found
        is_low = column.precision != torch.float32
        with record_function("loss"), torch.autocast("cpu", column.precision, enabled=is_low):
            loss = criterion.run(net, x, y)
        loss.total.backward()
        with record_function("optimiser"):
            optimizer.step()
            optimizer.zero_grad()

    def under_its_conditions() -> None:
        with _plain() if column.plain else memory_kept():
            step()

    return under_its_conditions


@contextmanager
def _plain() -> Iterator[None]:
    with (
        patch.object(scan, "PIECE", 2**62),
        patch.object(MaxPool2x2, "forward", nn.MaxPool2d.forward),
    ):
        yield


def table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Milliseconds and per cent of each kind, a column a step."""
    rows = []
    for kind in [*KINDS, REST, ALL]:
        cells = (f"{1e3 * s[kind]:.0f} ({100 * s[kind] / s[ALL]:.0f} %)" for s in columns.values())
        rows.append((kind, *cells))
    return markdown(("", *columns), rows)


def report(
    *, width: float, batch: int, rounds: int, announce: Callable[[str], None], steps: Sequence[Step]
) -> str:
    """The table under its heading."""
    actions = {column.name: action(column, width=width, batch=batch) for column in steps}
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in actions}
    for number in range(rounds + 1):  # the first warms up
        announce(f"profile, round {number} of {rounds}")
        for name, step in actions.items():
            taken[name].append(shares(step))
    # Steps are added up by kind, so that a column is one step as it was: the one in the middle.
    columns = {name: _middle(found[1:]) for name, found in taken.items()}
    heading = f"### MS-ResNet-8, width {width:g}, batches of {batch}, 32x32 pixels: ms a step"
    return f"{heading}\n\n{table(columns)}"


def _middle(steps: Sequence[dict[str, float]]) -> dict[str, float]:
    return sorted(steps, key=lambda seconds: seconds[ALL])[len(steps) // 2]
