"""From recordings to a cache of frames: found, or built in threads and then opened."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Literal

import numpy as np

from tssd.errors import DataError, UsageError
from tssd.events.binning import frame_dtype
from tssd.events.cache import CACHE_VARIABLE, DamagedError, FrameCache, read_cache
from tssd.events.cache_key import Key, Recording, Sources, cache_key, folder_name
from tssd.events.converting import Plan
from tssd.events.pooling import Size
from tssd.events.slicing import Slicing
from tssd.events.writing import (
    Writer,
    appearing,
    lock_path,
    remove_leftovers,
    remove_lock,
    size_on_disk,
    sync_folder,
)
from tssd.lock import Hold, locked
from tssd.tracked import tracked

MIB = 2**20

log = logging.getLogger("tssd")


def open_frames(
    root: Path,
    key: Key,
    recordings: Sequence[Recording],
    *,
    slicing: Slicing,
    slices: int,
    size: Size | None = None,
    bits: Literal[8, 16] = 8,
    workers: int | None = None,
    progress: bool = True,
) -> FrameCache:
    """Open the cache of exactly this content, or build it.

    Args:
        root: folder of caches, made if missing; nothing outside of it is written.
        key: plain values of the caller's that change the content; `key["dataset"]` names it.
        recordings: the sources, in the order of the samples.
        slicing: how recordings are cut into timesteps.
        slices: T.
        size: height and width of the frames; None takes the sensor's.
        bits: 8 or 16, of a count.
        workers: threads; None takes one a processor, at most 8, or one if recordings are small.
        progress: whether a bar on standard error shows how far it is.

    Raises: UsageError: a wrong option. DataError: a recording is bad, or the disk is full.
    """
    frame_dtype(bits)
    if workers is not None and workers < 1:
        raise UsageError(f"workers is {workers}; expected at least 1, or null for one a processor")
    full = cache_key(key, recordings, slicing=slicing, slices=slices, size=size, bits=bits)
    plan = Plan(recordings, slicing, slices, size, bits)
    path = root / folder_name(full)
    found, _ = _look(path, full, recordings)
    if found is not None:
        remove_lock(path)
        return found
    try:
        root.mkdir(parents=True, exist_ok=True)
        with locked(lock_path(path), on_wait=lambda: _tell_waiting(path)) as hold:
            found, damage = _look(path, full, recordings)
            if found is not None:
                return found
            remove_leftovers(root)
            if damage:
                log.warning("%s: %s; building it again", path, damage)
            return _build(path, full, plan, hold, workers=workers, progress=progress)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}); nothing of it is left: check "
            f"space and permissions, or set {CACHE_VARIABLE} to another folder"
        ) from error


def _look(path: Path, key: Key, recordings: Sequence[Recording]) -> tuple[FrameCache | None, str]:
    try:
        return read_cache(path, key, recordings), ""
    except DamagedError as damage:
        return None, str(damage)


def _tell_waiting(path: Path) -> None:
    log.warning("%s: another process is building it; waiting for that one to finish", path)


def _build(
    path: Path, key: Key, plan: Plan, hold: Hold, *, workers: int | None, progress: bool
) -> FrameCache:
    with appearing(path, hold, replaces=True) as folder:
        _fill(folder, path, key, plan, workers=workers, progress=progress)
    sync_folder(path.parent)
    cache, damage = _look(path, key, plan.recordings)
    if cache is None:
        raise DataError(
            f"{path}: damaged right after it was built ({damage or 'it is gone'}): check the disk"
        )
    return cache


def _fill(
    folder: Path, path: Path, key: Key, plan: Plan, *, workers: int | None, progress: bool
) -> None:
    """Write all samples into a folder that will become `path`."""
    writer: Writer | None = None
    shape: tuple[int, ...] = ()
    notes: dict[str, list[str]] = {}
    sources = Sources()
    # Closed whatever happens, so that no thread reads on after an error or Ctrl-C.
    with closing(plan.convert_all(workers)) as results, ExitStack() as opened:
        shown = tracked(
            results, f"Caching {path.name}", total=len(plan.recordings), progress=progress
        )
        for converted in shown:
            for frames, row in zip(converted.frames, converted.rows, strict=True):
                if writer is None:
                    shape = frames.counts.shape
                    writer = _start(folder, path, (plan.samples, *shape), frames.counts.dtype)
                    opened.callback(writer.close)
                if frames.counts.shape != shape:
                    raise DataError(
                        f"{converted.name}: has {_pixels(frames.counts.shape)} pixels, the first "
                        f"recording {_pixels(shape)}: give a size to bring all to one"
                    )
                writer.add(frames.counts, row)
            sources.add(converted.name, converted.change, converted.checksum)
            if converted.notes:
                notes[converted.name] = list(converted.notes)
        assert writer is not None  # `cache_key` has refused to go without samples
        statistics = writer.finish(key, notes, sources.hashes())
    if saturated := int(statistics["saturated"].sum()):
        log.warning(
            "%s: %d of %d counts stand at the maximum of %d bits; bits=16 keeps more",
            *(path, saturated, len(statistics) * int(np.prod(shape)), plan.bits),
        )


def _start(folder: Path, path: Path, shape: tuple[int, ...], dtype: np.dtype) -> Writer:
    """Announce the size and check that it fits before anything is written."""
    needed, free = size_on_disk(shape, dtype), shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{path.parent}: {free / MIB:.1f} MiB are free, the cache needs {needed / MIB:.1f} "
            f"MiB ({needed} bytes): make room, or set {CACHE_VARIABLE} to another folder"
        )
    log.info("%s: caching %d samples, %.1f MiB", path, shape[0], needed / MIB)
    return Writer(folder, shape, dtype)


def _pixels(shape: tuple[int, ...]) -> str:
    return f"{shape[-1]}x{shape[-2]}"
