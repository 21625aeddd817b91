"""The whole loss: named terms, their weights, and the weak classifiers that they share."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, Tap
from tssd.objectives.base import Objective, Timesteps
from tssd.objectives.exits import ExitPlan
from tssd.time import repeat_in_time


class Loss(NamedTuple):
    """The weighted sum to minimise, [], and the unweighted terms by name, each []."""

    total: Tensor
    terms: dict[str, Tensor]


class SelfDistillation(nn.Module):
    """Objectives composed into one loss. Three lines train a network of your own:

        criterion = SelfDistillation(terms, timesteps).connect(net)
        optimizer = torch.optim.SGD([*net.parameters(), *criterion.parameters()], lr=0.1)
        criterion.run(net, x, y).total.backward()

    Weak classifiers are built by `connect` and belong here: `net.state_dict()` never has them.

    Args:
        terms: objectives by name; the names label logs and reports.
        timesteps: the student's and the teacher's.
        exits: where weak classifiers stand and how they are built, if a term needs them; None =
            in the middle of the network, as wide as the tap, with LIF neurons.
    Raises: UsageError: no term.
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
        self.terms = nn.ModuleDict(dict(terms))
        self.timesteps = timesteps
        self.exit_plan = exits or ExitPlan()
        self.exits = nn.ModuleDict()
        self.taps: tuple[Tap, ...] = ()

    def connect(self, net: SpikingNet) -> Self:
        """Check the terms against a network and build the weak classifiers that they ask for."""
        self.exits, self.taps = nn.ModuleDict(), ()  # of a network connected before
        objectives = self._objectives().values()
        for term in objectives:
            term.connect(net, self.timesteps)
        if any(term.needs_exits for term in objectives):
            # A tap named twice, say 3 and -1, is one place.
            self.taps = tuple(dict.fromkeys(map(net.resolve_tap, self.exit_plan.taps or [None])))
        device = next((p.device for p in getattr(net, "parameters", list)()), None)
        for tap in self.taps:
            weak = self.exit_plan.build(net.tap_shape(tap), net.num_classes)
            self.exits[_key(tap)] = weak.to(device)
        return self

    def add_exits(self, out: NetOutput) -> NetOutput:
        """Fill in the weak classifiers' logits for the taps that a network kept."""
        for tap in self.taps:
            out.exits[tap] = self.exits[_key(tap)](out.taps[tap])
        return out

    def forward(self, out: NetOutput, target: Tensor, epoch: float | None = None) -> Loss:
        """Terms and total of a network's output over T_t steps.

        Args:
            out: with the taps in `self.taps`.
            target: classes [N].
            epoch: epochs trained so far, for weights that ramp up; None = full weights.
        """
        self.add_exits(out)
        objectives = self._objectives()
        terms = {name: term(out, target) for name, term in objectives.items()}
        weights = {
            name: term.weight if epoch is None else term.weight_at(epoch)
            for name, term in objectives.items()
        }
        total = torch.stack([weights[name] * value for name, value in terms.items()]).sum()
        return Loss(total, terms)

    def run(self, net: SpikingNet, x: Tensor, target: Tensor, epoch: float | None = None) -> Loss:
        """Run a network for T_t steps and take its loss.

        Shapes: x [N, ...] (repeated in time) or [T_t, N, ...], told apart by target [N].
        """
        return self(net(as_sequence(x, target, self.timesteps.teacher), self.taps), target, epoch)

    def _objectives(self) -> dict[str, Objective]:
        return dict(self.terms.items())  # pyright: ignore[reportReturnType]


def as_sequence(x: Tensor, target: Tensor, timesteps: int) -> Tensor:
    """A sequence of `timesteps` steps: images are repeated, sequences are cut.

    Counts of events arrive as small integers and become floating point here, on the device.

    Shapes: x [N, C, H, W] or [N, F] -> [T, N, ...]; x [T', N, C, H, W] with T' >= T -> [T, N, ...].
    Raises: UsageError: a sequence shorter than `timesteps`, or a shape that is neither.
    """
    if x.dim() in (2, 4) and x.shape[0] == target.shape[0]:
        return repeat_in_time(_as_float(x), timesteps)
    if x.dim() in (3, 5) and x.shape[1] == target.shape[0]:
        if x.shape[0] < timesteps:
            raise UsageError(
                f"timesteps: the data has {x.shape[0]}, but {timesteps} are wanted; "
                "lower --timesteps or slice the recordings into more steps"
            )
        return _as_float(x[:timesteps])
    raise UsageError(
        f"input: got shape {list(x.shape)} for {target.shape[0]} targets, "
        "expected images [N, C, H, W] or sequences [T, N, C, H, W]"
    )


def _as_float(x: Tensor) -> Tensor:
    return x if x.is_floating_point() else x.to(torch.get_default_dtype())


def _key(tap: Tap) -> str:
    # Module names may not hold dots, and the taps of adapted networks are dotted module names.
    return str(tap).replace(".", "/")
