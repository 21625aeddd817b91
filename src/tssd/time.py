"""The time axis: sequences are [T, N, ...]; the only place that makes them and folds T and N."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tssd.errors import DataError, TssdError, UsageError
from tssd.whole import whole


def repeat_in_time(x: Tensor, timesteps: int) -> Tensor:
    """Show the same input at every timestep (direct coding), as a view that costs no memory.

    Shapes: x [N, ...] -> [T, N, ...], stride 0 on the first axis.
    Raises: UsageError: timesteps < 1, or x is no tensor.
    """
    check_tensor(x, "[N, ...]")
    return x.unsqueeze(0).expand(whole("timesteps", timesteps, 1), *x.shape)


def check_tensor(x: object, axes: str) -> None:
    """Refuse lists and arrays, which have no `dim`; what stands for a tensor has one.

    Raises: UsageError: names what it is, and the axes that are expected.
    """
    if not hasattr(x, "dim"):
        raise UsageError(
            f"input: got a {type(x).__name__}, expected a tensor {axes}; torch.as_tensor(x) makes "
            "one of an array"
        )


def as_sequence(
    x: Tensor,
    target: Tensor,
    timesteps: int,
    *,
    dtype: torch.dtype | None = None,
    net: object = None,
    check: bool = True,
) -> Tensor:
    """A sequence of `timesteps` steps: images are repeated, sequences are cut.

    Counts of events arrive as small integers and become floating point here, on the device: of
    `dtype`, or of torch's default type. A network may say how many axes a sample has: with
    `net.sample_dims` 2, x is [N, C, L] or [T', N, C, L]. To `check` values waits for the device.

    Shapes: x [N, C, H, W] or [N, F] -> [T, N, ...]; x [T', N, C, H, W] with T' >= T -> [T, N, ...].
    Raises: UsageError: a sequence shorter than `timesteps`, or a shape that is neither.
        DataError: a value that is not finite.
    """
    _check_input(x)
    sample_dims = axes_of_samples(net)
    known = (1, 3) if sample_dims is None else (sample_dims,)
    if x.dim() - 1 in known and x.shape[0] == target.shape[0]:
        return repeat_in_time(_finite(x, dtype, check=check), timesteps)
    if x.dim() - 2 in known and x.shape[1] == target.shape[0]:
        if x.shape[0] < timesteps:
            raise UsageError(
                f"timesteps: the data has {x.shape[0]}, but {timesteps} are wanted; "
                "lower --timesteps or slice the recordings into more steps"
            )
        return _finite(x[:timesteps], dtype, batch_axis=1, check=check)
    turned = x.dim() - 2 in known and x.shape[0] == target.shape[0]
    axes = "F" if sample_dims == 1 else "C, L" if sample_dims == 2 else "C, H, W"
    raise UsageError(
        f"input: got shape {list(x.shape)} for {target.shape[0]} targets, "
        f"expected images [N, {axes}] or sequences [T, N, {axes}]"
        + "; x.transpose(0, 1) puts time in front of [N, T, ...]"
        * turned
    )


def axes_of_samples(net: object) -> int | None:
    """How many axes a sample has, if a network says so, or the one that is wrapped in it.

    DistributedDataParallel, DataParallel and torch's moving averages have it as their `.module`.
    """
    inside = getattr(net, "module", None)
    wrapped = hasattr(inside, "num_classes") and not hasattr(net, "num_classes")
    return getattr(inside if wrapped else net, "sample_dims", None)


def refuse_shared_out(module: object, where: str) -> None:
    """Refuse nn.DataParallel over several devices; `where` names the module.

    Raises: UsageError: it is one.
    """
    if isinstance(module, nn.DataParallel) and len(module.device_ids) > 1:
        raise UsageError(
            f"{where} is a DataParallel over {len(module.device_ids)} devices, which shares out "
            "the first axis, so of sequences the timesteps; pass the network inside it, its "
            ".module, and train on several devices with tssd.fit(devices=...)"
        )


def is_constant_in_time(x: Tensor) -> bool:
    """Whether x [T, N, ...] is an expanded view, i.e. every timestep is the same memory."""
    return x.shape[0] > 1 and x.stride(0) == 0


def fold(apply: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a stateless function of [B, ...] to x [T, N, ...], B = T*N (B = N if x is a view).

    A time-expanded view (see `repeat_in_time`) is computed once and expanded again: the same
    values, T times cheaper.

    Raises: UsageError: no axes of time and batch; one sample that batch norm in training mode can't
        normalise.
    """
    check_tensor(x, "[T, N, ...]")
    if x.dim() < 2:
        raise UsageError(f"input: got shape {list(x.shape)}, expected [T, N, ...]")
    steps, batch = x.shape[:2]
    with told_of_one_sample(batch):
        if is_constant_in_time(x):
            y = apply(x[0])
            return y.unsqueeze(0).expand(steps, *y.shape)
        y = apply(x.flatten(0, 1))
        return y.unflatten(0, (steps, batch))


def each_step(apply: Callable[..., Tensor], *xs: Tensor) -> Tensor:
    """Apply a stateless function of sequences of equal T that keeps their time axis.

    Of time-expanded views alone it is computed once, as by `fold`, and expanded again.

    Shapes: x [T, N, ...] each -> [T, N, ...].
    """
    # What stands for a sequence while a network is read has no strides.
    if all(isinstance(x, Tensor) and is_constant_in_time(x) for x in xs):
        y = apply(*(x[:1] for x in xs))
        return y.expand(len(xs[0]), *y.shape[1:])
    return apply(*xs)


class TimeFold(nn.Sequential):
    """Stateless layers (conv, norm, pool, linear) applied to all timesteps at once.

    Batch norm sees T*N samples, so its statistics are pooled over time. For a time-expanded view
    it sees N: the same mean and variance, and only the running variance's unbiased correction
    n/(n-1) is taken with N instead of T*N. Random layers (dropout) draw one mask for a view.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layers to input [T, N, ...]."""
        return fold(super().forward, input)


class PerStep(nn.Sequential):
    """Stateless layers applied to each timestep on its own: batch norm then sees N samples a step.

    Running statistics are updated T times a batch, once for a time-expanded view.

    Shapes: [T, N, ...] -> [T, N, ...].
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layers to input [T, N, ...], one timestep after the other."""
        check_tensor(input, "[T, N, ...]")
        if is_constant_in_time(input):
            return fold(super().forward, input)
        apply = super().forward
        with told_of_one_sample(input.shape[1]):
            return torch.stack([apply(x_t) for x_t in input])


def running_mean(x: Tensor) -> Tensor:
    """Mean over the first t steps, for every t.

    Shapes: [T, ...] -> [T, ...].
    """
    counts = torch.arange(1, x.shape[0] + 1, device=x.device, dtype=x.dtype)
    return x.cumsum(0) / counts.view(-1, *[1] * (x.dim() - 1))


def time_mean(x: Tensor, timesteps: int) -> Tensor:
    """Mean over the first `timesteps` steps.

    Shapes: [T, ...] -> [...].
    Raises: UsageError: x has fewer steps.
    """
    if (timesteps := whole("timesteps", timesteps, 1)) > x.shape[0]:
        raise UsageError(
            f"timesteps: the mean over the first {timesteps} is wanted, but the sequence has "
            f"{x.shape[0]}; run the network for at least {timesteps} timesteps"
        )
    return x[:timesteps].mean(0)


@contextmanager
def told_of_one_sample(batch: int) -> Iterator[None]:
    """Inside, what batch norm says of a single sample, in training mode, is a UsageError."""
    try:
        yield
    except ValueError as error:
        # What else a layer refuses, such as a number of axes, more samples would not help.
        more_samples = "more than 1 value per channel" in str(error)
        if batch > 1 or isinstance(error, TssdError) or not more_samples:
            raise
        raise UsageError(
            f"input: got a batch of one sample, on which a layer fails: {error}; use batches of at "
            "least 2 (drop_last=True), or net.eval()"
        ) from error


def _check_input(x: object) -> None:
    if not isinstance(x, Tensor):
        raise DataError(
            f"input: got {type(x).__name__}, expected a tensor; torch.as_tensor(x) makes one of an "
            "array"
        )
    if x.is_complex() or x.layout != torch.strided:
        found, remedy = (
            (x.dtype, "pass x.abs(), or the two parts as channels")
            if x.is_complex()
            else (x.layout, "pass x.to_dense()")
        )
        raise DataError(
            f"input: got {str(found).removeprefix('torch.')} values, expected a dense tensor of "
            f"real numbers; {remedy}"
        )


def _finite(x: Tensor, dtype: torch.dtype | None, *, batch_axis: int = 0, check: bool) -> Tensor:
    """X in floating point, if all of it is finite: a spike would hide NaN, training would not."""
    if not x.is_floating_point():
        return x.to(dtype or torch.get_default_dtype())
    if x.is_meta or not check:  # shapes without numbers, or numbers that are checked later
        return x
    # A sum is several times quicker than a test of every value, but finite ones may overflow it.
    if not x.detach().sum(dtype=torch.promote_types(x.dtype, torch.float32)).isfinite():
        wrong = ~x.isfinite()
        if wrong.any():
            samples = wrong.transpose(0, batch_axis).flatten(1).any(1).nonzero().flatten().tolist()
            first = x[wrong][0].item()
            more = f" and {len(samples) - 1} more" if len(samples) > 1 else ""
            raise DataError(
                f"input: sample {samples[0]} of the batch{more} has the value {first}, expected "
                "finite numbers; leave it out, or correct the file or the transform it comes from"
            )
    return x
