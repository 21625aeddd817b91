"""Spatial learning through time: every timestep goes backward by itself, at once."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet
from tssd.models.drawn_again import drawn_again
from tssd.objectives import Loss, Objective, SelfDistillation
from tssd.objectives.checks import check_learns
from tssd.objectives.later import LaterChecks
from tssd.rules.base import Rule
from tssd.rules.gradient import SummedGradient, trained
from tssd.rules.stepwise import joined, outputs, rehearsal
from tssd.whole import whole

# What a term of all timesteps may ask for: all that is known of them once they have run.
KNOWN_OF_ALL = {"needs_exits", "needs_input", "needs_class_counts"}


class SLTT(Rule):
    """No gradient goes from a timestep to the one before: memory does not grow with T.

    What a part carries from step t - 1, its membrane above all, is a constant for step t, and step
    t goes backward before step t + 1 goes forward. The gradient is that of backpropagation through
    time with every state detached, exactly, for any loss on logits.

    A term that is a mean over timesteps (`Objective.each_timestep`) gives a step its gradient at
    once. Another, such as one of the mean logits, waits for all timesteps: the network runs twice
    then, first for its logits alone, from which follows what each timestep is told, and once more
    step by step to go backward.

    Norms see one timestep at a time, as in the original: batch norm takes the statistics of each by
    itself, and updates the running ones T times a batch.

    Args:
        steps: K, how many timesteps of a batch go backward, drawn anew for each; None = all.
    Raises: UsageError: steps < 1, or no whole number.
    Source: Meng et al. 2023, arXiv 2302.14311. As in its code, the gradient of K steps stays what
        it is, K/T of all in the mean.
    """

    def __init__(self, steps: int | None = None) -> None:
        steps = None if steps is None else whole("steps", steps)
        if steps is not None and steps < 1:
            raise UsageError(
                f"steps: got {steps}, expected a whole number >= 1, or null for all timesteps"
            )
        self.steps = steps

    def held(self, timesteps: int) -> int:
        """One, whatever T."""
        return 1

    def check(self, criterion: SelfDistillation, net: SpikingNet, x_t: Tensor) -> None:
        """See `Rule.check`."""
        self._check_parts(criterion, net)
        try:
            cast(Any, net).initial_state(x_t)
        except UsageError as error:
            raise UsageError(
                f"rule: {type(self).__name__} goes from timestep to timestep, which this network "
                f"can't: {error}; or leave the rule out (--rule null)"
            ) from error

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
        self._check_parts(criterion, net)
        sequence = criterion.prepare(net, x, target, later=later)
        gradient = SummedGradient(trained(net, criterion), sequence.device.type)
        each = [name for name, term in _terms(criterion) if term.each_timestep]
        together = [name for name, term in _terms(criterion) if not term.each_timestep]
        chosen = self._chosen(len(sequence)) if gradient.parameters else []
        values: dict[str, Tensor] = {}
        told: Sequence[Tensor] = ()
        if together:
            with drawn_again(sequence):
                values, told = _of_all_steps(criterion, net, sequence, target, together, gradient)
        shows = any(term.needs_membranes for _, term in _terms(criterion))
        classes, logits = None, []
        for t, out in enumerate(outputs(criterion, net, sequence, backward=chosen, shows=shows)):
            classes = classes or criterion.check(out, target)
            with torch.set_grad_enabled(t in chosen):
                share = {
                    name: value / len(sequence)
                    for name, value in criterion.values(out, classes.target, each).items()
                }
            if t in chosen:
                check_learns(net, out.logits)
                ends = _heads(out) if together else []
                given = [g[t : t + 1] for g in told]
                if each:
                    ends.append(criterion.weighted(share))
                    given.append(torch.ones_like(ends[-1]))
                gradient.add(ends, given)
            logits.append(out.logits.detach())
            for name, value in share.items():
                values[name] = values.get(name, 0) + value.detach()
        assert classes is not None  # a sequence has a timestep at least
        ordered = {name: values[name] for name, _ in _terms(criterion)}
        loss = criterion.settle(ordered, torch.cat(logits), target, classes, later=later)
        return Loss(gradient.deliver(loss.total), loss.terms)

    def _chosen(self, timesteps: int) -> list[int]:
        """Timesteps that go backward, counted from 0."""
        if self.steps is None or self.steps >= timesteps:
            return [*range(timesteps)]
        return torch.randperm(timesteps)[: self.steps].tolist()

    def _check_parts(self, criterion: SelfDistillation, net: SpikingNet) -> None:
        me, out = type(self).__name__, "leave one of them out (--rule null)"
        if not hasattr(net, "scan"):
            raise UsageError(
                f"rule: {me} goes from timestep to timestep, but net ({type(net).__name__}) has no "
                "scan(x, state), as networks of tssd's blocks have; build it of them, or leave the "
                "rule out (--rule null)"
            )
        for where, part in (("net", net), ("exits", criterion.exits)):
            for name, inner in part.named_modules() if isinstance(part, nn.Module) else ():
                if getattr(inner, "whole_sequences", False):
                    raise UsageError(
                        f"rule: {me} goes backward after every timestep, but {where}.{name} "
                        f"({type(inner).__name__}) has a gradient of all timesteps together; {out}"
                    )
        for name, term in _terms(criterion):
            asked = {
                need for need in dir(term) if need.startswith("needs_") and getattr(term, need)
            }
            if not term.each_timestep and (more := sorted(asked - KNOWN_OF_ALL)):
                raise UsageError(
                    f"rule: {me} lets go of a timestep's {more[0].removeprefix('needs_')} before "
                    f"the next, but objectives.{name} ({type(term).__name__}) needs those of all "
                    f"timesteps together; {out}"
                )


def _of_all_steps(
    criterion: SelfDistillation,
    net: SpikingNet,
    sequence: Tensor,
    target: Tensor,
    names: Sequence[str],
    gradient: SummedGradient,
) -> tuple[dict[str, Tensor], Sequence[Tensor]]:
    """Values of terms of all timesteps, and their gradients by the logits of net and exits.

    Gradients by parameters of their own are added to `gradient`.
    """
    with rehearsal(*_modules(net, criterion)):
        out = joined(outputs(criterion, net, sequence, backward=()), sequence)
    heads = [y.requires_grad_() for y in _heads(out)]
    classes = criterion.check(out, target)
    values = criterion.values(out, classes.target, names)
    total = criterion.weighted(values)
    found = gradient.add([total], [torch.ones_like(total)], heads)
    told = [torch.zeros_like(y) if g is None else g for y, g in zip(heads, found, strict=True)]
    return {name: value.detach() for name, value in values.items()}, told


def _heads(out: NetOutput) -> list[Tensor]:
    """Logits of the network and of its exits."""
    return [out.logits, *out.exits.values()]


def _terms(criterion: SelfDistillation) -> Iterator[tuple[str, Objective]]:
    for name, term in criterion.terms.items():
        yield name, cast(Objective, term)


def _modules(net: SpikingNet, criterion: SelfDistillation) -> list[nn.Module]:
    return [part for part in (net, criterion) if isinstance(part, nn.Module)]
