"""From what people have, images or frames of events, to what the network saw in training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from tssd.errors import DataError, UsageError
from tssd.image_size import ImageSize, as_option

ALIKE = "give what the Dataset of the training gives, x of (x, y): net.predict([x])"


@dataclass(frozen=True)
class ImageInput:
    """Raw images to the network's input: scaled to its size, normalised as in training.

    Takes uint8 (0 to 255) or floating point in [0, 1], which is rounded to the 8 bits that training
    had, as tensor or array [N, C, H, W] or [N, H, W, C], with one channel [N, H, W] as well; a
    picture of Pillow's or a path of an image file, or a list of these.

    Args:
        sample_shape: (C, H, W) of the network's input.
        mean: of each channel of the training images, pixel values in [0, 1].
        std: of each channel, same scale.
        crop_share: share of the largest part of the input's shape that is kept of a picture or a
            file.
    Shapes: -> float32 [N, C, H, W].
    Raises: UsageError: anything else, such as images that look normalised already. DataError: a
        file that is missing or unreadable.
    """

    sample_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop_share: float = 1.0

    def __call__(self, images: Any) -> Tensor:
        """The network's input."""
        std = torch.tensor(self.std).view(-1, 1, 1)
        # As in training, bit for bit: (u / 255 - mean) / std as one multiply-add over the bytes u.
        scale, offset = 1 / (255 * std), -torch.tensor(self.mean).view(-1, 1, 1) / std
        return self.pixels(images).to(torch.float32).mul_(scale).add_(offset)

    def pixels(self, images: Any) -> Tensor:
        """The same before normalising: uint8 [N, C, H, W]."""
        if isinstance(images, str | Path | Image.Image):
            images = [images]
        if isinstance(images, Sequence):
            if not len(images):
                _refuse("an empty list")
            return torch.stack([self._one(image) for image in images])
        pixels = self._channels_first(as_tensor(images))
        if pixels.dtype != torch.uint8:
            pixels = eight_bits(pixels)
        size, wanted = pixels.shape[2:], as_option(*self.sample_shape[1:])
        if tuple(size) == self.sample_shape[1:]:
            return pixels
        if size[0] != size[1] and isinstance(wanted, int):
            raise UsageError(
                f"images: got {size[0]} x {size[1]} pixels, expected squares, best of "
                f"{wanted} x {wanted}; crop them"
            )
        # Imported when it is needed: it takes seconds.
        from tssd.data.stored import MemoryPart

        everything = np.arange(len(pixels))
        part = MemoryPart(pixels, everything, wanted)
        return cast(Tensor, part.select(everything))

    def _one(self, image: Any) -> Tensor:
        """uint8 [C, H, W] of one entry of a list."""
        if not isinstance(image, str | Path | Image.Image):
            return self.pixels(as_tensor(image)[None])[0]
        channels, *size = self.sample_shape
        if channels not in (1, 3):
            raise UsageError(
                f"images: the network takes {list(self.sample_shape)}, which no picture gives; "
                "give tensors"
            )
        wanted, share = as_option(*size), self.crop_share
        if isinstance(image, Image.Image):
            rgb = _picture(image, wanted, share)
        else:
            rgb = _file(image, wanted, share)
        if channels == 3:
            return torch.from_numpy(rgb.copy())
        grey = Image.fromarray(rgb.transpose(1, 2, 0)).convert("L")
        return torch.from_numpy(np.array(grey))[None]

    def _channels_first(self, images: Tensor) -> Tensor:
        channels, shape = self.sample_shape[0], list(images.shape)
        if images.dim() == 3 and channels == 1:
            return images[:, None]
        if images.dim() == 4 and 0 not in shape:
            first, last = shape[1] == channels, shape[3] == channels
            if first and last:
                raise UsageError(
                    f"images: got shape {shape}, which may be [N, C, H, W] or [N, H, W, C]; give "
                    f"images of {list(self.sample_shape)}"
                )
            if first or last:
                return images if first else images.permute(0, 3, 1, 2).contiguous()
        single = " (of a single image: images[None])" if images.dim() < 4 else ""
        _refuse(f"shape {shape}", f"[N, {', '.join(map(str, self.sample_shape))}]{single}")


@dataclass(frozen=True)
class FrameInput:
    """Frames of events to the network's input: counts as floating point, never normalised.

    Takes counts as tensor or array [T, N, C, H, W], one frame a timestep.

    Args:
        sample_shape: (C, H, W) of a frame.
    Shapes: -> float32 [T, N, C, H, W].
    Raises: UsageError: anything else, such as negative counts.
    """

    sample_shape: tuple[int, int, int]

    def __call__(self, frames: Any) -> Tensor:
        """The network's input."""
        axes = f"[T, N, {', '.join(map(str, self.sample_shape))}]"
        expected = f"frames {axes} in one tensor or array, or paths of recordings"
        x = as_tensor(frames, expected, name="frames")
        if x.dim() != 5 or 0 in x.shape or tuple(x.shape[2:]) != self.sample_shape:
            _refuse(f"shape {list(x.shape)}", expected, name="frames")
        x = x.float()
        if not bool(x.isfinite().all()) or bool((x < 0).any()):
            _refuse("negative or infinite values", "counts of events", name="frames")
        return x


@dataclass(frozen=True)
class GivenInput:
    """Samples as a Dataset of the user's own gives them, which are the network's input.

    Takes a list of samples, or a batch [N, ...] of them, as torch.stack makes one.

    Args:
        sample_shape: (C, H, W) of an image or frame.
        in_time: whether samples are frames [T, C, H, W].
    Shapes: -> float32 [N, C, H, W], or [T, N, C, H, W].
    Raises: UsageError: anything else.
    """

    sample_shape: tuple[int, int, int]
    in_time: bool = False

    def __call__(self, samples: Any) -> Tensor:
        """The network's input."""
        # Imported when it is needed: it takes seconds.
        from tssd.data.given_items import as_sample, check_finite

        if isinstance(samples, str | Path | Image.Image) or not hasattr(samples, "__len__"):
            samples = [samples]
        expected = f"samples of {'T x ' * self.in_time}{' x '.join(map(str, self.sample_shape))}"
        if not len(samples):
            raise UsageError(f"samples: got none, expected 1 or more {expected}")
        try:
            xs = [as_sample(sample, f"sample {n}") for n, sample in enumerate(samples)]
            x = torch.stack(xs, dim=1 if self.in_time else 0)
            check_finite(x, lambda n: f"sample {n}", axis=1 if self.in_time else 0)
        except (DataError, RuntimeError) as error:  # samples of several shapes
            raise UsageError(f"samples: {error}; {ALIKE}") from error
        if x.dim() != 4 + self.in_time or tuple(x.shape[-3:]) != self.sample_shape:
            raise UsageError(
                f"samples: got {list(xs[0].shape)} for one, expected {expected}; {ALIKE}"
            )
        return x.float()


def as_tensor(images: Any, expected: str = "", *, name: str = "images") -> Tensor:
    """A tensor or array as a tensor on the CPU.

    Args:
        images: the tensor or array.
        expected: in its place, for the message; empty = what an image may be.
        name: of what is given, for the message.
    Raises: UsageError: it is neither, or sparse.
    """
    if isinstance(images, np.ndarray) and images.dtype.kind in "buif":
        wide = {"uint16": np.int32, "uint32": np.int64, "uint64": np.int64}
        kind = wide.get(images.dtype.name, images.dtype.newbyteorder("="))
        # A copy: torch knows neither negative strides nor arrays that may not be written.
        images = torch.from_numpy(np.array(images, dtype=kind, order="C"))
    if not isinstance(images, Tensor):
        _refuse(getattr(images, "dtype", type(images).__name__), expected, name=name)
    if images.layout != torch.strided or not images.dim():
        layout = str(images.layout).removeprefix("torch.")
        _refuse(f"a {layout} tensor of {list(images.shape)}", expected, name=name)
    return images.detach().cpu()


def eight_bits(images: Tensor) -> Tensor:
    """Floating point in [0, 1] as 0 to 255. Raises: UsageError: other values, or another dtype."""
    if not images.is_floating_point():
        _refuse(images.dtype, "uint8 (0 to 255) or floating point in [0, 1]")
    if not images.numel():
        _refuse(f"shape {list(images.shape)}", "one image or more")
    low, high = images.min().item(), images.max().item()
    if not 0 <= low <= high <= 1:
        if low >= 0 and 8 < high <= 255:
            guess = "pixels of 0 to 255? then convert them: images.to(torch.uint8)"
        elif low != low or high != high:
            guess = "NaN is no colour"
        else:
            guess = (
                "normalised already? then call the network itself: "
                "net(tssd.repeat_in_time(images, T))"
            )
        _refuse(f"values from {low:.3g} to {high:.3g}", f"0 to 1; {guess}")
    return (255 * images.double()).round().to(torch.uint8)


def _refuse(got: object, expected: str = "", *, name: str = "images") -> NoReturn:
    expected = expected or "a uint8 or floating-point tensor or array, pictures, or paths of files"
    raise UsageError(f"{name}: got {got}, expected {expected}")


def _file(path: str | Path, size: ImageSize, crop_share: float) -> NDArray[np.uint8]:
    """RGB [3, H, W] of an image file, as in training."""
    from tssd.data.decoding import decode

    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such image")
    try:
        return decode(path, size, crop_share)
    except DataError as error:
        # Its advice is for data sets.
        raise DataError(f"{path}: not a readable image ({error.__cause__ or error})") from error


def _picture(image: Image.Image, size: ImageSize, crop_share: float) -> NDArray[np.uint8]:
    # Imported when they are needed: it takes seconds.
    from tssd.data.decoding import middle
    from tssd.data.picture import upright_rgb

    try:
        image, _ = upright_rgb(image)
    except Exception as error:  # decoders raise anything on damaged content
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"images: got a picture that cannot be read ({reason})") from error
    return np.asarray(middle(image, size, crop_share)).transpose(2, 0, 1)
