"""What an item of a torch Dataset of the user's own may be: an input and its class."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional

from tssd.errors import DataError

# What is accepted of x, for messages.
INPUTS = "an image [C, H, W] in floating point, a picture of Pillow's, or event frames [T, C, H, W]"
# What makes an input of a sample with so many axes.
REMEDIES = {
    1: "; x.view(-1, 1, 1) makes [C, 1, 1] of features",
    2: "; x.unsqueeze(0) makes [1, H, W] of an image without channels, x.unsqueeze(-1) [C, L, 1] "
    "of a signal, of which the network's forward makes [N, C, L] again by x.squeeze(-1)",
}


class Kind(NamedTuple):
    """What all samples of a run are.

    Args:
        shape: (C, H, W) of an image or frame.
        timesteps: frames of a sample; None = it is an image.
    """

    shape: tuple[int, int, int]
    timesteps: int | None = None

    @classmethod
    def of(cls, x: Tensor) -> "Kind":
        """Of one sample x [C, H, W] or [T, C, H, W]."""
        c, h, w = x.shape[-3:]
        return cls((c, h, w), x.shape[0] if x.dim() == 4 else None)

    def __str__(self) -> str:
        steps = () if self.timesteps is None else (self.timesteps,)
        return str([*steps, *self.shape])


def as_sample(x: Any, where: str) -> Tensor:
    """An item's input: an image, float32 [C, H, W], or event frames [T, C, H, W].

    Pictures become values in [0, 1]. Counts of events may be whole numbers. NumPy's arrays are as
    good as tensors.

    Raises:
        DataError: Anything else.
    """
    if isinstance(x, Image.Image):
        if x.mode not in ("L", "RGB"):
            raise DataError(
                f"{where} is a picture of mode {x.mode}, expected RGB or L; call .convert('RGB')"
            )
        x = functional.to_dtype(functional.to_image(x), torch.float32, scale=True)
    if isinstance(x, np.ndarray) and x.dtype.kind in "buif":
        # torch knows the machine's own order of bytes alone.
        x = torch.from_numpy(np.ascontiguousarray(x, dtype=x.dtype.newbyteorder("=")))
    if not isinstance(x, Tensor) or x.is_complex() or x.layout is not torch.strided:
        raise DataError(f"{where} has {in_words(x)} for x, expected {INPUTS}")
    x = x.detach().as_subclass(Tensor)
    if x.dim() not in (3, 4) or 0 in x.shape:
        hint = "" if 0 in x.shape else REMEDIES.get(x.dim(), "")
        raise DataError(f"{where} has x of shape {list(x.shape)}, expected {INPUTS}{hint}")
    if x.dim() == 3 and not x.is_floating_point():
        kind = str(x.dtype).removeprefix("torch.")
        raise DataError(
            f"{where} has an image of {kind}, expected floating point; scale pixels to [0, 1] with "
            "torchvision.transforms.v2.ToDtype(torch.float32, scale=True)"
        )
    return x.float() if x.is_floating_point() else x


def check_finite(x: Tensor, where: Callable[[int], str], *, axis: int = 0) -> None:
    """Refuse a batch with NaN or infinity in it, once for all its samples.

    Args:
        x: inputs of several samples.
        where: names the sample of a number in the batch.
        axis: of the samples.

    Raises:
        DataError: Names the first such sample.
    """
    # A sum is quicker than a test of every value, but finite ones may overflow it.
    if not x.is_floating_point() or bool(x.sum().isfinite()):
        return
    wrong = (~x.isfinite()).transpose(0, axis).flatten(1).any(1)
    if bool(wrong.any()):
        raise DataError(
            f"{where(int(wrong.nonzero()[0]))} has NaN or infinity in x, expected finite numbers; "
            "leave it out, or correct the file or the transform it comes from"
        )


def as_label(y: Any, where: str, num_classes: int | None = None) -> int:
    """An item's class, a whole number from 0 on.

    Raises:
        DataError: It is none, or not below the number of classes.
    """
    if isinstance(y, Tensor | np.ndarray | np.generic) and y.ndim == 0:
        y = y.item()
    if not isinstance(y, int) or isinstance(y, bool):
        remedy = "return the number of the class"
        if isinstance(y, float):
            remedy = "return int(y) of whole numbers; regression is not supported"
        elif isinstance(y, Tensor | np.ndarray):
            single = len(y.reshape(-1)) == 1
            remedy = "return y.item()" if single else "return y.argmax() of one-hot labels"
        raise DataError(f"{where} has {in_words(y)} for y, expected one whole number; {remedy}")
    if y < 0 or (num_classes is not None and y >= num_classes):
        known = "0 or more" if num_classes is None else f"0 to {num_classes - 1}"
        raise DataError(
            f"{where} has class {y}, expected {known}; number the classes from 0, or say how many "
            "there are with classes="
        )
    return y


def in_words(thing: Any) -> str:
    """An object by its kind, for a message."""
    if isinstance(thing, Tensor | np.ndarray):
        kind = str(thing.dtype).removeprefix("torch.")
        return f"{kind} of shape {list(thing.shape)}"
    size = f" of {len(thing)}" if isinstance(thing, tuple | list | dict) else ""
    return f"a {type(thing).__name__}{size}"
