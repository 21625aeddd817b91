"""What is in a data set, in numbers: samples a class, durations, rates, and problems found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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

# How many times the samples of the smallest class the largest may have, and classes still pass for
# even.
EVEN = 1.5


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
        unknown: Samples whose class the data does not tell, by part.
    """

    name: str
    split_hash: str
    sample_shape: tuple[int, int, int]
    counts: Mapping[str, Mapping[str, int]]
    unknown: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))


@dataclass(frozen=True)
class Balance:
    """How evenly the training samples are spread over the classes; those without any apart.

    Args:
        smallest: Name of the class with the fewest.
        least: How many those are.
        largest: Name of the class with the most.
        most: How many those are.
        always_largest: Share of the test samples that are of this class, 0 to 1: what a network
            that learnt nothing else is right for.
    """

    smallest: str
    least: int
    largest: str
    most: int
    always_largest: float

    @property
    def ratio(self) -> float:
        """How many times the samples of the smallest class the largest has."""
        return self.most / self.least

    @property
    def is_even(self) -> bool:
        """Whether no class is much rarer than another."""
        return self.ratio < EVEN


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
    counts, unknown = {}, {}
    for name in PARTS:
        part, index = data.part(name)
        labels = part.labels[index]
        known = labels >= 0  # a Dataset of the user's own need not say them
        found = np.bincount(labels[known], minlength=data.num_classes)
        counts[name] = dict(zip(data.class_names, found.tolist(), strict=True))
        unknown[name] = int((~known).sum())
    return Summary(data.dataset_name, data.split_hash, data.sample_shape, counts, unknown)


def balance(summary: Summary) -> Balance:
    """Compare the classes by their training samples, of which there is at least one."""
    train = {name: count for name, count in summary.counts["train"].items() if count}
    smallest, largest = min(train, key=train.__getitem__), max(train, key=train.__getitem__)
    test = summary.counts["test"]
    return Balance(
        smallest=smallest,
        least=train[smallest],
        largest=largest,
        most=train[largest],
        always_largest=test[largest] / max(1, sum(test.values())),
    )


def summarise_events(data: EventData) -> EventSummary:
    """Sum up the statistics of the cache, building it if it is not there."""
    cache = data.cache
    chosen = np.concatenate([data.chosen(name) for name in PARTS])
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
