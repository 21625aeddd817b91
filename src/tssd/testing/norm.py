"""The contract of a norm."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tssd.longest import build_for
from tssd.testing.expect import expect, expect_same, name_of
from tssd.testing.parameters import (
    check_copies,
    check_gradients,
    check_nothing_is_shared,
    check_progress,
    spread_timesteps,
)
from tssd.testing.sequences import check_built_for, check_low_precision, check_sequences

# All different, and from the usual 3 channels, so that no axis can be taken for another.
T, N = 4, 6


def check_norm(make: Callable[[int], nn.Module], *, channels: int = 3) -> None:
    """Check a norm against all that networks and tools rely on.

    Shape and type kept; in eval mode a sample's result independent of its batch, of other calls and
    of later timesteps, carried state = whole; in training a gradient for every parameter, and the
    same result for an image repeated as a view; low precision, copies, timesteps (`build_for`),
    progress.

    Args:
        make: builds one norm from its channels, as a network's factory does.
        channels: C, for a norm that takes multiples of a number only, as one of groups.
    Raises: AssertionError: names the norm, what was found and what was expected.
    """

    def built() -> nn.Module:
        norm = make(channels)
        build_for(norm, T)
        return norm

    norm = built()
    name = name_of(make, norm)
    check_nothing_is_shared(name, norm, built())
    x = _inputs(channels)
    double = built().double()
    check_gradients(name, double, x)  # and statistics that are no longer those it starts from
    check_low_precision(name, built(), x)
    _check_view(name, double, x)
    double.eval()
    spread_timesteps(double)
    check_sequences(name, double, x)
    check_built_for(name, double, make(channels).double().eval(), x)
    check_copies(name, lambda: built().double(), double, x)
    check_progress(name, norm)


def _inputs(channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(T, N, channels, 5, 2, generator=generator, dtype=torch.double)
    # Mean and spread change from step to step, so that pooled and separate statistics differ.
    steps = torch.arange(1.0, T + 1, dtype=x.dtype).view(T, 1, 1, 1, 1)
    return x * steps + steps


def _check_view(name: str, norm: nn.Module, x: Tensor) -> None:
    view = x[0].expand(T, *x[0].shape)
    shown, written = copy.deepcopy(norm)(view), copy.deepcopy(norm)(view.contiguous())
    what = f"{name}: in training, an image repeated as a view (tssd.repeat_in_time) and written out"
    expect_same(shown, written, what)
    y = norm(x)
    expect(y.isfinite().all(), f"{name}: got values that are not finite in training")
