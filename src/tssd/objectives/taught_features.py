"""What terms share that compare features with a teacher's: places, means over time, alignments."""

from collections.abc import Sequence
from typing import Self, cast

from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models.base import NetOutput, SpikingNet, StagedNet, Tap
from tssd.objectives.base import Objective, Span, Timesteps, checked_span, named_places
from tssd.objectives.frozen import frozen
from tssd.objectives.precise import precise
from tssd.time import time_mean

CONVOLUTIONS = {1: nn.Linear, 2: nn.Conv1d, 3: nn.Conv2d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d}


class TaughtFeatures(Objective):
    """Compares, place by place, the mean over time of the network's features with a teacher's.

    Args:
        teacher: any network of tssd, see `tssd.objectives.Frozen`; of a run: `tssd.Teacher`.
        taps: the places, stages' indices or modules' names; null = `default_places`.
        teacher_taps: the teacher's, one for each; null = those of the same name.
        span: the mean is over the student's T_s steps, or the teacher's T_t (of this network, in
            training).
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: taps {tap: [T, N, ...]}, input [T, N, ...], target unused -> [].
    Raises: UsageError: an unknown span, no taps, or another number of the teacher's.
    """

    needs_taps = True
    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        *,
        taps: Sequence[Tap] | None,
        teacher_taps: Sequence[Tap] | None,
        span: Span,
        weight: float,
        ramp_epochs: float,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = frozen(teacher)
        self.places = named_places(taps, such_as=-1)
        self.teacher_places = named_places(teacher_taps, "teacher_taps", such_as=-1)
        self.span: Span = checked_span(span)
        # The teacher's places in the order of `taps`, once it is connected.
        self._of_teacher: tuple[Tap | None, ...] = ()

    def default_places(self, net: SpikingNet) -> tuple[Tap | None, ...]:
        """The last stage, or the middle of a network without stages."""
        return (-1,) if isinstance(net, StagedNet) else (None,)

    def connect(self, net: SpikingNet, timesteps: Timesteps) -> Self:
        """Find the places. Raises: UsageError: there are none such, or two are one."""
        places = self.default_places(net) if self.places is None else self.places
        self.taps = tuple(map(net.resolve_tap, places))
        if len({*self.taps}) < len(places):
            raise UsageError(f"taps: got {[*places]}, expected each place once")
        self._of_teacher = places if self.teacher_places is None else self.teacher_places
        if len(self._of_teacher) != len(places):
            raise UsageError(
                f"teacher_taps: got {[*self._of_teacher]}, expected one for each of the "
                f"{len(places)} places"
            )
        return super().connect(net, timesteps)

    def pairs(self, out: NetOutput) -> list[tuple[Tensor, Tensor]]:
        """The network's and the teacher's features at each place, [N, ...] in float32 at least."""
        assert out.input is not None  # the loss saw to it
        steps = self.timesteps.of(self.span)
        shown = self.teacher.features(out.input, cast("tuple[Tap, ...]", self._of_teacher))
        resolve = cast(SpikingNet, self.teacher.module()).resolve_tap
        taught = [shown[resolve(place)] for place in self._of_teacher]
        own = [time_mean(precise(out.taps[tap]), steps) for tap in self.taps]
        return [(f, a.to(f.dtype)) for f, a in zip(own, taught, strict=True)]

    def check_alike(self, place: int, own: Tensor, taught: Tensor, *, remedy: str) -> None:
        """Refuse features of another shape.

        Args:
            place: its number.
            own: the network's, as they are compared, [N, ...].
            taught: the teacher's.
            remedy: what to do about it.
        Raises: UsageError: names the place.
        """
        if own.shape != taught.shape:
            raise UsageError(
                f"teacher: its features at {self._of_teacher[place]!r} are "
                f"{list(taught.shape[1:])}, but the network's at {self.taps[place]!r} are "
                f"{list(own.shape[1:])}; {remedy}"
            )


def convolution(
    shape: tuple[int, ...], c_in: int, c_out: int, kernel: int, *, bias: bool = True
) -> nn.Module:
    """A convolution that keeps the size of features of a shape; a linear layer on flat ones.

    Args:
        shape: of one sample: (C, H, W), (C, L) or (F,).
        c_in: channels of the input.
        c_out: of the output.
        kernel: its side, odd.
        bias: whether it has one.
    """
    layer = CONVOLUTIONS[len(shape)]
    if layer is nn.Linear:
        return nn.Linear(c_in, c_out, bias=bias)
    return layer(c_in, c_out, kernel, padding=kernel // 2, bias=bias)


def norm(shape: tuple[int, ...], channels: int) -> nn.Module:
    """Batch norm of features of a shape."""
    return NORMS[len(shape)](channels)
