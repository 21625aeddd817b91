"""Fashion-MNIST, CIFAR-10 and CIFAR-100 from the files that torchvision lays out."""

import os
import pickle
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torchvision import datasets

from tssd.data.images import ImageData
from tssd.data.root import DATA_VARIABLE, data_root
from tssd.data.stored import Facts, MemoryPart, Stored
from tssd.errors import DataError
from tssd.image_size import height_width

# What torchvision's readers raise on truncated or foreign files.
DAMAGE = (
    RuntimeError, ValueError, TypeError, AssertionError, IndexError, KeyError, EOFError, OSError,
    pickle.UnpicklingError,
)  # fmt: skip


class TorchvisionSet(ImageData):
    """Base of the data sets that torchvision reads; a subclass names the reader and the files."""

    reader: ClassVar[type[datasets.MNIST] | type[datasets.CIFAR10]]
    files: ClassVar[tuple[str, ...]]  # relative to the data root
    native_shape: ClassVar[tuple[int, int, int]]

    @classmethod
    def download(cls, root: str) -> None:
        """Download the files into a data root, unless they are there.

        Not an option of the constructor: a saved run must never reach for the network.
        """
        for train in (True, False):
            cls.reader(root, train=train, download=True)

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image; known without the files."""
        channels, height, width = self.native_shape
        if self.image_size is not None:
            height, width = height_width(self.image_size)
        return channels, height, width

    def read(self) -> Stored:
        """Read both parts into memory."""
        root = data_root(self.root)
        missing = [file for file in self.files if not os.path.isfile(root / file)]
        if missing:
            raise DataError(
                f"{self.dataset_name}: {missing[0]} is not in {root}; expected torchvision's layout"
                f" ({', '.join(self.files)}): correct --data.root or {DATA_VARIABLE}, or download "
                f'once with: python -c "from tssd.data import {type(self).__name__} as d; '
                f"d.download('{root}')\""
            )
        return Stored(
            train=self._read_part(root, train=True), test=self._read_part(root, train=False)
        )

    def _read_part(self, root: Path, *, train: bool) -> MemoryPart:
        try:
            stored = self.reader(root, train=train, download=False)
            images, labels = self._arrays(stored)
        except DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise self._damaged(root, train, reason) from error
        if len(images) != len(labels):
            raise self._damaged(root, train, f"{len(images)} images but {len(labels)} labels")
        if images.shape[1:] != self.native_shape:
            raise self._damaged(root, train, f"images of shape {tuple(images.shape[1:])}")
        if len(labels) == 0 or labels.max() >= self.num_classes:
            raise self._damaged(root, train, f"labels are not all in 0 to {self.num_classes - 1}")
        return MemoryPart(images, labels, self.image_size)

    def _arrays(self, stored: datasets.MNIST | datasets.CIFAR10) -> tuple[Tensor, np.ndarray]:
        images = torch.as_tensor(stored.data)  # grey [M, H, W], colour [M, H, W, C]
        images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2)
        return images.contiguous(), np.asarray(stored.targets, dtype=np.int64)

    def _damaged(self, root: Path, train: bool, reason: str) -> DataError:
        folder = (root / self.files[0]).parent
        part = "training" if train else "test"
        return DataError(
            f"{self.dataset_name}: the {part} files in {folder} are damaged ({reason}): "
            "delete the folder and get the files again"
        )


@dataclass(eq=False)
class FashionMNIST(TorchvisionSet):
    """Fashion-MNIST: 60,000 training and 10,000 test images, grey, 28x28 pixels, 10 classes.

    Args:
        root: Folder with `FashionMNIST/raw/`; null takes the environment variable TSSD_DATA.
        image_size: Side in pixels of the square to resize to, or [height, width]; null keeps 28.
    """

    facts = Facts(
        name="Fashion-MNIST",
        class_names=(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
            "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
        # Of all 60,000 training images, computed from the files.
        mean=(0.2860,),
        std=(0.3530,),
    )  # fmt: skip
    reader = datasets.FashionMNIST
    files = tuple(
        f"FashionMNIST/raw/{part}-{kind}-ubyte"
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    )
    native_shape = (1, 28, 28)

    _: KW_ONLY
    augment: bool = False


class CIFAR10(TorchvisionSet):
    """CIFAR-10: 50,000 training and 10,000 test images, colour, 32x32 pixels, 10 classes.

    Args:
        root: Folder with `cifar-10-batches-py/`; null takes the environment variable TSSD_DATA.
        image_size: Side in pixels of the square to resize to, or [height, width]; null keeps 32.
    """

    facts = Facts(
        name="CIFAR-10",
        class_names=(
            "airplane", "automobile", "bird", "cat", "deer",
            "dog", "frog", "horse", "ship", "truck",
        ),
        # Of the 50,000 training images, as the literature gives them.
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
    )  # fmt: skip
    reader = datasets.CIFAR10
    files = tuple(
        f"cifar-10-batches-py/{name}"
        for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch", "batches.meta")
    )
    native_shape = (3, 32, 32)


_CIFAR100_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree
orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum
rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


class CIFAR100(TorchvisionSet):
    """CIFAR-100: 50,000 training and 10,000 test images, colour, 32x32 pixels, 100 classes.

    Args:
        root: Folder with `cifar-100-python/`; null takes the environment variable TSSD_DATA.
        image_size: Side in pixels of the square to resize to, or [height, width]; null keeps 32.
    """

    facts = Facts(
        name="CIFAR-100",
        class_names=tuple(_CIFAR100_NAMES.split()),
        # Of the 50,000 training images, as the literature gives them.
        mean=(0.5071, 0.4865, 0.4409),
        std=(0.2673, 0.2564, 0.2762),
    )  # fmt: skip
    reader = datasets.CIFAR100
    files = tuple(f"cifar-100-python/{name}" for name in ("train", "test", "meta"))
    native_shape = (3, 32, 32)
