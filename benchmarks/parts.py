"""A training step with each part of another system: CPU time and memory, over the plain step's.

Steps of all parts take turns on one thread, and what counts is the processor's time, which other
programs on the machine hardly change.
"""

import logging
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from benchmarks.rule_memory import Held
from benchmarks.tables import MIB, markdown
from tssd.config import build, load_recipe
from tssd.config.options import in_yaml
from tssd.config.pieces import rooms
from tssd.config.recipe import Config
from tssd.dry_run.shapes import with_stand_in
from tssd.errors import UsageError
from tssd.reproduce.costs import shapes_of
from tssd.taught import teacher_recipes, untrained
from tssd.training.parts import Parts

PLAIN = "plain"
# What a part is measured on: all timesteps through LIF, batch norm and cross entropy.
BASE, METHODS = "cifar10+vgg9", ("vanilla_tt", "tssd")
# Parts that say how long or on what a network is trained, or make it no spiking network.
OTHER = {"ann", "ann_frames", "nda", "t8", "t16"}


def names() -> list[str]:
    """Every part that changes a step of this network."""
    return [name for name in rooms()["parts"] if "+" not in name and name not in OTHER]


@dataclass
class Step:
    """An optimisation step of one recipe on random data, and what it took.

    Args:
        parts: of the recipe.
        taught_by: recipes of teachers that have to be trained before.
    """

    parts: Parts
    taught_by: Sequence[Config] = ()
    seconds: list[float] = field(default_factory=list)
    held: int = 0

    def __post_init__(self) -> None:
        self.module = self.parts.module()
        self.x, self.y = self.parts.data.batch()  # pyright: ignore[reportAttributeAccessIssue]
        self.optimizer = self.module.make_optimizer(self.module.parameters())

    def take(self) -> None:
        """Forward, loss, backward and update."""
        rule = self.parts.rule
        criterion: Any = self.parts.criterion
        run = criterion.run if rule is None else partial(rule.run, criterion)
        run(self.parts.net, self.x, self.y).total.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def time(self) -> None:
        """Take a step, and note the processor's time."""
        start = time.process_time()
        self.take()
        self.seconds.append(time.process_time() - start)

    def weigh(self) -> None:
        """Take a step, and note what autograd holds at most."""
        own = [*self.module.parameters(), *self.module.buffers()]
        counted = Held(own)
        with torch.autograd.graph.saved_tensors_hooks(counted.pack, lambda kept: kept.tensor):
            self.take()
        self.held = counted.peak


def steps(
    found: Iterable[str], method: str, *, batch: int, width: float, announce: Callable[[str], None]
) -> dict[str, Step]:
    """A step for the plain recipe and for each part; one that does not go with it is told."""
    options = (("net.width", str(width)), ("data.batch_size", str(batch)))
    recipes = {
        name: (f"{BASE}+{method}" if name == PLAIN else f"{BASE}+{name}+{method}", options)
        for name in (PLAIN, *found)
    }
    return steps_of(recipes, announce=announce)


def steps_of(
    recipes: Mapping[str, tuple[str, Sequence[tuple[str, str]]]], *, announce: Callable[[str], None]
) -> dict[str, Step]:
    """A step for each recipe with its options, on random images; what can't be built is told."""
    configs: dict[str, Config] = {}
    for name, (recipe, options) in recipes.items():
        with _told(recipe, announce):
            configs[name] = load_recipe(recipe, tuple(options))
    shapes = shapes_of(configs)
    made: dict[str, Step] = {}
    for name, config in configs.items():
        with _told(recipes[name][0], announce):
            made[name] = _step(with_stand_in(config, shapes[name]))
    return made


@contextmanager
def _told(recipe: str, announce: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        announce(f"{recipe}: {error}")


def _step(config: Config) -> Step:
    parts = build(config)
    # A teacher that several terms ask is trained once.
    teachers = {in_yaml(own): own for own in teacher_recipes(config, parts, in_time=False).values()}
    untrained(config, parts, in_time=False)
    return Step(parts, [*teachers.values()])


def measure(made: Mapping[str, Step], *, rounds: int) -> None:
    """Let all steps take turns, after one round that warms up and weighs.

    In another order each round, and each right after a step of its own that does not count: a
    network pays for the memory that the one before it did not need.
    """
    for step in made.values():
        step.weigh()
    turns, order = [*made.values()], random.Random(0)
    for _ in range(rounds):
        order.shuffle(turns)
        for step in turns:
            step.take()
            step.time()


def table(by_method: Mapping[str, Mapping[str, Step]]) -> str:
    """A row a part: times the plain step, and times what that holds, with each method."""
    header = ["part"]
    for method in by_method:
        header += [f"{method}: time", "rounds", "held"]
    rows = []
    for name in dict.fromkeys(name for made in by_method.values() for name in made):
        row = [name if name == PLAIN else f"`{name}`"]
        for made in by_method.values():
            row += _cells(made[PLAIN], made.get(name))
        rows.append(row)
    return markdown(header, rows)


def _cells(plain: Step, own: Step | None) -> list[str]:
    if own is None:
        return ["-", "", "-"]
    if own is plain:
        seconds = statistics.median(plain.seconds)
        return [f"{1e3 * seconds:.0f} ms", "", f"{plain.held / MIB:.0f} MiB"]
    ratios = [a / b for a, b in zip(own.seconds, plain.seconds, strict=True)]
    ratio = statistics.median(own.seconds) / statistics.median(plain.seconds)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return [f"{ratio:.2f}", spread, f"{own.held / plain.held:.2f}"]


def report(
    *,
    rounds: int,
    batch: int,
    width: float,
    announce: Callable[[str], None],
    only: Sequence[str] | None = None,
) -> str:
    """Measure every part on one thread, alone and with TSSD."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    logging.getLogger("tssd").setLevel(logging.WARNING)
    found: dict[str, Mapping[str, Step]] = {}
    try:
        for method in METHODS:
            announce(f"parts with {method}")
            made = steps(only or names(), method, batch=batch, width=width, announce=announce)
            measure(made, rounds=rounds)
            found[method] = made
    finally:
        torch.set_num_threads(threads)
    return table(found)
