"""Samples that stop early: in time, once the running answer is clear, or at an auxiliary head."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tssd.engine.plan import Step
from tssd.engine.running import Pass, Runner, State
from tssd.engine.values import Signal
from tssd.graph import INPUT


@dataclass(frozen=True, eq=False)
class Decisions:
    """What became of each sample.

    Args:
        classes: the answers [N].
        confidences: softmax of the mean logits at the answer [N].
        timesteps: after how many it stopped [N].
        exited: whether it stopped at the auxiliary head [N].
    """

    classes: NDArray[np.int64]
    confidences: NDArray[np.float64]
    timesteps: NDArray[np.int64]
    exited: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence["Decisions"]) -> Self:
        """Of samples that were decided apart."""
        names = ("classes", "confidences", "timesteps", "exited")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def is_probability(value: object) -> bool:
    """Whether it is a number from 0 to 1."""
    return isinstance(value, int | float | np.number) and bool(0 <= value <= 1)


def decided(
    steps: Sequence[Step],
    runner: Runner,
    x: Signal,
    timesteps: int,
    outputs: Sequence[str],
    confidence: float | None,
    exit_confidence: float,
) -> Decisions:
    """Run samples until each has its answer.

    Args:
        steps: of the network.
        runner: of its layers.
        x: the input.
        timesteps: T.
        outputs: the network's, behind that of an auxiliary head if samples may stop there.
        confidence: above which a sample stops in time; None = none does, and T is run at once.
        exit_confidence: above which it stops at the auxiliary head.
    """
    running = _Running(x.array.shape[1], outputs)
    if confidence is None and len(outputs) == 1:
        found, _ = runner.whole(steps, x, timesteps, outputs[0], None)
        running.add(outputs[0], found, timesteps)
        running.decide(outputs[0], -1.0, timesteps, exited=False)
        return running.decisions
    length = timesteps if confidence is None else 1
    state: State | None = None
    still: dict[str, Signal] = {}
    if len(x.array) == 1 and length < timesteps:
        once, steps = _parted(steps)
        still = dict(Pass(once, runner, x, 1).every([step.name for step in once]))
    for done in range(0, timesteps, length):
        one = x if len(x.array) == 1 else Signal(x.array[done : done + length], x.scale, x.top)
        run = Pass(steps, runner, one, length, state=state, keep=confidence is not None)
        run.signals |= still
        for name in outputs:
            exits = name != outputs[-1]
            running.add(name, run.until(name), length)
            least = exit_confidence if exits else confidence
            if not exits and done + length == timesteps:
                least = -1.0
            stay = running.decide(name, least, done + length, exited=exits)
            if not stay.any():
                return running.decisions
            if not stay.all():
                run.keep_only(stay)
                x = x.taken(stay)
                still = {name: signal.taken(stay) for name, signal in still.items()}
        state = run.state
    return running.decisions


def _parted(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What of an image is the same at every timestep, and the rest, from its first neurons on.

    Both parts of a layer with neurons have its name: what its weights give is the neurons' input.
    """
    once: list[Step] = []
    rest: list[Step] = []
    same = {INPUT}
    for step in steps:
        if same.issuperset(step.inputs) and not step.levels:
            if step.neurons is None:
                once.append(replace(step, forget=()))
                same.add(step.name)
                continue
            if step.weights is not None:
                once.append(replace(step, neurons=None, forget=()))
                step = replace(step, weights=None, inputs=(step.name,))
        # The next timestep asks for what is the same again.
        rest.append(replace(step, forget=tuple(n for n in step.forget if n not in same)))
    return once, rest


class _Running:
    """Sums of logits of the samples that are left, and the answers of the others."""

    def __init__(self, samples: int, outputs: Sequence[str]) -> None:
        self.left = np.arange(samples)
        self.sums = {name: np.zeros((samples, 1)) for name in outputs}
        self.decisions = Decisions(
            np.zeros(samples, np.int64),
            np.zeros(samples),
            np.zeros(samples, np.int64),
            np.zeros(samples, np.bool_),
        )

    def add(self, name: str, logits: Signal, timesteps: int) -> None:
        """Add some timesteps of an output."""
        values = logits.values()[:, :, 0, 0].astype(np.float64)
        repeats = timesteps // len(values)
        self.sums[name] = self.sums[name] + values.sum(0) * repeats

    def decide(
        self, name: str, least: float | None, timesteps: int, *, exited: bool
    ) -> NDArray[np.bool_]:
        """Note who is confident by an output; who of those that were left stays [N]."""
        if least is None:
            return np.ones(len(self.left), np.bool_)
        logits = self.sums[name] / timesteps
        shares = np.exp(logits - logits.max(1, keepdims=True))
        confidence = 1 / shares.sum(1)
        leaves = ~(confidence <= least)
        who = self.left[leaves]
        self.decisions.classes[who] = logits.argmax(1)[leaves]
        self.decisions.confidences[who] = confidence[leaves]
        self.decisions.timesteps[who] = timesteps
        self.decisions.exited[who] = exited
        self.left = self.left[~leaves]
        self.sums = {key: total[~leaves] for key, total in self.sums.items()}
        return ~leaves
