"""The whole loss: named terms, their weights, and the exits that they share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.models.flow import Run, call
from tssd.neurons.membranes import recording
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.batch import (
    Classes,
    check_logits,
    check_num_classes,
    check_output,
    dtype_of,
    explained,
    labels,
)
from tssd.objectives.checks import (
    Loss,
    check_learns,
    checked_sequence,
    in_full_precision,
    settled,
)
from tssd.objectives.exits import ExitPlan, places_of
from tssd.objectives.frozen import Frozen
from tssd.objectives.labelled import check_one_task
from tssd.objectives.later import LaterChecks
from tssd.objectives.own_layers import as_taken, where_the_weights_are
from tssd.objectives.per_timestep import build_missing
from tssd.objectives.terms import check_plan, check_terms


class SelfDistillation(nn.Module):
    """Objectives composed into one loss, in float32 at least. Three lines train any network:

        criterion = SelfDistillation(terms, timesteps).connect(net)
        optimizer = torch.optim.SGD([*net.parameters(), *criterion.parameters()], lr=0.1)
        criterion.run(net, x, y).total.backward()

    Exits are built by `connect` and belong here: `net.state_dict()` never has them.

    Args:
        terms: objectives by name; the names label logs and reports.
        timesteps: the student's and the teacher's.
        exits: where exits stand and how they are built, if a term needs them; None = in the middle
            of the network, as wide as the tap, with the network's own neuron and norm.
    Raises: UsageError: as `check_terms` and `check_plan`, or task losses that contradict each
        other.
    """  # noqa: D400, D415 - the summary ends in an example

    def __init__(
        self,
        terms: Mapping[str, Objective],
        timesteps: Timesteps,
        *,
        exits: ExitPlan | None = None,
    ) -> None:
        super().__init__()
        check_terms(terms)
        check_one_task(terms)
        check_plan(timesteps, exits)
        self.terms = nn.ModuleDict(dict(terms))
        self.timesteps = timesteps
        self.exit_plan = exits or ExitPlan()
        self.exits = nn.ModuleDict()
        # Where exits stand, and all places that the network shows: those, and the terms' own.
        self.taps: tuple[Tap, ...] = ()
        self.kept: tuple[Tap, ...] = ()
        self.num_classes: int | None = None  # until connected

    def connect(self, net: SpikingNet) -> Self:
        """Check the terms against a network and build the exits that they ask for.

        These go where the network's weights are, and get their type. Parts with parameters for
        each timestep get them for T_t, where they have none yet: see `tssd.longest`. So the
        optimiser is made afterwards.

        Raises: UsageError: a term does not fit, or a part runs for fewer than T_t timesteps.
        """
        check_num_classes(net)
        # Of a network connected before.
        self.exits, self.taps, self.kept = nn.ModuleDict(), (), ()
        self.num_classes = net.num_classes
        objectives = self._objectives().values()
        for term in objectives:
            term.connect(net, self.timesteps)
        if any(term.needs_exits for term in objectives):
            # A tap named twice, say 3 and -1, is one place.
            places = places_of(self.exit_plan.taps, net)
            self.taps = tuple(dict.fromkeys(map(net.resolve_tap, places)))
        own = (net.resolve_tap(tap) for term in objectives for tap in term.taps)
        self.kept = tuple(dict.fromkeys([*self.taps, *own]))
        if isinstance(net, nn.Module):
            build_missing(net, self.timesteps.teacher)
        for tap in self.taps:
            head = self.exit_plan.build(net.tap_shape(tap), net.num_classes, net)
            build_missing(head, self.timesteps.teacher)
            self.exits[_key(tap)] = where_the_weights_are(head, net)
        return self

    def exit_at(self, tap: Tap) -> nn.Module:
        """The exit at a tap in `self.taps`."""
        return self.exits[_key(tap)]

    def learn_class_counts(self, counts: Callable[[], Sequence[int]]) -> None:
        """Tell the terms that ask how many training samples there are of each class.

        Args:
            counts: gives them, [K]; called if a term asks.
        """
        for term in self._objectives().values():
            if term.needs_class_counts:
                term.learn_class_counts(counts())

    @property
    def teachers(self) -> dict[str, Frozen]:
        """The teachers of all terms, by TERM.ATTRIBUTE."""
        parts = self.terms.named_modules()
        return {name: part for name, part in parts if isinstance(part, Frozen)}

    def add_exits(self, out: NetOutput, run: Run = call) -> NetOutput:
        """Fill in the exits' logits for the taps that a network kept.

        Args:
            out: of the network.
            run: runs an exit, from its initial state unless it carries another.
        """
        for tap in self.taps:
            head, spikes = self.exit_at(tap), out.taps[tap]
            like = next(head.parameters())
            if like.device != spikes.device:
                raise UsageError(
                    f"exits: the exit is on {like.device}, but the network on {spikes.device}; "
                    "move both, or connect after moving the network"
                )
            # The network's type may have changed since `connect`.
            out.exits[tap] = run(head, as_taken(spikes, head))
        return out

    def forward(self, out: NetOutput, target: Tensor, *, later: LaterChecks | None = None) -> Loss:
        """Terms and total of a network's output over T_t steps.

        Args:
            out: with the taps in `self.kept`.
            target: classes [N], or shares of classes [N, K].
            later: takes what is asked of values, which then raise nothing here; None = asked now.
        Raises: DataError: labels that are no classes of the network. UsageError: logits of another
            shape, or probabilities in their place. DivergedError: the loss is not finite.
        """
        classes = self.check(out, target)
        self._check_needs(out)
        precise = in_full_precision(self.add_exits(out))
        terms = self.values(precise, classes.target)
        return self.settle(terms, precise.logits, target, classes, later=later)

    def check(self, out: NetOutput, target: Tensor) -> Classes:
        """Labels that every term can take, of an output of the right shape.

        Raises: DataError: no labels. UsageError: logits of another shape.
        """
        known = self._known_classes()
        classes = labels(target, known)
        if not len(classes.target):
            raise DataError("batch: got no samples, expected at least one; leave empty batches out")
        check_logits(out.logits, (len(out.logits), len(classes.target), known))
        return classes

    def values(
        self, out: NetOutput, target: Tensor, names: Iterable[str] | None = None
    ) -> dict[str, Tensor]:
        """Unweighted terms of an output with all that they read, in full precision.

        Args:
            out: of the network, exits and what else is asked for filled in.
            target: from `check`.
            names: of the terms; None = all.
        Raises: UsageError: a term returns no scalar.
        """
        objectives = self._objectives()
        chosen = objectives if names is None else names
        terms = {name: objectives[name](out, target) for name in chosen}
        for name, value in terms.items():
            if not isinstance(value, Tensor) or value.dim():
                found = f"shape {list(value.shape)}" if isinstance(value, Tensor) else repr(value)
                raise UsageError(f"objectives.{name}: returned {found}, expected a scalar tensor")
        return terms

    def weighted(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The sum of some terms, each times its weight as it is now. Shapes: [] each -> []."""
        objectives = self._objectives()
        return torch.stack([objectives[n].current_weight * terms[n] for n in terms]).sum()

    def settle(
        self,
        terms: dict[str, Tensor],
        logits: Tensor,
        target: Tensor,
        classes: Classes,
        *,
        later: LaterChecks | None = None,
    ) -> Loss:
        """The loss of all terms, checked: see `forward`.

        Args:
            terms: all of them, unweighted.
            logits: [T, N, K].
            target: as it was given.
            classes: what `check` made of it.
            later: see `forward`.
        """
        loss, known = Loss(self.weighted(terms), terms), self._known_classes()
        return settled(loss, logits, target, classes, num_classes=known, later=later)

    def run(
        self, net: SpikingNet, x: Tensor, target: Tensor, *, later: LaterChecks | None = None
    ) -> Loss:
        """Run a network for T_t steps and take its loss.

        Args:
            net: the network that this is connected to.
            x: [N, ...] (repeated in time) or [T_t, N, ...], told apart by target.
            target: classes [N], or shares of classes [N, K].
            later: takes what is asked of values, as `forward`'s, so that no accelerator is waited
                for; None = asked now.
        Raises: as `as_sequence` and `forward`. UsageError: no gradient reaches the network, or
            one image is to be normalised on its own. DivergedError: a weight is not finite.
        """
        sequence = self.prepare(net, x, target, later=later)
        recorded = net if isinstance(net, nn.Module) and self._asks("needs_membranes") else None
        record = nullcontext({}) if recorded is None else recording(recorded)
        with explained(sequence, dtype_of(net)), record as membranes:
            out = net(sequence, self.kept)
        check_output(out)
        if recorded is not None or self._asks("needs_input"):
            out = replace(out, membranes=membranes, input=sequence)
        check_learns(net, out.logits)
        return self(out, target, later=later)

    def prepare(
        self, net: SpikingNet, x: Tensor, target: Tensor, *, later: LaterChecks | None = None
    ) -> Tensor:
        """The sequence [T_t, N, ...] for a network to run on, checked. Args and Raises: `run`'s."""
        steps, known = self.timesteps.teacher, self._known_classes()
        return checked_sequence(net, x, target, timesteps=steps, num_classes=known, later=later)

    def _known_classes(self) -> int:
        if self.num_classes is None:
            raise UsageError("loss: not connected; call connect(net) first")
        return self.num_classes

    def _asks(self, need: str) -> list[str]:
        """Names of the terms that have a need."""
        return [name for name, term in self._objectives().items() if getattr(term, need)]

    def _check_needs(self, out: NetOutput) -> None:
        if (asking := self._asks("needs_membranes")) and not out.membranes:
            raise UsageError(
                f"net: shows no membranes, but {asking[0]} needs them; call criterion.run(net, x, "
                "y), which records them, on a network with neurons that show them: LIF, IF, or "
                "your own that calls self.show_membrane (compiled ones show none)"
            )
        if (asking := self._asks("needs_input")) and out.input is None:
            raise UsageError(
                f"input: got none, but {asking[0]} needs it; call criterion.run(net, x, y)"
            )
        if missing := [tap for tap in self.kept if tap not in out.taps]:
            raise UsageError(
                f"taps: got {[*out.taps]}, but the loss needs {missing[0]!r} as well; call "
                "criterion.run(net, x, y), or the network with criterion.kept"
            )

    def _objectives(self) -> dict[str, Objective]:
        return dict(self.terms.items())  # pyright: ignore[reportReturnType]


def _key(tap: Tap) -> str:
    # Module names may not hold dots, and the taps of adapted networks are dotted module names.
    return str(tap).replace(".", "/")
