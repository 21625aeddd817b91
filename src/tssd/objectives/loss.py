"""The whole loss: named terms, their weights, and the exits that they share."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.neurons.membranes import recording
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.batch import (
    are_probabilities,
    check_labels,
    check_logits,
    check_no_probabilities,
    check_num_classes,
    check_output,
    check_single,
    dtype_of,
    explained,
    labels,
)
from tssd.objectives.diverged import are_finite, check_weights, diverged
from tssd.objectives.exits import ExitPlan
from tssd.objectives.frozen import Frozen
from tssd.objectives.labelled import check_one_task
from tssd.objectives.later import INPUT, LABELS, LOGITS, TOTAL, WEIGHTS, LaterChecks
from tssd.objectives.per_timestep import build_missing
from tssd.time import as_sequence


class Loss(NamedTuple):
    """The weighted sum to minimise, [], and the unweighted terms by name, each []."""

    total: Tensor
    terms: dict[str, Tensor]


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
    Raises: UsageError: no term, all weights are 0, or task losses that contradict each other.
    """  # noqa: D400, D415 - the summary ends in an example

    def __init__(
        self,
        terms: Mapping[str, Objective],
        timesteps: Timesteps,
        *,
        exits: ExitPlan | None = None,
    ) -> None:
        super().__init__()
        if not terms:
            raise UsageError("objectives: none given, expected at least one term, e.g. task")
        if odd := [name for name in terms if not name.isidentifier() or hasattr(nn.Module, name)]:
            raise UsageError(f"objectives: got the name {odd[0]!r}, expected a word such as task")
        check_one_task(terms)
        if not any(term.weight for term in terms.values()):
            raise UsageError(
                "objectives: all weights are 0, expected one > 0, or nothing is learnt"
            )
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
            self.taps = tuple(dict.fromkeys(map(net.resolve_tap, self.exit_plan.taps or [None])))
        own = (net.resolve_tap(tap) for term in objectives for tap in term.taps)
        self.kept = tuple(dict.fromkeys([*self.taps, *own]))
        if isinstance(net, nn.Module):
            build_missing(net, self.timesteps.teacher)
        like = next((p for p in _parameters(net).values() if p.is_floating_point()), torch.empty(0))
        for tap in self.taps:
            head = self.exit_plan.build(net.tap_shape(tap), net.num_classes, net)
            build_missing(head, self.timesteps.teacher)
            self.exits[_key(tap)] = head.to(like.device, like.dtype)
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

    def add_exits(self, out: NetOutput) -> NetOutput:
        """Fill in the exits' logits for the taps that a network kept."""
        for tap in self.taps:
            head, spikes = self.exit_at(tap), out.taps[tap]
            like = next(head.parameters())
            if like.device != spikes.device:
                raise UsageError(
                    f"exits: the exit is on {like.device}, but the network on {spikes.device}; "
                    "move both, or connect after moving the network"
                )
            # Shapes without numbers know no autocast.
            if spikes.is_meta or not torch.is_autocast_enabled(spikes.device.type):
                spikes = spikes.to(like.dtype)  # the network's may have changed since `connect`
            out.exits[tap] = head(spikes)
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
        known = self._known_classes()
        known_labels, in_range = labels(target, known)
        if not len(known_labels):
            raise DataError("batch: got no samples, expected at least one; leave empty batches out")
        check_logits(out.logits, (len(out.logits), len(known_labels), known))
        self._check_needs(out)
        precise = _in_full_precision(self.add_exits(out))
        objectives = self._objectives()
        terms = {name: term(precise, known_labels) for name, term in objectives.items()}
        for name, value in terms.items():
            if not isinstance(value, Tensor) or value.dim():
                found = f"shape {list(value.shape)}" if isinstance(value, Tensor) else repr(value)
                raise UsageError(f"objectives.{name}: returned {found}, expected a scalar tensor")
        weighted = [objectives[name].current_weight * value for name, value in terms.items()]
        total = torch.stack(weighted).sum()
        if later is not None:
            later.note(LABELS, in_range)
            later.note(LOGITS, ~are_probabilities(precise.logits))
            for name, value in {**terms, TOTAL: total}.items():
                later.note(name, value.isfinite())
        # All that can be wrong is asked for at once: an accelerator is waited for a single time.
        elif not (in_range & total.isfinite() & ~are_probabilities(precise.logits)):
            check_labels(target, known)
            check_no_probabilities(precise.logits)
            raise diverged(precise.logits, total, terms)
        return Loss(total, terms)

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
        labels(target, self._known_classes())
        if not hasattr(getattr(net, "module", None), "num_classes"):  # nn.DataParallel's is inside
            check_num_classes(net)
        dtype = dtype_of(net)
        now = later is None
        sequence = as_sequence(x, target, self.timesteps.teacher, dtype=dtype, net=net, check=now)
        weights = _parameters(net)
        if later is not None:
            later.note(INPUT, sequence.detach().isfinite().all())
            later.note(WEIGHTS, are_finite(weights).to(sequence.device))  # none stand on the CPU
        elif torch.is_grad_enabled():
            check_weights(weights)
        if isinstance(net, nn.Module):
            check_single(x, net)
        recorded = net if isinstance(net, nn.Module) and self._asks("needs_membranes") else None
        record = nullcontext({}) if recorded is None else recording(recorded)
        with explained(sequence, dtype), record as membranes:
            out = net(sequence, self.kept)
        check_output(out)
        if recorded is not None or self._asks("needs_input"):
            out = replace(out, membranes=membranes, input=sequence)
        learns = torch.is_grad_enabled() and any(p.requires_grad for p in weights.values())
        if learns and not out.logits.requires_grad:
            raise UsageError(
                "net: no gradient reaches its weights from its logits; take detach(), .data or "
                "no_grad out of its forward, or freeze its parameters (requires_grad_(False))"
            )
        return self(out, target, later=later)

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


def _parameters(net: SpikingNet) -> dict[str, Tensor]:
    return dict(net.named_parameters(prefix="net")) if isinstance(net, nn.Module) else {}


def _in_full_precision(out: NetOutput) -> NetOutput:
    """Logits in float32 at least: the terms compare means that hardly differ."""

    def precise(logits: Tensor) -> Tensor:
        return logits.to(torch.promote_types(logits.dtype, torch.float32))

    exits = {tap: precise(logits) for tap, logits in out.exits.items()}
    return replace(out, logits=precise(out.logits), exits=exits)


def _key(tap: Tap) -> str:
    # Module names may not hold dots, and the taps of adapted networks are dotted module names.
    return str(tap).replace(".", "/")
