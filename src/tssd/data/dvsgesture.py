"""DVS-Gesture: hand and arm gestures of 29 people (Amir et al., 2017)."""

import os
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from tssd.data.catalogue import Catalogue, check_counts, numbered
from tssd.data.event_augment import EventAugmentation
from tssd.data.event_sources import DOWNLOADED, Download, find_converted, missing, where_from
from tssd.data.events import EventData, Pool
from tssd.data.trials import LISTS, Trial, find_trials
from tssd.errors import DataError
from tssd.events.cache import cache_root
from tssd.events.slicing import FixedTime, Slicing
from tssd.events.trees.gestures import GESTURES
from tssd.events.trees.marking import is_simulated
from tssd.events.unpack import unpack

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


class DVSGesture(EventData):
    """DVS-Gesture: 1,176 training and 288 test recordings of about 6 s, 128x128 pixels, 11 classes.

    Read from the folder DvsGesture/ (AEDAT 3.1, tables of labels, lists of trials), from
    DvsGesture.tar.gz as downloaded, or from SpikingJelly's events_np/.

    Args:
        root: Folder that holds the data sets; null takes the environment variable TSSD_DATA.
        folder: The data set's folder below the root, or an absolute path.
        batch_size: Recordings a batch.
        slicing: How recordings are cut into timesteps; null: 30 ms each from the first event on.
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
    """

    title = "DVS-Gesture"
    classes: ClassVar[tuple[str, ...]] = GESTURES

    def __init__(
        self,
        root: str | None = None,
        folder: str = "DVSGesture",
        *,
        batch_size: int = 64,
        slicing: Slicing | None = None,
        slices: int | None = None,
        size: int | None = 32,
        pool: Pool = "sum",
        bits: Literal[8, 16] = 8,
        augment: list[EventAugmentation] | None = None,
        train_samples: int | None = None,
        val_share: float = 0.1,
        allow_incomplete: bool = False,
        strict: bool = False,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            root,
            folder,
            batch_size=batch_size,
            slicing=slicing if slicing is not None else FixedTime(30.0),
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

    def find(self) -> Catalogue:
        """Find the recordings, read their labels, and split them by the lists of trials."""
        tree = self._tree
        if tree is None:
            return self._find_converted()
        trials = find_trials(tree, allow_incomplete=self.allow_incomplete, strict=self.strict)
        counts = {part: sum(trial.samples for trial in trials[part]) for part in LISTS}
        check_counts(tree, counts, SAMPLES, allow_incomplete=self.allow_incomplete)
        recordings: list[Trial] = [trial for part in LISTS for trial in trials[part]]
        parts = np.repeat(list(LISTS), [counts[part] for part in LISTS])
        return Catalogue(
            recordings,
            np.array([w.label for trial in recordings for w in trial.windows], dtype=np.int64),
            train=numbered(parts == "train"),
            test=numbered(parts == "test"),
            simulated=is_simulated(self.path) or is_simulated(tree),
        )

    @cached_property
    def _tree(self) -> Path | None:
        """The folder that holds the recordings and the lists; None if there is none."""
        for place in ("", TREE, f"extract/{TREE}"):
            if os.path.isfile(self.path / place / LISTS["train"]):
                return self.path / place
        for place in ("", DOWNLOADED):
            archive = self.path / place / DOWNLOADS[0].file
            if os.path.isfile(archive):
                suffixes = (".aedat", ".csv", ".txt", ".json")
                advice = f"; {where_from(DOWNLOADS, self.path)}"
                root = cache_root(self.path.parent)
                folder = unpack(archive, root, suffixes, advice=advice)
                if not (folder / TREE / LISTS["train"]).is_file():
                    raise DataError(
                        f"{archive} holds no {TREE}/{LISTS['train']}, expected the data set's "
                        f"archive{advice}"
                    )
                return folder / TREE
        return None

    def _find_converted(self) -> Catalogue:
        pattern = r"(?P<part>train|test)/(?P<label>[0-9]+)/(?P<id>[^/]+)\.npz$"
        found = find_converted(self.path, pattern)
        if found is None:
            raise missing(self.title, self.path, DOWNLOADS)
        parts = np.array([fields["part"].lower() for fields in found.fields])
        labels = np.array([int(fields["label"]) for fields in found.fields], dtype=np.int64)
        if labels.max() >= len(GESTURES):
            raise DataError(
                f"{self.path}: class folder {labels.max()}, expected 0 to {len(GESTURES) - 1}; "
                "remove it"
            )
        counts = {part: int(np.count_nonzero(parts == part)) for part in LISTS}
        check_counts(self.path, counts, SAMPLES, allow_incomplete=self.allow_incomplete)
        return Catalogue(
            self.recordings(found),
            labels,
            train=numbered(parts == "train"),
            test=numbered(parts == "test"),
            simulated=found.simulated,
        )
