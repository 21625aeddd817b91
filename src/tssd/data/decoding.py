"""Image files to uint8 tensors, all at once in threads or one by one when they do not fit."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from tssd.data.picture import UnreadableError, read_picture
from tssd.errors import DataError
from tssd.events.converting import MOST_WORKERS, in_order
from tssd.image_size import ImageSize, height_width
from tssd.tracked import tracked

log = logging.getLogger("tssd")

# From this many files on, a progress bar shows that something goes on.
PROGRESS_FROM = 5000

# Bytes. Below, threads wait for each other more than they decode: 32x32 JPEGs take 0.15 ms each
# one after the other and 0.18 ms in threads, 224x224 ones 0.7 and 0.4 ms (2 cores).
THREADS_FROM = 4096

Result = TypeVar("Result")


def decode(path: Path, image_size: ImageSize | None, crop_share: float = 1.0) -> NDArray[np.uint8]:
    """Decode one file to upright RGB [3, H, W]; `docs/image-data.md` says what becomes of what.

    Args:
        path: The file.
        image_size: Side of a square, or height and width, in pixels, to scale (bilinear, until it
            covers them) and centre-crop to; None keeps the size.
        crop_share: Share of the largest part of that shape that is kept.

    Raises:
        DataError: The file is damaged, no image, too large, or of unknown range.
    """
    return _decode(path, image_size, crop_share)[0]


def opened(path: Path) -> tuple[Image.Image, list[str]]:
    """One file as an upright RGB picture, and what was done to make it one.

    Raises:
        DataError: The file is damaged, no image, too large, or of unknown range.
    """
    try:
        return read_picture(path)
    except UnreadableError as error:
        raise DataError(
            f"{path} is not a readable image ({error}): replace it, or pass "
            "--data.skip_corrupt true to leave such images out"
        ) from error


def _decode(
    path: Path, image_size: ImageSize | None, crop_share: float
) -> tuple[NDArray[np.uint8], list[str]]:
    image, notes = opened(path)
    if image_size is not None:
        image = middle(image, image_size, crop_share)
    return np.asarray(image).transpose(2, 0, 1), notes


def middle(image: Image.Image, image_size: ImageSize, crop_share: float = 1.0) -> Image.Image:
    """The middle of a picture, bilinear, its aspect kept.

    Args:
        image: The picture.
        image_size: Side of a square, or height and width, in pixels.
        crop_share: Share of the largest part of that shape that is kept.
    """
    height, width = height_width(image_size)
    if image.size == (width, height) and crop_share == 1:
        return image
    border = (1 - crop_share) / 2
    return ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR, bleed=border)


def why_unreadable(path: Path) -> str:
    """Why the file does not decode; empty if it does."""
    try:
        read_picture(path)
    except UnreadableError as error:
        return str(error)
    return ""


def check_size(path: Path, got: Sequence[int], expected: Sequence[int]) -> None:
    """Refuse an image whose height and width are not those of the others.

    Raises:
        DataError: They differ.
    """
    if tuple(got) != tuple(expected):
        raise DataError(
            f"{path} has {got[1]}x{got[0]} pixels, the first image {expected[1]}x{expected[0]}: "
            "give --data.image_size <pixels> to bring all to one size, or '[height, width]'"
        )


def for_each(
    work: Callable[[Path], Result], paths: Sequence[Path], *, title: str
) -> Iterator[Result]:
    """Yield `work(path)` of every path, in order, decoding in threads where that pays."""
    large = any(_is_large(path) for path in paths[:1])
    threads = min(MOST_WORKERS, os.cpu_count() or 1) if large else 1
    with closing(in_order(work, paths, threads=threads)) as results:
        if len(paths) < PROGRESS_FROM:
            yield from results
        else:
            yield from tracked(results, title, total=len(paths))


def _is_large(path: Path) -> bool:
    try:
        return os.path.getsize(path) >= THREADS_FROM
    except OSError:  # `work` will say so
        return False


def decode_all(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    *,
    image_size: ImageSize | None,
    crop_share: float = 1.0,
) -> Tensor:
    """Decode all files to uint8 [M, 3, H, W], and log what was done to them; see `decode_noted`."""
    images, notes = decode_noted(paths, shape, image_size=image_size, crop_share=crop_share)
    tell_notes(paths, notes)
    return images


def decode_noted(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    *,
    image_size: ImageSize | None,
    crop_share: float = 1.0,
) -> tuple[Tensor, Counter[str]]:
    """Decode all files to uint8 [M, 3, H, W]; also count what was done to how many of them.

    Args:
        paths: The files.
        shape: Channels, height and width that every image must have after resizing.
        image_size: What to scale and crop to, see `decode`; None keeps the size.
        crop_share: See `decode`.

    Raises:
        DataError: A file is damaged, or of another size.
    """
    images = np.empty((len(paths), *shape), dtype=np.uint8)
    decoded = for_each(
        lambda path: _decode(path, image_size, crop_share), paths, title="Decoding images"
    )
    done: Counter[str] = Counter()
    for n, (path, (image, notes)) in enumerate(zip(paths, decoded, strict=True)):
        check_size(path, image.shape[1:], shape[1:])
        images[n] = image
        done.update(notes)
    return torch.from_numpy(images), done


def tell_notes(paths: Sequence[Path], notes: Mapping[str, int]) -> None:
    """Log what was done to how many of the files on decoding."""
    for note, count in notes.items():
        where = os.path.commonpath(paths)
        log.info("%s: %d of %d images: %s", where, count, len(paths), note)


class LazyImages:
    """Images that are decoded whenever a batch asks for them.

    Args:
        paths: The files.
        shape: Channels, height and width that every image must have after resizing.
        image_size: What to scale and crop to, see `decode`; None keeps the size.
        crop_share: See `decode`.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        shape: tuple[int, int, int],
        *,
        image_size: ImageSize | None,
        crop_share: float = 1.0,
    ) -> None:
        self._paths = paths
        self._shape = shape
        self._image_size = image_size
        self._crop_share = crop_share

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: Tensor) -> Tensor:
        images = np.empty((len(index), *self._shape), dtype=np.uint8)
        for n, i in enumerate(index.tolist()):
            image = decode(self._paths[i], self._image_size, self._crop_share)
            check_size(self._paths[i], image.shape[1:], self._shape[1:])
            images[n] = image
        return torch.from_numpy(images)
