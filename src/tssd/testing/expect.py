"""What a check says when something does not hold."""

from collections.abc import Callable

import torch
from torch import Tensor


def expect(holds: object, message: str) -> None:
    """Raise AssertionError unless it holds; unlike `assert`, also where Python optimises."""
    if not holds:
        raise AssertionError(message)


def expect_same(got: Tensor, expected: Tensor, message: str) -> None:
    """Equal types and shapes, and values to 1e-9 of double precision; NaN equals NaN."""
    expect(got.dtype == expected.dtype, f"{message}: {got.dtype} != {expected.dtype}")
    expect(got.shape == expected.shape, f"{message}: shape {[*got.shape]} != {[*expected.shape]}")
    expect(
        torch.allclose(got, expected, rtol=1e-9, atol=1e-9, equal_nan=True),
        f"{message}: they differ in {(got != expected).sum()} of {got.numel()} values, "
        f"by up to {(got - expected).abs().max():.3g}",
    )


def name_of(make: Callable[..., object], made: object) -> str:
    """What messages call a part: the function or class that makes it, else its own class."""
    name = getattr(make, "__name__", "<lambda>")
    return type(made).__name__ if name == "<lambda>" else name
