"""Chosen images, normalised and augmented a batch at a time."""

from collections.abc import Sequence

import torch
from torch import Tensor

from tssd.data.crop_flip import CropFlip
from tssd.data.cutout import Cutout
from tssd.data.loading import Numbers, SampleSet, Source
from tssd.data.transforms import Transforms


class ImageSamples(SampleSet):
    """Normalised, possibly augmented images, float32 [N, C, H, W], with their labels.

    Args:
        images: The images, uint8; where they are, batches are made.
        labels: Their classes, int64 [M].
        mean: Mean of each channel, with pixel values in [0, 1].
        std: Standard deviation of each channel, same scale.
        augment: Crop and flip; None shows every image as it is.
        transforms: What happens afterwards; None: nothing.
        cutout: What is hidden then; None hides nothing.
    """

    def __init__(
        self,
        images: Source,
        labels: Tensor,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        augment: CropFlip | None = None,
        transforms: Transforms | None = None,
        cutout: Cutout | None = None,
    ) -> None:
        device = images.device if isinstance(images, Tensor) else torch.device("cpu")
        super().__init__(labels.to(device))
        self.images = images
        self.normalise(mean, std)
        self._augment = augment
        self._transforms = transforms
        self._cutout = cutout

    def normalise(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Normalise with these of each channel from now on."""
        # (u / 255 - mean) / std as one multiply-add over the bytes u.
        scale = 1 / (255 * torch.tensor(std).view(-1, 1, 1))
        offset = -torch.tensor(mean).view(-1, 1, 1) / torch.tensor(std).view(-1, 1, 1)
        device = self.labels.device
        self._scale, self._offset = scale.to(device), offset.to(device)

    def load(self, epochs: Numbers, index: Numbers) -> Tensor:
        """Return the images [N, C, H, W] of these numbers [N], each as it looks in its epoch."""
        images = self.images[self.numbers(index)]
        if self._augment is not None:
            images = self._augment(images, epochs, index)
        return self.finished(images, epochs, index)

    def finished(self, images: Tensor, epochs: Numbers, index: Numbers) -> Tensor:
        """Transform and normalise uint8 images [N, C, H, W], cropped and mirrored already."""
        if self._transforms is not None:
            images = self._transforms.on_bytes(images, epochs, index)
        if self._cutout is not None:
            images = self._cutout(images, epochs, index)
        x = self.normalised(images)
        return x if self._transforms is None else self._transforms.on_normalised(x, epochs, index)

    def normalised(self, images: Tensor) -> Tensor:
        """Normalise uint8 images [N, C, H, W]."""
        return images.to(torch.float32).mul_(self._scale).add_(self._offset)
