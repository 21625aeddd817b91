"""What a batch must be, besides a sequence: a label for every sample, logits for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tssd.errors import DataError, UsageError
from tssd.objectives.precise import precise
from tssd.time import axes_of_samples

# How far the shares of a sample may be from 1 together: as far as bfloat16 rounds them.
SLACK = 0.02


def dtype_of(net: object) -> torch.dtype | None:
    """Type of a network's first floating-point weight; None = it has none."""
    weights = net.parameters() if isinstance(net, nn.Module) else iter(())
    return next((weight.dtype for weight in weights if weight.is_floating_point()), None)


@contextmanager
def explained(x: Tensor, dtype: torch.dtype | None) -> Iterator[None]:
    """Run a network inside; if it fails on an input of another type, that is said.

    Raises: UsageError: it failed, and x is not of the weights' `dtype`.
    """
    try:
        yield
    except RuntimeError as error:
        if dtype in (None, x.dtype):
            raise
        got, weights = (str(of).removeprefix("torch.") for of in (x.dtype, dtype))
        raise UsageError(
            f"input: got {got}, but the network's weights are {weights}, and it fails: "
            f"{str(error).splitlines()[0]}; pass x.to(torch.{weights})"
        ) from error


def check_num_classes(net: object) -> None:
    """Refuse a network of one logit, whose cross entropy is 0 whatever the label.

    Raises: UsageError: num_classes < 2, or the network has none: it was not adapted.
    """
    num_classes = getattr(net, "num_classes", None)
    if not isinstance(num_classes, int):
        inner = getattr(net, "module", None)
        remedy = (
            f"pass the {type(inner).__name__} inside it, its .module"
            if hasattr(inner, "num_classes")
            else "make it one with tssd.adapt(net, taps=[...], example=images)"
        )
        raise UsageError(
            f"net: got {type(net).__name__}, which has no num_classes, expected a network that "
            f"tssd can train; {remedy}"
        )
    if num_classes < 2:
        raise UsageError(
            f"net: has num_classes = {num_classes}, expected at least 2, since the cross entropy "
            "of a single logit is 0 whatever the label; give it one logit a class, 2 for yes and "
            "no (regression is not supported)"
        )


class Classes(NamedTuple):
    """Labels that a loss can take in any case, and whether all were right.

    Class numbers int64 [N], or shares of classes, float32 at least, [N, K].
    """

    target: Tensor
    in_range: Tensor


def classes(target: Tensor, num_classes: int) -> Classes:
    """Class numbers of any integer type as int64, without waiting for an accelerator.

    Out of range, they would stop a GPU for the rest of the process; so they are clamped here, and
    `check_classes` tells of them once the result is waited for anyway.

    Raises: DataError: not one whole number a sample.
    """
    if not isinstance(target, Tensor):
        raise DataError(
            f"labels: got {type(target).__name__}, expected one class number a sample, int64 [N]; "
            "torch.as_tensor(y) makes a tensor of a list or an array"
        )
    if target.dim() != 1 or target.is_floating_point() or target.is_complex():
        raise DataError(
            f"labels: got {str(target.dtype).removeprefix('torch.')} of shape "
            f"{list(target.shape)}, expected one class number a sample, int64 [N]; "
            f"{_class_numbers(target, num_classes)}"
        )
    target = target.long()
    clamped = target.clamp(0, num_classes - 1)
    return Classes(clamped, (clamped == target).all())


def labels(target: Tensor, num_classes: int) -> Classes:
    """Labels of a loss: class numbers, see `classes`, or shares of classes as mixed samples have.

    Shapes: whole numbers [N], or floating point [N, K], rows of shares that sum to 1.
    Raises: DataError: neither.
    """
    if not _are_shares(target, num_classes):
        return classes(target, num_classes)
    shares = precise(target)
    return Classes(shares, _sound(shares).all())


def _are_shares(target: object, num_classes: int) -> bool:
    if not isinstance(target, Tensor) or target.dim() != 2:
        return False
    return target.is_floating_point() and target.shape[1] == num_classes > 1


def _sound(shares: Tensor) -> Tensor:
    """Whether each sample's shares are 0 or more and sum to 1, bool [N]; not so of NaN."""
    return (shares >= 0).all(1) & ((shares.sum(1) - 1).abs() <= SLACK)


def _class_numbers(target: Tensor, num_classes: int) -> str:
    if target.dim() == 2 and target.shape[1] == 1:
        return "y.squeeze(1).long() makes them of a column"
    if target.dim() == 2:
        return (
            "y.argmax(1) makes them of one-hot rows; a loss also takes shares of all classes, "
            f"float32 [N, {num_classes}]"
        )
    if target.dim() == 1 and target.is_floating_point():
        return "y.long() makes them of whole numbers; regression is not supported"
    return "pass the class of every sample"


def check_classes(target: Tensor, num_classes: int) -> None:
    """Tell of class numbers that the network does not know.

    Raises: DataError: one is not in 0..num_classes - 1, or as `classes`.
    """
    classes(target, num_classes)
    wrong = target[(target < 0) | (target >= num_classes)]
    if not wrong.numel():
        return
    from_one = not (target < 1).any() and not (target > num_classes).any()
    remedy = (
        "they seem to count from 1, so pass y - 1"
        if from_one
        else "number the classes from 0, or use the data that the network was built for"
    )
    raise DataError(
        f"labels: got class {wrong[0].item()}, but the network has num_classes = {num_classes} "
        f"and knows 0 to {num_classes - 1}; {remedy}"
    )


def check_labels(target: Tensor, num_classes: int) -> None:
    """Tell of labels that the network does not know, or of shares that are none.

    Raises: DataError: a class is not in 0..num_classes - 1, shares are negative or do not sum to 1,
        or as `labels`.
    """
    if not _are_shares(target, num_classes):
        check_classes(target, num_classes)
        return
    wrong = (~_sound(target.float())).nonzero().flatten().tolist()
    if wrong:
        shares = target[wrong[0]].float()
        raise DataError(
            f"labels: got shares of classes of sample {wrong[0]} from {shares.min().item():.4g} on "
            f"that sum to {shares.sum().item():.4g}, expected shares of 0 or more that sum to 1; "
            "divide each row by its sum"
        )


def check_output(out: object) -> None:
    """Refuse logits in the place of what a network returns.

    Raises: UsageError: it has no logits, as a `NetOutput` has.
    """
    if not hasattr(out, "logits"):
        raise UsageError(
            f"net: returned a {type(out).__name__}, expected a tssd.NetOutput; return "
            "tssd.NetOutput(logits, taps), or let tssd.adapt(net, taps=[...], example=images) do it"
        )


def check_logits(logits: Tensor, expected: tuple[int, int, int]) -> None:
    """Refuse features, one step's output or a mean over time in the place of logits.

    Raises: UsageError: logits are not [T, N, K] as expected.
    """
    if logits.shape != expected:
        remedy = (
            "return the logits of every timestep, not their mean or sum over time"
            if logits.shape == expected[1:]
            else "correct the network's forward"
        )
        raise UsageError(
            f"net: returned logits of shape {list(logits.shape)}, expected {list(expected)} for "
            f"T timesteps, N samples and K = num_classes; {remedy}"
        )


def are_probabilities(logits: Tensor) -> Tensor:
    """Whether logits went through a softmax already, a bool []: rows of fractions that sum to 1."""
    shares = logits.detach()
    sum_to_one = (shares.sum(-1) - 1).abs().amax() < 1e-3
    return sum_to_one & (shares.amin() >= 0) & (shares.amin(-1) > 0).any()


def check_no_probabilities(logits: Tensor) -> None:
    """Refuse what `are_probabilities` finds.

    Raises: UsageError: the network takes the softmax itself.
    """
    if are_probabilities(logits):
        raise UsageError(
            "net: returned probabilities, rows that sum to 1, expected logits; the loss takes the "
            "softmax itself and could hardly fall, so take the network's away"
        )


def check_single(x: Tensor, net: nn.Module) -> None:
    """Refuse one image, repeated in time, where batch norm would see one value a channel.

    T times the same value have no variance either: the layer would return its bias, whatever the
    image shows.

    Shapes: x [N, C, H, W], [N, F] or, with `net.sample_dims` 2, [N, C, L], else nothing is wrong.
    Raises: UsageError: N = 1 and a BatchNorm1d in training mode.
    """
    sample_dims = axes_of_samples(net)
    images = (2, 4) if sample_dims is None else (1 + sample_dims,)
    if x.dim() not in images or x.shape[0] != 1:
        return
    for name, part in net.named_modules():
        if isinstance(part, nn.BatchNorm1d) and part.training:
            raise UsageError(
                f"input: got a batch of one image, which {name or 'the network'} (BatchNorm1d) "
                "can't normalise in training mode, since it is the same at every timestep; use "
                "batches of at least 2 (drop_last=True), or net.eval()"
            )
