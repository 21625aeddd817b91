"""The logits of every timestep of a network that returns their mean over time.

In such a network time ends at a mean, `head(x).mean(0)` or `head(x.mean(0))`. While a
`TimeMeans` is active, that one mean gives the mean over the first t steps for every t, all of
them folded into the batch, so that what follows computes in one run what the network would
return after t = 1..T steps.
"""

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tssd.time import running_mean

_MEANS = {torch.Tensor.mean, torch.mean}
_SUMS = {torch.Tensor.sum, torch.sum}


@dataclass(frozen=True)
class TimeMean:
    """Which of a run's means or sums is over time.

    Args:
        place: function and line in it that takes the mean; hooks may take others in between.
        number: how often that line took one before.
        axis: which axis is time.
    """

    place: str
    number: int
    axis: int


class TimeMeans(TorchFunctionMode):
    """Watches the means and sums along axes in a run, and replaces one of them.

    Args:
        take: the one over time, or None to find out which may be.
        lead: (T, N): a mean over an axis of T, in a tensor that has one of N, may be the one.
    """

    def __init__(self, take: TimeMean | None, lead: tuple[int, int]) -> None:
        super().__init__()
        self.take = take
        self.lead = lead
        self.seen: dict[str, int] = {}
        self.candidates: list[TimeMean] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Compute as usual, unless it is the mean over time."""
        kwargs = kwargs or {}
        if func not in _MEANS and func not in _SUMS:
            return func(*args, **kwargs)
        given = dict(zip(("input", "dim", "keepdim"), args, strict=False)) | kwargs
        given.setdefault("dim", given.pop("axis", None))
        given.setdefault("input", given.pop("self", None))
        x, dim = given["input"], given["dim"]
        if not isinstance(x, Tensor) or dim is None or x.dim() < 2:
            return func(*args, **kwargs)
        place = _place(sys._getframe(1))
        number = self.seen[place] = self.seen.get(place, -1) + 1
        axes = {d % x.dim() for d in ([dim] if isinstance(dim, int) else dim)}
        take = self.take
        if take is not None and (take.place, take.number) == (place, number) and take.axis in axes:
            others = axes - {take.axis}
            return _at_every_step(x, take.axis, others, func in _SUMS, given.get("keepdim"))
        steps, batch = self.lead
        if batch in x.shape:
            self.candidates += [TimeMean(place, number, d) for d in axes if x.shape[d] == steps]
        return func(*args, **kwargs)


def logits_of_means(folded: Tensor, steps: int) -> Tensor:
    """z_t = t m_t - (t - 1) m_{t-1}, whose mean over the first t steps is m_t, for every t.

    Shapes: m [T*N, K], as a network returns it under `TimeMeans` -> z [T, N, K].
    """
    means = folded.unflatten(0, (steps, -1))
    counts = torch.arange(1, steps + 1, device=means.device, dtype=means.dtype).view(-1, 1, 1)
    sums = counts * means
    return torch.cat([sums[:1], sums[1:] - sums[:-1]])


def _place(frame: FrameType) -> str:
    code = frame.f_code
    return f"{code.co_qualname}+{frame.f_lineno - code.co_firstlineno}"


def _at_every_step(x: Tensor, axis: int, others: set[int], is_sum: bool, keepdim: object) -> Tensor:
    """The means over the first t steps, for all t, folded into the batch: [T*N, ...]."""
    means = running_mean(x.movedim(axis, 0))
    if is_sum:  # which the network divides by T
        means = means * x.shape[axis]
    rest = [d + (d < axis) for d in others]
    if rest:
        reduce = means.sum if is_sum else means.mean
        means = reduce(rest, keepdim=bool(keepdim))
    folded = means.flatten(0, 1)
    return folded.unsqueeze(axis) if keepdim else folded
