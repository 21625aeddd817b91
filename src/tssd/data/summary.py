"""What is in a data set, in numbers: samples a class, durations, rates, and problems found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tssd.data.base import DataModule
from tssd.data.contents import same_files
from tssd.data.decoding import for_each
from tssd.data.events import EventData
from tssd.data.folder_walk import Skipped
from tssd.data.image_folder import ImageFolder
from tssd.data.picture import look_at_picture

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Spread:
    """Smallest, median and largest of some numbers."""

    least: float
    median: float
    most: float


@dataclass(frozen=True)
class Summary:
    """A data set in numbers.

    Args:
        name: Its name; event data with a hash of the recordings in each part.
        split_hash: Fingerprint of the samples chosen.
        sample_shape: Channels, height and width of an image or frame.
        counts: Samples of each class, by part.
    """

    name: str
    split_hash: str
    sample_shape: tuple[int, int, int]
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class EventSummary:
    """The chosen recordings of an event data set in numbers, as far as they are read.

    Args:
        events: Events a recording.
        duration: Milliseconds from its first to its last event.
        rate: Events a millisecond; of recordings with at least two times.
        no_events: Recordings without any event.
        empty: Share of the timesteps without events, 0 to 1.
        saturated: Cells whose count hit the largest.
        largest: The largest count that a cell can hold.
        problems: What was dropped or repaired, by recording.
    """

    events: Spread
    duration: Spread
    rate: Spread
    no_events: int
    empty: float
    saturated: int
    largest: int
    problems: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ImageSummary:
    """What became of the files of an image folder.

    Args:
        skipped: What was left out, by reason.
        notes: How many of the chosen images are changed on decoding, by what is done to them; as
            far as their headers tell.
        shared: A sentence for every two sets that share files, and for files in two classes.
    """

    skipped: Skipped
    notes: Mapping[str, int]
    shared: Sequence[str]


def summarise(data: DataModule) -> Summary:
    """Count the chosen samples of every class; reads the labels alone."""
    counts = {}
    for name in PARTS:
        part, index = data.part(name)
        found = np.bincount(part.labels[index], minlength=data.num_classes)
        counts[name] = dict(zip(data.class_names, found.tolist(), strict=True))
    return Summary(data.dataset_name, data.split_hash, data.sample_shape, counts)


def summarise_events(data: EventData) -> EventSummary:
    """Sum up the statistics of the cache, building it if it is not there."""
    cache, official = data.cache, data.official
    official = {"val": official["train"], **official}
    chosen = np.concatenate([official[name][data.part(name)[1]] for name in PARTS])
    statistics = cache.statistics[chosen]
    events, duration = statistics["events"], statistics["duration"] / 1000
    timed = duration > 0
    return EventSummary(
        events=spread(events),
        duration=spread(duration),
        rate=spread(events[timed] / duration[timed]),
        no_events=int(np.count_nonzero(events == 0)),
        empty=float(statistics["empty"].sum() / (len(chosen) * cache.frames.shape[1])),
        saturated=int(statistics["saturated"].sum()),
        largest=int(np.iinfo(cache.frames.dtype).max),
        problems=cache.notes,
    )


def summarise_images(data: ImageFolder) -> ImageSummary:
    """Look at the header of every chosen image, and compare their contents."""
    notes: Counter[str] = Counter()
    for files in data.files:
        for found in for_each(look_at_picture, files.paths, title="Looking at images"):
            notes.update(found)
    return ImageSummary(data.listing.skipped, notes, same_files(data.files))


def spread(values: NDArray) -> Spread:
    """Smallest, median and largest; zeros of no values."""
    if not len(values):
        return Spread(0.0, 0.0, 0.0)
    return Spread(float(values.min()), float(np.median(values)), float(values.max()))
