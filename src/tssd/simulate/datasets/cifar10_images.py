"""A simulated CIFAR10-DVS from the image files of CIFAR-10."""

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from tssd.data.decoding import decode
from tssd.data.listing import list_parts
from tssd.errors import DataError, UsageError
from tssd.simulate import FULL_DURATION, ClosedLoop, DvsCamera, Monitor, Setup
from tssd.simulate.camera import DVS128
from tssd.simulate.datasets import CIFAR10_CLASSES, write_cifar10dvs

# Recordings a class of the original.
PER_CLASS = 1000


class ImageFiles(Sequence[NDArray[np.uint8]]):
    """Image files that are decoded to uint8 [3, H, W] when asked for.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> "ImageFiles": ...
    def __getitem__(self, index: int | slice) -> "NDArray[np.uint8] | ImageFiles":
        if isinstance(index, slice):
            return ImageFiles(self._paths[index])
        return decode(self._paths[index], None)


def simulate_cifar10dvs(
    images: Path,
    output: Path,
    *,
    per_class: int = PER_CLASS,
    duration: float = FULL_DURATION,
    seed: int = 0,
    zipped: bool = False,
    camera: DvsCamera = DVS128,
    processes: int | None = None,
) -> int:
    """Record the first training images of each class, by file name, as CIFAR10-DVS was recorded.

    Args:
        images: Folder of CIFAR-10 as train/<class>/<image> and test/<class>/<image>.
        output: An empty folder, or one that the same call began.
        per_class: Recordings a class.
        duration: Length of each recording in milliseconds; all frames of 10 slices of 10 ms are
            in the first 100.
        seed: Seed of the data set.
        zipped: Write ten zips as downloaded instead of ten folders.
        camera: The sensor.
        processes: How many work at once; None for one a core.

    Returns:
        The number of recordings written now; those that were there are kept.

    Raises:
        UsageError: A value is out of range.
        DataError: Images are missing or damaged, or the output holds something else.
    """
    if per_class < 1:
        raise UsageError(f"per_class is {per_class}, expected 1 or more: give {PER_CLASS}")
    setup = Setup(camera, ClosedLoop(), Monitor(), duration=duration, seed=seed)
    images = Path(images)
    listing = list_parts(images)
    if listing.class_names != CIFAR10_CLASSES:
        raise DataError(
            f"{images / 'train'} has the classes {', '.join(listing.class_names)}, expected those "
            f"of CIFAR-10: {', '.join(CIFAR10_CLASSES)}"
        )
    chosen: dict[str, ImageFiles] = {}
    for label, name in enumerate(CIFAR10_CLASSES):
        own = np.flatnonzero(listing.train.labels == label)
        if len(own) < per_class:
            raise DataError(
                f"{images / 'train' / name} has {len(own)} images, {per_class} were asked for: "
                f"give --per_class {len(own)} or less"
            )
        chosen[name] = ImageFiles([listing.train.paths[n] for n in own[:per_class].tolist()])
    source = f"{images.resolve().name} (files {listing.fingerprint(images)})"
    return write_cifar10dvs(
        chosen, Path(output), setup=setup, source=source, zipped=zipped, processes=processes
    )
