"""Recordings of one's own: a folder a class, in any format that is read."""

import logging
import math
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from tssd.data.base import require
from tssd.data.contents import FileSet, file_digest, same_files
from tssd.data.decoding import for_each
from tssd.data.events import EventData
from tssd.data.folder_walk import Skipped
from tssd.data.listing import FolderListing, Listing, list_parts, require_every_class
from tssd.data.own_recordings import RECORDINGS, OwnRecordings, find_camera, why_unreadable
from tssd.errors import DataError, UsageError
from tssd.events import Events, FixedTime, Slicing
from tssd.events.cache import FrameCache
from tssd.events.formats.columns import Columns, TimeUnit

log = logging.getLogger("tssd")

# Files that cannot be read which a message names.
SHOWN = 3


@dataclass(eq=False)
class EventFolder(EventData):
    """Recordings of your own in train/<class>/ and test/<class>/, val/<class>/ if you like.

    Or <class>/ right in the folder, of which a fixed share of each class is for testing. Formats
    may be mixed: AEDAT 2.0, 3.1 and 4.0, Prophesee's .raw and .dat, HDF5, five bytes an event
    (.bin), .npz, .npy, and tables as text (.csv, .tsv).

    Args:
        folder: The folder below the root, or an absolute path; empty: the root itself.
        height: Rows of the sensor; null: as a recording says them.
        width: Columns of the sensor; null: as a recording says them.
        crop: Side in pixels of the square in the middle of the sensor to use; null: all of it.
        size: Side in cells of the square frames; null keeps the sensor's pixels.
        columns: What the columns of tables without a header, or of plain arrays, are: t, x, y and
            p in their order, any other name for what is ignored.
        time_unit: Of time stamps in tables, arrays and HDF5 that do not name it: ns, us, ms or s.
        test_share: Share of each class for testing, where the folder has no parts of its own.
        skip_corrupt: Whether to leave recordings out that are unreadable or of another sensor;
            reads each once more at the start.
        allow_incomplete: Without effect: nothing says how many recordings there should be.
    """

    folder: str = ""
    _: KW_ONLY
    height: int | None = None
    width: int | None = None
    crop: int | None = None
    columns: list[str] | None = None
    time_unit: TimeUnit = "us"
    test_share: float = 0.2
    skip_corrupt: bool = False

    # A network that is trained already is evaluated on test recordings alone.
    train_is_needed = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("height", "width", "crop"):
            value = getattr(self, name)
            require(value is None or 1 <= value <= 2**16, name, value, "1 to 65536 pixels")
        if (self.height is None) != (self.width is None):
            raise UsageError(
                f"data.height, data.width: got {self.height} and {self.width}, expected both or "
                "none"
            )
        require(0 < self.test_share < 1, "test_share", self.test_share, "above 0 and below 1")
        _ = self._columns

    @property
    def largest_size(self) -> int | None:
        """Cells of a frame's side at most; None: only the files tell."""
        sides = [side for side in (self.height, self.width, self.crop) if side is not None]
        return min(sides, default=None)

    @cached_property
    def listing(self) -> FolderListing:
        """The files by part and class, without the unreadable ones if those are to be left out."""
        found = list_parts(
            self.path, train_is_needed=self.train_is_needed, kind=RECORDINGS, may_be_whole=True
        )
        return self._readable(found) if self.skip_corrupt else found

    @cached_property
    def camera(self) -> tuple[int, int]:
        """Rows and columns of the sensor: as given, else as the first recording says that does.

        Raises:
            DataError: None says them.
            UsageError: The frames would have more cells than the sensor pixels.
        """
        camera = self._given
        if camera is None:
            listing = self.listing
            paths = [*listing.train.paths, *listing.test.paths]
            camera = find_camera(paths, self.path, self._columns)
        most = min(camera)
        require(self.crop is None or self.crop <= most, "crop", self.crop, f"1 to {most} pixels")
        most = self.crop or most
        require(self.size is None or self.size <= most, "size", self.size, f"1 to {most} cells")
        return camera

    @property
    def cut(self) -> Slicing:
        """How recordings are cut into timesteps; known without the files."""
        return self.slicing or OwnRecordings.slicing

    @property
    def event_files(self) -> OwnRecordings:
        """How the files are found and read."""
        return self._files

    @cached_property
    def _files(self) -> OwnRecordings:
        return OwnRecordings(self.camera, self.crop, self._columns, self.listing)

    @cached_property
    def cache(self) -> FrameCache:
        """The frames of all recordings, built if they are not there; says if little is used."""
        cache = super().cache
        self._tell_of_what_is_unused(cache)
        return cache

    @property
    def share_for_testing(self) -> float:
        """Share of each class that is held out where the folder has no parts."""
        return self.test_share

    @property
    def caches_beside(self) -> Path:
        """The folder beside or in which the cache lies."""
        # An absolute or empty folder may be all that there is of a data root.
        return self.path.parent if self.folder else self.path

    def setup(self, stage: str | None = None) -> None:
        """Open the cache; before training, warn of files in two sets."""
        super().setup(stage)
        if stage in (None, "fit"):
            for sentence in same_files(self.files):
                log.warning("%s: %s", self.path, sentence)

    @cached_property
    def files(self) -> list[FileSet]:
        """The chosen files of each set, with digests of their ends."""
        digest = partial(file_digest, whole=False)
        names = [recording.name for recording in self.catalogue.recordings]
        sets = []
        for name, said in (("train", "training"), ("val", "validation"), ("test", "test")):
            part, index = self.part(name)
            paths = [self.path / names[n] for n in self.chosen(name).tolist()]
            digests = list(for_each(digest, paths, title="Comparing recordings"))
            sets.append(FileSet(said, paths, part.labels[index], digests, RECORDINGS.name))
        return sets

    def read_file(self, path: Path) -> Events:
        """Read a recording that lies elsewhere; the folder itself need not be there.

        Raises:
            DataError: It is missing, damaged, or of no known format.
            UsageError: Nothing says the size of its sensor.
        """
        files = OwnRecordings(self._given, self.crop, self._columns)
        return files.read_own(path, self._reading)

    @property
    def _given(self) -> tuple[int, int] | None:
        return None if self.height is None or self.width is None else (self.height, self.width)

    @property
    def _columns(self) -> Columns:
        return Columns(None if self.columns is None else tuple(self.columns), self.time_unit)

    def _readable(self, listing: FolderListing) -> FolderListing:
        why = partial(why_unreadable, columns=self._columns, strict=self.strict)
        # Only with the camera is it known which recordings are of another one.
        sensor = self._given or find_camera(
            [*listing.train.paths, *listing.test.paths],
            self.path,
            self._columns,
            is_sound=lambda path: not why(path),
        )
        why = partial(why, sensor=sensor)
        lost: list[tuple[Path, str]] = []

        def kept(part: Listing) -> Listing:
            reasons = list(for_each(why, part.paths, title="Checking recordings"))
            pairs = zip(part.paths, reasons, strict=True)
            lost.extend((path, reason) for path, reason in pairs if reason)
            good = np.flatnonzero([not reason for reason in reasons])
            return Listing(tuple(part.paths[i] for i in good.tolist()), part.labels[good])

        train, test = kept(listing.train), kept(listing.test)
        val = None if listing.val is None else kept(listing.val)
        if not lost:
            return listing
        shown = "; ".join(f"{path} {reason}" for path, reason in lost[:SHOWN])
        more = f"; and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        log.warning(
            "%s: left out %d unreadable recordings: %s%s", self.path, len(lost), shown, more
        )
        if listing.train.paths:
            place = self.path / "train" if listing.has_parts else self.path
            require_every_class(place, listing.class_names, train, RECORDINGS)
        if listing.has_parts and not test.paths:
            raise DataError(f"{self.path}: no test recording is readable: replace them")
        skipped = Skipped({"unreadable recordings": len(lost)}) + listing.skipped
        return replace(listing, train=train, test=test, val=val, skipped=Skipped(skipped))

    def _tell_of_what_is_unused(self, cache: FrameCache) -> None:
        if not isinstance(self.cut, FixedTime) or not len(cache):
            return
        steps = cache.frames.shape[1]
        used = steps * self.cut.dt
        usual = float(np.median(cache.statistics["duration"])) / 1000
        whole = math.ceil(usual / steps)
        if usual > 2 * used:
            log.warning(
                "%s: half of the recordings last %.4g ms or longer, of which %.4g ms are used (%d "
                "timesteps of %g ms); --data.slicing.dt %d uses %d ms",
                self.path, usual, used, steps, self.cut.dt, whole, whole * steps,
            )  # fmt: skip
