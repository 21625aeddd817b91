"""CIFAR10-DVS: CIFAR-10 images, moved before an event camera (Li et al., 2017)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tssd.data.base import require
from tssd.data.catalogue import Catalogue, check_counts, numbered, require_sensor
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_sources import Download, find_recordings
from tssd.data.events import EventData, Pool
from tssd.data.splits import TEST_SEED, Indices, hold_out
from tssd.events import Events
from tssd.events.files import File, PlainFile
from tssd.events.formats.aedat2 import Orientation, read_aedat2
from tssd.events.slicing import FixedTime, Slicing

# Number of each archive at figshare (article 4724671, version 2), and its MD5.
ARCHIVES = {
    "airplane": (7712788, "0afd5c4bf9ae06af762a77b180354fdd"),
    "automobile": (7712791, "8438dfeba3bc970c94962d995b1b9bdd"),
    "bird": (7712794, "a9c207c91c55b9dc2002dc21c684d785"),
    "cat": (7712812, "52c63c677c2b15fa5146a8daf4d56687"),
    "deer": (7712815, "b6bf21f6c04d21ba4e23fc3e36c8a4a3"),
    "dog": (7712818, "f379ebdf6703d16e0a690782e62639c3"),
    "frog": (7712842, "cad6ed91214b1c7388a5f6ee56d08803"),
    "horse": (7712851, "e7cbbf77bec584ffbf913f00e682782a"),
    "ship": (7712836, "41c7bd7d6b251be82557c6cce9a7d5c9"),
    "truck": (7712839, "89f3922fd147d9aeff89e76a2b0b70a7"),
}
DOWNLOADS = tuple(
    Download(f"{name}.zip", f"https://ndownloader.figshare.com/files/{number}", "about 0.8 GB", md5)
    for name, (number, md5) in ARCHIVES.items()
)
A_CLASS = 1000

# The data set has no split of its own. A tenth of each class is for testing: its last recordings in
# the order of their numbers (0, 1, 2, ...) or of their names (0, 1, 10, 100, ...; what
# SpikingJelly's function does), its first ones by number (TEBN's code), or a random choice.
SplitRule = Literal["numeric", "lexicographic", "tebn", "random"]
TEST_SHARE = 0.1


class CIFAR10DVS(EventData):
    """CIFAR10-DVS: 10,000 recordings of about 1.3 s, 128x128 pixels, 10 classes.

    Read from <class>/cifar10_<class>_<n>.aedat (AEDAT 2.0), from the ten archives airplane.zip to
    truck.zip as downloaded, or from SpikingJelly's events_np/.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The data set's folder below the root, or an absolute path.
        batch_size: Recordings a batch.
        slicing: How recordings are cut into timesteps; null: 10 ms each from the first event on.
        slices: Number of timesteps to cut; null: as many as the run needs.
        size: Side in cells of the square frames; null keeps 128 pixels.
        pool: Whether a cell counts the events of its pixels (sum) or averages over them (mean).
        bits: 8 or 16, of a count; a larger count stays at the largest.
        augment: Augmentations of the training recordings, in order; null: none, as in the paper.
        train_samples: Number of training samples, classes even, the same for all seeds; null: all.
        val_share: Share of each class of the training part kept for validation, 0 to below 1.
        allow_incomplete: Whether a part of the data set's recordings will do.
        strict: Whether to refuse recordings that are damaged instead of reading what is sound.
        num_workers: Loading processes; 0, the best for a cache, loads in the training process.
        seed: Seed of the order and the augmentation. The split does not depend on it.
        rule: Which tenth of each class is the test part.
        orientation: How the camera's picture is turned: as SpikingJelly does, or as MLF's code.
    """

    title = "CIFAR10-DVS"
    classes: ClassVar[tuple[str, ...]] = tuple(ARCHIVES)

    def __init__(
        self,
        root: str | None = None,
        folder: str = "CIFAR10DVS",
        *,
        batch_size: int = 64,
        slicing: Slicing | None = None,
        slices: int | None = None,
        size: int | None = 48,
        pool: Pool = "sum",
        bits: Literal[8, 16] = 8,
        augment: list[EventAugmentation] | None = None,
        train_samples: int | None = None,
        val_share: float = 0.1,
        allow_incomplete: bool = False,
        strict: bool = False,
        num_workers: int = 0,
        seed: int = 0,
        rule: SplitRule = "numeric",
        orientation: Orientation = "spikingjelly",
    ) -> None:
        super().__init__(
            root,
            folder,
            batch_size=batch_size,
            slicing=slicing,
            slices=slices,
            size=size,
            pool=pool,
            bits=bits,
            augment=augment,
            train_samples=train_samples,
            val_share=val_share,
            allow_incomplete=allow_incomplete,
            strict=strict,
            num_workers=num_workers,
            seed=seed,
        )
        rules, ways = get_args(SplitRule), get_args(Orientation)
        require(rule in rules, "rule", rule, " or ".join(rules))
        require(orientation in ways, "orientation", orientation, " or ".join(ways))
        self.rule: SplitRule = rule
        self.orientation: Orientation = orientation

    def options(self) -> dict[str, object]:
        """Options that change what is read."""
        return {**super().options(), "orientation": self.orientation}

    def find(self) -> Catalogue:
        """Find the recordings and split them."""
        name = "|".join(self.classes)
        found = find_recordings(
            self.path,
            self.title,
            suffix=".aedat",
            pattern=rf"cifar10_(?P<label>{name})_(?P<id>[0-9]+)\.aedat$",
            converted=rf"cifar10_(?P<label>{name})_(?P<id>[0-9]+)\.npz$",
            downloads=DOWNLOADS,
        )
        labels = np.array(
            [self.classes.index(fields["label"].lower()) for fields in found.fields],
            dtype=np.int64,
        )
        ids = [int(fields["id"]) for fields in found.fields]
        check_counts(
            self.path,
            {name: int(sum(labels == k)) for k, name in enumerate(self.classes)},
            dict.fromkeys(self.classes, A_CLASS),
            allow_incomplete=self.allow_incomplete,
        )
        test = test_part(labels, ids, self.rule)
        return Catalogue(
            self.recordings(found),
            labels,
            train=numbered(~test),
            test=numbered(test),
            simulated=found.simulated,
        )

    def read_file(self, path: Path) -> Events:
        """Read a recording of the user's own: AEDAT 2.0 or .npz; other formats as they are."""
        file = PlainFile(path.parent, path.name)
        readers = {".aedat": self.read_original, ".npz": self.read_converted}
        read = readers.get(path.suffix.lower())
        return super().read_file(path) if read is None else read(file)

    def read_original(self, file: File) -> Events:
        """Read an AEDAT 2.0 file."""
        # Only what the frames need is decoded: a tenth of a recording for ten timesteps.
        start = self.slicing.start if isinstance(self.slicing, FixedTime) else "first"
        events = read_aedat2(
            file.content(),
            duration=None if self.slices is None else self.slicing.needed(self.slices),
            start=start,
            orientation=self.orientation,
            strict=self.strict,
            name=file.place,
        )
        require_sensor(events, self.sensor, file.place)
        return events

    def read_converted(self, file: File) -> Events:
        """Read an .npz file of SpikingJelly's, turned as `orientation` says."""
        events = super().read_converted(file)
        if self.orientation == "mlf":  # the columns mirrored and the polarities swapped
            events = replace(events, x=(127 - events.x).astype(np.uint16), p=1 - events.p)
        return events


def test_part(labels: Indices, ids: Sequence[int], rule: SplitRule) -> NDArray[np.bool_]:
    """Which recordings are for testing, [M]: a tenth of each class, rounded.

    Args:
        labels: Class of each recording, [M].
        ids: Number of each recording in its class, [M].
        rule: Which tenth.
    """
    test = np.zeros(len(labels), dtype=bool)
    if rule == "random":
        test[hold_out(labels, TEST_SHARE, seed=TEST_SEED)[1]] = True
        return test
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        members.sort(key=lambda i: str(ids[i]) if rule == "lexicographic" else ids[i])
        count = len(members) - round(len(members) * (1 - TEST_SHARE))
        test[members[:count] if rule == "tebn" else members[len(members) - count :]] = True
    return test
