"""torchvision's transforms on training images, each drawn for its image alone."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

from tssd.data.counter_random import ERASING_STREAM, TRANSFORM_STREAM, random_bits
from tssd.data.global_generators import generators_kept, seed_generators
from tssd.data.loading import Numbers
from tssd.errors import TssdError, UsageError

# What mixes samples: an option of its own.
OF_BATCHES = (v2.MixUp, v2.CutMix)


class Transforms:
    """A list of torchvision's transforms, of one image after the other.

    What happens to an image is a pure function of (seed, epoch, index): the global generators,
    which they draw from, are seeded for each image and left as they were. All see the bytes of
    images; `RandomErasing`, which has to come last, sees them normalised, so that its value 0 is
    the mean colour, as torchvision's and timm's recipes have it.

    Args:
        transforms: of torchvision.transforms.v2, or subclasses of its `Transform`, in their order.
        seed: Seed of the draws.

    Raises:
        UsageError: One is none of these, needs a whole batch or Pillow's pictures, or comes after
            `RandomErasing`.
    """

    def __init__(self, transforms: Sequence[v2.Transform], seed: int) -> None:
        for transform in transforms:
            _check(transform)
        self._seed = seed
        erasing = [isinstance(each, v2.RandomErasing) for each in transforms]
        first = erasing.index(True) if any(erasing) else len(transforms)
        if not all(erasing[first:]):
            late = transforms[erasing.index(False, first)]
            raise UsageError(
                f"data.transforms: {type(late).__name__} comes after RandomErasing, which acts on "
                "normalised images; put RandomErasing at the end of the list"
            )
        self._on_bytes, self._normalised = list(transforms[:first]), list(transforms[first:])

    def on_bytes(self, images: Tensor, epochs: Numbers, index: Numbers) -> Tensor:
        """Transform uint8 images [N, C, H, W], image n being number index[n] in epoch epochs[n].

        Raises:
            UsageError: A transform fails, or makes something else than such an image.
        """
        return self._all(self._on_bytes, TRANSFORM_STREAM, images, epochs, index)

    def on_normalised(self, images: Tensor, epochs: Numbers, index: Numbers) -> Tensor:
        """The same of what acts on float32 images."""
        return self._all(self._normalised, ERASING_STREAM, images, epochs, index)

    def try_out(self, shape: tuple[int, int, int]) -> None:
        """Transform one made-up image, so that what is wrong shows before training.

        Raises:
            UsageError: A transform fails, or makes something else than such an image.
        """
        values = torch.arange(math.prod(shape)) % 256
        image, number = values.to(torch.uint8).view(1, *shape), np.zeros(1, dtype=np.int64)
        self.on_bytes(image, number, number)
        self.on_normalised(image.float(), number, number)

    def _all(
        self,
        transforms: Sequence[Callable[[Tensor], object]],
        stream: int,
        images: Tensor,
        epochs: Numbers,
        index: Numbers,
    ) -> Tensor:
        if not transforms:
            return images
        seeds = random_bits(self._seed, stream, epochs, index).tolist()
        made = torch.empty_like(images)
        with generators_kept():
            for n, seed in enumerate(seeds):
                seed_generators(seed)
                image = images[n]
                for transform in transforms:
                    image = _transformed(transform, image)
                made[n] = image
        return made


def _check(transform: object) -> None:
    name = type(transform).__name__
    if isinstance(transform, OF_BATCHES):
        option = name.lower()
        raise UsageError(
            f"data.transforms: {name} mixes the samples of a batch, and here is one image after "
            f"the other; use --data.{option} {getattr(transform, 'alpha', 1.0):g}"
        )
    if not isinstance(transform, v2.Transform):
        raise UsageError(
            f"data.transforms: got {name} of {type(transform).__module__}, expected transforms of "
            "torchvision.transforms.v2, or a class of your own below its Transform"
        )
    known = getattr(transform, "_transformed_types", (Tensor,))
    if not v2.check_type(torch.empty(1, 1, 1, dtype=torch.uint8), known):
        raise UsageError(
            f"data.transforms: {name} leaves tensors as they are, and images are tensors here; "
            "leave it out"
        )


def _transformed(transform: Callable[[Tensor], object], image: Tensor) -> Tensor:
    name = type(transform).__name__
    shape, kind = list(image.shape), str(image.dtype).removeprefix("torch.")
    try:
        made = transform(image)
    except (TssdError, MemoryError):
        raise
    except Exception as error:  # of code of others
        reason = " ".join(str(error).split()) or "without a message"
        raise UsageError(
            f"data.transforms: {name} fails on an image, a {kind} tensor {shape} "
            f"({type(error).__name__}: {reason}); one that takes pictures of Pillow's alone goes "
            "between ToPILImage and ToImage in a torchvision.transforms.v2.Compose"
        ) from error
    if isinstance(made, Tensor) and (made.shape, made.dtype) == (image.shape, image.dtype):
        return made.as_subclass(Tensor)  # torchvision has its own kinds of tensors
    found = f"a {type(made).__name__}"
    if isinstance(made, Tensor):
        found = f"a {str(made.dtype).removeprefix('torch.')} tensor {list(made.shape)}"
    raise UsageError(
        f"data.transforms: {name} makes {found} of an image, a {kind} tensor {shape}, expected the "
        "same shape and type; leave it out: data.image_size sets the size, and images are "
        "normalised by themselves"
    )
