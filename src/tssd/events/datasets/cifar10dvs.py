"""CIFAR10-DVS: CIFAR-10 images, moved before an event camera (Li et al., 2017)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import (
    Catalogue,
    Numbers,
    Reading,
    check_counts,
    numbered,
    require_sensor,
)
from tssd.events.datasets.sources import Download, find_recordings
from tssd.events.files import File, PlainFile
from tssd.events.formats.aedat2 import Orientation, read_aedat2
from tssd.events.stream import Events

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
# SpikingJelly's function does), its first ones by number (TEBN's code), or a random choice, left
# to whoever asks for the catalogue.
OrderRule = Literal["numeric", "lexicographic", "tebn"]
SplitRule = Literal[OrderRule, "random"]
TEST_SHARE = 0.1


@dataclass(frozen=True)
class CIFAR10DVSFiles(EventFiles):
    """<class>/cifar10_<class>_<n>.aedat (AEDAT 2.0), ten archives, or SpikingJelly's events_np/.

    Args:
        rule: Which tenth of each class is the test part.
        orientation: How the camera's picture is turned: as SpikingJelly does, or as MLF's code.
    """

    title = "CIFAR10-DVS"
    sensor = (128, 128)
    classes = tuple(ARCHIVES)

    rule: SplitRule = "numeric"
    orientation: Orientation = "spikingjelly"

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings and split them."""
        name = "|".join(self.classes)
        found = find_recordings(
            folder,
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
            folder,
            {name: int(sum(labels == k)) for k, name in enumerate(self.classes)},
            dict.fromkeys(self.classes, A_CLASS),
            allow_incomplete=reading.allow_incomplete,
        )
        return Catalogue(
            self.recordings(found, reading),
            labels,
            self.classes,
            test=None if self.rule == "random" else test_part(labels, ids, self.rule),
            simulated=found.simulated,
        )

    def read(self, file: File, reading: Reading) -> Events:
        """Read an AEDAT 2.0 file; only what will be used is decoded."""
        events = read_aedat2(
            file.content(),
            duration=reading.duration,
            start=reading.start,
            orientation=self.orientation,
            strict=reading.strict,
            name=file.place,
        )
        require_sensor(events, self.sensor, file.place)
        return events

    def read_converted(self, file: File, reading: Reading) -> Events:
        """Read an .npz file of SpikingJelly's, turned as `orientation` says."""
        events = super().read_converted(file, reading)
        if self.orientation == "mlf":  # the columns mirrored and the polarities swapped
            events = replace(events, x=(127 - events.x).astype(np.uint16), p=1 - events.p)
        return events

    def read_own(self, path: Path, reading: Reading) -> Events:
        """Read a recording of the user's own: AEDAT 2.0 or .npz; other formats as they are."""
        readers = {".aedat": self.read, ".npz": self.read_converted}
        read = readers.get(path.suffix.lower())
        file = PlainFile(path.parent, path.name)
        return super().read_own(path, reading) if read is None else read(file, reading)

    def key(self) -> Mapping[str, str | int]:
        """Options that change what is read."""
        return {"orientation": self.orientation}


def test_part(labels: Numbers, ids: Sequence[int], rule: OrderRule) -> Numbers:
    """Numbers of the recordings for testing, ascending: a tenth of each class, rounded.

    Args:
        labels: Class of each recording, [M].
        ids: Number of each recording in its class, [M].
        rule: Which tenth.
    """
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        members.sort(key=lambda i: str(ids[i]) if rule == "lexicographic" else ids[i])
        count = len(members) - round(len(members) * (1 - TEST_SHARE))
        test[members[:count] if rule == "tebn" else members[len(members) - count :]] = True
    return numbered(test)
