"""Batch norm's statistics measured anew, at the number of timesteps of inference.

Running statistics are those of the T in training. At another T a spiking network's activations have
other means and variances, and much of what it loses there is nothing but the wrong statistics.

The statistics of every norm become those of all samples together, in the network as it will run:
in eval mode, behind norms that are recalibrated already. So they are what one training-mode call on
all samples as a single batch would see, however the samples are cut into batches, and dropout and
the like stay off. Batches that are normalised by themselves (PreciseBN, `momentum=None`) would need
one pass for all norms, but what they find depends on the batches.

A norm inside a neuron changes what it is given at the next timestep. It says so (`feeds_back`), and
is measured again until its statistics stay: then they are those of the network that runs with them.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.evaluation.device import device_of_batches
from tssd.evaluation.moments import Moments
from tssd.evaluation.norm_calls import NormCalls
from tssd.models.base import SpikingNet, eval_mode
from tssd.objectives import SelfDistillation, as_sequence
from tssd.objectives.batch import check_num_classes, check_output, dtype_of, explained
from tssd.objectives.per_timestep import check_length
from tssd.whole import whole

# Samples in memory at a time, of those given as one tensor.
BATCH = 256
# A norm's statistics stay when they move by less than this share of its deviation, and are measured
# so often at most; each time they move by about a fifth of the time before.
STAY, ROUNDS = 1e-3, 10

Net = TypeVar("Net", bound=nn.Module)
# Runs a network, and its exits, on a batch [N, ...] or [T', N, ...].
Run = Callable[[Tensor], object]


def recalibrated(
    net: Net,
    batches: Tensor | Iterable[Any],
    timesteps: int,
    *,
    device: torch.device | str | None = None,
) -> Net:
    """A copy of a network whose batch norms have the statistics of inference at T = timesteps.

        at_1 = tssd.recalibrated(net, train_loader, timesteps=1)

    Nothing but running means and variances differs: no label is used, no weight is changed.

    Args:
        net: a network that tssd trains, one of `tssd.load` or of `tssd.adapt`; it is left as it is.
        batches: training samples as the network takes them: one tensor, or batches (x, y) or x in a
            list or DataLoader, which is gone through once for each norm; labels are not looked at.
        timesteps: T.
        device: where the batches go; None = where the network is.
    Shapes: x images [N, C, H, W], repeated in time, or sequences [T', N, C, H, W], T' >= T.
    Raises: UsageError: no batch norm with running statistics, or one that computes in a way of its
        own; batches that can be gone through only once; more timesteps than a part can run for.
        DataError: no samples, or values that are not finite.
    """
    copied = copy.deepcopy(net)
    recalibrate(copied, batches, timesteps, device=device)
    return copied


def recalibrate(
    net: nn.Module,
    batches: Tensor | Iterable[Any],
    timesteps: int,
    *,
    criterion: SelfDistillation | None = None,
    device: torch.device | str | None = None,
) -> None:
    """The same in place, with the norms of the exits of a criterion.

    Args:
        net: see `recalibrated`; so are batches, timesteps and device.
        criterion: connected to the network; None = no exits.
    Raises: as `recalibrated`; half of the norms are then recalibrated.
    """
    check_num_classes(net)
    timesteps = whole("timesteps", timesteps, 1)
    check_length(timesteps, net, criterion)
    norms = _norms(net, criterion)
    device = device_of_batches(net, device)
    taps, dtype = () if criterion is None else criterion.taps, dtype_of(net)

    def run(x: Tensor) -> None:
        samples = x.new_empty(x.shape[_sample_axis(x, net)])  # in the place of labels
        x = as_sequence(x.to(device), samples, timesteps, dtype=dtype, net=net)
        with explained(x, dtype):
            out = cast(SpikingNet, net)(x, taps)
        check_output(out)
        if criterion is not None:
            criterion.add_exits(out)

    inputs = _Inputs(batches, net)
    with eval_mode(net, criterion), torch.no_grad():
        for norm, calls in _in_order(norms, run, inputs.first()):
            for _ in range(ROUNDS):
                stays = norm.set(_measured(norm, calls, run, inputs))
                if stays or not getattr(norm.part, "feeds_back", False):
                    break


def refuse_no_norms(net: nn.Module, criterion: SelfDistillation | None = None) -> None:
    """Refuse what `recalibrate` could change nothing of.

    Raises: UsageError: no batch norm with running statistics.
    """
    _norms(net, criterion)


def _norms(net: nn.Module, criterion: SelfDistillation | None) -> "dict[int, _Norm]":
    """Norms of the network and of the exits, each once."""
    roots = {"": net} | ({} if criterion is None else {"exits: ": criterion})
    found = {
        id(part.running_mean): _Norm(f"{root}{name}", part)
        for root, module in roots.items()
        for name, part in module.named_modules()
        if isinstance(getattr(part, "running_mean", None), Tensor)
        and isinstance(getattr(part, "running_var", None), Tensor)
    }
    if not found:
        raise UsageError(
            f"net: {type(net).__name__} has no batch norm with running statistics, so that there "
            "is nothing to recalibrate; run it as it is"
        )
    return found


_BUFFERS = ("running_mean", "running_var")


@dataclass(frozen=True)
class _Norm:
    """A norm and what to call it; its buffers are written, nothing else."""

    name: str
    part: nn.Module

    def set(self, moments: Moments) -> bool:
        """Write them down, and say whether they are those that it had, but for a little."""
        mean, variance = moments.mean, moments.variance()
        if not bool(mean.isfinite().all() & variance.isfinite().all()):
            raise DataError(
                f"net: {self.name} gets values that are not finite, or too large; the weights are "
                "damaged or the training diverged, so take an earlier checkpoint"
            )
        had = [getattr(self.part, name).to(mean).view_as(mean) for name in _BUFFERS]
        moved = torch.maximum((mean - had[0]).abs(), (variance.sqrt() - had[1].sqrt()).abs())
        for name, value in zip(_BUFFERS, (mean, variance), strict=True):
            buffer = getattr(self.part, name)
            buffer.copy_(value.view_as(buffer))
        return bool((moved <= STAY * variance.sqrt()).all())


class _Reached(Exception):  # noqa: N818 - no error
    """The last call of a norm was seen; what comes behind it need not be computed."""


def _in_order(norms: Mapping[int, _Norm], run: Run, x: Tensor) -> list[tuple[_Norm, int]]:
    """The norms in the order in which they run, and how often each does for one batch.

    Raises: UsageError: one runs, but normalises in a way of its own.
    """
    calls: dict[int, int] = {}
    ran: list[int] = []

    def sees(_: Tensor, mean: Tensor) -> None:
        if id(mean) in norms:
            calls[id(mean)] = calls.get(id(mean), 0) + 1

    hooks = [
        norm.part.register_forward_pre_hook(lambda *_, key=key: ran.append(key))
        for key, norm in norms.items()
    ]
    try:
        with NormCalls(sees):
            run(x)
    finally:
        for hook in hooks:
            hook.remove()
    if own := next((norms[key] for key in ran if key not in calls), None):
        raise UsageError(
            f"net: {own.name} ({type(own.part).__name__}) has running statistics, but does not "
            "normalise by torch's batch_norm, so that what it measures is not known; let it call "
            "torch.nn.functional.batch_norm, or measure its statistics yourself"
        )
    return [(norms[key], count) for key, count in calls.items()]


def _measured(norm: _Norm, calls: int, run: Run, inputs: "_Inputs") -> Moments:
    """The statistics of all samples at a norm."""
    moments, mean, left = Moments(), norm.part.running_mean, 0

    def sees(x: Tensor, running_mean: Tensor) -> None:
        nonlocal left
        if running_mean is mean:
            moments.add(x)
            left -= 1
            if not left:
                raise _Reached

    for x in inputs:
        left = calls
        with suppress(_Reached), NormCalls(sees):
            run(x)
    if moments.count < 2:
        raise UsageError(
            f"batches: {norm.name} gets one value a channel, which has no variance; give more "
            "samples"
        )
    return moments


class _Inputs:
    """Inputs [N, ...] or [T', N, ...] that can be gone through again and again; none is empty.

    Args:
        batches: see `recalibrated`.
        net: which may say how many axes a sample has.
    Raises: UsageError: they can be gone through only once.
    """

    def __init__(self, batches: Tensor | Iterable[Any], net: nn.Module) -> None:
        if isinstance(batches, Iterator) or not isinstance(batches, Iterable):
            raise UsageError(
                f"batches: got a {type(batches).__name__}, expected a tensor, or batches that can "
                "be gone through once for each norm; pass a DataLoader, or list(batches)"
            )
        if isinstance(batches, Tensor):
            batches = batches.split(BATCH, dim=_sample_axis(batches, net))
        self._batches, self._net = batches, net

    def __iter__(self) -> Iterator[Tensor]:
        for batch in self._batches:
            x = batch[0] if isinstance(batch, tuple | list) and batch else batch
            if not isinstance(x, Tensor) or x.dim() < 2:
                found = f"shape {list(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
                raise DataError(
                    f"batches: got {found} in one, expected images [N, ...] or sequences "
                    "[T, N, ...], alone or with their labels: x or (x, y)"
                )
            if x.shape[_sample_axis(x, self._net)]:
                yield x

    def first(self) -> Tensor:
        """One of them. Raises: DataError: there are none."""
        for x in self:
            return x
        raise DataError("batches: got no samples, expected at least two; check the data's split")


def _sample_axis(x: Tensor, net: nn.Module) -> int:
    """Where the samples of an input are, told apart by its number of axes as `as_sequence` does."""
    sample_dims = getattr(net, "sample_dims", None)
    is_sequence = x.dim() in (3, 5) if sample_dims is None else x.dim() == sample_dims + 2
    return 1 if is_sequence else 0
