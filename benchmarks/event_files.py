"""Files to frames, and files to events, against the readers of tonic and SpikingJelly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tonic
from spikingjelly.datasets.utils import load_aedat_v3
from tonic.io import (
    get_aer_events_from_file,
    make_structured_array,
    read_aedat_header_from_file,
)

from benchmarks.event_binning import MS
from benchmarks.event_streams import SIDE
from benchmarks.timing import Samples, interleaved
from tssd.events import Events
from tssd.events.binning import to_frames
from tssd.events.formats.aedat2 import read_aedat2, write_aedat2
from tssd.events.formats.aedat3 import read_aedat3, write_aedat3
from tssd.events.slicing import FixedTime


@dataclass(frozen=True)
class Wanted:
    """What to make of an AEDAT 2.0 file.

    Args:
        dt: duration of a slice in milliseconds.
        slices: T.
        size: height and width of the frames; None is the sensor's.
    """

    dt: int
    slices: int
    size: tuple[int, int] | None = None


def tonic_frames(path: Path, wanted: Wanted) -> np.ndarray:
    """Frames by tonic's parts, in tssd's orientation.

    Its reader for this camera (`read_dvs_128`) fails on every file, so its parts are put together
    as that reader means to, with the camera's coordinates turned as SpikingJelly turns them.
    """
    version, start, _ = read_aedat_header_from_file(str(path))
    raw = get_aer_events_from_file(str(path), version, start)
    address = raw["address"]
    events = make_structured_array(
        SIDE - 1 - ((address >> 8) & 0x7F),
        SIDE - 1 - ((address >> 1) & 0x7F),
        raw["timeStamp"].astype(np.int64) - int(raw["timeStamp"][0]),
        1 - (address & 1),
    )
    end, shape = wanted.slices * wanted.dt * MS, (SIDE, SIDE, 2)
    if wanted.size is not None:
        height, width = wanted.size
        # Cut first: its downsampling costs more than anything else.
        events = tonic.transforms.CropTime(max=end)(events)
        target = (width, height, 2)
        events = tonic.transforms.Downsample(sensor_size=shape, target_size=target[:2])(events)
        shape = target
    transform = tonic.transforms.ToFrame(
        sensor_size=shape, time_window=wanted.dt * MS, start_time=0, end_time=end
    )
    return transform(events)


def our_frames(path: Path, wanted: Wanted) -> np.ndarray:
    """Frames by tssd, which does not decode what no slice uses."""
    slicing = FixedTime(wanted.dt)
    events = read_aedat2(path, duration=slicing.needed(wanted.slices))
    return to_frames(events, slicing, wanted.slices, size=wanted.size).counts


def frame_makers(path: Path, wanted: Wanted) -> Mapping[str, Callable[[], np.ndarray]]:
    """Ways from an AEDAT 2.0 file to frames."""
    return {
        "tssd": lambda: our_frames(path, wanted),
        "tonic's parts": lambda: tonic_frames(path, wanted),
    }


def measure_frames(
    events: Events, wanted: Wanted, folder: Path, *, rounds: int
) -> dict[str, Samples]:
    """Seconds from an AEDAT 2.0 file, in the page cache, to frames."""
    path = folder / "events2.aedat"
    write_aedat2(path, events)
    return interleaved(frame_makers(path, wanted), rounds=rounds)


def measure_aedat3(events: Events, folder: Path, *, rounds: int) -> dict[str, Samples]:
    """Seconds from an AEDAT 3.1 file, in the page cache, to events."""
    path = folder / "events3.aedat"
    write_aedat3(path, events)
    actions = {"tssd": lambda: read_aedat3(path), "SpikingJelly": lambda: load_aedat_v3(path)}
    return interleaved(actions, rounds=rounds)
