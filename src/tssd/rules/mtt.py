"""Mixed timesteps: every stage of the network runs for a number of timesteps of its own."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet
from tssd.neurons.foreign import clear_state
from tssd.objectives import Loss, Objective, SelfDistillation
from tssd.objectives.batch import dtype_of, explained
from tssd.objectives.checks import check_learns, in_full_precision, settled
from tssd.objectives.later import LaterChecks
from tssd.rules.base import Rule
from tssd.rules.gradient import SummedGradient, trained
from tssd.rules.means import labels_means
from tssd.time import is_constant_in_time
from tssd.whole import whole

# What its labels are called in logs, where other terms have a run of their own.
MIXED = "mixed_task"


class MixedTimesteps(Rule):
    """A batch runs several times, each time with another T for every stage, drawn anew.

    Between stages spikes are regrouped: added up where the next stage runs for fewer timesteps,
    repeated where it runs for more. The mean of the logits over the T of the last stage is
    labelled, by the task losses of the recipe. Where there are terms besides, or exits, the network
    also runs once as ever, for the whole loss. Gradients of all runs are added up, one run after
    the other, so that memory is that of the longest.

    Args:
        configurations: how many times a batch runs with T of its stages drawn.
        shortest: least T of a stage; the longest is T_t.
        summed: whether the labels of configurations count as often as there are some, as in the
            authors' code; false = once, by their mean.
    Raises: UsageError: configurations or shortest < 1.
    Source: Du et al. 2025, MTT, arXiv 2503.17394 (ICLR), and its public code, where a stage is a
        residual block or a convolution, and batch norm is estimated anew before testing.
    """

    def __init__(self, configurations: int = 3, *, shortest: int = 1, summed: bool = True) -> None:
        self.configurations = whole("configurations", configurations, 1)
        self.shortest = whole("shortest", shortest, 1)
        self.summed = summed

    def check(self, criterion: SelfDistillation, net: SpikingNet, x_t: Tensor) -> None:
        """See `Rule.check`."""
        self._checked(criterion, net)

    def run(
        self,
        criterion: SelfDistillation,
        net: SpikingNet,
        x: Tensor,
        target: Tensor,
        *,
        later: LaterChecks | None = None,
    ) -> Loss:
        """See `Rule.run`."""
        staged, tasks = self._checked(criterion, net)
        sequence = criterion.prepare(net, x, target, later=later)
        gradient = SummedGradient(trained(staged, criterion), sequence.device.type)
        terms: dict[str, Tensor] = {}
        total = sequence.new_zeros((), dtype=torch.promote_types(sequence.dtype, torch.float32))
        if len(tasks) < len(criterion.terms):
            whole = criterion.run(net, x, target, later=later)
            gradient.add([whole.total], [torch.ones_like(whole.total)])
            terms = {name: value.detach() for name, value in whole.terms.items()}
            total = total + whole.total.detach()
        factor = 1.0 if self.summed else 1 / self.configurations
        # The share of each in the mean that is shown.
        share = 1 / self.configurations
        classes, logits = None, sequence
        for _ in range(self.configurations):
            steps = torch.randint(
                self.shortest, criterion.timesteps.teacher + 1, (len(staged.stages),)
            ).tolist()
            logits = logits_of(staged, sequence, steps)
            check_learns(net, logits)
            # Every mean over time is that of this run.
            mean = logits.mean(0).expand(criterion.timesteps.teacher, *logits.shape[1:])
            out = NetOutput(mean)
            classes = criterion.check(out, target)
            values = criterion.values(out, classes.target, tasks)
            labelled = criterion.weighted(values)
            gradient.add([labelled], [torch.full_like(labelled, factor)])
            total = total + factor * labelled.detach()
            if len(tasks) < len(criterion.terms):
                values = {MIXED: torch.stack([*values.values()]).sum()}
            for name, value in values.items():
                terms[name] = terms.get(name, 0) + share * value.detach()
        assert classes is not None  # there is one configuration at least
        loss = settled(
            Loss(total, terms),
            logits,
            target,
            classes,
            num_classes=staged.num_classes,
            later=later,
        )
        return Loss(gradient.deliver(loss.total), loss.terms)

    def _checked(self, criterion: SelfDistillation, net: SpikingNet) -> tuple[StagedNet, list[str]]:
        """The network, and the names of the task losses. Raises: UsageError: see `Rule.check`."""
        me, out = type(self).__name__, "leave the rule out (--rule null)"
        if not isinstance(net, StagedNet):
            raise UsageError(
                f"rule: {me} gives every stage a T of its own, but net ({type(net).__name__}) has "
                f"no stages; build it as a tssd.StagedNet, or {out}"
            )
        longest = criterion.timesteps.teacher
        if longest < max(2, self.shortest):
            raise UsageError(
                f"timesteps.teacher: got {longest}, but rule {me} draws T of stages from "
                f"{self.shortest} to that, expected at least {max(2, self.shortest)}; raise "
                f"--timesteps, take a method whose teacher runs for longer, or {out}"
            )
        tasks = []
        for name, term in criterion.terms.items():
            labelled = cast(Objective, term).labelled
            if labelled is not None and not labels_means(cast(Objective, term)):
                raise UsageError(
                    f"rule: {me} labels the mean over time of runs of other lengths, which "
                    f"objectives.{name} ({type(term).__name__}) can't; take a cross entropy of "
                    f"means in its place, or {out}"
                )
            if labelled is not None:
                tasks.append(name)
        if not tasks:
            raise UsageError(
                f"rule: {me} needs a task loss to label its runs by; add one, or {out}"
            )
        return net, tasks


def logits_of(net: StagedNet, sequence: Tensor, steps: Sequence[int]) -> Tensor:
    """What a network says whose stages run for numbers of timesteps of their own.

    Args:
        net: the network.
        sequence: [T, N, ...]; a repeated image stays one.
        steps: of each stage, at most T for the first.
    Shapes: -> logits [T of the last stage, N, K] in float32 at least.
    """
    clear_state(net)  # of neurons of other libraries
    x = sequence[: steps[0]] if is_constant_in_time(sequence) else sequence
    with explained(sequence, dtype_of(net)):
        for stage, timesteps in zip(cast(Any, net.stages), steps, strict=True):
            x = stage(regrouped(x, timesteps))
        out = NetOutput(cast(nn.Module, net.head)(x))
    return in_full_precision(out).logits


def regrouped(x: Tensor, timesteps: int) -> Tensor:
    """Spikes of T timesteps for as many as are wanted: groups are added up, or each is repeated.

    Shapes: [T, N, ...] -> [timesteps, N, ...].
    """
    if timesteps == len(x):
        return x
    if timesteps < len(x):
        return torch.stack([group.sum(0) for group in x.split(sizes(timesteps, len(x)))])
    many = sizes(len(x), timesteps)
    return torch.stack([x_t for x_t, times in zip(x, many, strict=True) for _ in range(times)])


def sizes(fewer: int, more: int) -> list[int]:
    """How many of more timesteps stand for each of fewer, as evenly as can be.

    >>> sizes(3, 8), sizes(4, 6)
    ([3, 2, 3], [1, 2, 1, 2])
    """
    # A half is rounded down, as in the authors' code.
    ends = [-(-(2 * (i + 1) * more - fewer) // (2 * fewer)) for i in range(fewer)]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
