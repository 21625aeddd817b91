"""DVS-Gesture: hand and arm gestures of 29 people (Amir et al., 2017)."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tssd.errors import DataError
from tssd.events.cache import cache_root
from tssd.events.datasets.base import EventFiles
from tssd.events.datasets.catalogue import Catalogue, Reading, check_counts, numbered
from tssd.events.datasets.simulated import is_simulated
from tssd.events.datasets.sources import (
    DOWNLOADED,
    Download,
    find_converted,
    missing,
    where_from,
)
from tssd.events.datasets.trials import LISTS, Trial, find_trials
from tssd.events.slicing import FixedTime
from tssd.events.unpack import unpack

# Names in the order of the labels 0 to 10, as the data set's gesture_mapping.csv has them.
GESTURES = (
    "hand_clapping",
    "right_hand_wave",
    "left_hand_wave",
    "right_arm_clockwise",
    "right_arm_counter_clockwise",
    "left_arm_clockwise",
    "left_arm_counter_clockwise",
    "arm_roll",
    "air_drums",
    "air_guitar",
    "other_gestures",
)

DOWNLOADS = (
    Download(
        "DvsGesture.tar.gz",
        "https://ibm.ent.box.com/s/3hiq58ww1pbbjrinh367ykfdf60xsfm8/folder/50167556794",
        "about 3 GB",
        "8a5c71fb11e24e5ca5b11866ca6c00a1",
    ),
)
# The folder in the archive.
TREE = "DvsGesture"

SAMPLES = {"train": 1176, "test": 288}


@dataclass(frozen=True)
class DVSGestureFiles(EventFiles):
    """DvsGesture/ (AEDAT 3.1, labels, lists), DvsGesture.tar.gz, or SpikingJelly's events_np/."""

    title = "DVS-Gesture"
    sensor = (128, 128)
    classes = GESTURES
    slicing = FixedTime(30.0)

    def find(self, folder: Path, reading: Reading) -> Catalogue:
        """Find the recordings, read their labels, and split them by the lists of trials."""
        tree = _tree(folder)
        if tree is None:
            return self._find_converted(folder, reading)
        trials = find_trials(tree, allow_incomplete=reading.allow_incomplete, strict=reading.strict)
        counts = {part: sum(trial.samples for trial in trials[part]) for part in LISTS}
        check_counts(tree, counts, SAMPLES, allow_incomplete=reading.allow_incomplete)
        recordings: list[Trial] = [trial for part in LISTS for trial in trials[part]]
        parts = np.repeat(list(LISTS), [counts[part] for part in LISTS])
        return Catalogue(
            recordings,
            np.array([w.label for trial in recordings for w in trial.windows], dtype=np.int64),
            self.classes,
            test=numbered(parts == "test"),
            simulated=is_simulated(folder) or is_simulated(tree),
        )

    def _find_converted(self, folder: Path, reading: Reading) -> Catalogue:
        pattern = r"(?P<part>train|test)/(?P<label>[0-9]+)/(?P<id>[^/]+)\.npz$"
        found = find_converted(folder, pattern)
        if found is None:
            raise missing(self.title, folder, DOWNLOADS)
        parts = np.array([fields["part"].lower() for fields in found.fields])
        labels = np.array([int(fields["label"]) for fields in found.fields], dtype=np.int64)
        if labels.max() >= len(GESTURES):
            raise DataError(
                f"{folder}: class folder {labels.max()}, expected 0 to {len(GESTURES) - 1}; "
                "remove it"
            )
        counts = {part: int(np.count_nonzero(parts == part)) for part in LISTS}
        check_counts(folder, counts, SAMPLES, allow_incomplete=reading.allow_incomplete)
        return Catalogue(
            self.recordings(found, reading),
            labels,
            self.classes,
            test=numbered(parts == "test"),
            simulated=found.simulated,
        )


def _tree(folder: Path) -> Path | None:
    """The folder that holds the recordings and the lists; None if there is none."""
    for place in ("", TREE, f"extract/{TREE}"):
        if os.path.isfile(folder / place / LISTS["train"]):
            return folder / place
    for place in ("", DOWNLOADED):
        archive = folder / place / DOWNLOADS[0].file
        if os.path.isfile(archive):
            suffixes = (".aedat", ".csv", ".txt", ".json")
            advice = f"; {where_from(DOWNLOADS, folder)}"
            root = cache_root(folder.parent)
            unpacked = unpack(archive, root, suffixes, advice=advice)
            if not (unpacked / TREE / LISTS["train"]).is_file():
                raise DataError(
                    f"{archive} holds no {TREE}/{LISTS['train']}, expected the data set's "
                    f"archive{advice}"
                )
            return unpacked / TREE
    return None
