"""ImageNet as torchvision lays it out: train/<class>/ and val/<class>/, the classes by number."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from tssd.data.image_folder import ImageFolder
from tssd.data.images import ImageData
from tssd.data.listing import FolderListing
from tssd.errors import DataError
from tssd.image_size import ImageSize, height_width

CLASSES = 1000


@dataclass(eq=False)
class ImageNet(ImageFolder):
    """The 1000 classes of ILSVRC 2012, tested on its validation images.

    The usual protocol: parts of 224x224 pixels for training, a random 8 to 100 per cent of the
    picture each, and for testing the centre of 224 of the picture scaled to 256.

    Args:
        folder: The folder with train/ and val/ below the root, or an absolute path.
    """

    folder: str = "imagenet"
    _: KW_ONLY
    image_size: ImageSize | None = 224
    val_share: float = 0.0
    random_resized_crop: bool = True
    crop_share: float = 0.875

    @property
    def num_classes(self) -> int:
        """Number of classes K; known without the files."""
        return CLASSES

    @cached_property
    def listing(self) -> FolderListing:
        """The files. Raises: DataError: training images of other than all classes."""
        listing = super().listing
        found = len(listing.class_names)
        if self.train_is_needed and found != CLASSES:
            raise DataError(
                f"{self.path / 'train'}: has {found} class folders, expected the {CLASSES} of "
                "ILSVRC 2012: complete it, or take some of them as an image folder (--data "
                "tssd.data.ImageFolder)"
            )
        return listing

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image; known without the files, where a size is set."""
        size = self.image_size
        return (3, *height_width(size)) if size is not None else super().sample_shape

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel, as everybody takes it."""
        return (0.485, 0.456, 0.406)

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel, as everybody takes it."""
        return (0.229, 0.224, 0.225)

    @property
    def content_hash(self) -> str:
        """Fingerprint of the split alone; to read more than a million files would take hours."""
        return self.split_hash

    def setup(self, stage: str | None = None) -> None:
        """Prepare the samples that a stage needs, without looking for one file in two sets."""
        ImageData.setup(self, stage)
