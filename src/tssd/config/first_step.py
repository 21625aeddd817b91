"""What an optimiser refuses, and what is too large, shown before hours of training."""

import math
import re
from collections.abc import Callable, Iterable

import torch
from torch import nn

from tssd.errors import UsageError
from tssd.training.module import MakeOptimizer
from tssd.training.needs.free_memory import free_memory
from tssd.training.trial import MATRICES, takes_matrices

# What torch raises on values out of range.
REFUSALS = (ValueError, TypeError, RuntimeError, ArithmeticError)
# How torch's optimisers say it of one number.
OUT_OF_RANGE = re.compile(r"Invalid (?P<name>learning rate|\w+)(?: value)?: (?P<value>\S+)$")


def check_size(make_net: Callable[[], nn.Module]) -> None:
    """Refuse a network of ours whose weights alone don't fit into memory.

    Args:
        make_net: builds it; here, without numbers.
    Raises: UsageError: says how large it is and what is free.
    """
    try:
        with torch.device("meta"):
            net = make_net()
    except (UsageError, RuntimeError) as error:
        text = " ".join(str(error).split()).removeprefix("net: ")
        if "overflow" not in text:
            raise
        raise UsageError(
            f"net: its weights are more than can be counted ({text}), expected what fits into "
            "memory; lower --net.width or --data.image_size"
        ) from error
    size = sum(p.numel() * p.element_size() for p in net.parameters())
    free = free_memory(torch.device("cpu"))
    if free is not None and size > free:
        raise UsageError(
            f"net: its weights take {size / (1 << 30):.3g} GiB, and {free / (1 << 30):.3g} GiB are "
            "free; lower --net.width or --data.image_size"
        )


def check_optimizer(make_optimizer: MakeOptimizer, trained: Iterable[nn.Parameter] = ()) -> None:
    """Refuse values that the optimiser refuses, or with which no number stays finite.

    Args:
        make_optimizer: from parameters.
        trained: those that it will have.
    Raises: UsageError: says what the optimiser says.
    """
    dims = {parameter.dim() for parameter in trained}
    # There is an optimiser that takes matrices alone.
    weight = nn.Parameter(torch.ones(1, 1) if dims == {2} else torch.ones(1))
    try:
        optimizer = make_optimizer([weight])
        # Some optimisers take the gradient themselves.
        optimizer.step(lambda: _loss(weight))
    except UsageError:
        raise
    except REFUSALS as error:
        text = " ".join(str(error).split())
        if takes_matrices(error):
            raise UsageError(
                f"optimizer: {MATRICES}, and a network has others as well; use --optimizer "
                "tssd.training.muon.Muon, which takes all"
            ) from error
        if (option := OUT_OF_RANGE.match(text)) is not None:
            raise UsageError(_out_of_range(option["name"], option["value"], text)) from error
        remedy = "; lower --optimizer.lr" if "overflow" in text else ""
        raise UsageError(f"optimizer: {text}{remedy}") from error
    if not weight.isfinite().all():
        rate = optimizer.param_groups[0].get("lr")
        if rate is not None and not math.isfinite(rate):
            raise UsageError(_out_of_range("learning rate", f"{rate}", "no step ends anywhere"))
        raise UsageError(
            f"optimizer: a step from weight 1 with gradient 1 ends at {weight.item()} (lr = {rate})"
            "; lower its values"
        )


def _out_of_range(name: str, value: str, reason: str) -> str:
    option, expected = f"optimizer.{name}", "a value that the optimiser takes"
    if name == "learning rate":
        option, expected = "optimizer.lr", "a finite number from 0 on"
    elif name == "epsilon":
        option = "optimizer.eps"
    return f"{option}: got {value}, expected {expected} ({reason}); give another"


def _loss(weight: nn.Parameter) -> float:
    with torch.enable_grad():
        weight.grad = None
        loss = weight.sum()
        loss.backward()
    return float(loss.detach())
