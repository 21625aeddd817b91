"""The small sequence of a dry run, made of a batch of the user's data."""

import torch
from torch import Tensor

from tssd.errors import UsageError
from tssd.time import repeat_in_time
from tssd.whole import whole

# Timesteps of a dry run on images, where nobody asks for another number.
TIMESTEPS = 4


def sample_dims_of(example: object, given: int | None) -> int:
    """Axes of one sample of an example: those given, else 1 of [(T,) N, F], 3 of the others.

    Raises: UsageError: neither images nor sequences of such samples.
    """
    if given is not None and given not in (1, 2, 3):
        raise UsageError(
            f"sample_dims: got {given!r}, expected 1 (F), 2 (C, L) or 3 (C, H, W) axes of a sample"
        )
    found = (
        f"shape {list(example.shape)}" if isinstance(example, Tensor) else type(example).__name__
    )
    dims = example.dim() if isinstance(example, Tensor) else 0
    sample_dims = given if given is not None else 1 if dims in (2, 3) else 3
    fits = dims in (sample_dims + 1, sample_dims + 2)
    if not isinstance(example, Tensor) or not fits or not example.numel():
        raise UsageError(
            f"example: got {found}, expected images [N, C, H, W] or [N, F], or sequences "
            "[T, N, C, H, W] or [T, N, F], or with sample_dims=2 signals [N, C, L] or "
            "[T, N, C, L]; pass the first batch of the training data"
        )
    if example.layout != torch.strided:
        raise UsageError(
            f"example: got {example.layout}, expected a dense tensor; pass x.to_dense()"
        )
    if example.is_complex() or (example.is_floating_point() and not example.isfinite().all()):
        what = example.dtype if example.is_complex() else "values that are not finite"
        raise UsageError(f"example: got {what}, expected finite numbers; check the data")
    return sample_dims


def probe_input(
    example: Tensor, sample_dims: int, timesteps: int | None, device: torch.device | None
) -> Tensor:
    """A small sequence [T, N, ...] of the example, T != N, so that no axis passes for another.

    Raises: UsageError: T < 2, or more than the example has.
    """
    images = example.dim() == sample_dims + 1
    steps = timesteps if timesteps is not None else TIMESTEPS if images else example.shape[0]
    if timesteps is None and steps < 2:
        raise UsageError(
            f"example: got shape {list(example.shape)}, a sequence [T, N, ...] of one timestep, "
            "expected at least 2, or time can't be told from a single step; of one image "
            "[C, H, W] pass a batch, example[None], of images [N, ...] the batch without time"
        )
    try:
        steps = whole("timesteps", steps, 2)
    except UsageError:
        raise UsageError(
            f"timesteps: got {steps!r} for the dry run, expected at least 2, in whole numbers, "
            "or time can't be told from a single step; training may use any number"
        ) from None
    if not images and steps > example.shape[0]:
        raise UsageError(
            f"timesteps: got {steps}, but the example has {example.shape[0]}; lower it"
        )
    x = repeat_in_time(example, steps) if images else example[:steps]
    samples = 2 if steps == 3 else 3
    # A smaller batch is shown more than once.
    chosen = torch.arange(samples, device=x.device) % x.shape[1]
    return x[:, chosen].to(device)
