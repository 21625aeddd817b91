"""What all data modules of static images share."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torchvision.transforms import v2

from tssd.data.base import DataModule, require
from tssd.data.crop_flip import CropFlip
from tssd.data.cutout import Cutout
from tssd.data.image_samples import ImageSamples
from tssd.data.loading import SampleSet, Source
from tssd.data.mixing import MixedSamples, Mixing
from tssd.data.on_device import place
from tssd.data.stored import Facts, MemoryPart
from tssd.data.transforms import Transforms
from tssd.errors import UsageError
from tssd.image_size import ImageSize, height_width

# Pixels of a side; one batch of 64 such images takes 13 GB.
LARGEST_SIDE = 4096

# Pixels of a shift: what the draws of the crop can tell apart.
LARGEST_SHIFT = 511

Border = Literal["black", "reflect"]
Flip = Literal["random", "alternating", "never"]


@dataclass(eq=False)
class ImageData(DataModule):
    """Base of the data modules of static images.

    A subclass sets `facts` (or overrides the properties that show them) and implements `read`;
    `flips` says whether a mirrored image is still one of its class.

    Args:
        image_size: Side in pixels of the square to resize to, bilinear, or [height, width], which
            images are scaled to cover and cropped to; null keeps the stored size.
        augment: Whether to shift and flip the training images at random.
        translate: Pixels to shift by at most, up or down and left or right, with `augment`; null:
            an eighth of the side, the paper's crop after padding.
        border: What moves in with a shift: black, or the image mirrored at its border (reflect);
            null: black.
        flip: Which images are mirrored with `augment`: random ones, half of them, drawn anew each
            epoch; alternating, half of them, each one in every other epoch; or never. null: random
            where a mirrored image is still one of its class.
        cutout: Side in pixels of a square of each training image that is hidden, with `augment`;
            null: none is.
        transforms: torchvision.transforms.v2's, such as RandAugment, of each training image after
            shift and flip, with and without `augment`; null: none. See docs/image-data.md.
        mixup: Alpha of mixup, 0.2 for example: each training sample is a weighted mean of two, and
            so is its label; null: none is.
        cutmix: Alpha of CutMix, 1 for example: a rectangle of each training sample is another's;
            null: none is. With mixup, each batch has one of both.
    """

    facts: ClassVar[Facts]
    flips: ClassVar[bool] = True

    _: KW_ONLY
    image_size: ImageSize | None = None
    augment: bool = True
    translate: int | None = None
    # Null by default: runs of versions that did not have them are the same.
    border: Border | None = None
    flip: Flip | None = None
    cutout: int | None = None
    transforms: list[v2.Transform] | None = None
    mixup: float | None = None
    cutmix: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.image_size is None or _is_size(self.image_size),
            "image_size",
            self.image_size,
            f"1 to {LARGEST_SIDE} pixels, [height, width] of such, or null",
        )
        require(
            self.translate is None or 0 <= self.translate <= LARGEST_SHIFT,
            "translate",
            self.translate,
            f"0 to {LARGEST_SHIFT} pixels, or null",
        )
        require(
            self.cutout is None or 1 <= self.cutout <= LARGEST_SIDE,
            "cutout",
            self.cutout,
            f"1 to {LARGEST_SIDE} pixels, or null",
        )
        asked = {
            "translate": self.translate,
            "border": self.border,
            "flip": self.flip,
            "cutout": self.cutout,
        }
        for name, value in asked.items():
            if value is not None and not self.augment:
                raise UsageError(
                    f"data.{name}: got {value}, but data.augment is false; pass --data.augment "
                    f"true, or --data.{name} null"
                )
        for name, alpha in (("mixup", self.mixup), ("cutmix", self.cutmix)):
            if alpha is None:
                continue
            right = alpha > 0 and math.isfinite(alpha)
            require(right, name, alpha, "a number above 0, alpha of Beta(alpha, alpha), or null")
            if self.batch_size < 2:
                raise UsageError(
                    f"data.{name}: mixes samples of a batch, and data.batch_size is 1; give "
                    "--data.batch_size 2 or more"
                )
        if self.transforms is not None and not isinstance(self.transforms, Sequence):
            self.transforms = [self.transforms]  # one, as on the command line
        self._transforms()  # refuses what is none
        self._device = torch.device("cpu")
        self._placed: dict[str, Tensor] = {}

    @property
    def dataset_name(self) -> str:
        """Name of the data set."""
        return self.facts.name

    @property
    def content_hash(self) -> str:
        """Fingerprint of the chosen images that are held in memory, and of their places."""
        digest = hashlib.sha256(self.split_hash.encode())
        for name in ("train", "val", "test"):
            part, index = self.part(name)
            if isinstance(part, MemoryPart):
                digest.update(part.digest(index))
        return digest.hexdigest()[:12]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class, in the order of the labels."""
        return self.facts.class_names

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel that images are normalised with, pixel values in [0, 1]."""
        return self.facts.mean

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel that images are normalised with."""
        return self.facts.std

    def setup(self, stage: str | None = None) -> None:
        """See `DataModule.setup`.

        Raises:
            UsageError: A shift moves whole images out of sight, or a transform makes no image.
        """
        if self.translate is not None:
            side = min(self.sample_shape[1:])
            expected = f"less than the side of the images, {side} pixels"
            require(self.translate < side, "translate", self.translate, expected)
        if stage in (None, "fit") and (transforms := self._transforms()) is not None:
            transforms.try_out(self.sample_shape)
        super().setup(stage)

    def dataset(self, name: str) -> ImageSamples:
        """Return set `name` (train, val or test) as items of (x [C, H, W], label)."""
        part, index = self.part(name)
        augments = self.augment and name == "train"
        return ImageSamples(
            self._placed_samples(name),
            torch.from_numpy(part.labels[index]),
            mean=self.mean,
            std=self.std,
            augment=self._crop_flip() if augments else None,
            transforms=self._transforms() if name == "train" else None,
            cutout=self._cutout() if augments else None,
        )

    def training_samples(self) -> SampleSet:
        """Return set train, its samples mixed if that is asked for."""
        samples = self.dataset("train")
        if self.mixup is None and self.cutmix is None:
            return samples
        return MixedSamples(
            samples,
            Mixing(self.mixup, self.cutmix, self.seed),
            num_classes=self.num_classes,
            batch_size=self.batch_size,
            seed=self.seed,
        )

    @property
    def placeable_bytes(self) -> int | None:
        """Memory that all chosen images take on a device; None: transforms take them on the CPU."""
        if self.transforms:
            return None
        return sum(self.split_sizes.values()) * math.prod(self.sample_shape)

    def place(self, device: torch.device) -> None:
        """Keep the images on a device from now on, and make batches there."""
        if device != self._device:
            self._device, self._placed = device, {}

    def _placed_samples(self, name: str) -> Source:
        if self._device.type == "cpu":
            return self.samples(name)
        if name not in self._placed:
            self._placed[name] = place(self.samples(name), self.sample_shape, self._device)
        return self._placed[name]

    @property
    def _shift(self) -> int:
        # The paper pads 32 pixels by 4; other sizes by the same share.
        return min(self.sample_shape[1:]) // 8 if self.translate is None else self.translate

    def _crop_flip(self) -> CropFlip:
        flip = self.flip or ("random" if self.flips else "never")
        return CropFlip(
            self._shift,
            flip=flip != "never",
            seed=self.seed,
            reflect=self.border == "reflect",
            alternating=flip == "alternating",
        )

    def _transforms(self) -> Transforms | None:
        return Transforms(self.transforms, self.seed) if self.transforms else None

    def _cutout(self) -> Cutout | None:
        if self.cutout is None:
            return None
        colour = tuple(round(255 * mean) for mean in self.mean)
        return Cutout(self.cutout, colour=colour, seed=self.seed)


def _is_size(size: ImageSize) -> bool:
    is_pair = isinstance(size, int) or len(size) == 2
    return is_pair and all(1 <= side <= LARGEST_SIDE for side in height_width(size))
